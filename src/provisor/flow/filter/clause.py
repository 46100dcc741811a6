"""One condition, compiled to a test of an entry (section 2 of Entra's scoping filters)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from provisor.domain.error import FilterUndecided, FilterUnusable
from provisor.domain.resource import Entry, Membership, Value
from provisor.domain.schema import FilterClause, FilterOperator
from provisor.flow.filter.pattern import Timeout, Unreadable, whole_match

Test: TypeAlias = Callable[[Entry, Sequence[Membership]], bool]
"""Does the entry meet the clause? Raises FilterUndecided."""

MEMBER_OF: Final = "memberOf"
OBJECT_ID: Final = "objectId"
UNARY: Final = frozenset({"IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL"})
NUMERIC: Final = frozenset({"GREATER_THAN", "GREATER_THAN_OR_EQUALS"})
PATTERNS: Final = frozenset({"REGEX MATCH", "NOT REGEX MATCH"})

_WHOLE = re.compile(r"-?[0-9]{1,100}")


def label(group: str, clause: FilterClause) -> str:
    """How the log names a clause, as Entra does: "<title>.<attribute> <OPERATOR> <value>"."""
    value = "" if clause.value is None else f" {clause.value}"
    return f"{group}.{clause.attribute} {clause.operator}{value}"


def whole_number(text: str) -> int | None:
    """None: it is none."""
    return int(text) if _WHOLE.fullmatch(text) else None


def compile_clause(clause: FilterClause, name: str) -> Test:
    """Raises FilterUnusable where the clause has a fault that saving it would have found."""
    if clause.attribute == MEMBER_OF:
        return _member(clause, name)
    holds, attribute = _test(clause, name), clause.attribute
    if attribute == OBJECT_ID:
        return lambda entry, _groups: holds(entry.id)
    return lambda entry, _groups: holds(entry.attributes.get(attribute))


def _is_empty(value: Value) -> bool:
    return value is None or value in ("", [])


def _member(clause: FilterClause, name: str) -> Test:
    """Being in no group is an answer, too: such an entry meets NOT EQUALS."""
    wanted, negative = _operand(clause, name), clause.operator == "NOT EQUALS"
    if clause.operator not in ("EQUALS", "NOT EQUALS"):
        raise FilterUnusable(clause=name, problem="FilterOperatorUnfit")
    wanted_id = wanted.lower()

    def test(_entry: Entry, groups: Sequence[Membership]) -> bool:
        return any(one.group_id == wanted_id or one.name == wanted for one in groups) is not negative

    return test


def _test(clause: FilterClause, name: str) -> Callable[[Value], bool]:
    """What the attribute's value is asked."""
    operator: FilterOperator = clause.operator
    match operator:
        case "IS NULL":
            return _is_empty
        case "IS NOT NULL":
            return lambda value: not _is_empty(value)
        case "IS TRUE" | "IS FALSE":
            return _present(_truth(name, wanted=operator == "IS TRUE"))
        case "GREATER_THAN" | "GREATER_THAN_OR_EQUALS":
            return _present(_greater(name, _operand(clause, name), or_equal=operator == "GREATER_THAN_OR_EQUALS"))
        case "REGEX MATCH" | "NOT REGEX MATCH":
            return _present(_matching(name, _operand(clause, name), negative=operator == "NOT REGEX MATCH"))
        case "EQUALS" | "NOT EQUALS":
            return _present(_equal(name, _operand(clause, name), negative=operator == "NOT EQUALS"))
        case "INCLUDES":
            wanted = _operand(clause, name)
            return _present(lambda value: wanted in (value if isinstance(value, list) else _text(value, name)))
        case "ENDS_WITH":
            ending = _operand(clause, name)
            return _present(lambda value: _text(value, name).endswith(ending))
        case "&" | "!&":
            given, negative = _operand(clause, name), operator == "!&"
            return _present(lambda value: (_text(value, name) in given) is not negative)


def _present(holds: Callable[[Value], bool]) -> Callable[[Value], bool]:
    """Without a value a clause does not hold, a negative one neither."""
    return lambda value: not _is_empty(value) and holds(value)


def _operand(clause: FilterClause, name: str) -> str:
    if not clause.value:
        raise FilterUnusable(clause=name, problem="FilterValueMissing")
    return clause.value


def _truth(name: str, *, wanted: bool) -> Callable[[Value], bool]:
    def test(value: Value) -> bool:
        match value:
            case bool():
                return value is wanted
            case str() if value.casefold() in ("true", "false"):  # as a directory may write it
                return (value.casefold() == "true") is wanted
            case _:
                raise FilterUndecided(clause=name, problem="NeitherTrueNorFalse")

    return test


def _greater(name: str, than: str, *, or_equal: bool) -> Callable[[Value], bool]:
    limit = whole_number(than)
    if limit is None:
        raise FilterUnusable(clause=name, problem="NotAWholeNumber")
    least = limit if or_equal else limit + 1

    def test(value: Value) -> bool:
        number = whole_number(_text(value, name))
        if number is None:
            raise FilterUndecided(clause=name, problem="NotAWholeNumber")
        return number >= least

    return test


def _matching(name: str, pattern: str, *, negative: bool) -> Callable[[Value], bool]:
    try:
        matches = whole_match(pattern)
    except Unreadable:
        raise FilterUnusable(clause=name, problem="FilterPatternUnreadable") from None

    def test(value: Value) -> bool:
        try:
            return matches(_text(value, name)) is not negative
        except Timeout:
            raise FilterUndecided(clause=name, problem="FilterPatternTimedOut") from None

    return test


def _equal(name: str, wanted: str, *, negative: bool) -> Callable[[Value], bool]:
    number = whole_number(wanted)

    def test(value: Value) -> bool:
        same = value == number if type(value) is int else _text(value, name) == wanted
        return same is not negative

    return test


def _text(value: Value, name: str) -> str:
    """A text or a number. Raises FilterUndecided for several values, and for a truth value."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise FilterUndecided(clause=name, problem="SeveralValues" if isinstance(value, list) else "TrueOrFalse")
