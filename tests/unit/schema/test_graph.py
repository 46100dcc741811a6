"""Graph's JSON of a schema: what is written reads as the same schema, and what cannot be used is refused as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.schema.any_schema import schemas, texts

from provisor.domain.schema import AttributeMapping, FilterClause, FilterGroup, SynchronizationSchema
from provisor.gallery import gallery
from provisor.schema import MAXIMUM_SIZE, Named, SchemaRefused, read_schema, schema_document
from provisor.schema.source import source_tree

DIRECTORY, APP = Named("d-1", "Provisor Directory"), Named("a-1", "SCIM 2.0")
SCHEMA = gallery()["scim"].schema


def written(schema: SynchronizationSchema, target: Named = APP) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(schema_document(schema, "scim.t.1", DIRECTORY, target)))
    return told


def read(document: object, present: SynchronizationSchema | None = None) -> SynchronizationSchema:
    return read_schema(json.dumps(document).encode(), present)


def refused(document: object) -> list[tuple[str, str]]:
    with pytest.raises(SchemaRefused) as caught:
        read(document)
    return [(fault.path, fault.reason.code) for fault in caught.value.faults]


# ---- round trips ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", gallery().values(), ids=list(gallery()))
def test_what_is_written_reads_as_the_same_schema(app: Any) -> None:
    assert read(written(app.schema)) == app.schema


@given(schemas())
def test_any_schema_reads_as_it_was_written(schema: SynchronizationSchema) -> None:
    document = written(schema)
    assert read(document) == schema
    assert written(read(document)) == document


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda x: st.lists(x) | st.dictionaries(texts, x))
)
def test_any_other_document_is_refused_and_nothing_else(document: object) -> None:
    assert refused(document)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else(document: bytes) -> None:
    with pytest.raises(SchemaRefused):
        read_schema(document)


@given(st.data())
def test_a_document_with_something_else_somewhere_is_read_or_refused(data: st.DataObject) -> None:
    document: Any = written(SCHEMA)
    held: Any = document
    while isinstance(held, dict | list) and held:
        keys = list(held) if isinstance(held, dict) else list(range(len(held)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(held[key], dict | list) or not held[key] or data.draw(st.booleans()):
            held[key] = data.draw(st.sampled_from((None, True, -1, 1.5, "", "x", [], {}, [None], {"x": 1})))
            break
        held = held[key]
    with suppress(SchemaRefused):
        read(document)


# ---- Graph's ways ---------------------------------------------------------------------------------------------------


def mapping_in(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["synchronizationRules"][0]["objectMappings"][0]
    return found


def test_flow_types_are_one_string_and_filters_are_nested_as_graph_has_them() -> None:
    one = replace(
        SCHEMA.object_mappings[0],
        flow_types=frozenset({"Delete", "Add"}),
        scope_filter=(FilterGroup("Sales", (FilterClause("employeeId", "GREATER_THAN", "5"),)),),
    )
    told = mapping_in(written(SynchronizationSchema((one,))))
    assert told["flowTypes"] == "Add, Delete"
    clause = {"sourceOperandName": "employeeId", "operatorName": "Greater_Than", "targetOperand": {"values": ["5"]}}
    assert told["scope"]["groups"] == [{"name": "Sales", "clauses": [clause]}]


def test_an_expression_is_written_as_text_and_as_a_tree() -> None:
    tree = source_tree("Mid([mailNickname], 1, 3)")
    assert (tree["type"], tree["name"], tree["expression"]) == ("Function", "Mid", "Mid([mailNickname], 1, 3)")
    assert [one["key"] for one in tree["parameters"]] == ["source", "start", "length"]
    assert [one["value"]["expression"] for one in tree["parameters"]] == ["[mailNickname]", '"1"', '"3"']
    left_out = source_tree('Replace([preferredLanguage], "-", , , "_", , )')
    assert [one["key"] for one in left_out["parameters"]] == ["source", "Find", "Replacement"]


def without_text(tree: Any) -> Any:
    """The tree alone, as a client may send it."""
    if isinstance(tree, dict):
        return {name: without_text(held) for name, held in tree.items() if name != "expression"}
    return [without_text(one) for one in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("[mail]", "[mail]"),
        ('"a \\"b\\" \\\\"', '"a \\"b\\" \\\\"'),
        ("Not([IsSoftDeleted])", "Not([IsSoftDeleted])"),
        ('Replace([mail], "-", , , "_", , )', 'Replace([mail], "-", , , "_")'),
        ('IIF([city]="x", "1", ToLower([mail]))', 'IIF([city] = "x", "1", ToLower([mail]))'),
        ('Join("-", [city], [mail], [state])', 'Join("-", [city], [mail], [state])'),
        ('Switch([city], "0", "a", "1", "b", "2")', 'Switch([city], "0", "a", "1", "b", "2")'),
    ],
)
def test_a_tree_without_text_means_the_same(text: str, meant: str) -> None:
    document = written(SCHEMA)
    mapping_in(document)["attributeMappings"][3]["source"] = without_text(source_tree(text))
    assert read(document).object_mappings[0].mappings[3].source == meant


def test_where_tree_and_text_disagree_the_text_rules() -> None:
    document = written(SCHEMA)
    mapping_in(document)["attributeMappings"][3]["source"] = {**source_tree("[mail]"), "expression": "[city]"}
    assert read(document).object_mappings[0].mappings[3].source == "[city]"


def entra_export() -> dict[str, Any]:
    """As Entra writes it, with much that is only its own."""
    document = written(SCHEMA)
    document |= {"@odata.context": "https://graph.microsoft.com/$metadata", "provisioningTaskIdentifier": "x"}
    document["version"] = "Date:2025-03-30T07:00:28.2095357Z, ActivityId:f3"
    source, target = document["directories"]
    source["name"], target["name"] = "Microsoft Entra ID", "customappsso"
    source["objects"][0]["attributes"].append({"name": "telephoneNumber", "type": "string"})
    target["objects"][0]["name"] = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    target["objects"][0]["metadata"] = [{"key": "Extensions", "value": "x"}]
    rule = document["synchronizationRules"][0]
    rule |= {"sourceDirectoryName": source["name"], "targetDirectoryName": target["name"], "metadata": [{"key": "a"}]}
    mapping = mapping_in(document)
    mapping["targetObjectName"] = target["objects"][0]["name"]
    mapping["metadata"] = [{"key": "Disposition", "value": '"Normal"'}]
    mapping["flowTypes"] = "add,UPDATE"
    return document


def test_what_entras_own_exports_hold_beyond_is_passed_over() -> None:
    assert read(entra_export()) == SCHEMA


def test_an_attribute_that_only_entra_has_is_a_fault_where_it_is_used() -> None:
    document = entra_export()
    mapping_in(document)["attributeMappings"][4]["source"] = {"type": "Attribute", "name": "telephoneNumber"}
    with pytest.raises(SchemaRefused) as caught:
        read(document)
    (fault,) = caught.value.faults
    assert (fault.reason.code, fault.reason.parameters["suggestion"]) == ("UnknownAttribute", "businessPhones")


def test_a_minimal_mapping_gets_graphs_defaults() -> None:
    document = written(SCHEMA)
    minimal = {"source": {"name": "jobTitle", "type": "Attribute"}, "targetAttributeName": "title"}
    mapping_in(document)["attributeMappings"][4] = minimal
    assert read(document).object_mappings[0].mappings[4] == AttributeMapping("title", "[jobTitle]")


def test_an_empty_default_as_entra_writes_it_is_none() -> None:
    document = written(SCHEMA)
    mapping_in(document)["attributeMappings"][4]["defaultValue"] = ""
    assert read(document) == SCHEMA


def test_what_may_be_done_stays_as_it_is_where_the_document_does_not_say() -> None:
    document = written(SCHEMA)
    del mapping_in(document)["flowTypes"]
    assert read(document).object_mappings[0].flow_types == {"Add", "Update"}
    present = replace(SCHEMA.object_mappings[0], flow_types=frozenset({"Update"}))
    assert read(document, SynchronizationSchema((present,))).object_mappings[0].flow_types == {"Update"}


def test_a_mark_of_utf_8_at_the_beginning_is_taken() -> None:
    assert read_schema(b"\xef\xbb\xbf" + json.dumps(written(SCHEMA)).encode()) == SCHEMA


def test_an_app_that_is_called_as_the_directory_is_told_apart() -> None:
    assert read(written(SCHEMA, Named("a-1", DIRECTORY.name))) == SCHEMA


# ---- refused --------------------------------------------------------------------------------------------------------

RULE, MAPPING = "synchronizationRules[0]", "synchronizationRules[0].objectMappings[0]"


def changed(*path: Any, to: Any) -> dict[str, Any]:
    document = deepcopy(written(SCHEMA))
    held: Any = document
    for step in path[:-1]:
        held = held[step]
    held[path[-1]] = to
    return document


IN_MAPPING = ("synchronizationRules", 0, "objectMappings", 0)
CLAUSE = {"sourceOperandName": "mail", "operatorName": "EQUALS", "targetOperand": {"values": ["a"]}}
WRONG: dict[str, tuple[Callable[[], object], str, str]] = {
    "a list": (list, "$", "MemberOfAnotherType"),
    "nothing in it": (dict, "directories", "MemberMissing"),
    "unknown member": (lambda: changed("colour", to="red"), "colour", "MemberUnknown"),
    "unknown member within": (
        lambda: changed(*IN_MAPPING, "attributeMappings", 1, "flowtype", to="Always"),
        f"{MAPPING}.attributeMappings[1].flowtype",
        "MemberUnknown",
    ),
    "no such directory": (
        lambda: changed("synchronizationRules", 0, "sourceDirectoryName", to="AD"),
        f"{RULE}.sourceDirectoryName",
        "DirectoryNotDefined",
    ),
    "no such object": (
        lambda: changed(*IN_MAPPING, "targetObjectName", to="x:User"),
        f"{MAPPING}.targetObjectName",
        "ObjectNotDefined",
    ),
    "another object": (
        lambda: changed(*IN_MAPPING, "sourceObjectName", to="Device"),
        f"{MAPPING}.sourceObjectName",
        "MemberNoneOf",
    ),
    "unknown flow": (
        lambda: changed(*IN_MAPPING, "attributeMappings", 0, "flowType", to="AttributeAddOnly"),
        f"{MAPPING}.attributeMappings[0].flowType",
        "MemberNoneOf",
    ),
    "unknown action": (
        lambda: changed(*IN_MAPPING, "flowTypes", to="Add, Drop"),
        f"{MAPPING}.flowTypes",
        "MemberNoneOf",
    ),
    "unknown operator": (
        lambda: changed(*IN_MAPPING, "scope", to={"groups": [{"clauses": [{**CLAUSE, "operatorName": "LIKE"}]}]}),
        f"{MAPPING}.scope.groups[0].clauses[0].operatorName",
        "MemberNoneOf",
    ),
    "two operands": (
        lambda: changed(
            *IN_MAPPING, "scope", to={"groups": [{"clauses": [{**CLAUSE, "targetOperand": {"values": ["a", "b"]}}]}]}
        ),
        f"{MAPPING}.scope.groups[0].clauses[0].targetOperand.values",
        "MemberOfAnotherType",
    ),
    "input filters": (
        lambda: changed(*IN_MAPPING, "scope", to={"groups": [], "inputFilterGroups": [{"clauses": [CLAUSE]}]}),
        f"{MAPPING}.scope.inputFilterGroups",
        "MemberNotSupported",
    ),
    "container filter": (
        lambda: changed("synchronizationRules", 0, "containerFilter", to={"includedContainers": ["ou=x"]}),
        f"{RULE}.containerFilter",
        "MemberNotSupported",
    ),
    "a number as text": (
        lambda: changed(*IN_MAPPING, "attributeMappings", 0, "matchingPriority", to="1"),
        f"{MAPPING}.attributeMappings[0].matchingPriority",
        "MemberOfAnotherType",
    ),
    "a text as flag": (
        lambda: changed("directories", 1, "objects", 0, "attributes", 0, "required", to="yes"),
        "directories[1].objects[0].attributes[0].required",
        "MemberOfAnotherType",
    ),
    "unknown type": (
        lambda: changed("directories", 1, "objects", 0, "attributes", 2, "type", to="Float"),
        "directories[1].objects[0].attributes[2].type",
        "MemberNoneOf",
    ),
    "a mapping that is none": (
        lambda: changed(*IN_MAPPING, "attributeMappings", 2, to="x"),
        f"{MAPPING}.attributeMappings[2]",
        "MemberOfAnotherType",
    ),
    "without a target": (
        lambda: changed(*IN_MAPPING, "attributeMappings", 2, to={"source": None}),
        f"{MAPPING}.attributeMappings[2].targetAttributeName",
        "MemberMissing",
    ),
    "a rule of validation": (
        lambda: changed(*IN_MAPPING, "attributeMappings", 2, "targetAttributeName", to="id"),
        f"{MAPPING}.attributeMappings[2].targetAttributeName",
        "KeyAsTarget",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_fault_of_a_document_is_told_with_its_path(wrong: str) -> None:
    made, path, code = WRONG[wrong]
    assert (path, code) in refused(made())


def test_faults_of_form_and_of_meaning_are_told_together() -> None:
    document = changed(*IN_MAPPING, "attributeMappings", 0, "flowtype", to="x")
    mapping_in(document)["attributeMappings"][4]["source"]["expression"] = "[x"
    mapping_in(document)["attributeMappings"][5]["targetAttributeName"] = "title"
    codes = [code for _, code in refused(document)]
    assert codes == ["MemberUnknown", "ExpressionSyntax", "MappedTwice"]


def test_a_document_of_a_second_place_has_its_faults_there() -> None:
    document = written(SCHEMA)
    document["directories"].reverse()
    document["synchronizationRules"].insert(0, {**document["synchronizationRules"][0], "objectMappings": []})
    mapping = document["synchronizationRules"][1]["objectMappings"][0]
    mapping["attributeMappings"][4]["targetAttributeName"] = "titlle"
    document["directories"][0]["objects"][0]["attributes"].append({"name": "mail", "required": True})
    assert refused(document) == [
        ("directories[0].objects[0].attributes[18]", "RequiredUnmapped"),
        (
            "synchronizationRules[1].objectMappings[0].attributeMappings[4].targetAttributeName",
            "MappingToUnknownAttribute",
        ),
    ]


@pytest.mark.parametrize("document", [b"", b"{", b"\xff\xfe{\x00}\x00", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_is_refused(document: bytes) -> None:
    with pytest.raises(SchemaRefused) as caught:
        read_schema(document)
    assert caught.value.faults[0].reason.code == "SchemaUnreadable"


def test_a_document_beyond_all_measure_is_refused_unread() -> None:
    with pytest.raises(SchemaRefused) as caught:
        read_schema(b" " * (MAXIMUM_SIZE + 1))
    assert caught.value.faults[0].reason.code == "SchemaTooLarge"


def test_a_source_that_is_nested_beyond_measure_is_refused() -> None:
    tree: dict[str, Any] = {"type": "Attribute", "name": "mail"}
    for _ in range(150):
        tree = {"type": "Function", "name": "ToLower", "parameters": [{"key": "source", "value": tree}]}
    document = written(SCHEMA)
    mapping_in(document)["attributeMappings"][4]["source"] = tree
    assert [code for _, code in refused(document)] == ["SchemaUnreadable"]
