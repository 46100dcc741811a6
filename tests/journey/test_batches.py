"""People who are new are invited together: few requests, and each of them ends as exactly as if invited alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.world import APP, World, ldif_group, ldif_person, world

from provisor.app import apps, assignments, provisioning
from provisor.engine.cycle import run_cycle
from provisor.flow.push import Pace
from provisor.store import jobs
from provisor.testing.gotomeeting import Fault

EVERYBODY = 60
PAGE = 1000  # users that one page of the listing holds


def names(count: int) -> Sequence[str]:
    return [f"p{number:05}" for number in range(count)]


async def staffed(one: World, count: int) -> World:
    """So many people in one assigned group, nobody provisioned yet."""
    await one.import_text("".join(map(ldif_person, names(count))) + ldif_group("staff", names(count)))
    await one.connect()
    await one.assign_group("staff")
    return one


@pytest.fixture
async def staff(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path / "home", seats=EVERYBODY) as one:
        yield await staffed(one, EVERYBODY)


def mails(count: int = EVERYBODY) -> list[str]:
    return [f"{name}@corp.example" for name in names(count)]


def invited(one: World) -> list[str]:
    return sorted(mail.to for mail in one.emulator.mails if mail.kind == "invitation")


def invitations(one: World) -> int:
    """How many requests invited somebody."""
    return one.emulator.count("POST", "/users")


async def nothing_is_left_to_do(one: World) -> None:
    one.emulator.reset_counters()
    assert (await one.sync()).counts == {}
    assert not one.emulator.requests


async def test_new_people_share_requests(staff: World) -> None:
    assert (await staff.sync()).counts == {"planned": EVERYBODY, "create": EVERYBODY}
    assert staff.active() == set(mails())
    assert invited(staff) == mails()
    assert invitations(staff) == EVERYBODY / 20
    rows = await staff.log(action="create")
    by_mail = {user.email: user.key for user in staff.emulator.users}
    assert {row.login: row.target_id for row in rows} == {mail: by_mail[mail] for mail in mails()}
    await nothing_is_left_to_do(staff)


async def test_a_listing_reads_back_twice_as_many_each_time_up_to_a_bound(tmp_path: Path) -> None:
    async with world(tmp_path / "home", seats=200) as one:
        await staffed(one, 200)
        cycle, parts = await one.open_cycle(), provisioning.parts(one.installation)
        pace = Pace(concurrency=1, read_back_after=20, read_back_at_most=40)
        slow = replace(parts, pace=pace)
        one.emulator.reset_counters()
        assert await run_cycle(slow, cycle, asyncio.Event()) == "succeeded"
        assert one.active() == set(mails(200))
        assert one.emulator.count("GET", "/users") == 1 + 6  # who is there; then after 20, 20, 40, 40, 40 and 40


async def few_requests(tmp_path: Path, count: int) -> tuple[World, int]:
    async with world(tmp_path / "home", seats=count) as one:
        await staffed(one, count)
        assert (await one.sync()).counts == {"planned": count, "create": count}
        assert one.active() == set(mails(count))
        sent = sum(one.emulator.requests.values())
        await nothing_is_left_to_do(one)
        return one, sent


async def test_a_new_account_costs_a_fifth_of_a_request_or_less(tmp_path: Path) -> None:
    _, sent = await few_requests(tmp_path, 300)
    assert sent <= 0.2 * 300


@pytest.mark.soak
async def test_many_new_accounts_cost_a_fifth_of_a_request_or_less(tmp_path: Path) -> None:
    count = int(os.environ.get("PEOPLE", "10000"))
    _, sent = await few_requests(tmp_path, count)
    print(f"\n{count} people created with {sent} requests: {sent / count:.3f} a person")
    assert sent <= 0.2 * count


async def test_the_size_of_a_batch_is_a_setting(staff: World) -> None:
    await apps.set_settings(staff.installation, APP, {"batchSize": "1"})
    await staff.sync()
    assert invitations(staff) == EVERYBODY
    assert staff.active() == set(mails())


async def test_a_batch_whose_answer_is_lost_is_looked_up_and_not_sent_again(staff: World) -> None:
    staff.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$"))
    assert (await staff.sync()).counts == {"planned": EVERYBODY, "create": EVERYBODY}
    assert invited(staff) == mails()
    assert invitations(staff) == EVERYBODY / 20
    staff.emulator.clear_faults()
    await nothing_is_left_to_do(staff)


async def test_a_batch_that_was_not_carried_out_is_sent_again_in_halves(staff: World) -> None:
    asked = r"/users\?allOrNothing=false$"  # one who is refused keeps nobody else out
    staff.emulator.inject(Fault(kind="server-error", method="POST", path=asked, times=1))
    assert (await staff.sync()).counts == {"planned": EVERYBODY, "create": EVERYBODY}
    assert invited(staff) == mails()
    assert invitations(staff) == EVERYBODY / 20 + 2
    staff.emulator.clear_faults()
    await nothing_is_left_to_do(staff)


async def test_many_in_doubt_after_a_stop_are_looked_up_by_one_listing(staff: World) -> None:
    staff.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$"))
    stop, cycle, parts = asyncio.Event(), await staff.open_cycle(), provisioning.parts(staff.installation)
    patient = replace(parts, pace=Pace(pause=60.0))
    running = asyncio.create_task(run_cycle(patient, cycle, stop))
    while staff.active() != set(mails()) and not running.done():
        await asyncio.sleep(0.01)
    stop.set()
    assert await running in jobs.UNFINISHED
    staff.emulator.clear_faults()
    staff.emulator.reset_counters()
    await staff.sync()
    assert invited(staff) == []
    assert invitations(staff) == 0
    assert staff.emulator.count("GET", "/users") == 1
    assert len(await staff.log(action="create", status="success")) == EVERYBODY
    await nothing_is_left_to_do(staff)


async def test_an_answer_that_names_somebody_elses_account_harms_nobody(staff: World) -> None:
    await apps.set_settings(staff.installation, APP, {"batchSize": "100"})
    boss = staff.emulator.add_user("boss@corp.example", "The", "Boss", products=())
    lie = msgspec.json.encode([{"key": boss.key, "email": "p00000@corp.example"}]).decode()
    staff.emulator.inject(Fault(kind="server-error", method="POST", path="/users$", times=1, status=201, body=lie))
    counts = (await staff.sync()).counts
    assert (counts["create"], counts["failed"]) == (EVERYBODY - 1, 1)
    (refused,) = await staff.log(status="failure")
    assert (refused.login, refused.reason.code) == ("p00000@corp.example", "EntryConflict")
    assert (boss.email, boss.first_name, boss.license_keys) == ("boss@corp.example", "The", [])
    assert staff.active() == set(mails()) - {"p00000@corp.example"}


async def test_a_batch_takes_as_many_as_there_are_seats(tmp_path: Path) -> None:
    async with world(tmp_path / "home", seats=25) as one:
        await staffed(one, EVERYBODY)
        assert (await one.sync()).counts == {"planned": EVERYBODY, "create": 25, "failed": EVERYBODY - 25}
        assert len(one.active()) == 25
        refused = await one.log(status="failure")
        assert {row.reason.code for row in refused} == {"LicenseLimitExceeded"}
        assert sum(one.emulator.requests.values()) < EVERYBODY


async def test_the_answer_decides_how_many_seats_there_are(staff: World) -> None:
    staff.emulator.inject(Fault(kind="no-seat", times=1))
    counts = (await staff.sync()).counts
    assert counts["create"] == EVERYBODY
    assert staff.active() == set(mails())


async def test_one_who_is_refused_holds_up_nobody_and_learns_why(staff: World) -> None:
    staff.emulator.options.max_name = 7  # below what the gallery's mapping checks
    await staff.import_text(ldif_person("p00003", givenName="Maximilian"))
    counts = (await staff.sync()).counts
    assert (counts["create"], counts["failed"]) == (EVERYBODY - 1, 1)
    (refused,) = await staff.log(status="failure")
    assert refused.login == "p00003@corp.example"
    assert "too.long" in str(refused.reason.parameters)


async def test_one_whom_another_tenant_must_let_go_is_a_conflict_and_ours_to_take_away(staff: World) -> None:
    staff.emulator.known_elsewhere("p00004@corp.example")
    counts = (await staff.sync()).counts
    assert (counts["create"], counts["failed"]) == (EVERYBODY - 1, 1)
    (refused,) = await staff.log(status="failure")
    assert (refused.login, refused.reason.code) == ("p00004@corp.example", "EntryConflict")
    await assignments.unassign(staff.installation, APP, "Group", "staff", None)
    await staff.sync(allow=EVERYBODY)
    await staff.sync(allow=EVERYBODY)
    user = staff.emulator.user("p00004@corp.example")
    assert user is not None
    assert not user.license_keys


async def test_who_came_after_the_plan_is_taken_over_by_the_next_cycle_in_plain_sight(staff: World) -> None:
    plan = await provisioning.make_plan(staff.installation, APP)
    plain = staff.emulator.add_user("p00005@corp.example", "Somebody", "Else", products=())
    boss = staff.emulator.add_user("p00006@corp.example", "The", "Boss", products=(), admin_roles=["SUPER_USER"])
    await provisioning_applied(staff, plan.row.cycle.id)
    assert (plain.first_name, boss.first_name) == ("Somebody", "The")
    refused = {row.login: row.reason.code for row in await staff.log(status="failure")}
    assert refused == {"p00005@corp.example": "EntryExists", "p00006@corp.example": "EntryExists"}
    assert len(await staff.log(action="create", status="success")) == EVERYBODY - 2
    counts = (await staff.sync()).counts
    assert counts["update"] == 1
    assert (plain.first_name, boss.first_name) == ("P00005", "The")
    assert "HeldBack" in {row.reason.code for row in await staff.log()}


async def provisioning_applied(one: World, plan_id: str) -> None:
    async for row in provisioning.apply_plan(one.installation, plan_id):
        last = row
    assert last.cycle.state == "succeeded"


async def test_who_holds_different_roles_is_invited_apart(tmp_path: Path) -> None:
    async with world(tmp_path / "home", seats=EVERYBODY, webinars=10) as one:
        await staffed(one, 30)
        await one.assign(*mails(10), role="webinarOrganizer")
        await one.sync()
        webinar = {user.email for user in one.emulator.users if len(user.license_keys) == 2}
        held = {user.email: sorted(user.license_keys) for user in one.emulator.users}
        assert one.active() == set(mails(30))
        assert len({tuple(keys) for mail, keys in held.items() if mail in mails(10)}) == 1
        assert len({tuple(keys) for mail, keys in held.items() if mail in mails(30)[10:]}) == 1
        assert held[mails(1)[0]] != held[mails(30)[-1]], webinar
