"""What may be saved, and may not mean what whoever wrote it thinks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisor.domain.change import Reason
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping, SynchronizationSchema
from provisor.expression import ExpressionError, compile_expression
from provisor.flow import filter as filters
from provisor.flow.map import OBJECT_FILTER, clears, flows_later
from provisor.schema.fault import Fault, places_of


def warnings(schema: SynchronizationSchema) -> Sequence[Fault]:
    """Each with its place, as faults are."""
    found: list[Fault] = []
    for mapping, place in zip(schema.object_mappings, places_of(schema), strict=True):
        for number, one in enumerate(mapping.mappings):
            found += _mapping(mapping, one, f"{place.mapping}.attributeMappings[{number}]")
        for each in filters.warnings(mapping.scope_filter):
            found.append(Fault(f"{place.mapping}.scope.groups{each.path}", each.reason))
    return found


def _mapping(mapping: ObjectMapping, one: AttributeMapping, where: str) -> Iterator[Fault]:
    try:
        expression = None if one.source is None else compile_expression(one.source)
    except ExpressionError:  # a fault, which is told as such
        return
    definition = mapping.definition(one.target)
    written = definition is not None or one.target != OBJECT_FILTER
    definition = definition or AttributeDefinition(one.target)
    told = {"target": one.target}
    if written and expression is not None and expression.changing and flows_later(one, definition, expression):
        yield Fault(f"{where}.source.expression", Reason("ChangesByItself", told))
    if one.flow_null_values and not (written and clears(one, definition, expression)):
        yield Fault(f"{where}.flowNullValues", Reason("ClearsNever", told))
