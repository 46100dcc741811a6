"""What must not happen: mass deletions, duplicates, silent failures, lost work."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.world import APP, World, ldif_group, ldif_person
from tests.world import world as made

from provisor.app import apps, assignments, people, provisioning, status
from provisor.domain.error import Refused
from provisor.engine.cycle import run_cycle
from provisor.flow.push import Pace
from provisor.store import jobs
from provisor.store.jobs import CycleRow
from provisor.testing.gotomeeting import Fault

NAMES = [f"p{number:02}" for number in range(30)]
PEOPLE = "".join(ldif_person(name) for name in NAMES)
QUICK = Pace(attempts=2, pause=0.01, give_up_after=3)


@pytest.fixture
async def staff(world: World) -> World:
    """Thirty people in one assigned group, all provisioned."""
    await world.import_text(PEOPLE + ldif_group("staff", NAMES))
    await world.connect()
    await world.assign_group("staff")
    assert (await world.sync()).counts["create"] == 30
    world.emulator.reset_counters()
    return world


async def quick_cycle(world: World) -> CycleRow:
    """One cycle that does not wait long for a target in trouble."""
    parts = provisioning.parts(world.installation)
    cycle = await world.open_cycle()
    await run_cycle(replace(parts, pace=QUICK), cycle, asyncio.Event())
    return await world.cycle(cycle.id)


# ---- the guard ----------------------------------------------------------------------------------------------------


async def test_an_emptied_group_takes_nobodys_account(staff: World) -> None:
    await staff.import_text(PEOPLE + ldif_group("staff", []))
    row = await staff.sync()
    assert row.counts == {"stagedDelete": 30}
    assert len(staff.active()) == 30
    assert not staff.emulator.requests
    shown = await status.show(staff.installation)
    assert shown.apps[0].held == 30


async def test_held_changes_are_logged_once_and_go_on_being_held(staff: World) -> None:
    await staff.import_text(PEOPLE + ldif_group("staff", []))
    for _ in range(3):
        await staff.sync()
    assert len(await staff.log(action="stagedDelete")) == 30
    assert len(staff.active()) == 30


async def test_a_person_may_agree_to_exactly_the_number_shown(staff: World) -> None:
    await staff.import_text(PEOPLE + ldif_group("staff", []))
    assert (await staff.sync(allow=29)).counts == {"stagedDelete": 30}
    assert (await staff.sync(allow=30)).counts == {"planned": 30, "disable": 30}
    assert staff.active() == set()


async def test_creates_and_updates_go_on_while_deletions_are_held(staff: World) -> None:
    joiner = ldif_person("zoe")
    await staff.import_text(PEOPLE + joiner + ldif_group("staff", ["zoe"]))
    assert (await staff.sync()).counts == {"stagedDelete": 30, "planned": 1, "create": 1}


async def test_a_held_change_vanishes_with_its_cause(staff: World) -> None:
    await staff.import_text(PEOPLE + ldif_group("staff", []))
    await staff.sync()
    await staff.import_text(PEOPLE + ldif_group("staff", NAMES))
    await staff.sync()
    assert len(staff.active()) == 30
    assert (await status.show(staff.installation)).apps[0].held == 0


async def test_five_leavers_are_the_ordinary_course_of_things(staff: World) -> None:
    await staff.import_text(PEOPLE + ldif_group("staff", NAMES[5:]))
    assert (await staff.sync()).counts == {"planned": 5, "disable": 5}


# ---- half a file ----------------------------------------------------------------------------------------------------


async def test_a_truncated_full_import_is_refused_and_changes_nothing(staff: World) -> None:
    with pytest.raises(Refused) as refused:
        await staff.import_text("".join(ldif_person(name) for name in NAMES[:20]), full=True)
    assert refused.value.reason.code == "ImportTruncated"
    assert (await staff.sync()).counts == {}


async def test_a_group_whose_members_are_missing_is_half_a_file(staff: World) -> None:
    with pytest.raises(Refused) as refused:
        await staff.import_text(PEOPLE + ldif_group("staff", NAMES[:20]), full=True)
    assert refused.value.reason.code == "ImportTruncated"
    assert (await staff.sync()).counts == {}
    await staff.import_text(PEOPLE + ldif_group("staff", NAMES[:20]), full=True, confirm_missing=True)


async def test_without_full_nobody_is_removed(staff: World) -> None:
    await staff.import_text(ldif_person(NAMES[0]))
    assert (await staff.sync()).counts == {}


async def test_a_full_import_removes_whom_the_source_no_longer_has(staff: World) -> None:
    left = NAMES[1:]
    text = "".join(ldif_person(name) for name in left) + ldif_group("staff", left)
    summary = await staff.import_text(text, full=True)
    assert summary.removed == 1
    assert (await staff.sync()).counts == {"planned": 1, "disable": 1}


async def test_a_full_import_leaves_other_sources_alone(staff: World) -> None:
    await staff.import_text(ldif_person("other"), source="second")
    summary = await staff.import_text(ldif_person("third"), source="third", full=True)
    assert summary.removed == 0


BAD_VALUE = "givenName:: !\n"
SECOND_NAME = "dn: uid=p00,ou=people,dc=example,dc=com\n"


@pytest.mark.parametrize(
    ("spoiled", "removed", "kept"),
    [
        pytest.param(BAD_VALUE, 1, 0, id="whose it is can be read"),
        pytest.param("entryUUID:: !\n", 0, 2, id="an identity that cannot be read"),
        pytest.param(f"displayName\n{BAD_VALUE}", 0, 2, id="a torn line"),
        pytest.param(SECOND_NAME, 0, 2, id="two records run together"),
    ],
)
async def test_who_has_a_bad_record_is_not_missing(staff: World, spoiled: str, removed: int, kept: int) -> None:
    bad = ldif_person("p01").rstrip("\n") + f"\n{spoiled}\n"
    text = bad + "".join(ldif_person(name) for name in NAMES[2:]) + ldif_group("staff", NAMES[1:])
    summary = await staff.import_text(text, full=True)
    assert (summary.refused, summary.removed, summary.kept) == (1, removed, kept)
    bin_ = await people.list_page(staff.installation, "User", deleted=True)
    assert [one.attributes["mailNickname"] for one in bin_] == ["p00"][:removed]


async def test_who_is_in_a_bad_record_under_a_new_name_is_not_missing(staff: World) -> None:
    await staff.import_text(ldif_person("amy", entryUUID="b7c1b8a2-0000-4000-8000-000000000001"), source="second")
    bad = ldif_person("amelia", entryUUID="b7c1b8a2-0000-4000-8000-000000000001").rstrip("\n") + f"\n{BAD_VALUE}\n"
    summary = await staff.import_text(bad + ldif_person("bea"), source="second", full=True)
    assert (summary.refused, summary.removed) == (1, 0)


async def test_an_account_with_power_is_taken_over_when_a_person_agrees(world: World) -> None:
    await world.import_text(ldif_person("boss"))
    world.emulator.add_user("boss@corp.example", "Boss", "Example", admin_roles=["SUPER_USER"])
    await world.connect()
    await world.assign("boss@corp.example")
    for _ in range(2):
        await world.sync()
        assert not world.emulator.journal
        assert (await status.show(world.installation)).apps[0].held == 1
    assert [row.reason.code for row in await world.log()] == ["HeldBack"]
    plan = await provisioning.make_plan(world.installation, APP)
    assert plan.number("Adopt") == 1
    async for row in provisioning.apply_plan(world.installation, plan.row.cycle.id):
        last = row
    assert last.counts["update"] == 1
    assert (await status.show(world.installation)).apps[0].held == 0
    assert (await world.sync()).counts == {}


# ---- plans ----------------------------------------------------------------------------------------------------------


async def test_a_plan_writes_nothing_and_is_then_carried_out_as_shown(staff: World) -> None:
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    plan = await provisioning.make_plan(staff.installation, APP)
    assert plan.number("Update") == 1
    assert not staff.emulator.journal
    async for _ in provisioning.apply_plan(staff.installation, plan.row.cycle.id):
        pass
    assert staff.sent() == ["user.updated firstName p00@corp.example"]
    assert (await staff.sync()).counts == {}


async def test_a_plan_is_refused_once_one_of_its_lines_changed(staff: World) -> None:
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    plan = await provisioning.make_plan(staff.installation, APP)
    await staff.import_text(ldif_person("p00", givenName="Again"))
    with pytest.raises(Refused) as refused:
        async for _ in provisioning.apply_plan(staff.installation, plan.row.cycle.id):
            pass
    assert refused.value.reason.code == "PlanOutdated"
    assert not staff.emulator.journal


async def test_other_peoples_changes_do_not_matter_to_a_plan(staff: World) -> None:
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    plan = await provisioning.make_plan(staff.installation, APP)
    await staff.import_text(ldif_person("p01", givenName="Other"))
    async for row in provisioning.apply_plan(staff.installation, plan.row.cycle.id):
        last = row
    assert last.counts["update"] == 1
    assert (await staff.sync()).counts == {"planned": 1, "update": 1}


async def test_a_plan_is_applied_once(staff: World) -> None:
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    plan = await provisioning.make_plan(staff.installation, APP)
    async for _ in provisioning.apply_plan(staff.installation, plan.row.cycle.id):
        pass
    with pytest.raises(Refused) as refused:
        async for _ in provisioning.apply_plan(staff.installation, plan.row.cycle.id):
            pass
    assert refused.value.reason.code == "PlanUsed"


async def test_a_plan_that_takes_too_much_away_needs_the_number_too(staff: World) -> None:
    await staff.import_text(PEOPLE + ldif_group("staff", []))
    plan = await provisioning.make_plan(staff.installation, APP)
    assert plan.verdict.held
    with pytest.raises(Refused) as refused:
        async for _ in provisioning.apply_plan(staff.installation, plan.row.cycle.id):
            pass
    assert refused.value.reason.code == "TooManyDeletes"
    async for _ in provisioning.apply_plan(staff.installation, plan.row.cycle.id, allow=30):
        pass
    assert staff.active() == set()


# ---- people whose data is wrong -------------------------------------------------------------------------------------


async def test_two_people_with_one_mail_are_an_error_of_both_and_the_others_go_on(world: World) -> None:
    text = ldif_person("ada", mail="one@corp.example") + ldif_person("bob", mail="ONE@corp.example")
    await world.import_text(text + ldif_person("cyd") + ldif_group("all", ["ada", "bob", "cyd"]))
    await world.connect()
    await world.assign_group("all")
    row = await world.sync()
    assert row.counts == {"planned": 1, "create": 1, "failed": 2}
    assert {(r.name, r.reason.code) for r in await world.log(status="failure")} == {
        ("Ada Example", "DuplicateSourceEntries"),
        ("Bob Example", "DuplicateSourceEntries"),
    }
    await world.import_text(ldif_person("bob", mail="bob@corp.example"))
    assert (await world.sync()).counts == {"planned": 2, "create": 2}


async def test_a_shortage_of_seats_stops_nobody_else_and_ends_with_a_leaver(world: World) -> None:
    world.emulator.seats("G2M", 1)
    await world.import_text(ldif_person("ada") + ldif_person("bob"))
    await world.connect()
    await world.assign("ada@corp.example", "bob@corp.example")
    assert (await world.sync()).counts == {"planned": 2, "create": 1, "failed": 1}
    world.emulator.reset_counters()
    assert (await world.sync()).counts == {}
    assert not world.emulator.requests
    (first,) = world.active()
    await people.act(world.installation, "disable", "User", first)
    assert (await world.sync()).counts == {"planned": 2, "disable": 1, "create": 1}
    assert len(world.active()) == 1
    assert first not in world.active()


# ---- a target in trouble --------------------------------------------------------------------------------------------


async def test_an_account_that_stays_active_is_an_error_and_tried_again(staff: World) -> None:
    staff.emulator.inject(Fault(kind="licence-kept"))
    await people.act(staff.installation, "disable", "User", "p00@corp.example")
    assert (await staff.sync()).counts == {"planned": 1, "failed": 1}
    (row,) = await staff.log(status="failure")
    assert row.reason.code == "StillActive"
    assert "p00@corp.example" in staff.active()
    staff.emulator.clear_faults()
    assert (await staff.sync()).counts == {"planned": 1, "disable": 1}
    assert "p00@corp.example" not in staff.active()


async def test_a_lost_reply_makes_no_second_account_and_no_second_invitation(staff: World) -> None:
    staff.emulator.inject(Fault(kind="lost-reply", method="POST", path="/users", times=1))
    await staff.import_text(ldif_person("zoe"))
    await staff.assign("zoe@corp.example")
    row = await quick_cycle(staff)
    assert row.counts == {"planned": 1, "create": 1}
    assert [mail.to for mail in staff.emulator.mails] == ["zoe@corp.example"]
    assert sum(user.email == "zoe@corp.example" for user in staff.emulator.users) == 1


async def test_a_target_that_is_down_ends_the_cycle_and_loses_nothing(staff: World) -> None:
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    staff.emulator.inject(Fault(kind="server-error", method="PUT", status=502))
    await staff.import_text("".join(ldif_person(name, givenName="Changed") for name in NAMES))
    row = await quick_cycle(staff)
    assert row.cycle.state == "interrupted"
    assert row.error is not None
    assert row.error.code == "Unavailable"
    staff.emulator.clear_faults()
    assert (await staff.sync()).cycle.state == "succeeded"
    assert {user.first_name for user in staff.emulator.users if user.email != "admin@example.com"} == {"Changed"}


async def test_a_web_page_instead_of_an_answer_ends_the_cycle_and_says_so(staff: World) -> None:
    staff.emulator.inject(Fault(kind="html"))
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    row = await staff.sync()
    assert row.error is not None
    assert row.error.code == "ServiceIncompatible"
    staff.emulator.clear_faults()
    assert (await staff.sync()).counts == {"planned": 1, "update": 1}


async def test_a_token_that_expires_midway_is_renewed(staff: World) -> None:
    staff.emulator.inject(Fault(kind="expired-token", after=7, times=1))
    await staff.import_text("".join(ldif_person(name, givenName="Changed") for name in NAMES))
    assert (await staff.sync()).counts == {"planned": 30, "update": 30}


async def test_wrong_credentials_stop_the_cycle_before_anything_is_written(staff: World) -> None:
    await apps.set_credentials(staff.installation, APP, {"Password": "wrong-password"})
    await staff.import_text(ldif_person("p00", givenName="Changed"))
    row = await staff.sync()
    assert row.error is not None
    assert row.error.code == "Unauthorized"
    assert "wrong-password" not in repr(row)
    assert not staff.emulator.journal


async def test_a_changed_address_clears_the_secrets(staff: World) -> None:
    cleared = await apps.set_credentials(staff.installation, APP, {"BaseAddress": "http://127.0.0.1:9"})
    assert cleared == ["Oauth2ClientSecret", "Password"]
    with pytest.raises(Refused) as refused:
        await staff.sync()
    assert refused.value.reason.code == "CredentialsMissing"


async def test_a_cycle_that_is_stopped_goes_on_from_where_it_was(world: World) -> None:
    await world.import_text(PEOPLE + ldif_group("staff", NAMES))
    await world.connect()
    await world.assign_group("staff")
    world.emulator.options.latency = 0.05
    parts = provisioning.parts(world.installation)
    cycle = await world.open_cycle()
    stop = asyncio.Event()
    running = asyncio.create_task(run_cycle(parts, cycle, stop))
    while len(world.emulator.users) < 8:
        await asyncio.sleep(0.005)
    stop.set()
    assert await running in jobs.UNFINISHED
    sent = world.emulator.requests.total()
    await asyncio.sleep(0.1)
    assert world.emulator.requests.total() == sent
    world.emulator.options.latency = 0
    async with world.installation.database.transaction() as connection:
        again = await jobs.claim_cycle(connection, cycle.id)
    assert await run_cycle(parts, again, asyncio.Event()) == "succeeded"
    assert len(world.active()) == 30
    assert len(world.emulator.mails) == 30
    assert len(await world.log(action="create", status="success")) == 30
    assert (await world.sync()).counts == {}


async def test_the_guard_counts_the_leavers_of_every_page(tmp_path: Path) -> None:
    leavers, others = [f"l{number:03}" for number in range(60)], [f"o{number:03}" for number in range(460)]
    everybody = "".join(map(ldif_person, leavers + others))
    async with made(tmp_path / "crowd", seats=len(leavers + others)) as crowd:
        await crowd.import_text(everybody + ldif_group("leavers", leavers) + ldif_group("others", others))
        await crowd.connect()
        await crowd.assign_group("leavers", "others")
        await crowd.sync()
        await assignments.unassign(crowd.installation, APP, "Group", "leavers", None)
        await assignments.unassign(crowd.installation, APP, "Group", "others", None)
        await crowd.assign_group("others")  # whom nothing has changed for comes after them, and fills the last page
        assert (await crowd.sync()).counts == {"stagedDelete": len(leavers)}
        assert len(crowd.active()) == len(leavers + others)


async def test_a_leaver_who_is_tried_again_gives_the_seat_to_who_waits_for_one(world: World) -> None:
    world.emulator.seats("G2M", 1)
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign("ada@corp.example")
    await world.sync()
    world.emulator.inject(Fault(kind="licence-kept"))
    await people.act(world.installation, "disable", "User", "ada@corp.example")
    await world.sync()
    await world.import_text(ldif_person("bob"))
    await world.assign("bob@corp.example")
    assert (await world.sync()).counts == {"planned": 2, "failed": 2}
    world.emulator.clear_faults()
    assert (await world.sync()).counts == {"planned": 2, "disable": 1, "create": 1}
    assert world.active() == {"bob@corp.example"}
