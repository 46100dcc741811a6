"""How much the engine adds to the requests themselves.

Runs an initial cycle, a cycle without changes and a cycle of 100 changes into the emulator, which runs in a process
of its own, and beside it a bare aiohttp loop that creates and reads as many people with the same concurrency.
Prints ratios; a figure of one machine is no promise for another, and nothing is asserted.

    make bench PEOPLE=2000
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp

from provisor.app import apps, assignments, compose, provisioning
from provisor.app.installation import Installation
from provisor.directory.importing import Options, take_in
from provisor.directory.ldif import read_ldif
from provisor.settings import Settings

PEOPLE = int(os.environ.get("PEOPLE", "2000"))
CONCURRENCY = 8
APP = "Citrix GoToMeeting"
LOGIN = {"username": "admin@example.com", "password": "admin-password", "grant_type": "password"}


def people(count: int, given: str = "Person") -> bytes:
    uids = [f"p{number:06}" for number in range(count)]
    record = "dn: uid={0},dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: {0}\ncn: Person {0}\n"
    record += "givenName: {1}\nsn: {0}\nmail: {0}@corp.example\n\n"
    group = "dn: cn=all,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: all\n"
    members = "".join(f"member: uid={uid},dc=corp,dc=example\n" for uid in uids)
    return ("".join(record.format(uid, given) for uid in uids) + group + members).encode()


def emulator() -> tuple[subprocess.Popen[str], str]:
    words = ["emulate", "gotomeeting", "--port", "0", "--rate-limit", "0", "--seats", str(3 * PEOPLE)]
    process = subprocess.Popen([sys.executable, "-m", "provisor", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().split()[4].rstrip(".")


async def bare(address: str) -> None:
    """Create everybody and read everybody back, and do nothing else."""
    async with aiohttp.ClientSession() as session:
        sign_in = {"Authorization": aiohttp.encode_basic_auth("emulator-client", "emulator-secret")}
        async with session.post(f"{address}/oauth/token", data=LOGIN, headers=sign_in) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        async with session.get(f"{address}/admin/rest/v1/me", headers=headers) as answer:
            users = f"{address}/admin/rest/v1/accounts/{(await answer.json())['accountKey']}/users"
        numbers = iter(range(PEOPLE))

        async def work() -> None:
            for number in numbers:
                person = {"email": f"b{number:06}@bare.example", "firstName": "Bare", "lastName": f"b{number:06}"}
                async with session.post(users, json={"users": [person]}, headers=headers) as answer:
                    key = (await answer.json())[0]["key"]
                async with session.get(f"{users}/{key}", headers=headers) as answer:
                    await answer.json()

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


async def connect(installation: Installation, address: str) -> None:
    await apps.add(installation, APP)
    await apps.set_credentials(
        installation,
        APP,
        {
            "BaseAddress": address,
            "Oauth2TokenExchangeUri": f"{address}/oauth/token",
            "UserName": LOGIN["username"],
            "Password": LOGIN["password"],
            "Oauth2ClientId": "emulator-client",
            "Oauth2ClientSecret": "emulator-secret",
        },
    )
    await apps.set_settings(installation, APP, {"rateLimit": "10000"})


async def take(installation: Installation, text: bytes) -> None:
    now, directory_id = installation.clock(), installation.directory_id
    await take_in(installation.database, directory_id, read_ldif(BytesIO(text)), Options("bench"), now)


async def cycle(installation: Installation) -> None:
    async for row in provisioning.sync(installation, APP):
        last = row
    assert last.cycle.state == "succeeded", last.error


async def seconds(work: Awaitable[None]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


async def measure(address: str, home: Path) -> dict[str, Any]:
    took: dict[str, float] = {}
    async with compose.opened(Settings(home=home), "bench") as installation:
        took["import"] = await seconds(take(installation, people(PEOPLE)))
        await connect(installation, address)
        await assignments.assign(installation, APP, "Group", "all", "organizer")
        took["bare loop"] = await seconds(bare(address))
        took["initial cycle"] = await seconds(cycle(installation))
        took["cycle without changes"] = await seconds(cycle(installation))
        await take(installation, people(100, given="Changed"))
        took["cycle of 100 changes"] = await seconds(cycle(installation))
    return {
        "people": PEOPLE,
        "seconds": {name: round(value, 3) for name, value in took.items()},
        "ratio to the bare loop": round(took["bare loop"] / took["initial cycle"], 2),
        "accounts a second": round(PEOPLE / took["initial cycle"]),
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    process, address = emulator()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(measure(address, Path(folder) / "home"))
    finally:
        process.terminate()
        process.wait()
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
