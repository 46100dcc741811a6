"""What becomes of a value: left out, unique in the target, hidden in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Attributes
from provisor.expression.coerce import text
from provisor.expression.context import Context
from provisor.expression.function import form, function
from provisor.expression.operand import Evaluate, Operand
from provisor.expression.value import Control, Datum, Diverted

Candidates: TypeAlias = Callable[[Attributes, Context], Iterator[str | Control]]


@function("IgnoreFlowIfNullOrEmpty", "IgnoreFlowIfNullOrEmpty([nickname])", Control.IGNORE_FLOW)
def ignore_flow_if_null_or_empty(expression: Datum) -> Datum:
    """The value; if there is none, the attribute is left out of what is sent."""
    if expression is None or expression in ("", []):
        raise Diverted(Control.IGNORE_FLOW)
    return expression


@form("IgnoreAttributeFlow", "", 'IIF([country] = "DE", IgnoreAttributeFlow, [city])', Control.IGNORE_ATTRIBUTE_FLOW)
def ignore_attribute_flow(_arguments: Sequence[Operand]) -> Evaluate:
    """A word, written without parentheses too: the attribute is left out of what is sent."""
    return diverting(Control.IGNORE_ATTRIBUTE_FLOW)


@form("IgnoreObjectFlow", "", 'IIF([country] = "DE", IgnoreObjectFlow, "False")', Control.IGNORE_OBJECT_FLOW)
def ignore_object_flow(_arguments: Sequence[Operand]) -> Evaluate:
    """A word, written without parentheses too: the whole entry is left out, for the target attribute objectFilter."""
    return diverting(Control.IGNORE_OBJECT_FLOW)


def diverting(control: Control) -> Evaluate:
    def evaluate(_attributes: Attributes, _context: Context) -> Datum:
        raise Diverted(control)

    return evaluate


@form(
    "SelectUniqueValue",
    "rule1, rule2, ...",
    'SelectUniqueValue([mail], Append([mailNickname], "2@contoso.com"))',
    "zoe2@contoso.com",
    outermost=True,
)
def select_unique_value(arguments: Sequence[Operand]) -> Evaluate:
    """The first value that the target does not hold yet; if it holds all, the entry is tried again later.

    It stands outside of all other functions, and is evaluated for an account that is to be created only.
    """
    proposed = candidates(arguments)

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        for value in proposed(attributes, context):
            if isinstance(value, Control):
                raise Diverted(value)
            if context.taken is None:
                raise InvalidValue(function="SelectUniqueValue", problem="NotToldHere")
            if not context.taken(value):
                return value
        return None

    return evaluate


def candidates(arguments: Sequence[Operand]) -> Candidates:
    """The values of SelectUniqueValue one by one, each once and none empty, evaluated when asked for.

    What is behind the last is a control: what to do when none was free.
    """
    rules = [operand.evaluate for operand in arguments]

    def propose(attributes: Attributes, context: Context) -> Iterator[str | Control]:
        seen: set[str] = set()
        for rule in rules:
            try:
                value = text(rule(attributes, context), "SelectUniqueValue")
            except Diverted as diverted:
                yield diverted.control
                return
            if value and value not in seen:
                seen.add(value)
                yield value
        if seen:
            yield Control.ESCROW

    return propose


@function("Redact", "Redact([employeeId])", "E0123")
def redact(value: Datum) -> Datum:
    """The value as it is; logs and previews show [Redact] in its place."""
    return value
