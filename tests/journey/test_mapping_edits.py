"""One thing of an app's mappings is changed at a time: attributes, what flows, who is in scope, what may be done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.journey.command import Command
from tests.journey.test_scim import connected, staff, sync
from tests.world import APP as GOTO
from tests.world import World, ldif_group, ldif_person

from provisor.app import apps, assignments, compose, mappings, people
from provisor.app.installation import Installation
from provisor.domain.error import Refused
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    AttributeType,
    FilterClause,
    FilterGroup,
    FlowAction,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.gallery import gallery
from provisor.schema import SchemaRefused, warnings
from provisor.schema.edit import (
    add_attribute,
    add_clause,
    clear_filter,
    mapping_of,
    put,
    remove_attribute,
    remove_clause,
    remove_mapping,
    set_mapping,
)
from provisor.settings import Settings
from provisor.testing.scim import Options, ScimEmulator

SCIM = "SCIM 2.0"
SALES = FilterClause("department", "EQUALS", "Sales")
PARIS = FilterClause("city", "EQUALS", "Paris")
COST = "extension_costCenter"


@pytest.fixture
async def scim(tmp_path: Path) -> AsyncIterator[Installation]:
    """An app that nobody has connected yet."""
    async with compose.opened(Settings(home=tmp_path / "home"), "tester") as installation:
        await apps.add(installation, SCIM)
        yield installation


async def edit(installation: Installation, app: str, *steps: Callable[[ObjectMapping], ObjectMapping]) -> ObjectMapping:
    """Change the mapping of users step by step, save it, and give it back as it is then."""
    schema = (await mappings.get(installation, app)).schema
    one = mapping_of(schema, "User")
    for step in steps:
        one = step(one)
    return mapping_of((await mappings.save(installation, app, put(schema, one))).schema, "User")


async def codes(installation: Installation, *steps: Callable[[ObjectMapping], ObjectMapping]) -> list[str]:
    """Of what keeps this from being saved."""
    with pytest.raises(SchemaRefused) as caught:
        await edit(installation, SCIM, *steps)
    return [fault.reason.code for fault in caught.value.faults]


def refused(work: Callable[[], object]) -> dict[str, str]:
    """The refusal's code and parameters."""
    with pytest.raises(Refused) as caught:
        work()
    return {"code": caught.value.reason.code, **caught.value.reason.parameters}


# ---- attributes -----------------------------------------------------------------------------------------------------


async def test_a_target_attribute_is_added_described_anew_and_taken_out(scim: Installation) -> None:
    before = mapping_of((await mappings.get(scim, SCIM)).schema, "User")
    nick = AttributeDefinition("nickName", max_length=32)
    one = await edit(scim, SCIM, lambda it: add_attribute(it, "target", nick))
    assert one.attributes == (*before.attributes, nick)
    shorter = replace(nick, max_length=8, case_exact=True)
    one = await edit(scim, SCIM, lambda it: add_attribute(it, "target", shorter))
    assert one.attributes == (*before.attributes, shorter)
    one = await edit(scim, SCIM, lambda it: remove_attribute(it, "target", "nickName"))
    assert one == before


async def test_an_attribute_goes_only_when_nothing_names_it_any_more(scim: Installation) -> None:
    await edit(
        scim,
        SCIM,
        lambda it: add_attribute(it, "target", AttributeDefinition("nickName")),
        lambda it: add_attribute(it, "source", AttributeDefinition(COST)),
        lambda it: set_mapping(it, "nickName", {"source": f"[{COST}]"}),
        lambda it: add_clause(it, None, FilterClause(COST, "IS NOT NULL")),
    )
    with pytest.raises(Refused) as refused:
        await codes(scim, lambda it: remove_attribute(it, "target", "nickName"))
    assert refused.value.reason.code == "AttributeMapped"
    without = await codes(scim, lambda it: remove_attribute(it, "source", COST))
    assert without == ["UnknownAttribute", "FilterAttributeUnknown"]
    one = await edit(
        scim,
        SCIM,
        clear_filter,
        lambda it: remove_mapping(it, "nickName"),
        lambda it: remove_attribute(it, "target", "nickName"),
        lambda it: remove_attribute(it, "source", COST),
    )
    assert (one.definition("nickName"), one.source_attributes, one.scope_filter) == (None, (), ())


async def test_a_source_attribute_is_described_anew(scim: Installation) -> None:
    types: tuple[AttributeType, ...] = ("String", "Integer")
    for type_ in types:
        new = AttributeDefinition(COST, type=type_)
        one = await edit(scim, SCIM, partial(add_attribute, side="source", new=new))
        assert one.source_attributes == (new,)
    above = FilterClause(COST, "GREATER_THAN", "4000")
    assert (await edit(scim, SCIM, lambda it: add_clause(it, "Cost", above))).scope_filter[0].clauses == (above,)
    held = await codes(scim, lambda it: add_attribute(it, "source", AttributeDefinition("department")))
    assert held == ["AttributeHeldAnyway"]


async def test_an_attribute_that_is_not_there_cannot_be_taken_out(scim: Installation) -> None:
    one = mapping_of((await mappings.get(scim, SCIM)).schema, "User")
    one = add_attribute(one, "source", AttributeDefinition(COST))
    assert refused(lambda: remove_attribute(one, "target", "titlle")) == {
        "code": "UnknownTargetAttribute",
        "attribute": "titlle",
        "suggestion": "title",
    }
    assert refused(lambda: remove_attribute(one, "source", "extension_costCentre")) == {
        "code": "UnknownSourceAttribute",
        "attribute": "extension_costCentre",
        "suggestion": COST,
    }
    assert refused(lambda: remove_attribute(one, "source", "title"))["code"] == "UnknownSourceAttribute"


async def test_an_attribute_that_the_app_cannot_have_is_refused(world: World) -> None:
    await apps.add(world.installation, GOTO)
    with pytest.raises(SchemaRefused) as caught:
        await edit(world.installation, GOTO, lambda it: add_attribute(it, "target", AttributeDefinition("lastname")))
    reasons = {fault.reason.code: fault.reason.parameters for fault in caught.value.faults}
    assert reasons.keys() == {"AttributeTwice", "NameNotInTarget"}
    assert reasons["NameNotInTarget"]["suggestion"] == "lastName"
    kept = AttributeDefinition("key", mutability="ReadOnly")
    one = await edit(world.installation, GOTO, lambda it: add_attribute(it, "target", kept))
    assert one.attributes[-1] == kept, "what is never written may be called anything"


# ---- what flows -----------------------------------------------------------------------------------------------------


async def test_what_the_target_needs_and_what_finds_accounts_cannot_be_taken_away(scim: Installation) -> None:
    one = mapping_of((await mappings.get(scim, SCIM)).schema, "User")
    assert await codes(scim, lambda it: remove_mapping(it, "userName")) == ["RequiredUnmapped", "NoMatching"]
    assert refused(lambda: remove_mapping(one, "titlle")) == {
        "code": "UnknownMapping",
        "target": "titlle",
        "suggestion": "title",
    }
    assert refused(lambda: mapping_of(SynchronizationSchema((one,)), "Group", SCIM))["code"] == "UnknownObjectMapping"


async def test_a_mapping_that_changes_by_itself_is_pointed_out_before_it_is_saved(scim: Installation) -> None:
    stored = await mappings.get(scim, SCIM)
    one = set_mapping(mapping_of(stored.schema, "User"), "title", {"source": "Guid()", "flow_type": "Always"})
    found = await mappings.preview(scim, SCIM, put(stored.schema, one))
    assert [each.reason.code for each in found.warnings] == ["ChangesByItself"]
    calm = set_mapping(one, "title", {"flow_type": "ObjectAddOnly"})
    assert (await mappings.preview(scim, SCIM, put(stored.schema, calm))).warnings == []


async def test_where_active_is_sent_on_creation_only_nobody_is_switched_on_again_which_is_pointed_out(
    tmp_path: Path,
) -> None:
    async with (
        ScimEmulator(Options(bulk=False)) as emulator,
        connected(tmp_path / "home", emulator.url, emulator.options.token, staff(1)) as installation,
    ):
        await sync(installation)
        one = await edit(installation, SCIM, lambda it: set_mapping(it, "active", {"flow_type": "ObjectAddOnly"}))
        assert [each.reason.code for each in warnings(SynchronizationSchema((one,)))] == ["NobodySwitchedOn"]
        await assignments.unassign(installation, SCIM, "Group", "all", None)
        await sync(installation)
        await assignments.assign(installation, SCIM, "Group", "all", "user")
        await sync(installation)
        assert emulator.user("p00000@corp.example")["active"] is False
        await mappings.save(installation, SCIM, await mappings.earlier(installation, SCIM))
        await sync(installation)
        assert emulator.user("p00000@corp.example")["active"] is True


# ---- who is in scope ------------------------------------------------------------------------------------------------


async def test_clauses_join_a_group_and_go_by_their_number(scim: Installation) -> None:
    one = await edit(
        scim,
        SCIM,
        lambda it: add_clause(it, None, SALES),
        lambda it: add_clause(it, "Abroad", PARIS),
        lambda it: add_clause(it, None, PARIS),
        lambda it: add_clause(it, "Abroad", SALES),
    )
    assert one.scope_filter == (FilterGroup("Scope", (SALES, PARIS)), FilterGroup("Abroad", (PARIS, SALES)))
    one = await edit(scim, SCIM, lambda it: remove_clause(it, "Abroad", 1))
    assert one.scope_filter == (FilterGroup("Scope", (SALES, PARIS)), FilterGroup("Abroad", (SALES,)))
    one = await edit(scim, SCIM, lambda it: remove_clause(it, "Abroad", 1))
    assert one.scope_filter == (FilterGroup("Scope", (SALES, PARIS)),), "a group goes with its last clause"
    one = await edit(scim, SCIM, lambda it: remove_clause(it, "Scope"))
    assert one.scope_filter == ()


async def test_a_filter_is_taken_away_whole_and_only_once(scim: Installation) -> None:
    await edit(scim, SCIM, lambda it: add_clause(it, "A", SALES), lambda it: add_clause(it, "B", PARIS))
    assert (await edit(scim, SCIM, clear_filter)).scope_filter == ()
    with pytest.raises(Refused) as caught:
        await edit(scim, SCIM, clear_filter)
    assert caught.value.reason.code == "SchemaUnchanged"


async def test_a_group_or_a_clause_that_is_not_there_cannot_be_taken_out(scim: Installation) -> None:
    one = await edit(scim, SCIM, lambda it: add_clause(it, "Abroad", SALES))
    assert refused(lambda: remove_clause(one, "abroad")) == {
        "code": "UnknownFilterGroup",
        "group": "abroad",
        "suggestion": "Abroad",
    }
    for number in (0, 2):
        assert refused(partial(remove_clause, one, "Abroad", number)) == {
            "code": "UnknownClause",
            "group": "Abroad",
            "number": str(number),
            "count": "1",
        }


async def test_of_two_groups_of_one_name_only_the_first_is_changed(scim: Installation) -> None:
    two = (FilterGroup("", (SALES,)), FilterGroup("", (PARIS,)))  # as an import may bring them
    one = await edit(scim, SCIM, lambda it: replace(it, scope_filter=two))
    assert [len(group.clauses) for group in add_clause(one, "", PARIS).scope_filter] == [2, 1]
    assert remove_clause(one, "").scope_filter == two[1:]


# ---- what may be done, and back again -------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "counts"), [("Add", {"create": 0, "update": 1}), ("Update", {"create": 1})])
async def test_what_is_switched_off_is_not_done(world: World, off: FlowAction, counts: dict[str, int]) -> None:
    await world.import_text(ldif_person("ada") + ldif_person("bob"))
    await world.connect()
    await world.assign("ada@corp.example", "bob@corp.example")
    await world.sync()
    await edit(world.installation, GOTO, lambda it: replace(it, flow_types=it.flow_types - {off}))
    await world.import_text(ldif_person("ada", sn="Byron") + ldif_person("cyd"))
    await world.assign("cyd@corp.example")
    row = await world.sync()
    assert {action: row.counts.get(action, 0) for action in counts} == counts
    codes = {line.reason.code for line in await world.log() if line.cycle_id == row.cycle.id}
    assert ("CreateTurnedOff" if off == "Add" else "UpdateTurnedOff") in codes


async def test_with_the_gallerys_mappings_who_was_filtered_out_comes_back(world: World) -> None:
    await world.import_text(ldif_person("ada", departmentNumber="Sales") + ldif_person("bob", departmentNumber="IT"))
    await world.connect()
    await world.assign("ada@corp.example", "bob@corp.example")
    await world.sync()
    await edit(world.installation, GOTO, lambda it: add_clause(it, None, SALES))
    await world.sync(allow=1)
    assert world.active() == {"ada@corp.example"}
    default = await mappings.earlier(world.installation, GOTO)
    assert default.object_mappings == gallery()["citrix-gotomeeting"].schema.object_mappings
    await mappings.save(world.installation, GOTO, default)
    await world.sync()
    assert world.active() == {"ada@corp.example", "bob@corp.example"}
    with pytest.raises(Refused) as caught:
        await mappings.save(world.installation, GOTO, await mappings.earlier(world.installation, GOTO))
    assert caught.value.reason.code == "SchemaUnchanged"


# ---- what the target has --------------------------------------------------------------------------------------------


async def test_a_discovered_attribute_is_added_mapped_and_sent(tmp_path: Path) -> None:
    async with (
        ScimEmulator(Options(bulk=False)) as emulator,
        connected(tmp_path / "home", emulator.url, emulator.options.token, staff(2)) as installation,
    ):
        wrong = AttributeDefinition("nickName", type="Integer")
        await edit(installation, SCIM, lambda it: add_attribute(it, "target", wrong))
        found = await mappings.discover(installation, SCIM)
        assert [one.name for one in found.changed] == ["nickName"]
        extended = mappings.with_discovered(found, ["nickName"])
        one = mapping_of(extended, "User")
        assert one.definition("nickName") == AttributeDefinition("nickName"), "described anew, as the target says"
        one = set_mapping(one, "nickName", {"source": "[surname]"})
        await mappings.save(installation, SCIM, put(extended, one))
        await sync(installation)
        assert {user["nickName"] for user in emulator.users.values()} == {"Byron p00000", "Byron p00001"}
        again = await mappings.discover(installation, SCIM)
        everything = mappings.with_discovered(again, [one.name for one in again.new])
        await mappings.save(installation, SCIM, everything)
        assert (await mappings.discover(installation, SCIM)).new == []


# ---- what the directory has -----------------------------------------------------------------------------------------


async def test_attributes_of_people_are_counted_as_they_are_held(world: World) -> None:
    boss = "uid=ada,ou=people,dc=corp,dc=example"
    await world.import_text(
        ldif_person("ada", costCenter="1", telephoneNumber=["+1", "+2"])
        + ldif_person("bob", manager=boss)
        + ldif_person("cyd", costCenter="2")
        + ldif_group("all", ["ada"])
    )
    await people.act(world.installation, "delete", "User", "cyd@corp.example")
    held = {
        one.name: (one.entries, one.multivalued, added)
        for one, added in await people.attributes(world.installation, "User")
    }
    extension = next(name for name in held if name.lower().endswith("costcenter"))
    assert held[extension] == (1, False, True), "who is in the recycle bin does not count"
    assert held["mail"] == (2, False, False)
    assert held["businessPhones"] == (1, True, False)
    assert held["manager"] == (1, False, False)
    groups = {one.name for one, _ in await people.attributes(world.installation, "Group")}
    assert "displayName" in groups
    assert "mail" not in groups


# ---- the command line -----------------------------------------------------------------------------------------------


@pytest.mark.one_database
async def test_each_command_changes_what_it_says(tmp_path: Path) -> None:
    provisor = Command(tmp_path / "home")
    async with provisor.opened() as installation:
        await apps.add(installation, SCIM)
    changes = ("app", "mappings")
    done: list[tuple[str, ...]] = [
        ("attribute", "add", SCIM, COST, "--source", "--type", "integer"),
        ("attribute", "add", SCIM, "nickName", "--max-length", "32", "--not-filterable", "--mutability", "immutable"),
        ("set", SCIM, "nickName", "--source", "[surname]", "--default", "Nick", "--when", "creation"),
        ("filter", "add", SCIM, COST, "greater_than", "4000", "--group", "Cost"),
        ("filter", "add", SCIM, "department", "is not null", "--group", "Cost"),
        ("filter", "remove", SCIM, "Cost", "1"),
        ("remove", SCIM, "title"),
        ("actions", SCIM, "--delete", "--no-create"),
    ]
    for words in done:
        await provisor.done(*changes, *words, "--yes")
    async with provisor.opened() as installation:
        stored = await mappings.get(installation, SCIM)
        one = mapping_of(stored.schema, "User")
        assert stored.schema.version == 1 + len(done)
        assert [each.number for each in await mappings.versions(installation, SCIM)] == [*range(1 + len(done), 0, -1)]
    assert one.source_attributes == (AttributeDefinition(COST, type="Integer"),)
    nick = AttributeDefinition("nickName", max_length=32, mutability="Immutable", filterable=False)
    assert one.definition("nickName") == nick
    assert one.mappings[-1] == AttributeMapping("nickName", "[surname]", "ObjectAddOnly", default="Nick")
    assert one.scope_filter == (FilterGroup("Cost", (FilterClause("department", "IS NOT NULL"),)),)
    assert "title" not in [each.target for each in one.mappings]
    assert one.flow_types == {"Update", "Delete"}

    refused = await provisor(*changes, "filter", "remove", SCIM, "Costs", "--yes")
    assert (refused.code, "perhaps Cost is meant" in refused.err) == (1, True)
    warned = await provisor.done(*changes, "set", SCIM, "nickName", "--clear-when-empty", "--plan")
    assert "nickName is never cleared" in " ".join(warned.err.split())
    back = await provisor.done(*changes, "restore", SCIM, "--version", "3", "--yes", "--json")
    assert (back.json["saved"], back.json["version"]) == (True, 10)
    listed = await provisor.done(*changes, "versions", SCIM, "--json")
    assert [row["version"] for row in listed.json["value"]] == [*range(10, 0, -1)]
    async with provisor.opened() as installation:
        document: Any = await mappings.document(installation, SCIM, 3)
        assert {**document, "version": "10"} == await mappings.document(installation, SCIM)
        assert "nickName" in json.dumps(document)


@pytest.mark.one_database
async def test_a_command_adds_what_the_app_says_that_it_has(tmp_path: Path) -> None:
    provisor = Command(tmp_path / "home")
    async with ScimEmulator(Options()) as emulator:
        async with connected(provisor.home, emulator.url, emulator.options.token, staff(1)):
            pass
        shown = (await provisor.done("app", "mappings", "discover", SCIM)).out
        assert "nickName" in shown
        assert f"provisor app mappings discover '{SCIM}' --add NAME" in " ".join(shown.split())
        await provisor.done("app", "mappings", "discover", SCIM, "--add", "nickName", "--yes")
        found = (await provisor.done("app", "mappings", "discover", SCIM, "--json")).json
    assert "nickName" in [one["name"] for one in found["known"]]
    assert found["changed"] == []
