"""A directory into SCIM apps, by the whole engine: the real scim2-server, and one that says 409 for whom it hides."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests import processes
from tests.contract.scim2_server import TOKEN, Proxy, proxied
from tests.contract.scim_bench import CORE, ENTERPRISE, Scim2ServerBench, complaints, connect
from tests.world import ldif_group, ldif_person

from provisor.app import apps, assignments, compose, people, provisioning, status
from provisor.app.installation import Installation
from provisor.directory.importing import Options as ImportOptions
from provisor.directory.importing import take_in
from provisor.directory.ldif import read_ldif
from provisor.settings import Settings
from provisor.store.jobs import CycleRow
from provisor.store.logs import LogRow
from provisor.testing.scim import Fault, Options, ScimEmulator

APP = "SCIM 2.0"


async def import_ldif(installation: Installation, text: str, **options: Any) -> None:
    records = read_ldif(BytesIO(text.encode()))
    directory, now = installation.directory_id, installation.clock()
    await take_in(installation.database, directory, records, ImportOptions("hr", **options), now)


@asynccontextmanager
async def connected(home: Path, url: str, token: str, text: str, app: str = APP) -> AsyncIterator[Installation]:
    """An installation with these people, all of them assigned to the app at this address."""
    async with compose.opened(Settings(home=home), "tester") as installation:
        await import_ldif(installation, text)
        await apps.add(installation, app)
        await apps.set_credentials(installation, app, {"BaseAddress": url, "SecretToken": token})
        await apps.set_settings(installation, app, {"rateLimit": "5000"})
        await assignments.assign(installation, app, "Group", "all", "user")
        yield installation


async def sync(installation: Installation, app: str = APP) -> CycleRow:
    last: CycleRow | None = None
    async for row in provisioning.sync(installation, app):
        last = row
    assert last is not None
    return last


async def log(installation: Installation, **wanted: str) -> Sequence[LogRow]:
    return await status.log_page(installation, limit=100_000, **wanted)  # type: ignore[arg-type]


def staff(count: int) -> str:
    uids = [f"p{number:05}" for number in range(count)]
    persons = (
        ldif_person(
            uid, sn=f"Byron {uid}", title="Engineer", departmentNumber="Research", mobile=f"+44 {uid[1:]}", l="London"
        )
        for uid in uids
    )
    return "".join(persons) + ldif_group("all", uids)


async def users(proxy: Proxy) -> Mapping[str, Mapping[str, Any]]:
    """What scim2-server holds, by user name."""
    bench = Scim2ServerBench(proxy, connect(proxy.url, token=TOKEN))
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(1, 1_000_000, 1000):
        page = await bench.call("GET", f"/Users?startIndex={start}&count=1000")
        found |= {user["userName"]: user for user in page.get("Resources") or ()}
        if start + 1000 > page["totalResults"]:
            return found
    raise AssertionError


def inactive(held: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {name for name, user in held.items() if user["active"] is False}


async def test_people_in_scim2_server_end_exactly_right(tmp_path: Path) -> None:
    await survive(tmp_path, 25)


@pytest.mark.soak
async def test_many_people_in_scim2_server_end_exactly_right(tmp_path: Path) -> None:
    await survive(tmp_path, int(os.environ.get("PEOPLE", "10000")))


async def survive(home: Path, count: int) -> None:
    async with proxied() as proxy, connected(home, proxy.url, TOKEN, staff(count)) as installation:
        first = await sync(installation)
        assert (first.cycle.state, first.counts) == ("succeeded", {"planned": count, "create": count})
        held = await users(proxy)
        assert held.keys() == {f"p{number:05}@corp.example" for number in range(count)}
        for name, user in held.items():
            uid = name.partition("@")[0]
            assert user["active"] is True
            assert user["name"] == {"givenName": uid.capitalize(), "familyName": f"Byron {uid}"}
            assert [email["value"] for email in user["emails"]] == [name]
            assert user["phoneNumbers"] == [{"type": "mobile", "value": f"+44 {uid[1:]}"}]
            assert user[ENTERPRISE]["department"] == "Research"
        assert proxy.sent.count("POST") <= -(-count // 100) + 1, "they are made in bulk"
        assert complaints(proxy.bodies) == []
        told = {row.login: row.target_id for row in await log(installation, action="create", status="success")}
        assert told == {name: user["id"] for name, user in held.items()}

        proxy.sent.clear()
        assert (await sync(installation)).counts == {}
        assert proxy.sent == []


async def test_movers_and_leavers_arrive(tmp_path: Path) -> None:
    async with proxied() as proxy, connected(tmp_path, proxy.url, TOKEN, staff(3)) as installation:
        await sync(installation)
        moved = {"sn": "King", "title": "Analyst", "departmentNumber": "Analysis", "mobile": "+44 1", "l": "Paris"}
        await import_ldif(installation, ldif_person("p00000", **moved))
        await people.act(installation, "disable", "User", "p00001@corp.example")
        proxy.bodies.clear()
        await sync(installation)
        held = await users(proxy)
        king = held["p00000@corp.example"]
        assert (king["name"]["familyName"], king["title"], king["active"]) == ("King", "Analyst", True)
        assert king[ENTERPRISE]["department"] == "Analysis"
        assert king["addresses"] == [{"type": "work", "locality": "Paris"}]
        assert inactive(held) == {"p00001@corp.example"}
        operations: list[Any] = [body["Operations"] for _, body in proxy.bodies]
        assert sorted(len(each) for each in operations) == [1, 5]
        assert complaints(proxy.bodies) == []

        await people.act(installation, "restore", "User", "p00001@corp.example")
        await assignments.unassign(installation, APP, "Group", "all", None)
        await assignments.assign(installation, APP, "User", "p00001@corp.example", "user")
        await sync(installation)
        assert inactive(await users(proxy)) == {"p00000@corp.example", "p00002@corp.example"}
        proxy.sent.clear()
        assert (await sync(installation)).counts == {}
        assert proxy.sent == []


# ---- an app that lies -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def emulated(home: Path, count: int, options: Options | None = None) -> AsyncIterator[tuple[ScimEmulator, Any]]:
    options = options or Options()
    async with (
        ScimEmulator(options) as scim,
        connected(home, scim.url, options.token, staff(count)) as installation,
    ):
        yield scim, installation


async def test_one_request_makes_one_person_where_there_is_no_bulk(tmp_path: Path) -> None:
    async with emulated(tmp_path, 12, Options(bulk=False)) as (scim, installation):
        await sync(installation)
        assert len(scim.users) == scim.writes == scim.count("POST", "/Users") == 12


async def test_who_is_there_already_is_taken_over_and_the_others_go_on(tmp_path: Path) -> None:
    async with emulated(tmp_path, 3) as (scim, installation):
        there = scim.people.add({"schemas": [CORE], "userName": "P00001@corp.example", "active": False})
        assert (await sync(installation)).cycle.state == "succeeded"
        assert scim.users[there]["active"] is True
        assert scim.users[there][ENTERPRISE]["department"] == "Research"
        assert len(scim.users) == 3
        assert [row.target_id for row in await log(installation, action="update")] == [there]


async def test_who_is_there_and_hidden_waits_for_a_person(tmp_path: Path) -> None:
    async with emulated(tmp_path, 3) as (scim, installation):
        there = scim.people.add({"schemas": [CORE], "userName": "p00001@corp.example", "active": True})
        scim.people.hidden.add(there)
        assert (await sync(installation)).counts == {"planned": 3, "create": 2, "failed": 1}
        [row] = await log(installation, status="failure")
        assert (row.reason.code, row.reason.parameters["problem"]) == ("EntryConflict", "HiddenAccount")

        scim.reset_counters()
        assert (await sync(installation)).counts == {}, "a person must see to it, so nobody is asked for all the time"
        assert scim.writes == 0


async def test_who_appears_between_plan_and_push_is_taken_over_by_the_very_next_cycle(tmp_path: Path) -> None:
    async with emulated(tmp_path, 3, Options(bulk=False)) as (scim, installation):
        scim.before["POST"] = lambda: scim.people.add({"schemas": [CORE], "userName": "p00001@corp.example"})
        assert (await sync(installation)).counts == {"planned": 3, "create": 2, "failed": 1}
        [row] = await log(installation, status="failure")
        assert row.reason.code == "EntryExists"
        assert (await sync(installation)).counts == {"planned": 1, "update": 1}
        assert scim.user("p00001@corp.example")["name"]["familyName"] == "Byron p00001"
        assert (await sync(installation)).counts == {}


@pytest.mark.parametrize(
    ("habits", "settings"),
    [
        ({"filter": "ignored", "max_results": 5, "config": "missing"}, {}),
        ({"normalises": True, "extra_members": True, "update_answer": "empty"}, {}),
        ({"updates": "PUT", "booleans": "text"}, {"updateMethod": "PUT", "booleansAsStrings": "true"}),
        ({"count": "fails", "default_page": 5, "bulk_order": "reversed"}, {"count": "false"}),
    ],
)
async def test_a_lying_app_is_provisioned_all_the_same_and_then_left_in_peace(
    habits: Mapping[str, Any], settings: Mapping[str, str], tmp_path: Path
) -> None:
    async with emulated(tmp_path, 12, Options(**habits)) as (scim, installation):
        await apps.set_settings(installation, APP, settings)
        await sync(installation)
        assert len(scim.users) == 12
        await people.act(installation, "disable", "User", "p00001@corp.example")
        await sync(installation)
        assert inactive({user["userName"]: user for user in scim.users.values()}) == {"p00001@corp.example"}
        scim.reset_counters()
        assert (await sync(installation)).counts == {}
        assert not scim.requests


async def test_a_token_that_ends_midway_stops_the_cycle_and_a_new_one_goes_on(tmp_path: Path) -> None:
    async with emulated(tmp_path, 12, Options(bulk=False)) as (scim, installation):
        scim.inject(Fault(kind="unauthorized", method="POST", after=5))
        row = await sync(installation)
        assert (row.cycle.state, row.error.code if row.error else "") == ("failed", "Unauthorized")
        assert 5 <= len(scim.users) < 12
        scim.clear_faults()
        assert (await sync(installation)).cycle.state == "succeeded"
        assert len(scim.users) == 12


async def test_an_account_that_may_not_be_touched_holds_nobody_else_up(tmp_path: Path) -> None:
    async with emulated(tmp_path, 6) as (scim, installation):
        await sync(installation)
        owner = next(key for key, user in scim.users.items() if user["userName"] == "p00000@corp.example")
        scim.inject(Fault(kind="server-error", method="PATCH", path=f"/Users/{owner}", status=403))
        for number in range(3):
            await people.act(installation, "disable", "User", f"p{number:05}@corp.example")
        row = await sync(installation)
        assert (row.cycle.state, row.counts) == ("succeeded", {"planned": 3, "disable": 2, "failed": 1})
        [failed] = await log(installation, status="failure")
        assert (failed.login, failed.reason.code) == ("p00000@corp.example", "NotPermitted")
        assert failed.reason.parameters["status"] == "403"


# ---- by hand --------------------------------------------------------------------------------------------------------


def test_the_emulator_is_a_command_that_counts(tmp_path: Path) -> None:
    process = processes.start(tmp_path, "emulate", "scim", "--port", "0", "--latency-ms", "1")
    try:
        address = processes.address_of(process)
        headers = {"Authorization": "Bearer emulator-token"}
        with urllib.request.urlopen(urllib.request.Request(f"{address}/scim/v2/Users", headers=headers)) as answer:
            assert json.load(answer)["totalResults"] == 0
        with urllib.request.urlopen(f"{address}/_emulator/counts") as answer:
            assert json.load(answer) == {"users": 0, "requests": [{"method": "GET", "path": "/Users", "count": 1}]}
    finally:
        assert processes.stop(process) == 0
