"""What a SCIM schema describes (RFC 7643 section 7), under the names that a mapping has for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from provisor.connectors.scim.paths import CORE, VALUED, path_of, truth
from provisor.connectors.scim.wire import listed, member
from provisor.domain.error import InvalidValue
from provisor.domain.schema import AttributeDefinition, AttributeType, Mutability

_TYPES: Final[Mapping[str, AttributeType]] = {
    "boolean": "Boolean",
    "integer": "Integer",
    "datetime": "DateTime",
    "binary": "Binary",
    "reference": "Reference",
}
_MUTABILITY: Final[Mapping[str, Mutability]] = {
    "readonly": "ReadOnly",
    "immutable": "Immutable",
    "writeonly": "WriteOnly",
}
_SELDOM: Final = frozenset(("type", "primary", "display", "$ref"))
"""Parts of a value of several that a mapping does not write by themselves."""

_NEVER: Final = frozenset(("id", "meta", "schemas", "password"))


def attributes_of(schema: Mapping[str, Any]) -> Iterator[AttributeDefinition]:
    """What this schema gives a user; nothing where it is another resource's."""
    urn = str(member(schema, "id") or "")
    if not urn.casefold().endswith(":user"):
        return
    prefix = "" if urn.casefold() == CORE.casefold() else f"{urn}:"
    for one in listed(member(schema, "attributes")):
        name = member(one, "name")
        if isinstance(name, str) and name.casefold() not in _NEVER:
            yield from (each for each in _attribute(one, prefix + name) if _is_place(each.name))


def _attribute(one: Mapping[str, Any], name: str) -> Iterator[AttributeDefinition]:
    several = truth(member(one, "multiValued")) is True
    parts = [each for each in listed(member(one, "subAttributes")) if isinstance(member(each, "name"), str)]
    if not _is_complex(one) or not parts:
        yield _definition(one, name, several=several)
    elif not several:
        for part in parts:
            yield from _attribute(part, f"{name}.{member(part, 'name')}")
    else:
        yield from _valued(one, parts, name)


def _valued(one: Mapping[str, Any], parts: list[Mapping[str, Any]], name: str) -> Iterator[AttributeDefinition]:
    """Several values, told apart by their type: each is a place of its own. Without types, only all of them are."""
    types = next((listed(member(each, "canonicalValues")) for each in parts if member(each, "name") == "type"), ())
    if not types or name.rpartition(":")[2] not in VALUED:
        yield _definition(one, name, several=True)
    for type_ in types:
        for part in parts:
            if (sub := str(member(part, "name"))) not in _SELDOM and isinstance(type_, str):
                yield _definition(part, f'{name}[type eq "{type_}"].{sub}', several=False)


def _definition(one: Mapping[str, Any], name: str, *, several: bool) -> AttributeDefinition:
    return AttributeDefinition(
        name=name,
        type=_TYPES.get(str(member(one, "type")).casefold(), "String"),
        required=truth(member(one, "required")) is True,
        multivalued=several,
        case_exact=truth(member(one, "caseExact")) is True,
        mutability=_MUTABILITY.get(str(member(one, "mutability")).casefold(), "ReadWrite"),
    )


def _is_complex(one: Mapping[str, Any]) -> bool:
    return str(member(one, "type")).casefold() == "complex"


def _is_place(name: str) -> bool:
    try:
        path_of(name)
    except InvalidValue:
        return False
    return True
