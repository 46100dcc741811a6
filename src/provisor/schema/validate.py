"""What is wrong in a schema: every rule that one must keep before it is saved, shipped or imported. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from provisor.domain.change import Reason
from provisor.domain.directory import ALSO_CALLED, HELD, ROLES, readable
from provisor.domain.error import EntryError
from provisor.domain.resource import Value
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping, SynchronizationSchema
from provisor.expression import Expression, ExpressionError, compile_expression
from provisor.flow import filter as filters
from provisor.flow.map import OBJECT_FILTER, fitting
from provisor.schema.fault import Fault, Places, places_of

LONGEST_NAME: Final = 400  # characters
MOST: Final = 1000  # attributes on a side, mappings, clauses
LARGEST_LENGTH: Final = 10**9 - 1
LARGEST_PRIORITY: Final = 2**31 - 1
OUR_ROLES: Final = "appRoles"
"""The one target attribute that takes the roles as they are: its connector knows what each of them gives."""


def faults(schema: SynchronizationSchema, places: Sequence[Places] | None = None) -> Sequence[Fault]:
    """Everything that must not be saved. `places`: where the object mappings stand, else as we export them."""
    where = places or places_of(schema)
    found = list(_together(schema, where))
    for mapping, place in zip(schema.object_mappings, where, strict=True):
        found += _object_mapping(mapping, place)
    return found


def _together(schema: SynchronizationSchema, places: Sequence[Places]) -> Iterator[Fault]:
    seen: set[str] = set()
    for mapping, place in zip(schema.object_mappings, places, strict=True):
        if mapping.source in seen:
            told = {"type": mapping.source, "mapping": mapping.name}
            yield Fault(f"{place.mapping}.sourceObjectName", Reason("ObjectMappingTwice", told))
        seen.add(mapping.source)
    if schema.mapping_for("User") is None:
        yield Fault("synchronizationRules", Reason("NoUserMapping"))


def _object_mapping(mapping: ObjectMapping, place: Places) -> Iterator[Fault]:
    if too_many := list(_too_many(mapping, place)):
        yield from too_many  # and no more: to look into them would take too long
        return
    if not _is_name(mapping.name):
        yield Fault(f"{place.mapping}.name", Reason("NameInvalid", {"name": mapping.name[:80]}))
    if mapping.source != mapping.target:
        told = {"source": mapping.source, "target": mapping.target}
        yield Fault(f"{place.mapping}.targetObjectName", Reason("ObjectTypesDiffer", told))
    yield from _target_attributes(mapping, place.target)
    yield from _source_attributes(mapping, place.source)
    known = readable(mapping)
    for number, one in enumerate(mapping.mappings):
        yield from _mapping(mapping, number, one, known, f"{place.mapping}.attributeMappings[{number}]")
    yield from _matching(mapping, place.mapping)
    yield from _scope(mapping, place.mapping)


def _too_many(mapping: ObjectMapping, place: Places) -> Iterator[Fault]:
    counted = {
        place.target: len(mapping.attributes),
        place.source: len(mapping.source_attributes),
        f"{place.mapping}.attributeMappings": len(mapping.mappings),
        f"{place.mapping}.scope.groups": sum(len(group.clauses) or 1 for group in mapping.scope_filter),
    }
    for where, count in counted.items():
        if count > MOST:
            yield Fault(where, Reason("TooMany", {"count": str(count), "limit": str(MOST)}))


# ---- lists of attributes --------------------------------------------------------------------------------------------


def _target_attributes(mapping: ObjectMapping, place: str) -> Iterator[Fault]:
    given = {one.target for one in mapping.mappings if one.source is not None or one.default is not None}
    seen: set[str] = set()
    for number, one in enumerate(mapping.attributes):
        where = f"{place}[{number}]"
        yield from _definition(one, where)
        if one.name.casefold() in seen:
            yield Fault(f"{where}.name", Reason("AttributeTwice", {"attribute": one.name}))
        seen.add(one.name.casefold())
        if one.required and one.mutability != "ReadOnly" and one.name not in given:
            yield Fault(where, Reason("RequiredUnmapped", {"attribute": one.name}))


def _source_attributes(mapping: ObjectMapping, place: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for one in mapping.source_attributes:
        where = f"{place}['{one.name}']"
        yield from _definition(one, where)
        if one.name in HELD[mapping.source]:
            yield Fault(where, Reason("AttributeHeldAnyway", {"attribute": one.name}))
        if one.name in seen:
            yield Fault(where, Reason("AttributeTwice", {"attribute": one.name}))
        if {"[", "]"}.intersection(one.name):
            yield Fault(where, Reason("NameInvalid", {"name": one.name[:80]}))
        seen.add(one.name)


def _definition(one: AttributeDefinition, where: str) -> Iterator[Fault]:
    if not _is_name(one.name):
        yield Fault(f"{where}.name", Reason("NameInvalid", {"name": one.name[:80]}))
    if one.max_length is not None and not 1 <= one.max_length <= LARGEST_LENGTH:
        yield Fault(where, Reason("LengthInvalid", {"attribute": one.name, "length": str(one.max_length)}))


def _text(text: str | None, where: str) -> Iterator[Fault]:
    """Neither every database nor any file takes these characters."""
    unusable = next((sign for sign in text or "" if sign == "\0" or "\ud800" <= sign <= "\udfff"), None)
    if unusable is not None:
        yield Fault(where, Reason("TextUnusable", {"character": f"U+{ord(unusable):04X}"}))


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and name == name.strip() and name.isprintable()


# ---- one attribute mapping ------------------------------------------------------------------------------------------


def _mapping(
    mapping: ObjectMapping, number: int, one: AttributeMapping, known: Mapping[str, AttributeDefinition], where: str
) -> Iterator[Fault]:
    definition = mapping.definition(one.target)
    yield from _target(mapping, number, definition, f"{where}.targetAttributeName")
    if one.source is None and one.default is None:
        yield Fault(where, Reason("MappingEmpty", {"target": one.target}))
    if one.default == "":
        yield Fault(f"{where}.defaultValue", Reason("DefaultEmpty", {"target": one.target}))
    for member, text in (("source.expression", one.source), ("defaultValue", one.default)):
        yield from _text(text, f"{where}.{member}")
    expression: Expression | None = None
    if one.source is not None:
        try:
            expression = compile_expression(one.source, known)
        except ExpressionError as error:
            yield Fault(f"{where}.source.expression", _better_suggested(error.reason))
    if definition is not None:
        yield from _values(one, definition, expression, known, where)
    elif one.target == OBJECT_FILTER:
        yield from _object_filter(one, where)
    if one.matching_priority:
        yield from _matching_mapping(one, definition, expression, f"{where}.matchingPriority")
    if expression is not None:
        yield from _looked_for(one, definition, expression, f"{where}.source.expression")


def _target(mapping: ObjectMapping, number: int, definition: AttributeDefinition | None, where: str) -> Iterator[Fault]:
    target = mapping.mappings[number].target
    if target.casefold() == "id":
        yield Fault(where, Reason("KeyAsTarget", {"target": target}))
    elif definition is None and target != OBJECT_FILTER:
        names = [*(one.name for one in mapping.attributes), OBJECT_FILTER]
        yield Fault(where, Reason("MappingToUnknownAttribute", {"target": target, **suggestion(target, names)}))
    elif definition is not None and definition.mutability == "ReadOnly":
        yield Fault(where, Reason("MappingToReadOnly", {"target": target}))
    if any(one.target == target for one in mapping.mappings[:number]):
        yield Fault(where, Reason("MappedTwice", {"target": target}))


def _object_filter(one: AttributeMapping, where: str) -> Iterator[Fault]:
    """It is no attribute that an account has."""
    for used, member in ((one.matching_priority, "matchingPriority"), (one.default is not None, "defaultValue")):
        if used:
            yield Fault(f"{where}.{member}", Reason("ObjectFilterHoldsNothing", {"target": one.target}))


def _values(
    one: AttributeMapping,
    definition: AttributeDefinition,
    expression: Expression | None,
    known: Mapping[str, AttributeDefinition],
    where: str,
) -> Iterator[Fault]:
    """What can be told of the values before there are any."""
    if one.default is not None and (problem := _unfit(one.default, definition)):
        yield Fault(f"{where}.defaultValue", problem)
    if expression is not None and expression.kind == "Constant":
        value = expression.evaluate({})
        if isinstance(value, str | int) and (problem := _unfit(value, definition)):
            yield Fault(f"{where}.source.expression", problem)
    if expression is not None and expression.kind == "Attribute":
        yield from _direct(one, definition, known[next(iter(expression.attributes))], f"{where}.source.expression")
    if one.flow_type == "MultiValueAddOnly" and not definition.multivalued:
        yield Fault(f"{where}.flowType", Reason("AddsToOneValue", {"target": one.target}))
    if one.flow_null_values and definition.required:
        yield Fault(f"{where}.flowNullValues", Reason("ClearsRequired", {"target": one.target}))


def _direct(
    one: AttributeMapping, definition: AttributeDefinition, held: AttributeDefinition, where: str
) -> Iterator[Fault]:
    if held.name == ROLES and not (one.target == OUR_ROLES and definition.multivalued):
        yield Fault(where, Reason("RolesMappedDirectly", {"target": one.target}))
    elif held.multivalued and not definition.multivalued:
        yield Fault(where, Reason("SeveralForOne", {"target": one.target, "source": held.name}))


def _unfit(value: Value, definition: AttributeDefinition) -> Reason | None:
    """Why the target would not take this value; None: it would."""
    try:
        fitting(definition)(value)
    except EntryError:
        limit = {} if definition.max_length is None else {"limit": str(definition.max_length)}
        told = {"target": definition.name, "value": str(value)[:80], "type": definition.type, **limit}
        return Reason("ValueUnfit", told)
    return None


def _better_suggested(reason: Reason) -> Reason:
    """Entra's and LDAP's names for what we call otherwise are nearer than what is spelled alike."""
    meant = ALSO_CALLED.get(reason.parameters.get("attribute", ""))
    if reason.code not in ("UnknownAttribute", "FilterAttributeUnknown") or meant is None:
        return reason
    return Reason(reason.code, {**reason.parameters, "suggestion": meant})


# ---- matching, scope ------------------------------------------------------------------------------------------------


def _matching_mapping(
    one: AttributeMapping, definition: AttributeDefinition | None, expression: Expression | None, where: str
) -> Iterator[Fault]:
    told = {"target": one.target}
    if not 0 <= one.matching_priority <= LARGEST_PRIORITY:
        yield Fault(where, Reason("MatchingPriorityInvalid", {**told, "priority": str(one.matching_priority)}))
    if one.source is None:
        yield Fault(where, Reason("MatchingWithoutSource", told))
    if expression is not None and expression.candidates is not None:
        yield Fault(where, Reason("MatchingBySelectUniqueValue", told))
    if definition is not None and not definition.findable:
        yield Fault(where, Reason("MatchingNotFilterable", told))


def _looked_for(
    one: AttributeMapping, definition: AttributeDefinition | None, expression: Expression, where: str
) -> Iterator[Fault]:
    """Values that the target is asked about."""
    unique = expression.candidates is not None
    askable = one.target != OBJECT_FILTER if definition is None else definition.findable
    if unique and not askable:
        yield Fault(where, Reason("UniqueNotFilterable", {"target": one.target}))
    if expression.redacted and (unique or one.matching_priority):
        yield Fault(where, Reason("RedactedLookedFor", {"target": one.target}))


def _matching(mapping: ObjectMapping, place: str) -> Iterator[Fault]:
    if not mapping.matching:
        yield Fault(f"{place}.attributeMappings", Reason("NoMatching", {"mapping": mapping.name}))
    first: dict[int, str] = {}
    for number, one in enumerate(mapping.mappings):
        if one.matching_priority > 0 and one.matching_priority in first:
            told = {"priority": str(one.matching_priority), "targets": f"{first[one.matching_priority]}, {one.target}"}
            where = f"{place}.attributeMappings[{number}].matchingPriority"
            yield Fault(where, Reason("MatchingPriorityTwice", told))
        first.setdefault(one.matching_priority, one.target)


def _scope(mapping: ObjectMapping, place: str) -> Iterator[Fault]:
    for at, group in enumerate(mapping.scope_filter):
        where = f"{place}.scope.groups[{at}]"
        yield from _text(group.name, f"{where}.name")
        for number, clause in enumerate(group.clauses):
            yield from _text(clause.value, f"{where}.clauses[{number}].targetOperand")
    for one in filters.faults(mapping.scope_filter, list(readable(mapping).values())):
        yield Fault(f"{place}.scope.groups{one.path}", _better_suggested(one.reason))


def suggestion(name: str, names: Sequence[str]) -> Mapping[str, str]:
    """What is perhaps meant, as a parameter; none where nothing comes near."""
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return {"suggestion": by_lower[close[0]]} if close else {}
