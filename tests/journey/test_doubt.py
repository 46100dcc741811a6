"""Nobody knows whether it was carried out: whatever happened meanwhile, no account is lost and nobody gets two."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests import elsewhere
from tests.world import APP, World, ldif_group, ldif_person

from provisor.app import apps, assignments, people, provisioning, status
from provisor.domain.job import Cycle
from provisor.engine.cycle import run_cycle
from provisor.flow.push import Pace
from provisor.store import jobs
from provisor.testing.gotomeeting import Fault

NAMES = [f"p{number:02}" for number in range(10)]
EVERYBODY = {f"{name}@corp.example" for name in NAMES}
QUICK = Pace(attempts=2, pause=0.01, give_up_after=50)


@pytest.fixture
async def staff(world: World) -> World:
    """Ten people in one assigned group, nobody provisioned yet; they are invited one by one."""
    await world.import_text("".join(ldif_person(name) for name in NAMES) + ldif_group("staff", NAMES))
    await world.connect()
    await apps.set_settings(world.installation, APP, {"batchSize": "1"})
    await world.assign_group("staff")
    return world


async def run(world: World, cycle: Cycle, pace: Pace = QUICK) -> str:
    parts = provisioning.parts(world.installation)
    quick = replace(parts, pace=pace)
    return await run_cycle(quick, cycle, asyncio.Event())


async def claimed_again(world: World, cycle: Cycle) -> Cycle:
    async with world.installation.database.transaction() as connection:
        return await jobs.claim_cycle(connection, cycle.id)


async def die(world: World, after: int) -> Cycle:
    """An initial cycle whose process dies once `after` people are in the target, without recording anything."""
    cycle = await world.open_cycle()
    world.emulator.options.latency = 0.03
    dying = asyncio.create_task(run(world, cycle, replace(QUICK, flush_every=60.0, concurrency=2)))
    while len(world.emulator.users) <= after:
        await asyncio.sleep(0.002)
    fenced = await claimed_again(world, cycle)  # from now on nothing of the old run is recorded
    with pytest.raises(Exception, match="CycleTakenOver"):
        await dying
    world.emulator.options.latency = 0
    return fenced


async def test_outcomes_wait_for_a_database_that_somebody_else_writes_to(staff: World) -> None:
    cycle = await staff.open_cycle()
    running = asyncio.create_task(run(staff, cycle, replace(QUICK, flush_every=0.01)))
    while len(staff.emulator.users) < 3:
        await asyncio.sleep(0.001)
    async with elsewhere.writing(staff.installation.database):
        await asyncio.sleep(0.5)
    assert await running == "succeeded"
    shown = (await status.show(staff.installation)).apps[0]
    assert shown.details.active_accounts == len(NAMES)
    assert len(await staff.log(action="create")) == len(NAMES)
    assert (await staff.sync()).counts == {}


async def test_one_who_is_disabled_while_a_create_is_in_doubt_ends_disabled(staff: World) -> None:
    cycle = await die(staff, after=3)
    for user in sorted(EVERYBODY):
        await people.act(staff.installation, "disable", "User", user)
    assert await run(staff, cycle) == "succeeded"
    made = {mail.to for mail in staff.emulator.mails}
    assert made < EVERYBODY, "nobody is invited any more"
    await staff.sync(allow=len(made))
    assert staff.active() == set()


async def test_one_who_is_purged_while_a_create_is_in_doubt_loses_the_account(staff: World) -> None:
    cycle = await die(staff, after=2)
    for user in sorted(EVERYBODY):
        await people.act(staff.installation, "delete", "User", user, purge=True)
    await run(staff, cycle)
    await staff.sync(allow=len(staff.active()))
    assert staff.active() == set()


async def test_an_answer_lost_for_good_is_settled_even_for_one_who_is_unassigned_by_then(staff: World) -> None:
    staff.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$"))
    cycle = await staff.open_cycle()
    await run(staff, cycle, replace(QUICK, attempts=1))
    lost = staff.active()
    assert lost, "accounts were made that nobody answered for"
    staff.emulator.clear_faults()
    await assignments.unassign(staff.installation, APP, "Group", "staff", None)
    await staff.sync()
    await staff.sync(allow=len(staff.active()))
    assert staff.active() == set()


async def test_a_create_refused_after_the_invitation_is_ours_to_take_away(staff: World) -> None:
    staff.emulator.known_elsewhere("p00@corp.example")
    await staff.sync()
    shown = (await status.show(staff.installation)).apps[0]
    assert [row.name for row in await staff.log(status="failure")] == ["P00 Example"]
    assert shown.retried == {"EntryConflict": 1}
    await assignments.unassign(staff.installation, APP, "Group", "staff", None)
    await staff.sync(allow=10)
    await staff.sync(allow=10)
    user = staff.emulator.user("p00@corp.example")
    assert user is not None
    assert not user.license_keys


async def test_what_was_given_is_known_after_a_lost_answer(staff: World) -> None:
    await apps.set_settings(staff.installation, APP, {"disableRemoves": "ours"})
    staff.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$", every=2))
    assert (await staff.sync()).counts["create"] == len(NAMES)
    staff.emulator.clear_faults()
    await assignments.unassign(staff.installation, APP, "Group", "staff", None)
    assert (await staff.sync(allow=len(NAMES))).counts["disable"] == len(NAMES)
    assert staff.active() == set()


async def test_a_restart_that_forgets_escrows_forgets_no_leaver(staff: World) -> None:
    await staff.sync()
    await assignments.unassign(staff.installation, APP, "Group", "staff", None)
    assert (await staff.sync()).counts == {"stagedDelete": len(NAMES)}
    async for _ in provisioning.restart(staff.installation, APP, ["Escrows"]):
        pass
    assert (await staff.sync(allow=len(NAMES))).counts["disable"] == len(NAMES)


async def test_a_restart_that_forgets_links_forgets_no_leaver(staff: World) -> None:
    await staff.sync()
    await assignments.unassign(staff.installation, APP, "Group", "staff", None)
    await staff.assign(f"{NAMES[0]}@corp.example")
    async for _ in provisioning.restart(staff.installation, APP, ["ConnectorDataStore"]):
        pass
    counts = (await staff.sync(allow=len(NAMES) - 1)).counts
    assert (counts["disable"], counts["update"]) == (len(NAMES) - 1, 1)
    assert staff.active() == {f"{NAMES[0]}@corp.example"}


async def test_a_stop_does_not_wait_as_long_as_the_target_asks(staff: World) -> None:
    staff.emulator.inject(Fault(kind="server-error", method="POST", path="/users$", status=502))
    cycle = await staff.open_cycle()
    parts = provisioning.parts(staff.installation)
    slow = replace(parts, pace=replace(QUICK, attempts=5, pause=600.0))
    stop = asyncio.Event()
    running = asyncio.create_task(run_cycle(slow, cycle, stop))
    while not staff.emulator.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    stop.set()
    assert await asyncio.wait_for(running, 15) in jobs.UNFINISHED


async def test_an_account_that_the_target_hands_out_twice_has_one_holder(staff: World) -> None:
    await staff.sync()
    for user in sorted(EVERYBODY):
        staff.emulator.forget(user)
    await staff.import_text("".join(ldif_person(name, givenName="Changed") for name in NAMES))
    assert (await staff.sync()).counts == {"planned": 10, "failed": 10}
    assert (await staff.sync()).counts == {"planned": 10, "create": 10}


async def test_a_rehire_gets_the_account_of_the_person_deleted_for_good(staff: World) -> None:
    await staff.sync()
    await people.act(staff.installation, "delete", "User", "p00@corp.example", purge=True)
    await staff.sync()
    assert "p00@corp.example" not in staff.active()
    await staff.import_text(ldif_person("p00"), source="second")
    await staff.assign("p00@corp.example")
    assert (await staff.sync()).counts == {"planned": 1, "update": 1}
    assert staff.active() == EVERYBODY


async def test_a_newcomer_gets_a_mail_that_somebody_gave_up(staff: World) -> None:
    await staff.sync()
    await staff.import_text(ldif_person("new", mail="p00@corp.example"))
    await staff.assign(await new_id(staff))
    assert (await staff.sync()).counts == {"failed": 1}
    await staff.import_text(ldif_person("p00", mail="renamed@corp.example"))
    assert (await staff.sync()).counts["update"] == 1
    assert (await staff.sync()).counts == {"planned": 1, "create": 1}


async def new_id(staff: World) -> str:
    found = await people.list_page(staff.installation, "User", search="new")
    return next(one.id for one in found if one.attributes["mailNickname"] == "new")
