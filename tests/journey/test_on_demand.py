"""Some people now: through the same flow as everybody, step by step, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from tests.contract.scim_bench import ENTERPRISE
from tests.journey.test_scim import APP, connected, import_ldif, log, staff, sync
from tests.journey.test_scope import group, save_filter
from tests.journey.test_values import mover
from tests.world import ldif_person, remap

from provisor.app import apps, assignments, on_demand, people, provisioning, status
from provisor.app.installation import Installation
from provisor.app.on_demand import Provisioned
from provisor.domain.error import Refused
from provisor.domain.log import LogEntry
from provisor.domain.schema import AttributeMapping
from provisor.engine.request import open_cycle
from provisor.store.jobs import CycleRow
from provisor.testing.scim import Fault, Options, ScimEmulator

ADA, BOB, CYD = (f"p{number:05}@corp.example" for number in range(3))


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def three(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(3)) as installation:
        yield installation


async def provision(installation: Installation, *users: str, allow: int | None = None) -> Sequence[Provisioned]:
    cycle, found = await provisioned(installation, *users, allow=allow)
    assert cycle.cycle.state == "succeeded"
    return found


async def provisioned(
    installation: Installation, *users: str, allow: int | None = None
) -> tuple[CycleRow, Sequence[Provisioned]]:
    chosen = await on_demand.choose(installation, APP, users)
    rows = [row async for row in on_demand.provision(installation, chosen, allow)]
    return rows[-1], await on_demand.outcome(installation, chosen, rows[-1].cycle.id)


async def preview(installation: Installation, *users: str) -> Sequence[Provisioned]:
    return await on_demand.preview(installation, await on_demand.choose(installation, APP, users))


def vanish(scim: ScimEmulator, name: str) -> str:
    """Somebody deletes the account in the target by hand."""
    [key] = [key for key, user in scim.users.items() if user["userName"] == name]
    scim.people.remove(key)
    return key


def said(one: Provisioned) -> LogEntry:
    assert one.log is not None
    return one.log


def steps(one: Provisioned) -> list[tuple[str, str]]:
    return [(step.type, step.status) for step in said(one).steps]


async def test_only_who_is_chosen_is_provisioned_and_how_it_went_is_told_step_by_step(
    scim: ScimEmulator, three: Installation
) -> None:
    [ada] = await provision(three, ADA)
    assert scim.users.keys() == {said(ada).target_id}
    assert (said(ada).action, said(ada).status) == ("create", "success")
    assert [kind for kind, _ in steps(ada)] == ["import", "scoping", "matching", "processing", "export"]
    assert {status_ for _, status_ in steps(ada)} == {"success"}
    assert ada.read["givenName"] == "P00000"
    scoping = said(ada).steps[1].details
    assert (scoping["IsActive"], scoping["Assigned"], scoping["ScopeEvaluationResult"]) == (True, True, {})

    row = await sync(three)  # whoever was not chosen is no later for it
    assert (row.cycle.kind, row.counts) == ("initial", {"planned": 2, "create": 2})
    assert scim.writes == 3


async def test_a_mover_is_changed_by_one_request_and_the_next_cycle_finds_nothing(
    scim: ScimEmulator, three: Installation
) -> None:
    await sync(three)
    await import_ldif(three, mover(departmentNumber="Sales") + mover(1, departmentNumber="Sales"))
    scim.reset_counters()
    [ada] = await provision(three, ADA)
    assert [one.attribute for one in said(ada).modified] == [f"{ENTERPRISE}:department"]
    assert (scim.count("PATCH"), scim.writes) == (1, 1)
    assert (await sync(three)).counts == {"planned": 1, "update": 1}


async def test_who_is_as_they_should_be_and_who_is_not_meant_are_told_so_each_time(three: Installation) -> None:
    await sync(three)
    await import_ldif(three, ldif_person("eve"))
    for _ in range(2):
        ada, eve = await provision(three, ADA, "eve@corp.example")
        assert (said(ada).status, said(ada).reason.code) == ("skipped", "RedundantExport")
        assert steps(ada) == [("import", "success"), ("scoping", "success"), ("processing", "skipped")]
        assert (said(eve).reason.code, steps(eve)) == ("NotAssigned", [("import", "success"), ("scoping", "skipped")])
    assert len(await log(three, user="eve@corp.example")) == 2


async def test_a_leaver_is_disabled(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    await people.act(three, "disable", "User", ADA)
    [ada] = await provision(three, ADA)
    assert (said(ada).action, said(ada).status) == ("disable", "success")
    assert [user["userName"] for user in scim.users.values() if not user["active"]] == [ADA]


async def test_more_leavers_than_the_guard_lets_pass_are_held_until_somebody_agrees(
    scim: ScimEmulator, tmp_path: Path
) -> None:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(10)) as ten:
        await sync(ten)
        await assignments.unassign(ten, APP, "Group", "all", None)
        six = [f"p{number:05}@corp.example" for number in range(6)]
        assert {said(one).action for one in await provision(ten, *six)} == {"stagedDelete"}
        assert all(user["active"] for user in scim.users.values())
        assert {said(one).action for one in await provision(ten, *six, allow=6)} == {"disable"}
        assert sum(user["active"] for user in scim.users.values()) == 4


async def test_a_plan_tells_the_same_and_writes_nothing(scim: ScimEmulator, three: Installation) -> None:
    [foreseen] = await preview(three, ADA)
    assert (scim.writes, await log(three), await provisioning.saved_plans(three, APP)) == (0, [], [])
    [done] = await provision(three, ADA)
    assert (said(foreseen).action, said(foreseen).modified) == (said(done).action, said(done).modified)
    *before, _sent = said(foreseen).steps
    *after, sent = said(done).steps
    assert before == after
    assert (sent.reason.code, sent.details) == ("Exported", {"account": said(done).target_id})


async def test_an_account_that_vanished_is_noticed_and_made_again_as_the_plan_shows(
    scim: ScimEmulator, three: Installation
) -> None:
    await sync(three)
    gone = vanish(scim, ADA)
    assert (await sync(three)).counts == {}  # nothing changed, so nobody looked
    [foreseen] = await preview(three, ADA)
    assert (said(foreseen).action, said(foreseen).reason.code) == ("create", "AccountVanished")
    assert scim.count("POST", "/Users") == 3
    [healed] = await provision(three, ADA)
    assert (said(healed).action, said(healed).status) == ("create", "success")
    assert gone != said(healed).target_id in scim.users
    assert (await sync(three)).counts == {}


async def test_an_account_that_vanished_and_was_made_anew_by_hand_is_taken_over(
    scim: ScimEmulator, three: Installation
) -> None:
    await sync(three)
    held = scim.user(ADA)
    vanish(scim, ADA)
    other = scim.people.add({**held, "title": "Somebody"})
    [healed] = await provision(three, ADA)
    assert (said(healed).action, said(healed).target_id, said(healed).reason.code) == (
        "update",
        other,
        "AccountVanished",
    )
    assert scim.users[other]["title"] == "Engineer"


async def test_the_account_of_a_leaver_that_vanished_needs_nothing(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    vanish(scim, ADA)
    await people.act(three, "disable", "User", ADA)
    [ada] = await provision(three, ADA)
    assert (said(ada).action, said(ada).status) == ("disable", "success")  # gone, which is what was wanted
    assert len(scim.users) == 2


async def test_the_filter_says_which_clause_keeps_somebody_out(three: Installation) -> None:
    await save_filter(three, group("department", "EQUALS", "Sales"))
    [ada] = await provision(three, ADA)
    assert said(ada).reason.code == "NotInProvisioningScope"
    assert said(ada).steps[-1].details["ScopeEvaluationResult"] == {"scope.department EQUALS Sales": False}


async def test_it_changes_neither_how_far_the_job_is_nor_when_its_next_cycle_runs(three: Installation) -> None:
    await provisioning.switch_on(three, APP)
    await sync(three)
    before = await apps.show(three, APP)
    await import_ldif(three, mover(1, departmentNumber="Sales"))
    await provision(three, ADA)
    after = await apps.show(three, APP)
    assert (after.job.watermark, after.next_cycle_at) == (before.job.watermark, before.next_cycle_at)
    [app] = (await status.show(three)).apps
    assert app.last is not None
    assert app.last.cycle.kind == "initial"


async def test_a_target_that_does_not_answer_is_told_and_nobody_is_said_to_be_done(
    scim: ScimEmulator, three: Installation
) -> None:
    await scim.stop()
    cycle, [ada] = await provisioned(three, ADA)
    assert cycle.cycle.state == "interrupted"
    assert cycle.error is not None
    assert ada.log is None


async def test_nobody_nowhere_and_too_many_are_refused_before_anything_happens(three: Installation) -> None:
    for users, code in (
        (["nobody@corp.example"], "UnknownUser"),
        ([ADA, "nobody@corp.example"], "UnknownUser"),
        ([], "TooManyChosen"),
        ([f"{number}" for number in range(101)], "TooManyChosen"),
    ):
        with pytest.raises(Refused) as refused:
            await on_demand.choose(three, APP, users)
        assert refused.value.reason.code == code
    with pytest.raises(Refused):
        await on_demand.choose(three, "no such app", [ADA])


async def test_somebody_named_twice_is_provisioned_once(scim: ScimEmulator, three: Installation) -> None:
    [ada] = await provision(three, ADA, ADA.upper(), ADA)
    assert said(ada).action == "create"
    assert scim.count("POST", "/Users") == 1


async def test_what_was_left_half_way_is_finished_first_and_stays_for_the_chosen_alone(
    scim: ScimEmulator, three: Installation
) -> None:
    chosen = await on_demand.choose(three, APP, [ADA])
    async with three.database.transaction() as connection:
        await open_cycle(connection, "provision", chosen.job, {"entries": chosen.ids}, three.clock())
    cycle, [bob] = await provisioned(three, BOB)  # of which nothing was planned when its process died
    assert said(bob).action == "create"
    assert {user["userName"] for user in scim.users.values()} == {ADA, BOB}
    assert cycle.cycle.number == 2


async def test_nobody_gets_an_account_on_demand_that_a_cycle_gives_to_nobody(
    scim: ScimEmulator, three: Installation
) -> None:
    await import_ldif(three, mover(2, l="Paris"))
    await remap(three, APP, AttributeMapping("userName", "[city]", matching_priority=1))
    for [ada] in (await preview(three, ADA), await provision(three, ADA)):
        assert (said(ada).status, said(ada).reason.code) == ("failure", "DuplicateSourceEntries")
        assert said(ada).reason.parameters["entries"] == f"{ADA}, {BOB}"
    await sync(three)
    [bob] = await provision(three, BOB)  # whose rival waits, and has not changed
    assert said(bob).reason.code == "DuplicateSourceEntries"
    assert [user["userName"] for user in scim.users.values()] == ["Paris"]


async def test_an_account_that_vanished_is_not_forgotten_where_nobody_answers(
    scim: ScimEmulator, three: Installation
) -> None:
    await sync(three)
    vanish(scim, ADA)
    scim.inject(Fault(kind="server-error", method="GET", path="/Users$", status=503))
    cycle, _ = await provisioned(three, ADA)
    assert cycle.cycle.state != "succeeded"
    scim.clear_faults()
    [healed] = await provision(three, ADA)
    assert (said(healed).action, said(healed).reason.code) == ("create", "AccountVanished")


async def test_a_leaver_whose_account_cannot_be_seen_is_disabled_all_the_same(
    scim: ScimEmulator, three: Installation
) -> None:
    await sync(three)
    await people.act(three, "disable", "User", ADA)
    scim.inject(Fault(kind="server-error", method="GET", path="/Users/.*", status=404))
    await provisioned(three, ADA)
    scim.clear_faults()
    await sync(three)
    assert not scim.user(ADA)["active"]
