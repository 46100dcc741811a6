"""What is wrong with a filter, told when it is saved: every fault, and where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from provisor.domain.change import Reason
from provisor.domain.schema import AttributeDefinition, AttributeType, FilterClause, FilterGroup, FilterOperator
from provisor.flow.filter.clause import MEMBER_OF, NUMERIC, OBJECT_ID, PATTERNS, UNARY, whole_number
from provisor.flow.filter.pattern import Unreadable, is_anchored, whole_match

FITTING: Final[Mapping[FilterOperator, frozenset[AttributeType]]] = {
    "EQUALS": frozenset({"String", "Integer"}),
    "NOT EQUALS": frozenset({"String", "Integer"}),
    "IS TRUE": frozenset({"Boolean"}),
    "IS FALSE": frozenset({"Boolean"}),
    "IS NULL": frozenset({"String", "Integer", "Boolean", "Binary"}),
    "IS NOT NULL": frozenset({"String", "Integer", "Boolean", "Binary"}),
    "REGEX MATCH": frozenset({"String", "Integer"}),
    "NOT REGEX MATCH": frozenset({"String", "Integer"}),
    "GREATER_THAN": frozenset({"String", "Integer"}),  # a directory may keep numbers as text
    "GREATER_THAN_OR_EQUALS": frozenset({"String", "Integer"}),
    "INCLUDES": frozenset({"String"}),
    "ENDS_WITH": frozenset({"String"}),
    "&": frozenset({"String"}),
    "!&": frozenset({"String"}),
}
OF_SEVERAL: Final[frozenset[FilterOperator]] = frozenset({"INCLUDES", "IS NULL", "IS NOT NULL"})
"""What an attribute with several values can be asked."""

OF_GROUPS: Final[frozenset[FilterOperator]] = frozenset({"EQUALS", "NOT EQUALS"})
UNUSABLE: Final = frozenset({"appRoleAssignments", "manager", "members", "IsSoftDeleted"})
"""They say who somebody belongs to, or follow from the scope itself."""

UNUSABLE_TYPES: Final[frozenset[AttributeType]] = frozenset({"DateTime", "Reference"})


class Fault(Struct, frozen=True):
    """`path` leads on from the list of groups in Microsoft Graph's JSON: `[0].clauses[2].operatorName`."""

    path: str
    reason: Reason


def faults(groups: Sequence[FilterGroup], definitions: Sequence[AttributeDefinition]) -> Sequence[Fault]:
    """Everything that would keep this filter from being used. `definitions`: all that the directory holds."""
    known = {definition.name: definition for definition in definitions}
    return [fault for at, group in enumerate(groups) for fault in _group(f"[{at}]", group, known)]


def warnings(groups: Sequence[FilterGroup]) -> Sequence[Fault]:
    """What may not mean what whoever wrote it thinks."""
    return [
        Fault(f"[{at}].clauses[{place}].targetOperand", Reason("FilterPatternUnanchored", {"pattern": clause.value}))
        for at, group in enumerate(groups)
        for place, clause in enumerate(group.clauses)
        if clause.operator in PATTERNS and clause.value and not is_anchored(clause.value)
    ]


def _group(path: str, group: FilterGroup, known: Mapping[str, AttributeDefinition]) -> Iterator[Fault]:
    if not group.clauses:
        yield Fault(f"{path}.clauses", Reason("FilterGroupEmpty", {"group": group.name}))
    for place, clause in enumerate(group.clauses):
        yield from _clause(f"{path}.clauses[{place}]", clause, known)


def _clause(path: str, clause: FilterClause, known: Mapping[str, AttributeDefinition]) -> Iterator[Fault]:
    definition = known.get(clause.attribute)
    if clause.attribute == MEMBER_OF:
        yield from _operator(path, clause, "a group", OF_GROUPS)
    elif clause.attribute in UNUSABLE or (definition is not None and definition.type in UNUSABLE_TYPES):
        yield Fault(f"{path}.sourceOperandName", Reason("FilterAttributeUnusable", {"attribute": clause.attribute}))
    elif clause.attribute == OBJECT_ID:
        yield from _operator(path, clause, "String", _operators("String"))
    elif definition is None:
        told = {"attribute": clause.attribute, **_suggestion(clause.attribute, known)}
        yield Fault(f"{path}.sourceOperandName", Reason("FilterAttributeUnknown", told))
    elif definition.multivalued:
        yield from _operator(path, clause, "several values", OF_SEVERAL)
    else:
        yield from _operator(path, clause, definition.type, _operators(definition.type))
    yield from _value(f"{path}.targetOperand", clause, definition)


def _suggestion(name: str, known: Mapping[str, AttributeDefinition]) -> Mapping[str, str]:
    """What is perhaps meant; nothing where no name comes near."""
    by_lower = {each.lower(): each for each in (*known, MEMBER_OF, OBJECT_ID) if each not in UNUSABLE}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return {"suggestion": by_lower[close[0]]} if close else {}


def _operators(type_: AttributeType) -> frozenset[FilterOperator]:
    return frozenset(operator for operator, types in FITTING.items() if type_ in types)


def _operator(path: str, clause: FilterClause, type_: str, fitting: frozenset[FilterOperator]) -> Iterator[Fault]:
    if clause.operator not in fitting:
        ordered = ", ".join(operator for operator in FITTING if operator in fitting)
        parameters = {"operator": clause.operator, "attribute": clause.attribute, "type": type_, "fitting": ordered}
        yield Fault(f"{path}.operatorName", Reason("FilterOperatorUnfit", parameters))


def _value(path: str, clause: FilterClause, definition: AttributeDefinition | None) -> Iterator[Fault]:
    named = {"operator": clause.operator}
    if clause.operator in UNARY:
        if clause.value is not None:
            yield Fault(path, Reason("FilterValueSuperfluous", named))
        return
    if not clause.value:
        yield Fault(path, Reason("FilterValueMissing", named))
        return
    number = definition is not None and definition.type == "Integer" and clause.operator in ("EQUALS", "NOT EQUALS")
    if (clause.operator in NUMERIC or number) and whole_number(clause.value) is None:
        yield Fault(path, Reason("FilterValueNotInteger", {**named, "value": clause.value}))
    if clause.operator in PATTERNS:
        try:
            whole_match(clause.value)
        except Unreadable as error:
            yield Fault(path, Reason("FilterPatternUnreadable", {"pattern": clause.value, "because": str(error)}))
