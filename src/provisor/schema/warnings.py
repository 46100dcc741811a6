"""What may be saved, and may not mean what whoever wrote it thinks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from provisor.domain.change import Reason
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping, SynchronizationSchema
from provisor.expression import Expression, ExpressionError, compile_expression
from provisor.flow import filter as filters
from provisor.flow.map import OBJECT_FILTER, clears, flows_later
from provisor.schema.fault import Fault, places_of

ACTIVE: Final = "active"
"""What an account is disabled by, in every target."""


def warnings(schema: SynchronizationSchema) -> Sequence[Fault]:
    """Each with its place, as faults are."""
    found: list[Fault] = []
    for mapping, place in zip(schema.object_mappings, places_of(schema), strict=True):
        for number, one in enumerate(mapping.mappings):
            found += _mapping(mapping, one, f"{place.mapping}.attributeMappings[{number}]")
        found += _active(mapping, f"{place.mapping}.attributeMappings")
        for each in filters.warnings(mapping.scope_filter):
            found.append(Fault(f"{place.mapping}.scope.groups{each.path}", each.reason))
    return found


def _active(mapping: ObjectMapping, where: str) -> Iterator[Fault]:
    """Who is disabled needs no mapping for it; who comes back does."""
    if mapping.source != "User" or "Update" not in mapping.flow_types:
        return
    definition = mapping.definition(ACTIVE) or AttributeDefinition(ACTIVE)
    if not any(one.target == ACTIVE and flows_later(one, definition, _compiled(one)) for one in mapping.mappings):
        yield Fault(where, Reason("NobodySwitchedOn", {"target": ACTIVE}))


def _compiled(one: AttributeMapping) -> Expression | None:
    """None as well for what is a fault, which is told as such."""
    try:
        return None if one.source is None else compile_expression(one.source)
    except ExpressionError:
        return None


def _mapping(mapping: ObjectMapping, one: AttributeMapping, where: str) -> Iterator[Fault]:
    expression = _compiled(one)
    definition = mapping.definition(one.target)
    written = definition is not None or one.target != OBJECT_FILTER
    definition = definition or AttributeDefinition(one.target)
    told = {"target": one.target}
    if written and expression is not None and expression.changing and flows_later(one, definition, expression):
        yield Fault(f"{where}.source.expression", Reason("ChangesByItself", told))
    if one.flow_null_values and not (written and clears(one, definition, expression)):
        yield Fault(f"{where}.flowNullValues", Reason("ClearsNever", told))
