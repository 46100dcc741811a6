"""Tree to closures: everything that can be decided once is decided before the first entry comes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Final, Literal, Protocol, TypeAlias

from provisor.domain.error import EntryError, InvalidValue, Unforeseen
from provisor.domain.resource import Attributes
from provisor.expression.comparison import comparison
from provisor.expression.context import BARE, Context
from provisor.expression.error import ExpressionError, Place
from provisor.expression.function import COSTLY, Function, Unusable, limited
from provisor.expression.library import LIBRARY
from provisor.expression.library.flow import Candidates, candidates
from provisor.expression.library.roles import plain_roles
from provisor.expression.moment import printed
from provisor.expression.operand import ABSENT, Evaluate, Operand, always
from provisor.expression.parse import Attribute, Call, Comparison, Constant, Node, Word, parse
from provisor.expression.value import Control, Diverted, Result

Kind: TypeAlias = Literal["Attribute", "Constant", "Function"]

ROLES: Final = "appRoleAssignments"  # the one attribute that may hold objects
REDACTED: Final = "[Redact]"
_NUMBERS = {"vbbinarycompare": 0, "vbtextcompare": 1}
_CONTROLS = ("ignoreattributeflow", "ignoreobjectflow")
_CHANGING = {"Now", "Guid", "RandomString"}


class Evaluation(Protocol):
    def __call__(self, attributes: Attributes, context: Context = BARE, /) -> Result: ...


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression: `evaluate` takes the attributes of an entry, a missing one reading as null.

    `evaluate` raises an EntryError, InvalidValue where a value is not of a kind that the expression can read, and
    nothing else. `redacted`: what it gives is kept out of every log. `candidates`: of a SelectUniqueValue, for a
    caller that asks the target itself; it takes the first that is free, or the Control at the end. `changing`: gives
    another value each time, or with time, so that comparing with what was sent last tells nothing. `functions`: all
    that it calls, as the library names them.
    """

    text: str
    kind: Kind
    attributes: frozenset[str]
    evaluate: Evaluation = field(repr=False, compare=False)
    redacted: bool = False
    changing: bool = False
    candidates: Candidates | None = field(default=None, repr=False, compare=False)
    functions: frozenset[str] = frozenset()

    def shown(self, result: Result) -> Result:
        """A result as a log or a preview may show it."""
        return REDACTED if self.redacted else result


def compile_expression(text: str, known: Collection[str] | None = None) -> Expression:
    """Compiles a text once for many entries; raises ExpressionError, also for an attribute that is not `known`."""
    tree = parse(text)
    compiler = _Compiler(known)
    operand = compiler.operand(tree, outermost=True)
    kind: Kind = "Function"
    if isinstance(tree, Attribute):
        kind = "Attribute"
    elif isinstance(tree, Constant) or (isinstance(tree, Word) and operand.fixed):
        kind = "Constant"
    return Expression(
        text,
        kind,
        frozenset(compiler.read),
        _evaluation(operand, tree),
        "Redact" in compiler.called,
        not _CHANGING.isdisjoint(compiler.called),
        compiler.candidates,
        frozenset(compiler.called),
    )


def _evaluation(operand: Operand, tree: Node) -> Evaluation:
    """What cannot fail needs no guard."""
    if isinstance(tree, Attribute) and tree.name != ROLES:
        name = tree.name
        return lambda attributes, _context=BARE, /: attributes.get(name)
    return _guarded(operand.evaluate, tree.name if isinstance(tree, Call) else "")


def _guarded(evaluate: Evaluate, name: str) -> Evaluation:
    """Whatever happens, a value of some size, a control or an EntryError comes out."""

    def guarded(attributes: Attributes, context: Context = BARE, /) -> Result:
        try:
            value = evaluate(attributes, context)
            if type(value) is str and len(value) <= COSTLY:  # nearly always
                return value
            limited(value, name, context)
        except Diverted as diverted:
            return diverted.control
        except EntryError:
            raise
        except Exception as fault:  # noqa: BLE001 - one entry's fault, whatever it is, stops nobody else
            raise Unforeseen(fault=type(fault).__name__) from None
        return printed(value) if isinstance(value, datetime) else value

    return guarded


def _guarded_each(propose: Candidates) -> Candidates:
    def guarded(attributes: Attributes, context: Context = BARE) -> Iterator[str | Control]:
        try:
            yield from propose(attributes, context)
        except EntryError:
            raise
        except Exception as fault:  # noqa: BLE001 - as above
            raise Unforeseen(fault=type(fault).__name__) from None

    return guarded


class _Compiler:
    """Compiles one tree and notes which attributes it reads and which functions it calls."""

    def __init__(self, known: Collection[str] | None) -> None:
        self.known = known
        self.read: set[str] = set()
        self.called: set[str] = set()
        self.candidates: Candidates | None = None

    def operand(self, node: Node | None, *, structured: bool = False, outermost: bool = False) -> Operand:
        match node:
            case None:
                return ABSENT
            case Constant(value, _):
                return Operand(always(value), fixed=True)
            case Attribute():
                return Operand(self.attribute(node, structured=structured))
            case Word():
                return _word(node, self.known)
            case Comparison():
                return Operand(
                    comparison(self.operand(node.left).evaluate, node.operator, self.operand(node.right).evaluate)
                )
            case Call():
                return self.call(node, outermost=outermost)

    def attribute(self, node: Attribute, *, structured: bool) -> Evaluate:
        name = node.name
        if self.known is not None and name not in self.known:
            raise ExpressionError("UnknownAttribute", node.place, attribute=name, **_suggestion(name, self.known))
        self.read.add(name)
        if name == ROLES and not structured:
            return lambda attributes, _context: plain_roles(attributes.get(name))
        return lambda attributes, _context: attributes.get(name)

    def call(self, node: Call, *, outermost: bool) -> Operand:
        function = _function(node)
        self.called.add(function.name)
        if function.outermost and not outermost:
            raise ExpressionError("OutermostOnly", node.place, function=function.name)
        arguments = _given(node, function)
        operands = [self.operand(argument, structured=function.structured) for argument in arguments]
        try:
            evaluate = function.build(operands)
            if function.pure and all(operand.fixed for operand in operands):
                return Operand(always(evaluate({}, BARE)), fixed=True)
        except Unusable as error:
            raise _unusable(function, _place(arguments[error.place] or node), error.because) from None
        except InvalidValue as error:
            raise _unusable(function, node.place, error) from None
        except Diverted:
            pass  # IgnoreFlowIfNullOrEmpty(""): it diverts each time
        if function.name == "SelectUniqueValue":
            self.candidates = _guarded_each(candidates(operands))
        return Operand(evaluate)


def _word(node: Word, known: Collection[str] | None) -> Operand:
    name = node.name.lower()
    if name in _NUMBERS:
        return Operand(always(_NUMBERS[name]), fixed=True)
    if name in _CONTROLS:
        return Operand(LIBRARY[name].build([]))
    if name in LIBRARY:
        raise ExpressionError("ExpressionSyntax", node.place, f"an opening parenthesis after {node.name}")
    attributes = {attribute.lower(): attribute for attribute in known or ()}
    expected = (
        f"[{attributes[name]}]" if name in attributes else "an attribute in brackets or a text in quotation marks"
    )
    raise ExpressionError("UnknownWord", node.place, expected, word=node.name)


def _function(node: Call) -> Function:
    function = LIBRARY.get(node.name.lower())
    if function is None:
        names = [each.name for each in LIBRARY.values()]
        raise ExpressionError("UnknownFunction", node.place, function=node.name, **_suggestion(node.name, names))
    return function


def _given(node: Call, function: Function) -> list[Node | None]:
    """The arguments without the empty ones at the end, which count as not written."""
    arguments = list(node.arguments)
    most = len(arguments) if function.maximum is None else max(function.maximum, 1)  # f() has one, which is empty
    while len(arguments) <= most and arguments and arguments[-1] is None:
        arguments.pop()
    if function.pairs and len(arguments) % 2 and len(arguments) < len(node.arguments):
        arguments.append(None)
    if not function.takes(len(arguments)):
        raise ExpressionError(
            "WrongNumberOfArguments", node.place, function.arity, function=function.name, given=len(arguments)
        )
    for parameter, argument in zip(function.parameters, arguments, strict=False):
        if argument is None and parameter.needed:
            raise ExpressionError("ArgumentMissing", node.place, parameter.name, function=function.name)
    return arguments


def _unusable(function: Function, place: Place, because: InvalidValue) -> ExpressionError:
    """A constant that can never be used is refused before anybody's entry meets it."""
    told = {
        name: value for name, value in because.reason.parameters.items() if name in ("expected", "found", "problem")
    }
    return ExpressionError("ArgumentInvalid", place, told.pop("expected", ""), function=function.name, **told)


def _place(node: Node) -> Place:
    return _place(node.left) if isinstance(node, Comparison) else node.place


def _suggestion(name: str, names: Collection[str]) -> dict[str, str]:
    by_lower = {each.lower(): each for each in names}
    close = get_close_matches(name.lower(), by_lower, n=1)
    return {"suggestion": by_lower[close[0]]} if close else {}
