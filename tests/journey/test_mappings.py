"""An admin changes mappings: what it causes is shown before, and is what happens afterwards."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.journey.command import GOTO, Command
from tests.world import APP, World, ldif_group, ldif_person
from tests.world import world as made

from provisor.app import apps, compose, mappings, provisioning, status
from provisor.app.connections import open_target
from provisor.domain.error import Refused
from provisor.domain.schema import AttributeDefinition, FilterClause, SynchronizationSchema
from provisor.engine.cycle import run_cycle
from provisor.gallery import gallery
from provisor.schema import SchemaRefused
from provisor.schema.edit import add_attribute, add_clause, mapping_of, put, remove_mapping, set_mapping
from provisor.settings import Settings
from provisor.testing.scim import Options, ScimEmulator

PEOPLE, IN_SALES = 2000, 300
BRANDED = 'IIF([department] = "Sales", Append([surname], " (Sales)"), [surname])'


async def schema_of(world: World) -> SynchronizationSchema:
    return (await mappings.get(world.installation, APP)).schema


def with_mapping(schema: SynchronizationSchema, target: str, **changes: Any) -> SynchronizationSchema:
    return put(schema, set_mapping(mapping_of(schema, "User"), target, changes))


@pytest.fixture
async def ada(world: World) -> World:
    """Ada has an account."""
    await world.import_text(ldif_person("ada", departmentNumber="Sales") + ldif_person("bob"))
    await world.connect()
    await world.assign("ada@corp.example", "bob@corp.example")
    await world.sync()
    world.emulator.reset_counters()
    return world


# ---- what it causes -------------------------------------------------------------------------------------------------


async def test_a_scoping_filter_for_many_shows_what_it_causes_and_causes_exactly_that(tmp_path: Path) -> None:
    people = [ldif_person(f"p{n}", departmentNumber="Sales" if n < IN_SALES else "IT") for n in range(PEOPLE)]
    others = {f"p{n}@corp.example" for n in range(IN_SALES, PEOPLE)}
    async with made(tmp_path / "many", seats=PEOPLE + 1) as world:
        await world.import_text("".join(people) + ldif_group("all", [f"p{n}" for n in range(PEOPLE)]))
        await world.connect()
        await world.assign_group("all")
        await world.sync()
        world.emulator.reset_counters()
        schema = await schema_of(world)
        clause = FilterClause("department", "NOT EQUALS", "Sales")
        changed = put(schema, add_clause(mapping_of(schema, "User"), None, clause))

        found = await mappings.preview(world.installation, APP, changed)
        assert found.managed == PEOPLE
        assert found.plan is not None
        assert {action: found.plan.number(action) for action, _ in found.plan.counts} == {"Disable": IN_SALES}
        assert (found.plan.verdict.destructive, found.plan.verdict.held) == (IN_SALES, True)
        assert {line.action for line in found.lines} == {"Disable"}
        assert world.sent() == [], "a preview writes nothing"
        assert (await schema_of(world)).version == 1
        assert len(world.active()) == PEOPLE

        await mappings.save(world.installation, APP, changed)
        assert (await world.sync(allow=IN_SALES)).counts == {"planned": IN_SALES, "disable": IN_SALES}
        assert world.active() == others
        assert (await world.sync()).counts == {}


async def test_a_change_shows_the_very_lines_that_are_carried_out(ada: World) -> None:
    changed = with_mapping(await schema_of(ada), "lastName", source=BRANDED)
    found = await mappings.preview(ada.installation, APP, changed)
    assert [(line.action, line.login) for line in found.lines] == [("Update", "ada@corp.example")]
    assert ada.sent() == []
    await mappings.save(ada.installation, APP, changed)
    row = await ada.sync()
    (line,) = [one for one in await ada.log() if one.cycle_id == row.cycle.id]
    assert (line.login, line.modified) == ("ada@corp.example", found.lines[0].modified)


async def test_a_pattern_that_is_not_anchored_is_pointed_out_and_can_be_saved(ada: World) -> None:
    schema = await schema_of(ada)
    clause = FilterClause("mail", "REGEX MATCH", ".*corp")
    changed = put(schema, add_clause(mapping_of(schema, "User"), "Corp", clause))
    found = await mappings.preview(ada.installation, APP, changed)
    place = "synchronizationRules[0].objectMappings[0].scope.groups[0].clauses[0].targetOperand"
    assert [(one.path, one.reason.code) for one in found.warnings] == [(place, "FilterPatternUnanchored")]
    assert (await mappings.save(ada.installation, APP, changed)).schema.version == 2


async def test_a_preview_leaves_no_plan_behind(ada: World) -> None:
    await mappings.preview(ada.installation, APP, with_mapping(await schema_of(ada), "lastName", source='"X"'))
    assert await provisioning.saved_plans(ada.installation, APP) == []
    assert (await ada.sync()).counts == {}


async def test_matching_is_tried_out_with_the_new_matching_attribute(ada: World) -> None:
    """The connection is opened with the mappings that are tried out, and not with the saved ones."""
    stored = await mappings.get(ada.installation, APP)
    changed = with_mapping(stored.schema, "email", matching_priority=2)
    changed = with_mapping(changed, "firstName", matching_priority=1)
    target = await open_target(ada.installation, stored.job, changed)
    await target.close()
    found = await mappings.preview(ada.installation, APP, changed)
    assert (found.plan is not None, found.unknown) == (True, None)


async def test_without_credentials_nobody_can_tell_and_mappings_can_be_saved_all_the_same(world: World) -> None:
    await apps.add(world.installation, APP)
    changed = with_mapping(await schema_of(world), "locale", source='"en"')
    found = await mappings.preview(world.installation, APP, changed)
    assert found.unknown is not None
    assert (found.plan, found.managed, found.unknown.code) == (None, 0, "CredentialsMissing")
    assert (await mappings.save(world.installation, APP, changed)).schema.version == 2


async def test_where_the_target_fails_nobody_can_tell(ada: World) -> None:
    await ada.import_text(ldif_person("carol"))
    await ada.assign("carol@corp.example")
    await apps.set_credentials(ada.installation, APP, {"Password": "wrong"})
    found = await mappings.preview(
        ada.installation, APP, with_mapping(await schema_of(ada), "email", source="ToUpper([mail])")
    )
    assert found.plan is None
    assert found.unknown is not None
    assert found.unknown.code == "Unauthorized"


# ---- saving ---------------------------------------------------------------------------------------------------------


async def test_nothing_is_saved_that_has_a_fault(ada: World) -> None:
    faulty = with_mapping(await schema_of(ada), "lastName", source="[surnam]")
    for use in (mappings.preview, mappings.save):
        with pytest.raises(SchemaRefused) as caught:
            await use(ada.installation, APP, faulty)
        assert [fault.reason.code for fault in caught.value.faults] == ["UnknownAttribute"]
    assert (await schema_of(ada)).version == 1


async def test_whoever_comes_second_is_refused(ada: World) -> None:
    first = await schema_of(ada)
    await mappings.save(ada.installation, APP, with_mapping(first, "locale", source='"en"'))
    with pytest.raises(Refused) as caught:
        await mappings.save(ada.installation, APP, with_mapping(first, "locale", source='"fr"'))
    assert caught.value.reason.code == "SchemaMoved"
    assert caught.value.reason.parameters == {"app": APP, "version": "2", "by": "tester"}
    with pytest.raises(Refused) as same:
        await mappings.save(ada.installation, APP, await schema_of(ada))
    assert same.value.reason.code == "SchemaUnchanged"


async def test_a_cycle_that_runs_ends_with_the_old_mappings_and_the_next_looks_at_everybody(ada: World) -> None:
    cycle = await ada.open_cycle()
    await mappings.save(ada.installation, APP, with_mapping(await schema_of(ada), "lastName", source=BRANDED))
    await run_cycle(provisioning.parts(ada.installation), cycle, asyncio.Event())
    assert ada.sent() == []
    row = await ada.sync()
    assert (row.cycle.kind, row.counts) == ("initial", {"planned": 1, "update": 1})
    (line,) = [one for one in await ada.log() if one.cycle_id == row.cycle.id and one.action == "update"]
    assert [(one.attribute, one.new) for one in line.modified] == [("lastName", "Example (Sales)")]


async def test_the_audit_log_tells_what_was_changed(ada: World) -> None:
    await mappings.save(ada.installation, APP, with_mapping(await schema_of(ada), "lastName", source='"X"'))
    (act, *_) = await status.audit_page(ada.installation, limit=1)
    assert act.activity == "Update attribute mappings or scope"
    assert act.before is not None
    assert act.after is not None
    before, after = json.loads(act.before), json.loads(act.after)
    assert set(after) == {"version", "User mapping lastName"}
    assert (before["User mapping lastName"]["source"], after["User mapping lastName"]["source"]) == ("[surname]", '"X"')


# ---- versions -------------------------------------------------------------------------------------------------------


async def test_the_gallerys_mappings_are_restored_filters_included(ada: World) -> None:
    schema = with_mapping(await schema_of(ada), "lastName", source=BRANDED)
    one = add_clause(mapping_of(schema, "User"), None, FilterClause("department", "EQUALS", "Sales"))
    await mappings.save(ada.installation, APP, put(schema, one))
    default = await mappings.earlier(ada.installation, APP)
    saved = await mappings.save(ada.installation, APP, default)
    assert saved.schema.version == 3
    assert saved.schema.object_mappings == gallery()["citrix-gotomeeting"].schema.object_mappings
    assert [one.number for one in await mappings.versions(ada.installation, APP)] == [3, 2, 1]
    back = await mappings.save(ada.installation, APP, await mappings.earlier(ada.installation, APP, 2))
    assert mapping_of(back.schema, "User").scope_filter != ()
    with pytest.raises(Refused) as caught:
        await mappings.earlier(ada.installation, APP, 9)
    assert caught.value.reason.code == "UnknownVersion"


# ---- JSON -----------------------------------------------------------------------------------------------------------


async def test_what_was_exported_and_is_imported_changes_nothing(ada: World) -> None:
    schema = await schema_of(ada)
    one = add_attribute(mapping_of(schema, "User"), "source", AttributeDefinition("extension_costCenter"))
    one = add_clause(one, "Sales", FilterClause("department", "EQUALS", "Sales"))
    saved = await mappings.save(ada.installation, APP, put(schema, one))
    document = await mappings.document(ada.installation, APP)
    assert (document["id"], document["version"]) == (saved.job.id, "2")
    assert await mappings.read(ada.installation, APP, json.dumps(document).encode()) == saved.schema
    assert (await mappings.document(ada.installation, APP, 1))["version"] == "1"


async def test_an_import_with_five_faults_is_refused_as_a_whole_and_lists_them(tmp_path: Path) -> None:
    provisor, file = Command(tmp_path / "home"), tmp_path / "schema.json"
    async with provisor.opened() as installation:
        await apps.add(installation, GOTO)
        document: Any = json.loads(json.dumps(await mappings.document(installation, GOTO)))
    held = document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    held[0]["matchingPriority"] = 0
    held[1]["source"]["expression"] = "ToLower([givenNam])"
    held[2]["targetAttributeName"] = "firstName"
    held[3]["source"]["expression"] = "Not([IsSoftDeleted]"
    held[4]["flowtype"] = "Always"
    file.write_text("\ufeff" + json.dumps(document), "utf-8")
    result = await provisor("app", "mappings", "import", GOTO, str(file), "--yes", COLUMNS="200")
    assert (result.code, result.out) == (1, "")
    place = "synchronizationRules[0].objectMappings[0].attributeMappings"
    for told in (
        f"{place}[4].flowtype",
        "perhaps flowType is meant",
        "The target requires lastName",
        f"{place}[1].source.expression",
        "There is no attribute givenNam (line 1, column 9); perhaps givenName is meant.",
        f"{place}[2].targetAttributeName",
        "There is another mapping to firstName.",
        f"{place}[3].source.expression",
        f"  {place}\n    No attribute of “Synchronize Users to GoToMeeting” is a matching attribute",
    ):
        assert told in result.err, told
    async with provisor.opened() as installation:
        assert (await mappings.get(installation, GOTO)).schema.version == 1


# ---- the command line -----------------------------------------------------------------------------------------------


async def test_commands_show_what_a_change_causes_and_save_it_only_when_told(tmp_path: Path) -> None:
    provisor = Command(tmp_path / "home")
    async with made(provisor.home) as world:
        await world.import_text(ldif_person("ada", departmentNumber="Sales"))
        await world.connect()
        await world.assign("ada@corp.example")
        await world.sync()
        words = ("app", "mappings", "set", GOTO, "lastName", "--source", BRANDED)
        planned = await provisor.done(*words, "--plan")
        assert "1 managed person will be evaluated again: 1 account would be updated." in planned.out
        assert "lastName: Example → Example (Sales)" in planned.out
        assert "Nothing was saved." in planned.out
        unasked = await provisor(*words)
        assert (unasked.code, "add --yes" in unasked.err) == (2, True)
        told = (await provisor.done(*words, "--yes", "--json")).json
        assert (told["saved"], told["version"], told["consequences"]["counts"]["update"]) == (True, 2, 1)
        shown = (await provisor.done("app", "mappings", GOTO, "--json")).json
        assert shown["version"] == 2
        assert shown["objectMappings"][0]["mappings"][2]["source"] == BRANDED


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (("actions", "--delete", "--no-create"), "flowTypes", ["Delete", "Update"]),
        (
            ("filter", "add", "department", "equals", "Sales", "--group", "Sales"),
            "scope",
            [{"name": "Sales", "clauses": [{"attribute": "department", "operator": "EQUALS", "value": "Sales"}]}],
        ),
    ],
)
@pytest.mark.one_database
async def test_one_thing_is_changed_by_a_command(
    tmp_path: Path, words: tuple[str, ...], field: str, value: object
) -> None:
    provisor = Command(tmp_path / "home")
    async with provisor.opened() as installation:
        await apps.add(installation, GOTO)
    at = 2 if words[0] == "filter" else 1
    await provisor.done("app", "mappings", *words[:at], GOTO, *words[at:], "--yes")
    shown = (await provisor.done("app", "mappings", "show", GOTO, "--json")).json
    assert shown["objectMappings"][0][field] == value


@pytest.mark.one_database
async def test_what_people_really_have_is_listed(tmp_path: Path) -> None:
    provisor = Command(tmp_path / "home")
    async with made(provisor.home) as world:
        await world.import_text(ldif_person("ada", costCenter="4711") + ldif_person("bob"))
    listed = (await provisor.done("directory", "attributes", "--json")).json["value"]
    by_name = {one.pop("name"): one for one in listed}
    extension = next(name for name in by_name if name.startswith("extension_cost"))
    assert by_name[extension] == {"type": "String", "multivalued": False, "entries": 1, "added": True}
    assert by_name["accountEnabled"] == {"type": "Boolean", "multivalued": False, "entries": 2, "added": False}


# ---- discovery ------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
async def test_what_a_scim_app_says_that_it_has_can_be_added(tmp_path: Path) -> None:
    async with (
        ScimEmulator(Options()) as emulator,
        compose.opened(Settings(home=tmp_path / "home"), "tester") as installation,
    ):
        await apps.add(installation, "SCIM 2.0")
        address = {"BaseAddress": emulator.url, "SecretToken": emulator.options.token}
        await apps.set_credentials(installation, "SCIM 2.0", address)
        found = await mappings.discover(installation, "SCIM 2.0")
        enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        assert [one.name for one in found.new] == [
            "nickName",
            'emails[type eq "home"].value',
            "groups",
            f"{enterprise}:costCenter",
            f"{enterprise}:hiredOn",
        ]
        assert {one.name: one.mutability for one in found.new}["groups"] == "ReadOnly"
        assert [one.name for one in found.changed] == []
        extended = mappings.with_discovered(found, ["nickName"])
        assert mapping_of(extended, "User").definition("nickName") == AttributeDefinition("nickName")
        await mappings.save(installation, "SCIM 2.0", extended)
        assert "nickName" not in [one.name for one in (await mappings.discover(installation, "SCIM 2.0")).new]
        with pytest.raises(Refused) as caught:
            mappings.with_discovered(found, ["nickname"])
        assert caught.value.reason.parameters["suggestion"] == "nickName"


async def test_an_app_that_cannot_be_asked_says_so(ada: World) -> None:
    with pytest.raises(Refused) as caught:
        await mappings.discover(ada.installation, APP)
    assert caught.value.reason.code == "NothingToDiscover"


@pytest.mark.one_database
async def test_a_name_that_means_no_place_in_scim_is_refused(tmp_path: Path) -> None:
    async with compose.opened(Settings(home=tmp_path / "home"), "tester") as installation:
        await apps.add(installation, "SCIM 2.0")
        schema = (await mappings.get(installation, "SCIM 2.0")).schema
        one = add_attribute(mapping_of(schema, "User"), "target", AttributeDefinition("emails[work]"))
        with pytest.raises(SchemaRefused) as caught:
            await mappings.save(installation, "SCIM 2.0", put(schema, one))
        assert [fault.reason.code for fault in caught.value.faults] == ["NameNotScim"]


async def test_what_is_mapped_no_more_is_left_alone(ada: World) -> None:
    schema = await schema_of(ada)
    one = remove_mapping(set_mapping(mapping_of(schema, "User"), "locale", {"source": '"en_US"'}), "locale")
    assert replace(schema, object_mappings=(one,)) == schema
