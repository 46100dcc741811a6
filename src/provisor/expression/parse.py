"""Text to a small frozen tree; LALR, so neither parser nor tree can be nested deeper than `MAXIMUM_DEPTH`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NoReturn, TypeAlias

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from provisor.expression.error import ExpressionError, Place

MAXIMUM_LENGTH = 10_000  # characters, as Entra allows
MAXIMUM_DEPTH = 100  # functions within functions
_MAXIMUM_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | int
    place: Place


@dataclass(frozen=True, slots=True)
class Word:
    """A name that stands alone, such as vbTextCompare."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Node
    operator: str
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments; None is an argument that is not given."""

    name: str
    arguments: tuple[Node | None, ...]
    place: Place


Node: TypeAlias = Attribute | Constant | Word | Comparison | Call


def parse(text: str) -> Node:
    """The tree of an expression; raises ExpressionError and nothing else."""
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionError(
            "ExpressionTooLong", Place(1, 1), f"at most {MAXIMUM_LENGTH} characters", length=len(text)
        )
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        _refuse(text, error)
    assert isinstance(tree, _Nested)
    return tree.node


@dataclass(frozen=True, slots=True)
class _Nested:
    """A node and how deep the functions in it are nested."""

    node: Node
    depth: int = 0


class _Build(Transformer[Token, "_Nested | None"]):
    """Builds the tree while the parser reduces, so that nothing walks down a tree that is too deep."""

    def start(self, children: Sequence[_Nested]) -> _Nested:
        return children[0]

    def argument(self, children: Sequence[_Nested | None]) -> _Nested | None:
        return children[0] if children else None

    def attribute(self, children: Sequence[Token]) -> _Nested:
        name, place = children[0][1:-1].strip(), _place(children[0])
        if not name:
            raise ExpressionError("ExpressionSyntax", place, "an attribute name within the brackets")
        return _Nested(Attribute(name, place))

    def text(self, children: Sequence[Token]) -> _Nested:
        return _Nested(Constant(_unescape(children[0][1:-1]), _place(children[0])))

    def number(self, children: Sequence[Token]) -> _Nested:
        token = children[0]
        place = _place(token)
        if len(token) > _MAXIMUM_DIGITS:
            raise ExpressionError("ExpressionSyntax", place, f"a number of at most {_MAXIMUM_DIGITS} characters")
        value = int(token.removeprefix("&")[1:], 16) if token.type == "HEXADECIMAL" else int(token)
        return _Nested(Constant(value, place))

    def word(self, children: Sequence[Token]) -> _Nested:
        return _Nested(Word(str(children[0]), _place(children[0])))

    def comparison(self, children: tuple[_Nested, Token, _Nested]) -> _Nested:
        left, operator, right = children
        return _Nested(Comparison(left.node, str(operator), right.node), max(left.depth, right.depth))

    def call(self, children: Sequence[Token | _Nested | None]) -> _Nested:
        name, *rest = children
        assert isinstance(name, Token)
        given = [child for child in rest if child is None or isinstance(child, _Nested)]
        place = _place(name)
        depth = 1 + max((child.depth for child in given if child), default=0)
        if depth > MAXIMUM_DEPTH:
            raise ExpressionError("ExpressionTooDeep", place, f"at most {MAXIMUM_DEPTH} functions within one another")
        return _Nested(Call(str(name), tuple(child.node if child else None for child in given), place), depth)


@cache
def _parser() -> Lark:
    grammar = (files(__package__) / "grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", transformer=_Build(), maybe_placeholders=False)


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


def _unescape(text: str) -> str:
    r"""Only \" and \\ are escapes; any other \x stays as it is."""
    if "\\" not in text:
        return text
    out: list[str] = []
    characters = iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            out.append(following if following in '"\\' else character + following)
        else:
            out.append(character)
    return "".join(out)


_WORDS = {
    "ATTRIBUTE": "an attribute in brackets",
    "TEXT": "a text in quotation marks",
    "NUMBER": "a number",
    "NAME": "a function",
    "LPAR": "an opening parenthesis",
    "RPAR": "a closing parenthesis",
    "COMMA": "a comma",
    "COMPARE": "a comparison",
    "$END": "the end of the expression",
}


def _refuse(text: str, error: UnexpectedInput) -> NoReturn:
    """Says where the parser stopped, and what it would have taken there."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
    else:
        line, column = max(error.line, 1), max(error.column, 1)
    raise ExpressionError("ExpressionSyntax", Place(line, column), _expected(error)) from None


def _expected(error: UnexpectedInput) -> str:
    if isinstance(error, UnexpectedCharacters):
        unfinished = {'"': "a closing quotation mark", "[": "an attribute name and a closing bracket"}
        if error.char in unfinished:
            return unfinished[error.char]
        if error.char in "\u201c\u201d\u201e\u00ab\u00bb":
            return 'straight quotation marks (")'
    names = getattr(error, "accepts", None) or getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
    words = [word for name, word in _WORDS.items() if name in names]
    return " or ".join(words) or "another character"
