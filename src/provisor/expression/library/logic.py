"""Conditions and choices."""

from __future__ import annotations

from collections.abc import Sequence

from provisor.domain.resource import Attributes
from provisor.expression.coerce import text, truth
from provisor.expression.context import Context
from provisor.expression.function import form, function
from provisor.expression.operand import ABSENT, Evaluate, Operand
from provisor.expression.value import Datum


@form("IIF", "condition, valueIfTrue, [valueIfFalse]", 'IIF([country] = "FR", "Paris", [city])', "Berlin")
def iif(arguments: Sequence[Operand]) -> Evaluate:
    """One value or the other; only the one that is taken is evaluated."""
    condition, yes = arguments[0].evaluate, arguments[1].evaluate
    no = (arguments[2] if len(arguments) > 2 else ABSENT).evaluate

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        met = condition(attributes, context)
        if met is True or (met is not False and truth(met, "IIF")):
            return yes(attributes, context)
        return no(attributes, context)

    return evaluate


@form(
    "Switch",
    "source, [default], key, value, ...",
    'Switch([country], "Other", "DE", "Germany", "FR", "France")',
    "Germany",
    pairs=True,
)
def switch(arguments: Sequence[Operand]) -> Evaluate:
    """The value of the first key that equals the source, case and all; the key "" equals null too.

    Only the value that is taken is evaluated.
    """
    source, default = arguments[0].evaluate, arguments[1].evaluate
    keys, values = arguments[2::2], [operand.evaluate for operand in arguments[3::2]]
    if not all(key.fixed for key in keys):
        return _search(source, default, list(zip((key.evaluate for key in keys), values, strict=True)))
    table: dict[str, Evaluate] = {}
    for key, value in zip(keys, values, strict=True):
        table.setdefault(text(key.constant, "Switch") or "", value)

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        wanted = source(attributes, context)
        known = wanted if type(wanted) is str else text(wanted, "Switch") or ""
        return table.get(known, default)(attributes, context)

    return evaluate


def _search(source: Evaluate, default: Evaluate, cases: Sequence[tuple[Evaluate, Evaluate]]) -> Evaluate:
    """Switch where a key depends on an attribute."""

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        wanted = text(source(attributes, context), "Switch") or ""
        for key, value in cases:
            if (text(key(attributes, context), "Switch") or "") == wanted:
                return value(attributes, context)
        return default(attributes, context)

    return evaluate


@form("Coalesce", "source1, [source2], ...", 'Coalesce([nickname], [givenName], "nobody")', "Zoë")
def coalesce(arguments: Sequence[Operand]) -> Evaluate:
    """The first value that is neither null nor empty, else the last."""
    sources = [operand.evaluate for operand in arguments[:-1]]
    default = arguments[-1].evaluate

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        for source in sources:
            value = source(attributes, context)
            if value is not None and value not in ("", []):
                return value
        return default(attributes, context)

    return evaluate


@function("Not", "Not([accountEnabled])", False)
def not_(source: Datum) -> Datum:
    """False if the source is true, True for anything else, null too."""
    return not truth(source, "Not")


@function("CBool", 'CBool([country] = "DE")', True)
def cbool(expression: Datum) -> Datum:
    """False for False, zero, null and an empty text; True for anything else."""
    if isinstance(expression, str):
        return expression.strip().casefold() not in ("", "0", "false")
    return bool(expression)


@function("IsNull", "IsNull([nickname])", True)
def is_null(expression: Datum) -> Datum:
    """True if the attribute is not there."""
    return expression is None


@function("IsNothing", "IsNothing([nickname])", True)
def is_nothing(source: Datum) -> Datum:
    """Another name for IsNull."""
    return source is None


@function("IsNullOrEmpty", "IsNullOrEmpty([givenName])", False)
def is_null_or_empty(expression: Datum) -> Datum:
    """True if the attribute is not there, or empty."""
    return expression is None or expression in ("", [])


@function("IsPresent", "IsPresent([givenName])", True)
def is_present(expression: Datum) -> Datum:
    """True if the attribute is there, and not empty."""
    return not is_null_or_empty(expression)


@function("IsString", "IsString([proxyAddresses])", False)
def is_string(expression: Datum) -> Datum:
    """True for whatever can be read as one text: not for null, and not for a list."""
    return expression is not None and not isinstance(expression, list)
