"""Cases: an expression, what it is given and what it must give; a file of them tests the mappings of an app."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias, cast

import msgspec
from msgspec import Struct, field

from provisor.domain.change import Reason
from provisor.domain.error import EntryError, InvalidValue, Refused
from provisor.domain.resource import Attributes, Value
from provisor.expression.compiler import compile_expression
from provisor.expression.context import Context
from provisor.expression.pattern import pattern
from provisor.expression.value import Control, Role

Given: TypeAlias = str | bool | int | list[str | dict[str, str | bool | int | None]] | None
Source: TypeAlias = dict[str, Given]
"""The attributes that an expression is given, as JSON has them; only app roles may be objects."""


class CaseContext(Struct, frozen=True):
    """What is fixed for one case: the time, what the target holds already, the directory's default domain."""

    now: datetime | None = None
    target_values_taken: tuple[str, ...] = ()
    default_domain: str | None = None


class Case(Struct, frozen=True):
    """One case; a file may hold more fields, which are for its readers.

    `check`: equals `expected` · regex: the whole of it is found by `pattern` · shape: lists and objects of the same
    form, and anything but an error where nothing is expected. An `expected` of {"$control": …} is a Control, and
    {"$error": …} any refusal or error. `log_value` is what a log may show.
    """

    expression: str
    id: str = ""
    source: Source = field(default_factory=dict)
    expected: Any = None
    check: Literal["equals", "regex", "shape"] = "equals"
    pattern: str | None = None
    context: CaseContext | None = None
    log_value: Any = None


class Outcome(Struct, frozen=True):
    """What became of a case; `got` has the form of `expected`, and `reason` says why it is an error."""

    id: str
    passed: bool
    expected: Any
    got: Any
    logged: Any
    reason: Reason | None = None


def read_case(decoded: object) -> Case:
    """A case out of decoded JSON. Raises Refused, which names the place."""
    name = decoded.get("id", "") if isinstance(decoded, Mapping) else ""
    try:
        case = msgspec.convert(decoded, Case)
    except msgspec.ValidationError as error:
        source = decoded.get("source") if isinstance(decoded, Mapping) else None
        attribute = _wrong_attribute(source) if "$.source[" in str(error) else {}
        raise Refused("CaseInvalid", case=str(name)[:80], because=error, **attribute) from None
    if case.check == "equals" and isinstance(decoded, Mapping) and "expected" not in decoded:
        raise Refused("CaseInvalid", case=case.id[:80], because="Object missing required field `expected`")
    return case


def read_source(decoded: object) -> Attributes:
    """The attributes in decoded JSON. Raises Refused, which names the one that cannot be used."""
    try:
        return cast("Attributes", msgspec.convert(decoded, Source))
    except msgspec.ValidationError as error:
        raise Refused("SourceInvalid", because=error, **_wrong_attribute(decoded)) from None


def _wrong_attribute(source: object) -> Mapping[str, str]:
    """The first whose value cannot be used, as a parameter: the library says only what it found there."""
    for name, value in source.items() if isinstance(source, Mapping) else ():
        try:
            msgspec.convert(value, Given)
        except msgspec.ValidationError:
            return {"attribute": str(name)[:80]}
    return {}


def run_case(case: Case, context: Context) -> Outcome:
    """Evaluates the expression; what the case does not fix is asked of the context. Raises nothing."""
    fixed = case.context or CaseContext()
    own = Context(
        now=fixed.now or context.now,
        chance=context.chance,
        taken=frozenset(fixed.target_values_taken).__contains__,
        default_domain=fixed.default_domain or context.default_domain,
        clock=context.clock,
    )
    try:
        expression = compile_expression(case.expression)
        result = expression.evaluate(case.source, own)  # type: ignore[arg-type]  # roles may be objects
    except (Refused, EntryError) as error:
        failed = {"$error": error.reason.code}
        passed = isinstance(case.expected, dict) and "$error" in case.expected
        return Outcome(case.id, passed, _expected(case), failed, failed, error.reason)
    got, logged = _shown(result), _shown(expression.shown(result))
    passed = _passes(case, got) and case.log_value in (None, logged)
    return Outcome(case.id, passed, _expected(case), got, logged)


def _expected(case: Case) -> Any:
    return {"$pattern": case.pattern} if case.check == "regex" else case.expected


def _shown(result: Value | list[Role] | Control) -> Any:
    return {"$control": result.value} if isinstance(result, Control) else result


def _passes(case: Case, got: Any) -> bool:
    match case.check:
        case "equals":
            return _same(case.expected, got)
        case "regex":
            return _found(case.pattern or "", got)
        case "shape":
            return case.expected is None or _alike(case.expected, got)


def _same(expected: Any, got: Any) -> bool:
    """Equal and of one type; a Boolean or a number may be expected as it is printed."""
    if isinstance(expected, str) and isinstance(got, int):
        return expected == str(got)
    return type(expected) is type(got) and bool(expected == got)


def _found(written: str, got: Any) -> bool:
    try:
        compiled = pattern(written, "regex")
        return compiled is not None and compiled.first(str(got), 0, Context(), "regex") is not None
    except InvalidValue:
        return False


def _alike(expected: Any, got: Any) -> bool:
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(_alike(expected[name], got[name]) for name in expected)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(_alike, expected, got))
    return type(expected) is type(got)
