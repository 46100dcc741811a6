"""Whoever leaves loses the account, whatever went wrong before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.world import APP, World, ldif_group, ldif_person

from provisor.app import apps, assignments, people, provisioning
from provisor.directory.importing import MISSING_SHARE
from provisor.domain.error import Refused
from provisor.domain.job import Cycle
from provisor.engine.cycle import run_cycle
from provisor.flow.push import Pace
from provisor.store import directories, jobs
from provisor.store.directories import IN_RECYCLE_BIN
from provisor.store.jobs import CycleRow
from provisor.testing.gotomeeting import Fault

ADA = "ada@corp.example"
PROFILE = r"accounts/\d+/users/\d+$"  # where names and address are written
ONCE = Pace(attempts=1, pause=0.01)


@pytest.fixture
async def ada(world: World) -> World:
    """Ada, assigned, and nothing done yet."""
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign(ADA)
    return world


async def disabled_and_back(world: World) -> None:
    await world.sync()
    await people.act(world.installation, "disable", "User", ADA)
    await world.sync()
    assert world.active() == set()
    await people.act(world.installation, "restore", "User", ADA)


async def leave(world: World) -> None:
    world.emulator.clear_faults()
    assert ADA in world.active(), "without an active account there is nothing to lose"
    await assignments.unassign(world.installation, APP, "User", ADA, None)
    for _ in range(2):
        await world.sync()
    assert ADA not in world.active()


async def impatient(world: World, pace: Pace = ONCE) -> CycleRow:
    cycle = await world.open_cycle()
    await run_cycle(replace(provisioning.parts(world.installation), pace=pace), cycle, asyncio.Event())
    return await world.cycle(cycle.id)


# ---- switched on, and then something went wrong ---------------------------------------------------------------------


async def test_a_re_enable_that_ran_into_somebody_elses_address(ada: World) -> None:
    await disabled_and_back(ada)
    ada.emulator.add_user("taken@corp.example", products=())
    await ada.import_text(ldif_person("ada", mail="taken@corp.example"))
    assert (await ada.sync()).counts == {"planned": 1, "failed": 1}
    await leave_as(ada, "ada@corp.example")


async def leave_as(world: World, email: str) -> None:
    """As `leave`, where the directory knows Ada by another address than the target does."""
    (entry,) = await people.list_page(world.installation, "User", search="ada")
    assert email in world.active()
    await people.act(world.installation, "disable", "User", entry.id)
    await world.sync()
    assert email not in world.active()


async def test_a_re_enable_that_nobody_answered(ada: World) -> None:
    await disabled_and_back(ada)
    ada.emulator.inject(Fault(kind="lost-reply", method="PUT", path="/licenses/"))
    assert (await impatient(ada)).counts == {"planned": 1, "failed": 1}
    await leave(ada)


async def test_a_re_enable_during_which_the_target_turned_into_a_web_page(ada: World) -> None:
    await disabled_and_back(ada)
    ada.emulator.inject(Fault(kind="html", method="GET", path=PROFILE, after=1))
    assert (await ada.sync()).cycle.state == "failed"
    await leave(ada)


@pytest.mark.parametrize("known", [True, False], ids=["re-enable", "take-over"])
async def test_a_process_that_died_between_licence_and_name(world: World, known: bool) -> None:
    await world.import_text(ldif_person("ada"))
    await world.connect()
    if known:
        await world.assign(ADA)
        await disabled_and_back(world)
        await world.import_text(ldif_person("ada", givenName="Augusta"))
    else:
        world.emulator.add_user(ADA, "Old", "Name", products=())
        await world.assign(ADA)
    world.emulator.inject(Fault(kind="slow", method="PUT", path=PROFILE, seconds=5))
    cycle, parts = await world.open_cycle(), provisioning.parts(world.installation)
    dying = asyncio.create_task(run_cycle(parts, cycle, asyncio.Event()))
    while not world.active():
        await asyncio.sleep(0.02)
    async with world.installation.database.transaction() as connection:
        claimed = await jobs.claim_cycle(connection, cycle.id)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    world.emulator.clear_faults()
    await people.act(world.installation, "disable", "User", ADA)
    await run_cycle(parts, claimed, asyncio.Event())
    await world.sync()
    assert world.active() == set()


# ---- taken over, or made, half-way ----------------------------------------------------------------------------------


async def test_a_take_over_whose_name_was_refused(ada: World) -> None:
    ada.emulator.add_user(ADA, "Old", "Name", products=())
    body = '{"incidentId":"1","errors":[{"code":"user.name.invalid"}]}'
    ada.emulator.inject(Fault(kind="server-error", status=400, method="PUT", path=PROFILE, body=body))
    assert (await ada.sync()).counts == {"planned": 1, "failed": 1}
    await leave(ada)


async def test_a_take_over_whose_second_licence_was_refused(ada: World) -> None:
    ada.emulator.add_licence(["OPENVOICE"], 5)
    ada.emulator.add_user(ADA, "Ada", "Example", products=())
    ada.emulator.inject(Fault(kind="no-seat", method="PUT", path="/licenses/", after=1))
    await ada.assign(ADA, role="openVoice")
    assert (await ada.sync()).counts == {"planned": 1, "failed": 1}
    await leave(ada)


async def test_a_take_over_that_was_refused_is_tried_again_as_a_change(ada: World) -> None:
    ada.emulator.add_user(ADA, "Old", "Name", products=())
    body = '{"incidentId":"1","errors":[{"code":"user.name.invalid"}]}'
    ada.emulator.inject(Fault(kind="server-error", status=400, method="PUT", path=PROFILE, body=body))
    await ada.sync()
    ada.emulator.clear_faults()
    await ada.import_text(ldif_person("ada", givenName="Augusta"))
    assert (await ada.sync()).counts == {"planned": 1, "update": 1}
    assert ada.emulator.user(ADA).first_name == "Augusta"


async def test_a_new_account_that_could_not_be_seen_yet(ada: World) -> None:
    body = '{"incidentId":"1","errors":[{"code":"user.not.found"}]}'
    ada.emulator.inject(Fault(kind="server-error", status=404, method="GET", path=PROFILE, body=body))
    assert (await ada.sync()).counts == {"planned": 1, "failed": 1}
    await leave(ada)


async def test_an_unanswered_create_is_not_forgotten_by_a_plan(ada: World) -> None:
    ada.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$"))
    await impatient(ada)
    ada.emulator.clear_faults()
    await assignments.unassign(ada.installation, APP, "User", ADA, None)
    plan = await provisioning.make_plan(ada.installation, APP)
    async for _ in provisioning.apply_plan(ada.installation, plan.row.cycle.id):
        pass
    await ada.sync()
    assert ada.active() == set()


async def test_an_unanswered_create_is_logged_as_what_it_turns_out_to_be(ada: World) -> None:
    ada.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$"))
    await impatient(ada)
    assert [(row.action, row.status) for row in await ada.log()] == [("create", "failure")]
    ada.emulator.clear_faults()
    await ada.sync()
    (row,) = await ada.log(action="create")
    assert (row.status, row.target_id) == ("success", ada.emulator.user(ADA).key)


async def test_one_whose_look_up_is_refused_stops_nobody_else(ada: World) -> None:
    ada.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$"))
    await impatient(ada)
    ada.emulator.clear_faults()
    body = '{"incidentId":"1","errors":[{"code":"filter.invalid"}]}'
    ada.emulator.inject(Fault(kind="server-error", method="GET", path="filter=.*ada", status=400, body=body))
    await ada.import_text(ldif_person("bob"))
    await ada.assign("bob@corp.example")
    row = await ada.sync()
    assert (row.cycle.state, row.counts) == ("succeeded", {"planned": 1, "create": 1, "failed": 1})
    await leave(ada)


async def test_a_line_settled_after_a_stop_is_counted_and_logged_once(world: World) -> None:
    names = [f"p{number}" for number in range(6)]
    await world.import_text("".join(ldif_person(name) for name in names))
    await world.connect()
    await apps.set_settings(world.installation, APP, {"batchSize": "1"})
    await world.assign(*(f"{name}@corp.example" for name in names))
    world.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users$", times=1))
    world.emulator.inject(Fault(kind="slow", method="POST", path="/users$", seconds=2))
    stop, cycle, parts = asyncio.Event(), await world.open_cycle(), provisioning.parts(world.installation)
    pace = replace(ONCE, concurrency=2, page=2, flush_every=0.05)
    quick = replace(parts, pace=pace)
    running = asyncio.create_task(run_cycle(quick, cycle, stop))
    while not (await world.cycle(cycle.id)).counts.get("failed") and not running.done():
        await asyncio.sleep(0.05)
    stop.set()
    await running
    world.emulator.clear_faults()
    await world.sync()
    assert (await world.cycle(cycle.id)).counts == {"planned": 6, "create": 6}
    assert len(await world.log(action="create", status="success")) == 6
    assert await world.log(status="failure") == []


# ---- answers that only seem to say "gone" ---------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", '{"message":"Not Found"}'])
@pytest.mark.parametrize(("method", "path"), [("DELETE", "/licenses/"), ("GET", PROFILE)])
async def test_a_bare_404_is_not_believed(ada: World, method: str, path: str, body: str) -> None:
    await ada.sync()
    ada.emulator.inject(Fault(kind="server-error", status=404, method=method, path=path, body=body))
    await assignments.unassign(ada.installation, APP, "User", ADA, None)
    row = await ada.sync()
    assert (row.cycle.state, row.error.code if row.error else None) == ("failed", "ServiceIncompatible")
    ada.emulator.clear_faults()
    await ada.sync()
    assert ada.active() == set()


async def test_a_bare_404_for_somebody_who_is_gone_is_believed(ada: World) -> None:
    await ada.sync()
    ada.emulator.forget(ADA)
    ada.emulator.inject(Fault(kind="server-error", status=404, method="GET", path=PROFILE, body=""))
    await assignments.unassign(ada.installation, APP, "User", ADA, None)
    assert (await ada.sync()).counts == {"planned": 1, "disable": 1}


# ---- the log -------------------------------------------------------------------------------------------------------


async def test_the_log_names_people_as_they_were_called_then(ada: World) -> None:
    await ada.sync()
    await ada.import_text(ldif_person("ada", mail="byron@corp.example"))
    await ada.sync()
    assert [row.login for row in await ada.log(user="byron@corp.example")] == ["byron@corp.example", ADA]
    assert [row.action for row in await ada.log(user=ADA)] == ["create"]
    await people.act(ada.installation, "delete", "User", "byron@corp.example", purge=True)
    await ada.sync()
    rows = await ada.log(user="byron@corp.example")
    assert [(row.name, row.action) for row in rows] == [("Ada Example", "disable"), ("Ada Example", "update")]
    with pytest.raises(Refused):
        await ada.log(user="nobody@corp.example")


# ---- restarts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["organizer", "manager"])
async def test_a_restart_forgets_whose_account_is_whose_for_nobody(world: World, role: str) -> None:
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign(ADA, role=role)
    await world.sync()
    async for _ in provisioning.restart(world.installation, APP, ["Full"]):
        pass
    await world.import_text(ldif_person("ada", givenName="Augusta"))
    assert (await world.sync()).counts == {"planned": 1, "update": 1}
    async for _ in provisioning.restart(world.installation, APP, ["ConnectorDataStore"]):
        pass
    await leave(world)


async def test_a_restart_that_forgets_what_was_sent_finds_what_was_changed_by_hand(ada: World) -> None:
    await ada.sync()
    ada.emulator.user(ADA).first_name = "Changed"
    async for _ in provisioning.restart(ada.installation, APP, ["ConnectorDataStore"]):
        pass
    assert (await ada.sync()).counts == {"planned": 1, "update": 1}
    assert ada.emulator.user(ADA).first_name == "Ada"


# ---- who is who -----------------------------------------------------------------------------------------------------


async def test_a_better_anchor_makes_no_new_people(world: World) -> None:
    names = ["ada", "bob", "cyd"]
    crew = ldif_group("crew", names)
    await world.import_text("".join(ldif_person(name) for name in names) + crew)
    await world.connect()
    await world.assign_group("crew")
    await world.sync()
    world.emulator.reset_counters()
    for number, anchor in enumerate(("employeeNumber", "entryUUID")):
        guid = f"00000000-0000-4000-8000-00000000000{number}"
        better = "".join(ldif_person(name, **{anchor: f"{guid[:-1]}{at}"}) for at, name in enumerate(names))
        summary = await world.import_text(better + crew, full=True)
        assert (summary.added, summary.removed, summary.updated) == (0, 0, 3)
        assert (await world.sync()).counts == {}
    assert len(world.active()) == 3


async def test_another_person_of_the_same_name_is_another_person(world: World) -> None:
    guid = "00000000-0000-4000-8000-00000000000"
    await world.import_text(ldif_person("ada", entryUUID=f"{guid}1"))
    summary = await world.import_text(ldif_person("ada", entryUUID=f"{guid}2"))
    assert (summary.added, summary.updated) == (1, 0)


async def test_a_number_that_changed_under_one_name_is_for_a_person_to_decide(world: World) -> None:
    await world.import_text(ldif_person("ada", employeeNumber="0007"))
    summary = await world.import_text(ldif_person("ada", employeeNumber="7"), full=True)
    assert (summary.added, summary.removed, summary.refused) == (0, 0, 1)
    [fault] = summary.faults
    assert fault.reason.code == "AnchorChanged"
    assert (fault.reason.parameters["anchor"], fault.reason.parameters["known"]) == (
        "employeeNumber=7",
        "employeeNumber=0007",
    )


async def test_a_file_of_groups_alone_is_half_a_file(world: World) -> None:
    names = ["ada", "bob"]
    groups = "".join(ldif_group(f"g{number}", names) for number in range(int(len(names) / MISSING_SHARE) * 2))
    await world.import_text("".join(ldif_person(name) for name in names) + groups)
    with pytest.raises(Refused) as refused:
        await world.import_text(groups, full=True)
    assert refused.value.reason.parameters == {"missing": "2", "known": "2", "kind": "people", "source": "hr"}


async def test_who_was_deleted_here_stays_deleted_as_long_as_the_source_has_them(world: World) -> None:
    text = ldif_person("ada") + ldif_group("crew", ["ada"])
    await world.import_text(text)
    await world.connect()
    await world.assign_group("crew")
    await world.sync()
    await people.act(world.installation, "delete", "User", ADA)
    now = world.installation.clock()
    world.installation = replace(world.installation, clock=lambda: now + IN_RECYCLE_BIN - IN_RECYCLE_BIN / 30)
    await world.import_text(text)
    async with world.installation.database.transaction() as connection:
        assert await directories.purge_expired(connection, now + IN_RECYCLE_BIN * 1.5) == 0
    assert (await world.import_text(text)).left_deleted == 1
    await world.sync()
    assert world.active() == set()
    async with world.installation.database.transaction() as connection:
        assert await directories.purge_expired(connection, now + IN_RECYCLE_BIN * 3) == 1


# ---- purged, and back -----------------------------------------------------------------------------------------------


async def test_purged_and_hired_again_in_one_cycle(ada: World) -> None:
    await ada.sync()
    await people.act(ada.installation, "delete", "User", ADA, purge=True)
    await ada.import_text(ldif_person("ada"), source="second")
    await ada.assign(ADA)
    for _ in range(2):
        await ada.sync()
    assert ada.active() == {ADA}
    assert (await ada.sync()).counts == {}


async def test_purged_hired_again_and_unanswered(ada: World) -> None:
    await ada.sync()
    await people.act(ada.installation, "delete", "User", ADA, purge=True)
    await ada.import_text(ldif_person("ada", givenName="Augusta"), source="second")
    await ada.assign(ADA)
    ada.emulator.inject(Fault(kind="lost-reply", method="PUT", path=PROFILE))
    await impatient(ada)
    ada.emulator.clear_faults()
    assert (await ada.sync()).cycle.state == "succeeded"
    assert ada.active() == {ADA}


async def test_an_account_that_vanished_after_the_plan_is_made(ada: World) -> None:
    ada.emulator.add_user(ADA, "Ada", "Example")
    plan = await provisioning.make_plan(ada.installation, APP)
    ada.emulator.forget(ADA)
    async for row in provisioning.apply_plan(ada.installation, plan.row.cycle.id):
        last = row
    assert last.counts == {"planned": 1, "failed": 1}
    await ada.sync()
    assert ada.active() == {ADA}


async def test_who_waited_for_a_purged_persons_address_is_tried_at_once(ada: World) -> None:
    await ada.sync()
    (first,) = await people.list_page(ada.installation, "User", search="ada")
    await people.act(ada.installation, "disable", "User", ADA)
    await ada.sync()
    await ada.import_text(ldif_person("neo", mail=ADA))
    (neo,) = await people.list_page(ada.installation, "User", search="neo")
    await ada.assign(neo.id)
    assert (await ada.sync()).counts == {"failed": 1}
    await people.act(ada.installation, "delete", "User", first.id, purge=True)
    await ada.sync()
    assert ada.active() == {ADA}


# ---- while a cycle is on its way ------------------------------------------------------------------------------------


async def slowly_disabled(world: World) -> tuple[Cycle, asyncio.Task[str]]:
    """Ada leaves, Bob is to come after that, and the cycle is about to take Ada's licence away."""
    await world.sync()
    await people.act(world.installation, "disable", "User", ADA)
    await world.import_text(ldif_person("bob"))
    await world.assign("bob@corp.example")
    world.emulator.reset_counters()
    world.emulator.inject(Fault(kind="slow", method="DELETE", path="/licenses/", seconds=2))
    cycle = await world.open_cycle()
    running = asyncio.create_task(run_cycle(provisioning.parts(world.installation), cycle, asyncio.Event()))
    while not world.emulator.count("DELETE", "/licenses/{licenseKey}/users/{userKey}") and not running.done():
        await asyncio.sleep(0.02)
    assert not running.done()
    return cycle, running


async def test_one_who_leaves_after_the_plan_is_not_made(ada: World) -> None:
    cycle, running = await slowly_disabled(ada)
    await people.act(ada.installation, "disable", "User", "bob@corp.example")
    assert await running == "succeeded"
    assert (await ada.cycle(cycle.id)).counts == {"planned": 2, "disable": 1, "superseded": 1}
    assert ada.active() == set()
    assert ada.emulator.count("POST", "/users") == 0


async def test_a_disable_in_doubt_is_carried_out_by_whoever_goes_on(ada: World) -> None:
    cycle, running = await slowly_disabled(ada)
    async with ada.installation.database.transaction() as connection:
        claimed = await jobs.claim_cycle(connection, cycle.id)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    ada.emulator.clear_faults()
    assert await run_cycle(provisioning.parts(ada.installation), claimed, asyncio.Event()) == "succeeded"
    assert ada.active() == {"bob@corp.example"}
    assert (await ada.cycle(cycle.id)).counts == {"planned": 2, "disable": 1, "create": 1}
