"""Tree to closures: everything that can be decided once is decided before the first entry comes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, cast

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Attributes, Value
from provisor.expression.coerce import number, text
from provisor.expression.error import ExpressionError
from provisor.expression.functions import LIBRARY, Evaluate, Function, Operand
from provisor.expression.parse import Attribute, Call, Comparison, Constant, Node, Word, parse

Kind: TypeAlias = Literal["Attribute", "Constant", "Function"]

_WORDS = {"vbbinarycompare": 0, "vbtextcompare": 1}
_WORDS_TO_COME = {"ignoreattributeflow", "ignoreobjectflow"}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: `evaluate` takes the attributes of an entry, a missing one reading as null.

    `evaluate` raises InvalidValue where a value is not of a kind that the expression can read, and nothing else.
    """

    text: str
    kind: Kind
    attributes: frozenset[str]
    evaluate: Callable[[Attributes], Value] = field(repr=False, compare=False)


def compile_expression(text: str, known: Collection[str] | None = None) -> Expression:
    """Compiles a text once for many entries; raises ExpressionError, also for an attribute that is not `known`."""
    tree = parse(text)
    compiler = _Compiler(known)
    operand = compiler.operand(tree)
    kind: Kind = "Function"
    if isinstance(tree, Attribute):
        kind = "Attribute"
    elif isinstance(tree, Constant | Word):
        kind = "Constant"
    return Expression(text, kind, frozenset(compiler.read), operand.evaluate)


class _Compiler:
    """Compiles one tree and notes which attributes it reads."""

    def __init__(self, known: Collection[str] | None) -> None:
        self.known = known
        self.read: set[str] = set()

    def operand(self, node: Node | None) -> Operand:
        match node:
            case None:
                return _fixed(None)
            case Constant(value, _):
                return _fixed(value)
            case Attribute():
                return self.attribute(node)
            case Word():
                return _fixed(_word(node, self.known))
            case Comparison():
                return Operand(_comparison(self.operand(node.left), node.operator, self.operand(node.right)))
            case Call():
                function = _function(node)
                return Operand(function.build([self.operand(argument) for argument in _given(node, function)]))

    def attribute(self, node: Attribute) -> Operand:
        if self.known is not None and node.name not in self.known:
            raise ExpressionError(
                "UnknownAttribute",
                node.place.line,
                node.place.column,
                attribute=node.name,
                **_suggestion(node.name, self.known),
            )
        self.read.add(node.name)
        return Operand(cast("Evaluate", operator.methodcaller("get", node.name)))


def _fixed(value: Value) -> Operand:
    return Operand(lambda _attributes: value, fixed=True)


def _word(node: Word, known: Collection[str] | None) -> Value:
    name = node.name.lower()
    if name in _WORDS:
        return _WORDS[name]
    line, column = node.place.line, node.place.column
    if name in _WORDS_TO_COME:
        raise ExpressionError("WordNotSupported", line, column, word=node.name)
    if name in LIBRARY:
        raise ExpressionError("ExpressionSyntax", line, column, f"an opening parenthesis after {node.name}")
    attributes = {attribute.lower(): attribute for attribute in known or ()}
    expected = (
        f"[{attributes[name]}]" if name in attributes else "an attribute in brackets or a text in quotation marks"
    )
    raise ExpressionError("UnknownWord", line, column, expected, word=node.name)


def _function(node: Call) -> Function:
    function = LIBRARY.get(node.name.lower())
    if function is None:
        names = [each.name for each in LIBRARY.values()]
        raise ExpressionError(
            "UnknownFunction",
            node.place.line,
            node.place.column,
            function=node.name,
            **_suggestion(node.name, names),
        )
    return function


def _given(node: Call, function: Function) -> list[Node | None]:
    """The arguments without the empty ones at the end, which count as not written."""
    arguments = list(node.arguments)
    while arguments and arguments[-1] is None:
        arguments.pop()
    if function.pairs and len(arguments) % 2 and len(arguments) < len(node.arguments):
        arguments.append(None)
    if not function.takes(len(arguments)):
        raise ExpressionError(
            "WrongNumberOfArguments",
            node.place.line,
            node.place.column,
            f"{function.arity}",
            function=function.name,
            given=len(arguments),
        )
    return arguments


def _suggestion(name: str, names: Collection[str]) -> dict[str, str]:
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return {"suggestion": by_lower[close[0]]} if close else {}


def _comparison(left: Operand, sign: str, right: Operand) -> Evaluate:
    """Numbers where one side is a number and the other looks like one, else text by code point; null equals ""."""
    compare = _OPERATORS[sign]
    orders = sign not in {"=", "<>"}
    first, second = left.evaluate, right.evaluate

    def evaluate(attributes: Attributes) -> Value:
        a, b = first(attributes), second(attributes)
        if orders and (a is None or b is None):
            return False
        if _is_number(a) or _is_number(b):
            one, other = number(a), number(b)
            if one is not None and other is not None:
                return compare(one, other)
            if orders:
                raise InvalidValue(function=sign, expected="a number")
        return compare(text(a, sign) or "", text(b, sign) or "")

    return evaluate


def _is_number(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
