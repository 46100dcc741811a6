"""Changes of one object mapping: each gives the mapping that comes of it, or is refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec.structs import replace

from provisor.domain.error import Refused
from provisor.domain.resource import ResourceType
from provisor.domain.schema import (
    AttributeDefinition,
    AttributeMapping,
    FilterClause,
    FilterGroup,
    ObjectMapping,
    SynchronizationSchema,
)
from provisor.schema.validate import suggestion

Side = Literal["source", "target"]
FIRST_GROUP = "Scope"


def mapping_of(schema: SynchronizationSchema, type_: ResourceType, app: str = "") -> ObjectMapping:
    """The object mapping of that type, switched on or not. Refused where there is none."""
    for one in schema.object_mappings:
        if one.source == type_:
            return one
    raise Refused("UnknownObjectMapping", app=app, type=type_)


def put(schema: SynchronizationSchema, changed: ObjectMapping) -> SynchronizationSchema:
    """The schema with this object mapping in the place of the one of its type."""
    mappings = tuple(changed if one.source == changed.source else one for one in schema.object_mappings)
    return replace(schema, object_mappings=mappings)


# ---- what flows -----------------------------------------------------------------------------------------------------


def set_mapping(one: ObjectMapping, target: str, changes: Mapping[str, Any]) -> ObjectMapping:
    """Map something to a target attribute, or change how; `changes` are fields of AttributeMapping."""
    if all(each.target != target for each in one.mappings):
        return replace(one, mappings=(*one.mappings, AttributeMapping(**{"target": target, "source": None, **changes})))
    changed = tuple(replace(each, **changes) if each.target == target else each for each in one.mappings)
    return replace(one, mappings=changed)


def remove_mapping(one: ObjectMapping, target: str) -> ObjectMapping:
    """Map nothing to a target attribute any more: what it holds is left alone."""
    names = [each.target for each in one.mappings]
    if target not in names:
        raise Refused("UnknownMapping", target=target, **suggestion(target, names))
    return replace(one, mappings=tuple(each for each in one.mappings if each.target != target))


# ---- lists of attributes --------------------------------------------------------------------------------------------


def add_attribute(one: ObjectMapping, side: Side, new: AttributeDefinition) -> ObjectMapping:
    """Add an attribute, or say otherwise what it takes."""
    held = one.attributes if side == "target" else one.source_attributes
    if any(each.name == new.name for each in held):
        return _with(one, side, [new if each.name == new.name else each for each in held])
    return _with(one, side, [*held, new])


def remove_attribute(one: ObjectMapping, side: Side, name: str) -> ObjectMapping:
    held = one.attributes if side == "target" else one.source_attributes
    names = [each.name for each in held]
    if name not in names:
        code = "UnknownTargetAttribute" if side == "target" else "UnknownSourceAttribute"
        raise Refused(code, attribute=name, **suggestion(name, names))
    if side == "target" and any(each.target == name for each in one.mappings):
        raise Refused("AttributeMapped", attribute=name)
    return _with(one, side, [each for each in held if each.name != name])


def _with(one: ObjectMapping, side: Side, attributes: Sequence[AttributeDefinition]) -> ObjectMapping:
    if side == "target":
        return replace(one, attributes=tuple(attributes))
    return replace(one, source_attributes=tuple(attributes))


# ---- scoping filters ------------------------------------------------------------------------------------------------


def add_clause(one: ObjectMapping, group: str | None, clause: FilterClause) -> ObjectMapping:
    """A clause that must hold with the others of its group; None: of the first group."""
    named = (each for each in one.scope_filter if group is None or each.name == group)
    found = next(named, None)
    if found is None:
        new = FilterGroup(FIRST_GROUP if group is None else group, (clause,))
        return replace(one, scope_filter=(*one.scope_filter, new))
    groups = (replace(each, clauses=(*each.clauses, clause)) if each is found else each for each in one.scope_filter)
    return replace(one, scope_filter=tuple(groups))


def remove_clause(one: ObjectMapping, group: str, number: int | None = None) -> ObjectMapping:
    """Take a clause out, counted from 1, or the whole group; a group without clauses goes with its last one."""
    found = next((each for each in one.scope_filter if each.name == group), None)
    if found is None:
        raise Refused("UnknownFilterGroup", group=group, **suggestion(group, [each.name for each in one.scope_filter]))
    if number is not None and not 1 <= number <= len(found.clauses):
        raise Refused("UnknownClause", group=group, number=number, count=len(found.clauses))
    left = () if number is None else (*found.clauses[: number - 1], *found.clauses[number:])
    groups = (replace(each, clauses=left) if each is found else each for each in one.scope_filter)
    return replace(one, scope_filter=tuple(each for each in groups if each is not found and each.clauses))


def clear_filter(one: ObjectMapping) -> ObjectMapping:
    """Whoever is assigned is in scope."""
    return replace(one, scope_filter=())
