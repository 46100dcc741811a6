"""`kill -9` at random moments of an initial cycle: nobody twice, nobody missing, and the log tells the truth."""

from __future__ import annotations

import json
import os
import random
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests import processes
from tests.world import APP

from provisor.app import apps, assignments, compose, people, provisioning, status
from provisor.directory.importing import Options
from provisor.settings import Settings

LDIF = """dn: uid={uid},ou=people,dc=corp,dc=example
objectClass: inetOrgPerson
uid: {uid}
cn: Person {uid}
givenName: Person
sn: {uid}
mail: {uid}@corp.example

"""
FINISH = 300.0  # seconds that a cycle may take at the very most


async def test_an_initial_cycle_survives_three_kills(tmp_path: Path) -> None:
    await survive(tmp_path, kills=3, people_count=600, seed=random.randrange(10**6))


@pytest.mark.soak
async def test_an_initial_cycle_survives_many_kills(tmp_path: Path) -> None:
    count, kills = int(os.environ.get("PEOPLE", "2000")), int(os.environ.get("KILLS", "20"))
    await survive(tmp_path, kills=kills, people_count=count, seed=random.randrange(10**6))


async def survive(folder: Path, *, kills: int, people_count: int, seed: int) -> None:
    chance = random.Random(seed)
    home = folder / "home"
    began = time.monotonic()
    seats = str(people_count + 10)
    with processes.emulator(folder, "--seats", seats, "--rate-limit", "0", "--latency", "0.01") as address:
        await set_up(home, folder, address, people_count)
        moments = [
            await kill_once(home, chance, upto=int(people_count * (kill + chance.random()) / kills))
            for kill in range(kills)
        ]
        service = processes.start(home, "serve", "--port", "0")
        try:
            processes.address_of(service)
            await finished(home)
        finally:
            assert processes.stop(service) == 0
        state = state_of(address)
        await check(home, state, people_count)
        await check_quiet(home, address)
    took = time.monotonic() - began
    midway = sum(0 < done < people_count for done in moments)
    print(f"\nseed {seed}: {kills} kills, {midway} of them midway, {people_count} people, {took:.0f} s, at {moments}")


async def set_up(home: Path, folder: Path, address: str, people_count: int) -> None:
    file = folder / "people.ldif"
    uids = [f"p{number:05}" for number in range(people_count)]
    group = "dn: cn=all,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: all\n"
    group += "".join(f"member: uid={uid},ou=people,dc=corp,dc=example\n" for uid in uids)
    file.write_text("".join(LDIF.format(uid=uid) for uid in uids) + group)
    async with compose.opened(Settings(home=home), "tester") as installation:
        await people.import_file(installation, file, Options("people"))
        await apps.add(installation, APP)
        await apps.set_credentials(installation, APP, processes.credentials(address))
        await apps.set_settings(installation, APP, {"rateLimit": "5000"})
        await assignments.assign(installation, APP, "Group", "all", "organizer")
        await provisioning.switch_on(installation, APP)


async def kill_once(home: Path, chance: random.Random, upto: int) -> int:
    """Start the service and kill it: a moment after it began, or once about `upto` people are done; says how many."""
    service = processes.start(home, "serve", "--port", "0")
    processes.address_of(service)
    until = time.monotonic() + FINISH
    async with compose.opened(Settings(home=home), "tester") as installation:
        while chance.random() > 0.004 and time.monotonic() < until:
            (app,) = (await status.show(installation)).apps
            if app.details.active_accounts >= upto:
                break
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        service.kill()
        service.wait()
        (app,) = (await status.show(installation)).apps
        return app.details.active_accounts


async def finished(home: Path) -> None:
    until = time.monotonic() + FINISH
    async with compose.opened(Settings(home=home), "tester") as installation:
        while time.monotonic() < until:
            (app,) = (await status.show(installation)).apps
            if app.running is None and app.details.job.watermark is not None:
                return
            time.sleep(0.2)
    raise AssertionError("the cycle never ended")


def state_of(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/_emulator/state") as answer:
        found: dict[str, Any] = json.load(answer)
        return found


async def check(home: Path, state: dict[str, Any], people_count: int) -> None:
    wanted = {f"p{number:05}@corp.example" for number in range(people_count)}
    active = [user["email"] for user in state["users"] if user["status"] != "SUSPENDED"]
    assert sorted(active) == sorted([*wanted, "admin@example.com"])
    invited = [mail["to"] for mail in state["mails"] if mail["kind"] == "invitation"]
    assert sorted(invited) == sorted(wanted)
    created = {write["email"]: write["key"] for write in state["journal"] if write["effect"] == "user.created"}
    assert created.keys() == wanted
    async with compose.opened(Settings(home=home), "tester") as installation:
        rows = await status.log_page(installation, action="create", limit=10 * people_count)
        told = {row.login: row.target_id for row in rows if row.status == "success"}
        assert [row for row in rows if row.status != "success"] == []
        assert len(rows) == people_count
        assert told == created
        assert await status.log_page(installation, action="update") == []


async def check_quiet(home: Path, address: str) -> None:
    """Another cycle sends nothing."""
    before = state_of(address)["requests"]
    async with compose.opened(Settings(home=home), "tester") as installation:
        async for row in provisioning.sync(installation, APP):
            last = row
    assert last.cycle.state == "succeeded"
    assert last.counts == {}
    assert state_of(address)["requests"] == before
