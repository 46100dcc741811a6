"""Whatever is wrong in a schema is found when it is saved, all of it at once, and each with its place."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from provisor.directory import group, person
from provisor.domain.directory import HELD
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    FilterClause,
    FilterGroup,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.gallery import gallery
from provisor.schema import SchemaRefused, faults, warnings
from provisor.text import describe

PLACE = "synchronizationRules[0].objectMappings[0]"
TARGET = "directories[1].objects[0].attributes"
SOURCE = "directories[0].objects[0].attributes"

SOUND = ObjectMapping(
    name="Users",
    source="User",
    target="User",
    attributes=(
        AttributeDefinition("id", mutability="ReadOnly", required=True),
        AttributeDefinition("userName", required=True, max_length=40),
        AttributeDefinition("title"),
        AttributeDefinition("active", type="Boolean"),
        AttributeDefinition("level", type="Integer"),
        AttributeDefinition("appRoles", multivalued=True),
        AttributeDefinition("tags", multivalued=True),
        AttributeDefinition("meta.created", mutability="ReadOnly"),
        AttributeDefinition("hidden", filterable=False),
        AttributeDefinition("pin", mutability="WriteOnly"),
    ),
    mappings=(
        AttributeMapping("userName", "[userPrincipalName]", matching_priority=1),
        AttributeMapping("title", "ToUpper([jobTitle])", default="Employee"),
        AttributeMapping("active", "Not([IsSoftDeleted])"),
        AttributeMapping("appRoles", "[appRoleAssignments]"),
    ),
    source_attributes=(AttributeDefinition("extension_costCenter"),),
)


def found(mapping: ObjectMapping) -> list[tuple[str, str]]:
    return [(fault.path, fault.reason.code) for fault in faults(SynchronizationSchema((mapping,)))]


def mapped(target: str, source: str | None = None, **others: Any) -> ObjectMapping:
    """With one mapping more, which is the fifth."""
    return replace(SOUND, mappings=(*SOUND.mappings, AttributeMapping(target, source, **others)))


def instead(target: str, source: str | None, **others: Any) -> ObjectMapping:
    one = AttributeMapping(target, source, **others)
    return replace(SOUND, mappings=tuple(one if each.target == target else each for each in SOUND.mappings))


def having(*attributes: AttributeDefinition, mapping: AttributeMapping | None = None) -> ObjectMapping:
    mappings = (*SOUND.mappings, mapping) if mapping else SOUND.mappings
    return replace(SOUND, attributes=(*SOUND.attributes, *attributes), mappings=mappings)


FIFTH = f"{PLACE}.attributeMappings[4]"
WRONG: dict[str, tuple[ObjectMapping, str, str]] = {
    "unknown target": (
        mapped("titlle", "[jobTitle]"),
        f"{FIFTH}.targetAttributeName",
        "MappingToUnknownAttribute",
    ),
    "read-only target": (mapped("meta.created", "Now()"), f"{FIFTH}.targetAttributeName", "MappingToReadOnly"),
    "key as target": (mapped("id", "[objectId]"), f"{FIFTH}.targetAttributeName", "KeyAsTarget"),
    "target twice": (mapped("title", "[jobTitle]"), f"{FIFTH}.targetAttributeName", "MappedTwice"),
    "neither source nor default": (mapped("tags"), FIFTH, "MappingEmpty"),
    "not parsed": (mapped("tags", "Split([mail]"), f"{FIFTH}.source.expression", "ExpressionSyntax"),
    "unknown function": (mapped("tags", "Splitt([mail])"), f"{FIFTH}.source.expression", "UnknownFunction"),
    "unknown source": (mapped("tags", "[emial]"), f"{FIFTH}.source.expression", "UnknownAttribute"),
    "wrong arguments": (mapped("tags", "Split()"), f"{FIFTH}.source.expression", "WrongNumberOfArguments"),
    "unfit default": (mapped("level", "[employeeId]", default="ten"), f"{FIFTH}.defaultValue", "ValueUnfit"),
    "empty default": (mapped("tags", "[mail]", default=""), f"{FIFTH}.defaultValue", "DefaultEmpty"),
    "default with a NUL": (mapped("tags", None, default="a\0"), f"{FIFTH}.defaultValue", "TextUnusable"),
    "half a character": (mapped("tags", '"\udcff"'), f"{FIFTH}.source.expression", "TextUnusable"),
    "unfit constant": (instead("active", '"yes"'), f"{PLACE}.attributeMappings[2].source.expression", "ValueUnfit"),
    "constant too long": (mapped("userName", f'"{"x" * 41}"'), f"{FIFTH}.source.expression", "ValueUnfit"),
    "several for one": (mapped("level", "[otherMails]"), f"{FIFTH}.source.expression", "SeveralForOne"),
    "roles as they are": (mapped("tags", "[appRoleAssignments]"), f"{FIFTH}.source.expression", "RolesMappedDirectly"),
    "adds to one value": (
        instead("title", "[jobTitle]", flow_type="MultiValueAddOnly"),
        f"{PLACE}.attributeMappings[1].flowType",
        "AddsToOneValue",
    ),
    "clears what is required": (
        instead("userName", "[mail]", matching_priority=1, flow_null_values=True),
        f"{PLACE}.attributeMappings[0].flowNullValues",
        "ClearsRequired",
    ),
    "matching not filterable": (
        mapped("hidden", "[mail]", matching_priority=2),
        f"{FIFTH}.matchingPriority",
        "MatchingNotFilterable",
    ),
    "matching never shown": (
        mapped("pin", "[mail]", matching_priority=2),
        f"{FIFTH}.matchingPriority",
        "MatchingNotFilterable",
    ),
    "matching of several values": (
        mapped("tags", 'Split([mail], "@")', matching_priority=2),
        f"{FIFTH}.matchingPriority",
        "MatchingNotFilterable",
    ),
    "matching without source": (
        mapped("hidden", None, default="x", matching_priority=2),
        f"{FIFTH}.matchingPriority",
        "MatchingWithoutSource",
    ),
    "matching by SelectUniqueValue": (
        instead("userName", "SelectUniqueValue([mail], [userPrincipalName])", matching_priority=1),
        f"{PLACE}.attributeMappings[0].matchingPriority",
        "MatchingBySelectUniqueValue",
    ),
    "matching by a hidden value": (
        instead("userName", "ToLower(Redact([mail]))", matching_priority=1),
        f"{PLACE}.attributeMappings[0].source.expression",
        "RedactedLookedFor",
    ),
    "unique and hidden": (
        instead("title", "SelectUniqueValue(Redact([mail]), [surname])"),
        f"{PLACE}.attributeMappings[1].source.expression",
        "RedactedLookedFor",
    ),
    "unique and not filterable": (
        mapped("hidden", "SelectUniqueValue([mail], [surname])"),
        f"{FIFTH}.source.expression",
        "UniqueNotFilterable",
    ),
    "unique and never shown": (
        mapped("pin", "SelectUniqueValue([mail], [surname])"),
        f"{FIFTH}.source.expression",
        "UniqueNotFilterable",
    ),
    "unique and of several values": (
        mapped("tags", "SelectUniqueValue([mail], [surname])"),
        f"{FIFTH}.source.expression",
        "UniqueNotFilterable",
    ),
    "unique and no attribute": (
        mapped("objectFilter", "SelectUniqueValue([mail], [surname])"),
        f"{FIFTH}.source.expression",
        "UniqueNotFilterable",
    ),
    "matching by no attribute": (
        mapped("objectFilter", "[mail]", matching_priority=2),
        f"{FIFTH}.matchingPriority",
        "ObjectFilterHoldsNothing",
    ),
    "default of no attribute": (
        mapped("objectFilter", "[mail]", default="x"),
        f"{FIFTH}.defaultValue",
        "ObjectFilterHoldsNothing",
    ),
    "no attribute, misspelled": (
        mapped("objectfilter", "[mail]"),
        f"{FIFTH}.targetAttributeName",
        "MappingToUnknownAttribute",
    ),
    "priority twice": (
        instead("title", "[jobTitle]", matching_priority=1),
        f"{PLACE}.attributeMappings[1].matchingPriority",
        "MatchingPriorityTwice",
    ),
    "negative priority": (
        instead("title", "[jobTitle]", matching_priority=-1),
        f"{PLACE}.attributeMappings[1].matchingPriority",
        "MatchingPriorityInvalid",
    ),
    "priority beyond all measure": (
        instead("title", "[jobTitle]", matching_priority=2**31),
        f"{PLACE}.attributeMappings[1].matchingPriority",
        "MatchingPriorityInvalid",
    ),
    "no matching": (instead("userName", "[mail]"), f"{PLACE}.attributeMappings", "NoMatching"),
    "required unmapped": (having(AttributeDefinition("mail", required=True)), f"{TARGET}[10]", "RequiredUnmapped"),
    "attribute twice": (having(AttributeDefinition("TITLE")), f"{TARGET}[10].name", "AttributeTwice"),
    "name with a blank": (having(AttributeDefinition(" x")), f"{TARGET}[10].name", "NameInvalid"),
    "name with a control": (having(AttributeDefinition("a\x1bb")), f"{TARGET}[10].name", "NameInvalid"),
    "no length": (having(AttributeDefinition("short", max_length=0)), f"{TARGET}[10]", "LengthInvalid"),
    "length beyond all measure": (
        having(AttributeDefinition("long", max_length=10**9)),
        f"{TARGET}[10]",
        "LengthInvalid",
    ),
    "added what is there": (
        replace(SOUND, source_attributes=(AttributeDefinition("mail"),)),
        f"{SOURCE}['mail']",
        "AttributeHeldAnyway",
    ),
    "added twice": (
        replace(SOUND, source_attributes=SOUND.source_attributes * 2),
        f"{SOURCE}['extension_costCenter']",
        "AttributeTwice",
    ),
    "added with a bracket": (
        replace(SOUND, source_attributes=(AttributeDefinition("a]b"),)),
        f"{SOURCE}['a]b']",
        "NameInvalid",
    ),
    "filter on what nobody has": (
        replace(SOUND, scope_filter=(FilterGroup("Sales", (FilterClause("departmnt", "EQUALS", "Sales"),)),)),
        f"{PLACE}.scope.groups[0].clauses[0].sourceOperandName",
        "FilterAttributeUnknown",
    ),
    "filter of a wrong type": (
        replace(SOUND, scope_filter=(FilterGroup("On", (FilterClause("accountEnabled", "EQUALS", "x"),)),)),
        f"{PLACE}.scope.groups[0].clauses[0].operatorName",
        "FilterOperatorUnfit",
    ),
    "filter without a value": (
        replace(SOUND, scope_filter=(FilterGroup("Sales", (FilterClause("department", "EQUALS"),)),)),
        f"{PLACE}.scope.groups[0].clauses[0].targetOperand",
        "FilterValueMissing",
    ),
    "group with half a character": (
        replace(SOUND, scope_filter=(FilterGroup("\udcff", (FilterClause("mail", "IS NULL"),)),)),
        f"{PLACE}.scope.groups[0].name",
        "TextUnusable",
    ),
    "filter with a NUL": (
        replace(SOUND, scope_filter=(FilterGroup("x", (FilterClause("mail", "EQUALS", "a\0"),)),)),
        f"{PLACE}.scope.groups[0].clauses[0].targetOperand",
        "TextUnusable",
    ),
    "too many attributes": (
        having(*(AttributeDefinition(f"x{number}") for number in range(1000))),
        TARGET,
        "TooMany",
    ),
    "too many clauses": (
        replace(SOUND, scope_filter=(FilterGroup("x", (FilterClause("mail", "IS NULL"),) * 1001),)),
        f"{PLACE}.scope.groups",
        "TooMany",
    ),
    "user into group": (replace(SOUND, target="Group"), f"{PLACE}.targetObjectName", "ObjectTypesDiffer"),
    "without a name": (replace(SOUND, name=""), f"{PLACE}.name", "NameInvalid"),
    "users switched off": (replace(SOUND, enabled=False), "synchronizationRules", "NoUserMapping"),
}


def test_a_sound_schema_has_no_fault() -> None:
    assert found(SOUND) == []


@pytest.mark.parametrize("fault", WRONG)
def test_each_fault_is_found_with_its_place(fault: str) -> None:
    mapping, path, code = WRONG[fault]
    assert (path, code) in found(mapping)


FILTERING = 'IIF([country] = "DE", IgnoreObjectFlow, "False")'


@pytest.mark.parametrize(
    "sound",
    [
        mapped("hidden", "Redact([mail])"),
        mapped("level", "SelectUniqueValue([employeeId], [mail])"),
        mapped("objectFilter", FILTERING),
        having(AttributeDefinition("objectFilter", required=True), mapping=AttributeMapping("objectFilter", "[mail]")),
    ],
    ids=["hidden", "unique", "objectFilter", "an attribute of that name"],
)
def test_what_looks_like_a_fault_and_is_none(sound: ObjectMapping) -> None:
    assert found(sound) == []


# ---- warnings -------------------------------------------------------------------------------------------------------

WARNED: dict[str, tuple[ObjectMapping, str, str]] = {
    "sent anew": (mapped("hidden", 'Append("x", Guid())'), f"{FIFTH}.source.expression", "ChangesByItself"),
    "the time": (
        mapped("hidden", 'FormatDateTime(Now(), , "M/d/yyyy h:mm:ss tt", "yyyy")'),
        f"{FIFTH}.source.expression",
        "ChangesByItself",
    ),
    "added anew": (
        mapped("tags", "RandomString(8, 0, 0, 0, 0)", flow_type="MultiValueAddOnly"),
        f"{FIFTH}.source.expression",
        "ChangesByItself",
    ),
    "cleared, but on creation only": (
        mapped("hidden", "[mail]", flow_type="ObjectAddOnly", flow_null_values=True),
        f"{FIFTH}.flowNullValues",
        "ClearsNever",
    ),
    "cleared, but only added": (
        mapped("tags", "[otherMails]", flow_type="MultiValueAddOnly", flow_null_values=True),
        f"{FIFTH}.flowNullValues",
        "ClearsNever",
    ),
    "cleared, but unique": (
        mapped("level", "SelectUniqueValue([employeeId], [mail])", flow_null_values=True),
        f"{FIFTH}.flowNullValues",
        "ClearsNever",
    ),
    "cleared, but cannot be changed": (
        having(
            AttributeDefinition("born", mutability="Immutable"),
            mapping=AttributeMapping("born", "[mail]", flow_null_values=True),
        ),
        f"{FIFTH}.flowNullValues",
        "ClearsNever",
    ),
    "cleared, but without a source": (
        mapped("hidden", None, default="x", flow_null_values=True),
        f"{FIFTH}.flowNullValues",
        "ClearsNever",
    ),
    "cleared, but no attribute": (
        mapped("objectFilter", FILTERING, flow_null_values=True),
        f"{FIFTH}.flowNullValues",
        "ClearsNever",
    ),
    "nobody comes back": (
        replace(SOUND, mappings=tuple(one for one in SOUND.mappings if one.target != "active")),
        f"{PLACE}.attributeMappings",
        "NobodySwitchedOn",
    ),
    "nobody comes back, for it is sent on creation": (
        instead("active", "Not([IsSoftDeleted])", flow_type="ObjectAddOnly"),
        f"{PLACE}.attributeMappings",
        "NobodySwitchedOn",
    ),
    "a pattern that is not anchored": (
        replace(SOUND, scope_filter=(FilterGroup("Corp", (FilterClause("mail", "REGEX MATCH", ".*corp"),)),)),
        f"{PLACE}.scope.groups[0].clauses[0].targetOperand",
        "FilterPatternUnanchored",
    ),
}


def warned(mapping: ObjectMapping) -> list[tuple[str, str]]:
    return [(one.path, one.reason.code) for one in warnings(SynchronizationSchema((mapping,)))]


@pytest.mark.parametrize("warning", WARNED)
def test_what_may_be_saved_and_is_pointed_out(warning: str) -> None:
    mapping, path, code = WARNED[warning]
    assert found(mapping) == []
    assert warned(mapping) == [(path, code)]
    (told,) = warnings(SynchronizationSchema((mapping,)))
    assert not describe(told.reason).startswith(code)


@pytest.mark.parametrize(
    "sound",
    [
        mapped("hidden", "Guid()", flow_type="ObjectAddOnly"),
        mapped("level", "SelectUniqueValue(RandomString(8, 8, 0, 0, 0))"),
        mapped("objectFilter", 'IIF([employeeId] = Now(), IgnoreObjectFlow, "False")'),
        having(AttributeDefinition("born", mutability="Immutable"), mapping=AttributeMapping("born", "Now()")),
        mapped("hidden", "[mail]", default="x", flow_null_values=True),
        mapped("hidden", "Guid("),
        replace(SOUND, mappings=SOUND.mappings[:1], flow_types=frozenset({"Add"})),
    ],
    ids=["on creation", "unique", "not written", "cannot be changed", "cleared", "a fault", "nobody is disabled"],
)
def test_nothing_else_is_pointed_out(sound: ObjectMapping) -> None:
    assert warned(sound) == []


def test_a_second_mapping_of_users_is_a_fault() -> None:
    schema = SynchronizationSchema((SOUND, replace(SOUND, name="Again")))
    assert [fault.reason.code for fault in faults(schema)] == ["ObjectMappingTwice"]


def test_all_faults_are_told_at_once() -> None:
    one = mapped("titlle", "[emial]", default="x", matching_priority=1)
    codes = {code for _, code in found(one)}
    assert codes == {"MappingToUnknownAttribute", "UnknownAttribute", "MatchingPriorityTwice"}
    refusal = SchemaRefused(faults(SynchronizationSchema((one,))))
    assert {fault.reason.code for fault in refusal.faults} == codes
    assert refusal.reason.parameters["count"] == "3"


def test_an_expressions_fault_says_line_column_and_what_is_perhaps_meant() -> None:
    (fault,) = faults(SynchronizationSchema((mapped("tags", "Split(\n  [telephoneNumber])"),)))
    assert {"line": "2", "column": "3", "suggestion": "businessPhones"}.items() <= fault.reason.parameters.items()


def test_what_an_admin_added_to_the_directory_can_be_named() -> None:
    assert found(mapped("tags", 'Split([extension_costCenter], "-")')) == []


def test_every_fault_has_a_sentence_that_can_be_filled() -> None:
    for mapping, _, _ in WRONG.values():
        for fault in faults(SynchronizationSchema((mapping,))):
            assert not describe(fault.reason).startswith(fault.reason.code), fault


def test_what_an_import_brings_is_what_every_directory_has() -> None:
    assert {*person.NAMES, "accountEnabled", "manager"} <= HELD["User"].keys()
    assert group.NAMES.keys() <= HELD["Group"].keys()
    assert {name for name in person.LISTS if HELD["User"][name].multivalued} == person.LISTS


@pytest.mark.parametrize("app", gallery().values(), ids=list(gallery()))
def test_what_the_gallery_ships_is_sound(app: Any) -> None:
    assert faults(app.schema) == []
    assert warnings(app.schema) == []
