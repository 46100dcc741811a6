"""Scoping filters, the scope setting and out-of-scope deletions, from a directory into an app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.journey.test_scim import APP, emulated, import_ldif, log, sync
from tests.world import APP as GOTO
from tests.world import World, ldif_group, ldif_person

from provisor.app import apps, assignments, people, provisioning, status
from provisor.app.installation import Installation
from provisor.app.summary import provisioning_object_summary
from provisor.domain.error import Refused
from provisor.domain.schema import FilterClause, FilterGroup, FilterOperator
from provisor.store import jobs, scoping
from provisor.store.logs import LogRow
from provisor.testing.scim import Options, ScimEmulator

ONE_BY_ONE = Options(bulk=False)


def group(attribute: str, operator: FilterOperator, value: str | None = None, name: str = "scope") -> FilterGroup:
    return FilterGroup(name, (FilterClause(attribute, operator, value),))


async def save_filter(installation: Installation, *groups: FilterGroup, app: str = APP) -> None:
    async with installation.database.transaction() as connection:
        job = await jobs.job_of(connection, (await apps.find(connection, app)).id)
        schema = await jobs.load_schema(connection, job.id, job.schema_version)
        mappings = tuple(replace(one, scope_filter=groups) for one in schema.object_mappings)
        changed = replace(schema, object_mappings=mappings, version=schema.version + 1)
        await jobs.save_schema(connection, job.id, changed, "test", installation.clock())
        await scoping.start_over(connection, job.id, installation.clock())


async def move(installation: Installation, *uids: str, department: str) -> None:
    persons = (ldif_person(uid, sn=f"Byron {uid}", departmentNumber=department) for uid in uids)
    await import_ldif(installation, "".join(persons))


def club(*members: str, called: str = "Club") -> str:
    """A group that is assigned to nothing, and that may be renamed."""
    return ldif_group("club", members).rstrip("\n") + f"\ndisplayName: {called}\n\n"


def active(scim: ScimEmulator) -> set[str]:
    return {user["userName"].partition("@")[0] for user in scim.users.values() if user["active"]}


def writes(scim: ScimEmulator) -> list[str]:
    return sorted(method for method, _ in scim.requests.elements() if method != "GET")


def scoping_step(row: LogRow) -> Mapping[str, Any]:
    _, step, *_ = provisioning_object_summary(row, "")["provisioningSteps"]
    details: Mapping[str, Any] = step["details"]
    return details


async def codes(installation: Installation, status_: str) -> Sequence[str]:
    return [row.reason.code for row in await log(installation, status=status_)]


# ---- the filter ------------------------------------------------------------------------


async def test_a_filter_leaves_a_person_out_and_the_log_says_by_which_clause(tmp_path: Path) -> None:
    async with emulated(tmp_path, 3) as (scim, installation):
        await move(installation, "p00001", department="Sales")
        await save_filter(installation, group("department", "EQUALS", "Research"))
        assert (await sync(installation)).counts == {"planned": 2, "create": 2, "skipped": 1}
        assert active(scim) == {"p00000", "p00002"}

        [out] = await log(installation, status="skipped")
        assert (out.login, out.reason.code) == ("p00001@corp.example", "NotInProvisioningScope")
        assert scoping_step(out) == {
            "failed": "scope.department EQUALS Research",
            "IsActive": True,
            "Assigned": True,
            "IsEffectivelyEntitledForProvisioning": True,
            "ScopeSyncAll": False,
            "ScopeEvaluationResult": {"scope.department EQUALS Research": False},
        }
        for made in await log(installation, action="create"):
            assert scoping_step(made)["ScopeEvaluationResult"] == {"scope.department EQUALS Research": True}

        scim.reset_counters()
        assert (await sync(installation)).counts == {}
        assert not scim.requests


async def test_a_mover_who_stops_matching_is_disabled_with_one_request_and_comes_back_with_one(tmp_path: Path) -> None:
    async with emulated(tmp_path, 3, ONE_BY_ONE) as (scim, installation):
        await save_filter(installation, group("department", "REGEX MATCH", "Res.*"))
        await sync(installation)
        scim.reset_counters()
        await move(installation, "p00001", department="Sales")
        assert (await sync(installation)).counts == {"planned": 1, "disable": 1}
        assert (writes(scim), active(scim)) == (["PATCH"], {"p00000", "p00002"})
        [row] = await log(installation, action="disable")
        assert row.reason.code == "NotInProvisioningScope"
        assert scoping_step(row)["ScopeEvaluationResult"] == {"scope.department REGEX MATCH Res.*": False}

        scim.reset_counters()
        await move(installation, "p00001", department="Research")
        assert (await sync(installation)).counts == {"planned": 1, "update": 1}
        assert (writes(scim), active(scim)) == (["PATCH"], {"p00000", "p00001", "p00002"})
        scim.reset_counters()
        assert (await sync(installation)).counts == {}
        assert not scim.requests


async def test_one_of_several_groups_is_enough_and_a_changed_filter_reaches_everybody(tmp_path: Path) -> None:
    async with emulated(tmp_path, 4) as (scim, installation):
        await move(installation, "p00001", department="Sales")
        await move(installation, "p00002", department="Board")
        await move(installation, "p00003", department="")
        either = (group("department", "EQUALS", "Sales", "sales"), group("department", "ENDS_WITH", "ard", "board"))
        await save_filter(installation, *either)
        await sync(installation)
        assert active(scim) == {"p00001", "p00002"}
        await save_filter(installation, either[0], group("department", "IS NULL", name="none"))
        assert (await sync(installation)).counts == {"planned": 2, "create": 1, "disable": 1, "skipped": 1}
        assert active(scim) == {"p00001", "p00003"}


async def test_whoever_a_filter_asks_the_groups_of_follows_membership_and_the_groups_name(tmp_path: Path) -> None:
    async with emulated(tmp_path, 3) as (scim, installation):
        await import_ldif(installation, club("p00000"))
        await save_filter(installation, group("memberOf", "EQUALS", "Club"))
        await sync(installation)
        assert active(scim) == {"p00000"}

        await import_ldif(installation, club("p00000", "p00001"))
        await sync(installation)
        assert active(scim) == {"p00000", "p00001"}

        await import_ldif(installation, club("p00000", "p00001", called="Klub"))
        assert (await sync(installation)).counts == {"planned": 2, "disable": 2}
        assert active(scim) == set()

        await import_ldif(installation, club("p00001", called="Club"))
        await sync(installation)
        assert active(scim) == {"p00001"}

        await people.act(installation, "delete", "Group", "Club")
        await sync(installation)
        assert active(scim) == set()


async def test_a_filter_names_a_group_by_its_id_too(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2) as (scim, installation):
        await import_ldif(installation, club("p00000"))
        id_ = (await people.show(installation, "Club")).entry.id
        await save_filter(installation, group("memberOf", "NOT EQUALS", id_))
        await sync(installation)
        assert active(scim) == {"p00001"}


async def test_many_who_fall_out_of_the_filter_wait_for_a_person(tmp_path: Path) -> None:
    async with emulated(tmp_path, 12) as (scim, installation):
        await sync(installation)
        await save_filter(installation, group("department", "EQUALS", "Sales"))
        await sync(installation)
        assert len(active(scim)) == 12
        assert (await status.show(installation)).apps[0].held == 12


async def test_a_leaver_whose_filter_attribute_was_cleared_is_disabled(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2) as (scim, installation):
        await save_filter(installation, group("department", "NOT EQUALS", "Sales"))
        await sync(installation)
        await import_ldif(installation, ldif_person("p00001", mail="", departmentNumber=""))
        assert (await sync(installation)).counts == {"planned": 1, "disable": 1}
        assert active(scim) == {"p00000"}


async def test_where_a_filter_cannot_be_told_the_account_stays_and_the_others_go_on(tmp_path: Path) -> None:
    async with emulated(tmp_path, 4) as (scim, installation):
        await save_filter(installation, group("department", "NOT REGEX MATCH", "(a|aa)+$"))
        await sync(installation)
        assert len(active(scim)) == 4
        scim.reset_counters()
        await move(installation, "p00000", department="a" * 60 + "b")
        await move(installation, "p00001", department="aaa")
        assert (await sync(installation)).counts == {"planned": 1, "disable": 1, "failed": 1}
        assert active(scim) == {"p00000", "p00002", "p00003"}
        [row] = await log(installation, status="failure")
        assert (row.login, row.reason.code) == ("p00000@corp.example", "FilterUndecided")
        assert scoping_step(row)["ScopeEvaluationResult"] == {"scope.department NOT REGEX MATCH (a|aa)+$": None}

        await people.act(installation, "disable", "User", "p00000@corp.example")
        await sync(installation)
        assert active(scim) == {"p00002", "p00003"}, "who is disabled in the directory needs no filter for it"


async def test_a_filter_that_cannot_be_used_stops_the_cycle_and_changes_nobody(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2) as (scim, installation):
        await sync(installation)
        await save_filter(installation, group("department", "REGEX MATCH", "(["))
        row = await sync(installation)
        assert (row.cycle.state, row.error.code if row.error else "") == ("failed", "FilterUnusable")
        assert len(active(scim)) == 2
        with pytest.raises(Refused, match="FilterUnusable"):
            await provisioning.make_plan(installation, APP)


# ---- who it is for ------------------------------------------------------------------------


async def test_scope_all_is_for_everybody_and_assigned_takes_it_back(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2) as (scim, installation):
        await import_ldif(installation, ldif_person("eve") + ldif_person("mel"))
        await people.act(installation, "disable", "User", "mel@corp.example")
        await sync(installation)
        assert active(scim) == {"p00000", "p00001"}
        plan = await provisioning.make_plan(installation, APP)
        await apps.set_settings(installation, APP, {"scope": "all"})
        with pytest.raises(Refused, match="UnknownPlan"):
            await provisioning.show_plan(installation, plan.row.cycle.id)

        assert (await sync(installation)).counts == {"planned": 1, "create": 1, "skipped": 1}
        assert active(scim) == {"eve", "p00000", "p00001"}
        [made] = [row for row in await log(installation, action="create") if row.login == "eve@corp.example"]
        assert scoping_step(made)["ScopeSyncAll"] is True
        await assignments.unassign(installation, APP, "Group", "all", None)
        assert (await sync(installation)).counts == {}
        await import_ldif(installation, ldif_person("new"))
        await sync(installation)
        assert active(scim) == {"eve", "new", "p00000", "p00001"}

        await apps.set_settings(installation, APP, {"scope": "assigned"})
        assert (await sync(installation)).counts == {"planned": 4, "disable": 4}
        assert active(scim) == set()


async def test_a_scope_that_changes_while_a_cycle_runs_is_not_forgotten(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2, ONE_BY_ONE) as (scim, installation):
        await import_ldif(installation, ldif_person("eve"))
        await provisioning.switch_on(installation, APP)
        changes: list[asyncio.Task[object]] = []

        def change() -> None:
            changes.append(asyncio.create_task(apps.set_settings(installation, APP, {"scope": "all"})))

        scim.before["POST"] = change
        await sync(installation)
        await asyncio.gather(*changes)
        after = await apps.show(installation, APP)
        assert (after.job.scope, after.job.watermark) == ("all", None)
        assert after.next_cycle_at is not None
        assert after.next_cycle_at <= installation.clock(), "it is due at once"
        await sync(installation)
        assert active(scim) == {"eve", "p00000", "p00001"}


async def test_scope_all_with_a_filter_is_the_filter_alone(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2) as (scim, installation):
        await import_ldif(installation, ldif_person("eve", departmentNumber="Sales") + ldif_person("mel"))
        await apps.set_settings(installation, APP, {"scope": "all"})
        await save_filter(installation, group("department", "EQUALS", "Sales"))
        await sync(installation)
        assert active(scim) == {"eve"}
        assert await codes(installation, "skipped") == ["NotInProvisioningScope"] * 3


async def test_where_an_app_needs_a_role_scope_all_says_who_has_none(world: World) -> None:
    await world.import_text(ldif_person("ada") + ldif_person("bob"))
    await world.connect()
    await world.assign("ada@corp.example")
    await apps.set_settings(world.installation, GOTO, {"scope": "all"})
    assert (await world.sync()).counts == {"planned": 1, "create": 1, "failed": 1}
    [row] = await world.log(status="failure")
    assert (row.login, row.reason.code) == ("bob@corp.example", "NoRoleHeld")
    await world.assign("bob@corp.example")
    await world.sync()
    assert world.active() == {"ada@corp.example", "bob@corp.example"}


async def test_a_scope_that_does_not_exist_is_refused_and_nothing_is_changed(world: World) -> None:
    await world.connect()
    with pytest.raises(Refused, match="SettingInvalid"):
        await apps.set_settings(world.installation, GOTO, {"interval": "60", "scope": "some"})
    assert (await apps.show(world.installation, GOTO)).job.interval.total_seconds() == 1200


# ---- who is not any longer ------------------------------------------------------------------------


async def test_out_of_scope_accounts_are_left_alone_where_that_is_set(tmp_path: Path) -> None:
    async with emulated(tmp_path, 4) as (scim, installation):
        await apps.set_settings(installation, APP, {"skipOutOfScopeDeletions": "true"})
        await save_filter(installation, group("department", "EQUALS", "Research"))
        await sync(installation)
        scim.reset_counters()
        await move(installation, "p00000", department="Sales")
        await import_ldif(installation, ldif_group("all", ["p00000", "p00002", "p00003"]))
        assert (await sync(installation)).counts == {"skipped": 2}
        assert (await sync(installation)).counts == {}
        await import_ldif(installation, ldif_person("p00000", departmentNumber="Sales", title="Clerk"))
        await sync(installation)
        assert writes(scim) == []
        left = await log(installation, status="skipped")
        assert [row.reason.code for row in left] == ["LeftAlone"] * 2, "it is said once"
        assert {row.reason.parameters["why"] for row in left} == {"NotAssigned", "NotInProvisioningScope"}

        await people.act(installation, "disable", "User", "p00000@corp.example")
        await people.act(installation, "delete", "User", "p00002@corp.example")
        assert (await sync(installation)).counts == {"planned": 2, "disable": 2}
        assert active(scim) == {"p00001", "p00003"}

        await apps.set_settings(installation, APP, {"skipOutOfScopeDeletions": "false"})
        assert (await sync(installation)).counts == {"planned": 1, "disable": 1}
        assert active(scim) == {"p00003"}


async def test_whoever_was_left_alone_and_comes_back_is_looked_after_again(tmp_path: Path) -> None:
    async with emulated(tmp_path, 2) as (scim, installation):
        await apps.set_settings(installation, APP, {"skipOutOfScopeDeletions": "true"})
        await save_filter(installation, group("department", "EQUALS", "Research"))
        await sync(installation)
        await move(installation, "p00000", department="Sales")
        await sync(installation)
        await import_ldif(installation, ldif_person("p00000", sn="King", departmentNumber="Research"))
        assert (await sync(installation)).counts["update"] == 1
        assert scim.user("p00000@corp.example")["name"]["familyName"] == "King"
