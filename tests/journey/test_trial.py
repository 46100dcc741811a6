"""Mappings tried on a real person, before they are saved and after."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.scim_bench import CORE, ENTERPRISE
from tests.journey.test_scim import APP, connected, import_ldif, log, staff, sync
from tests.journey.test_values import ALIAS, PIN, mover
from tests.world import ldif_person, remap

from provisor.app import mappings, provisioning, trial
from provisor.app.installation import Installation
from provisor.app.trial import Flow
from provisor.domain.error import Refused
from provisor.domain.schema import AttributeMapping
from provisor.schema.edit import mapping_of, put, set_mapping
from provisor.testing.scim import Options, ScimEmulator

ADA = "p00000@corp.example"
DEPARTMENT = f"{ENTERPRISE}:department"


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def three(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    async with connected(tmp_path / "home", scim.url, scim.options.token, staff(3)) as installation:
        yield installation


async def tried(installation: Installation, user: str = ADA, **sources: str) -> Mapping[str, Flow]:
    """What becomes of each target attribute; `sources` are put in the place of what is saved."""
    schema = None
    if sources:
        schema = (await mappings.get(installation, APP)).schema
        one = mapping_of(schema, "User")
        for target, source in sources.items():
            one = set_mapping(one, DEPARTMENT if target == "department" else target, {"source": source})
        schema = put(schema, one)
    found = await trial.try_mappings(installation, APP, user, schema)
    return {flow.mapping.target: flow for flow in found.flows}


async def test_somebody_new_would_get_every_value(scim: ScimEmulator, three: Installation) -> None:
    flows = await tried(three)
    department = flows[DEPARTMENT]
    assert (department.read, department.before, department.after) == ({"department": "Research"}, None, "Research")
    assert department.fate == "written"
    assert flows["userName"].after == ADA
    assert {one.fate for one in flows.values()} <= {"written", "kept"}
    assert scim.writes == 0
    assert await provisioning.saved_plans(three, APP) == []


async def test_before_and_after_of_somebody_who_has_an_account(three: Installation) -> None:
    await sync(three)
    assert {one.fate for one in (await tried(three)).values()} <= {"unchanged", "kept"}
    await import_ldif(three, mover(departmentNumber="Sales"))
    flows = await tried(three)
    assert (flows[DEPARTMENT].before, flows[DEPARTMENT].after, flows[DEPARTMENT].fate) == (
        "Research",
        "Sales",
        "written",
    )
    assert {target for target, one in flows.items() if one.fate == "written"} == {DEPARTMENT}


async def test_an_expression_is_tried_before_it_is_saved_and_saves_nothing(
    scim: ScimEmulator, three: Installation
) -> None:
    await sync(three)
    before = (await mappings.get(three, APP)).schema
    scim.reset_counters()
    flows = await tried(three, department='Append("D-", ToUpper([department]))')
    assert (flows[DEPARTMENT].before, flows[DEPARTMENT].after) == ("Research", "D-RESEARCH")
    assert (await mappings.get(three, APP)).schema == before
    assert scim.writes == 0
    assert (await sync(three)).counts == {}


async def test_faults_are_refused_and_what_fails_for_this_person_is_told_of_each_mapping(three: Installation) -> None:
    with pytest.raises(Refused) as refused:
        await tried(three, department="Nonsense([department])")
    assert refused.value.reason.code == "SchemaInvalid"
    flows = await tried(three, department="CDate([department])", title="CDate([jobTitle])")
    assert {target: one.reason.code for target, one in flows.items() if one.reason} == {
        DEPARTMENT: "InvalidValue",
        "title": "InvalidValue",
    }
    assert flows["userName"].fate == "written"


async def test_what_is_cleared_left_alone_and_only_for_new_accounts_is_told_apart(three: Installation) -> None:
    await remap(
        three,
        APP,
        AttributeMapping(DEPARTMENT, "[department]", flow_null_values=True),
        AttributeMapping("nickName", "[givenName]", "ObjectAddOnly"),
    )
    await sync(three)
    await import_ldif(three, mover(departmentNumber="", title=""))
    flows = await tried(three)
    department, title, nick = flows[DEPARTMENT], flows["title"], flows["nickName"]
    assert (department.fate, department.before, department.after) == ("cleared", "Research", None)
    assert (title.fate, title.before, title.after) == ("kept", "Engineer", "Engineer")
    assert (nick.fate, nick.result, nick.after) == ("onCreation", "P00000", "P00000")


async def test_whoever_is_not_in_scope_is_told_what_they_would_get(three: Installation) -> None:
    await import_ldif(three, ldif_person("eve"))
    found = await trial.try_mappings(three, APP, "eve@corp.example")
    assert found.line is not None
    assert found.line.change.reason.code == "NotAssigned"
    assert {flow.mapping.target: flow.after for flow in found.flows}["userName"] == "eve@corp.example"


async def test_an_account_that_would_be_taken_over_is_compared_with_what_it_shows(
    scim: ScimEmulator, three: Installation
) -> None:
    scim.people.add({"schemas": [CORE], "userName": ADA, "title": "Baker"})
    flows = await tried(three)
    assert (flows["title"].before, flows["title"].after, flows["title"].fate) == ("Baker", "Engineer", "written")
    assert flows["userName"].fate == "unchanged"


async def test_a_value_that_must_be_unique_is_the_one_that_is_free(scim: ScimEmulator, three: Installation) -> None:
    scim.people.add({"schemas": [CORE], "userName": "other", "nickName": "Byron p00000"})
    await remap(three, APP, ALIAS)
    assert (await tried(three))["nickName"].after == "Byron p000002"


async def test_values_that_nobody_may_see_are_not_shown(three: Installation) -> None:
    await import_ldif(three, mover(departmentNumber=PIN))
    await remap(three, APP, AttributeMapping("nickName", "Redact([department])"))
    flow = (await tried(three))["nickName"]
    assert (flow.read, flow.result, flow.before, flow.after) == (
        {"department": "[Redact]"},
        "[Redact]",
        None,
        "[Redact]",
    )


async def test_without_the_target_the_values_are_told_all_the_same(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    await import_ldif(three, mover(departmentNumber="Sales"))
    await scim.stop()
    found = await trial.try_mappings(three, APP, ADA)
    assert found.unknown is not None
    flows = {flow.mapping.target: flow for flow in found.flows}
    assert (flows[DEPARTMENT].before, flows[DEPARTMENT].after) == ("Research", "Sales")


async def test_a_mapping_that_leaves_the_person_out_says_so(three: Installation) -> None:
    schema = (await mappings.get(three, APP)).schema
    one = mapping_of(schema, "User")
    out = AttributeMapping("objectFilter", 'IIF([department] = "Research", IgnoreObjectFlow, "x")')
    found = await trial.try_mappings(three, APP, ADA, put(schema, replace(one, mappings=(*one.mappings, out))))
    [left] = [flow for flow in found.flows if flow.mapping.target == "objectFilter"]
    assert left.fate == "entryLeftOut"
    assert found.line is not None
    assert found.line.change.reason.code == "LeftOutByMapping"


async def test_what_was_only_tried_is_no_plan_that_could_be_applied(scim: ScimEmulator, three: Installation) -> None:
    await sync(three)
    schema = (await mappings.get(three, APP)).schema
    tried_ = put(schema, set_mapping(mapping_of(schema, "User"), "title", {"source": '"Tried"'}))
    plan = await provisioning.make_plan(three, APP, tried_)  # as if the process died here
    assert plan.number("Update") == 3
    assert await provisioning.saved_plans(three, APP) == []
    with pytest.raises(Refused):
        await anext(provisioning.apply_plan(three, plan.row.cycle.id))
    assert {user["title"] for user in scim.users.values()} == {"Engineer"}


async def test_a_mapping_that_would_switch_many_accounts_off_is_held_by_the_guard(
    scim: ScimEmulator, tmp_path: Path
) -> None:
    async with connected(tmp_path / "many", scim.url, scim.options.token, staff(12)) as many:
        await sync(many)
        schema = (await mappings.get(many, APP)).schema
        off = set_mapping(mapping_of(schema, "User"), "active", {"source": 'IIF([department]="Sales","True","False")'})
        found = await mappings.preview(many, APP, put(schema, off))
        assert found.plan is not None
        assert (found.plan.verdict.destructive, found.plan.verdict.held) == (12, True)
        await mappings.save(many, APP, put(schema, off))
        await sync(many)
        assert all(user["active"] for user in scim.users.values())
        assert {row.action for row in await log(many, status="skipped")} == {"stagedDelete"}
