"""What /Schemas describes becomes the attributes that a mapping may name; what cannot be read is passed over."""

from __future__ import annotations

from typing import Any

import pytest

from provisor.connectors.scim.described import attributes_of
from provisor.connectors.scim.paths import CORE
from provisor.domain.schema import AttributeDefinition


def described(*attributes: Any, urn: str = CORE) -> list[AttributeDefinition]:
    return list(attributes_of({"id": urn, "attributes": [*attributes]}))


TYPED = {
    "name": "phoneNumbers",
    "type": "complex",
    "multiValued": True,
    "subAttributes": [
        {"name": "value", "type": "string"},
        {"name": "display", "type": "string"},
        {"name": "type", "type": "string", "canonicalValues": ["work", "mobile"]},
        {"name": "primary", "type": "boolean"},
    ],
}


def test_an_attribute_is_taken_with_all_that_is_said_of_it() -> None:
    told = {"name": "hired", "type": "dateTime", "required": True, "caseExact": "true", "mutability": "immutable"}
    made = AttributeDefinition("hired", "DateTime", required=True, case_exact=True, mutability="Immutable")
    assert described(told) == [made]


def test_parts_of_a_complex_attribute_are_attributes_of_their_own() -> None:
    name = {"name": "name", "type": "complex", "subAttributes": [{"name": "givenName"}, {"name": "familyName"}]}
    assert [one.name for one in described(name)] == ["name.givenName", "name.familyName"]


def test_values_that_have_types_are_told_apart_by_them() -> None:
    assert [one.name for one in described(TYPED)] == [
        'phoneNumbers[type eq "work"].value',
        'phoneNumbers[type eq "mobile"].value',
    ]


def test_values_without_types_are_one_attribute_of_several() -> None:
    roles = {**TYPED, "name": "roles", "subAttributes": [{"name": "value"}]}
    assert described(roles) == [AttributeDefinition("roles", multivalued=True)]


def test_an_extensions_attributes_bear_its_name() -> None:
    assert [one.name for one in described({"name": "badge"}, urn="urn:corp:2.0:User")] == ["urn:corp:2.0:User:badge"]


@pytest.mark.parametrize(
    "attribute",
    [{"name": "id"}, {"name": "meta"}, {"name": "password"}, {"name": 3}, {"name": "no place!"}, None, "x", {}],
)
def test_what_nobody_maps_to_and_what_cannot_be_read_is_passed_over(attribute: object) -> None:
    assert described(attribute, {"name": "title"}) == [AttributeDefinition("title")]


def test_schemas_of_other_resources_are_passed_over() -> None:
    assert described({"name": "members"}, urn="urn:ietf:params:scim:schemas:core:2.0:Group") == []
