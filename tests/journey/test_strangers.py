"""An account in the target that is none of ours, whatever is written in it, keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from tests.contract.scim_bench import CORE
from tests.journey.test_scim import APP, connected, import_ldif, log, staff, sync
from tests.world import ldif_person

from provisor.app import provisioning
from provisor.app.installation import Installation
from provisor.connector import Target
from provisor.domain.error import Refused
from provisor.domain.job import Job
from provisor.engine.cycle import run_cycle
from provisor.engine.service import LOOK_EVERY, Service
from provisor.store import jobs
from provisor.testing.scim import Options, ScimEmulator

LONG = "".join(random.Random(1).choices(string.ascii_letters, k=6000))  # so mixed that it cannot be packed


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def five(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(5)) as installation:
        yield installation


@pytest.mark.parametrize("name", [LONG, "nul\0here", "p00001@corp.example\0"])
async def test_what_a_stranger_is_called_stops_nobody(scim: ScimEmulator, five: Installation, name: str) -> None:
    stranger = scim.people.add({"schemas": [CORE], "userName": name, "active": True})
    row = await sync(five)
    assert (row.cycle.state, row.counts["create"]) == ("succeeded", 5)
    assert len(scim.users) == 6
    assert scim.users[stranger]["userName"] == name


@pytest.mark.parametrize("key", [LONG, "nul\0here"])
async def test_what_a_strangers_id_is_stops_nobody(scim: ScimEmulator, five: Installation, key: str) -> None:
    scim.users[key] = scim.users.pop(scim.people.add({"schemas": [CORE], "userName": "stranger", "active": True}))
    row = await sync(five)
    assert (row.cycle.state, row.counts["create"]) == ("succeeded", 5)


async def test_a_name_too_long_for_an_index_finds_its_account(scim: ScimEmulator, five: Installation) -> None:
    name = f"{'long' * 55}@corp.example"
    await import_ldif(five, ldif_person("p00001", mail=name))
    known = scim.people.add({"schemas": [CORE], "userName": name, "active": True})
    await sync(five)
    assert known in {row.target_id for row in await log(five, status="success")}
    assert [one["userName"] for one in scim.users.values()].count(name) == 1


async def test_a_cycle_that_cannot_come_further_is_not_begun_again_at_once(five: Installation) -> None:
    await provisioning.switch_on(five, APP)
    begun: list[str] = []
    now = five.clock()
    stop, running = asyncio.Event(), asyncio.TaskGroup()

    async def refuse(_job: Job) -> None:
        raise Refused("DatabaseUnusable", detail="no space left")

    async def enqueue(_job: str, cycle: str, epoch: int) -> None:
        begun.append(cycle)
        running.create_task(service.run_claimed(cycle, epoch))

    parts = replace(provisioning.parts(five), open_target=refuse, clock=lambda: now)  # type: ignore[arg-type]
    service = Service(parts, enqueue, stop)
    async with running:
        looking = running.create_task(service.run())
        await asyncio.sleep(1)
        assert len(begun) == 1
        now += timedelta(seconds=2)
        while len(begun) < 2:
            await asyncio.sleep(0.05)
        stop.set()
        await looking
    assert len(set(begun)) == 1


async def test_a_cycle_that_has_just_ended_is_not_followed_by_another_at_once(five: Installation) -> None:
    await provisioning.switch_on(five, APP)
    begun: list[str] = []
    stop, ended, running = asyncio.Event(), asyncio.Event(), asyncio.TaskGroup()
    parts = provisioning.parts(five)

    async def run(cycle_id: str) -> None:
        async with five.database.read() as connection:
            row = await jobs.get_cycle(connection, cycle_id)
        assert row is not None
        assert await run_cycle(parts, row.cycle, stop) == "succeeded"
        ended.set()  # … and when the next is due is still to be stored

    async def enqueue(_job: str, cycle: str, _epoch: int) -> None:
        begun.append(cycle)
        running.create_task(run(cycle))

    async with running:
        looking = running.create_task(Service(parts, enqueue, stop).run())
        await ended.wait()
        await asyncio.sleep(3 * LOOK_EVERY)
        stop.set()
        await looking
    assert len(begun) == 1


async def test_a_look_that_took_longer_than_the_end_of_a_cycle_holds_up_no_later_one(
    five: Installation, database_url: str | None
) -> None:
    if database_url is None:
        return  # nothing comes between a look and what it does about it
    await provisioning.switch_on(five, APP)
    begun: list[str] = []
    stop, may_end, ended, running = asyncio.Event(), asyncio.Event(), asyncio.Event(), asyncio.TaskGroup()
    usual = provisioning.parts(five)

    async def late(job: Job) -> Target:
        await may_end.wait()
        return await usual.open_target(job)

    async def run(cycle: str, epoch: int) -> None:
        await service.run_claimed(cycle, epoch)
        ended.set()

    async def enqueue(_job: str, cycle: str, epoch: int) -> None:
        begun.append(cycle)
        running.create_task(run(cycle, epoch))

    service = Service(replace(usual, open_target=late), enqueue, stop)
    async with running, await psycopg.AsyncConnection.connect(database_url) as other:
        looking = running.create_task(service.run())
        while not begun:
            await asyncio.sleep(0.02)
        await other.execute("lock table request in access exclusive mode")
        while not await waits_for_a_table(database_url):
            await asyncio.sleep(0.02)
        may_end.set()
        await ended.wait()
        await other.rollback()
        await asyncio.sleep(3 * LOOK_EVERY)
        await import_ldif(five, ldif_person("p00001", mail="new@corp.example"))
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                while len(set(begun)) < 2:
                    await asyncio.sleep(0.05)
        stop.set()
        await looking
    assert len(set(begun)) == 2


async def waits_for_a_table(url: str) -> bool:
    waiting = "select from pg_locks where not granted and relation = 'request'::regclass"
    async with await psycopg.AsyncConnection.connect(url) as other:
        return await (await other.execute(waiting)).fetchone() is not None


async def test_a_cycle_that_could_not_be_queued_is_begun_all_the_same(five: Installation) -> None:
    await provisioning.switch_on(five, APP)
    begun: list[str] = []
    stop, running = asyncio.Event(), asyncio.TaskGroup()

    async def enqueue(_job: str, cycle: str, epoch: int) -> None:
        begun.append(cycle)
        if len(begun) == 1:
            raise OSError("no space left")
        running.create_task(service.run_claimed(cycle, epoch))

    service = Service(provisioning.parts(five), enqueue, stop)
    async with running:
        looking = running.create_task(service.run())
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                while len(begun) < 2:
                    await asyncio.sleep(0.05)
        stop.set()
        await looking
    assert len(begun) == 2
