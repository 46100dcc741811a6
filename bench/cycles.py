"""An app from nobody to everybody: the initial cycle, and those that come after it.

python -m bench.cycles HOME ADDRESS PEOPLE
"""

from __future__ import annotations

import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from bench.home import APP, ROLE, asked, connect, cycle, opened, quickest, run
from provisor.app import assignments, connections
from provisor.app.apps import details, find
from provisor.app.installation import Installation
from provisor.directory.importing import Options, take_in
from provisor.directory.ldif import read_ldif

CHANGED = 100


def people(count: int, given: str = "Person") -> bytes:
    """LDIF of so many people, and of a group of them all; of changed people, them alone."""
    uids = [f"p{number:06}" for number in range(count)]
    record = "dn: uid={0},dc=corp,dc=example\nobjectClass: inetOrgPerson\nuid: {0}\ncn: Person {0}\n"
    record += "givenName: {1}\nsn: {0}\nmail: {0}@corp.example\ntitle: Engineer\nl: Berlin\nst: Berlin\n"
    record += "postalCode: 10115\nmobile: +49 170 {0}\nemployeeNumber: {0}\ndepartmentNumber: R\\&D\no: Corp\n\n"
    if given != "Person":
        return "".join(record.format(uid, given) for uid in uids).encode()
    group = "dn: cn=all,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: all\n"
    members = "".join(f"member: uid={uid},dc=corp,dc=example\n" for uid in uids)
    return ("".join(record.format(uid, given) for uid in uids) + group + members).encode()


async def take(installation: Installation, text: bytes) -> None:
    now, directory_id = installation.clock(), installation.directory_id
    await take_in(installation.database, directory_id, read_ldif(BytesIO(text)), Options("bench"), now)


async def listing(installation: Installation, address: str) -> dict[str, Any]:
    """All accounts, read page by page and not compared with anything."""
    async with installation.database.read() as connection:
        job = (await details(connection, installation, await find(connection, APP))).job
    target = await connections.open_target(installation, job)
    await asked(address, "reset")
    began, listed = time.perf_counter(), 0
    try:
        async for page in target.list():
            listed += len(page.accounts)
    finally:
        await target.close()
    took = time.perf_counter() - began
    requests = sum((await asked(address, "counts")).values())
    return {"seconds": took, "requests": requests, "accounts": listed}


async def measure(home: Path, address: str, count: int) -> dict[str, Any]:
    async with opened(home) as installation:
        await take(installation, people(count))
        await connect(installation, address)
        await assignments.assign(installation, APP, "Group", "all", ROLE)
        found = {"initial": await cycle(installation, address)}
        found["unchanged"] = await quickest(installation, address)
        await take(installation, people(CHANGED, given="Changed"))
        found["changes"] = await cycle(installation, address)
        found["full"] = await cycle(installation, address, anew=True)
        found["listing"] = await listing(installation, address)
    return found


if __name__ == "__main__":
    run(measure(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
