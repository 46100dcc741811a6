"""The function library: one declaration each, with its name, its number of arguments and its promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from provisor.domain.resource import Attributes, Value
from provisor.expression.coerce import text, truth

Evaluate: TypeAlias = Callable[[Attributes], Value]


@dataclass(frozen=True, slots=True)
class Operand:
    """An argument, compiled; `fixed` when it gives the same value whatever the attributes are."""

    evaluate: Evaluate
    fixed: bool = False


Build: TypeAlias = Callable[[Sequence[Operand]], Evaluate]


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language; `maximum` None: any number of arguments; `pairs`: only an even number."""

    name: str
    minimum: int
    maximum: int | None
    doc: str
    build: Build
    pairs: bool = False

    def takes(self, count: int) -> bool:
        enough = self.minimum <= count and (self.maximum is None or count <= self.maximum)
        return enough and not (self.pairs and count % 2)

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        if self.maximum is None:
            return f"{'an even number, ' if self.pairs else ''}at least {self.minimum}"
        return str(self.minimum) if self.minimum == self.maximum else f"{self.minimum} to {self.maximum}"


LIBRARY: dict[str, Function] = {}
"""Every function under its name in lower case: names are written in any case."""


def _declare(name: str, minimum: int, maximum: int | None = None, *, pairs: bool = False) -> Callable[[Build], Build]:
    """Enters a function that is given its arguments compiled, and decides itself which to evaluate."""

    def enter(build: Build) -> Build:
        LIBRARY[name.lower()] = Function(name, minimum, maximum, (build.__doc__ or "").strip(), build, pairs)
        return build

    return enter


@_declare("Not", 1, 1)
def _not(arguments: Sequence[Operand]) -> Evaluate:
    """Not(source): False if the source is true, True for anything else, null too."""
    source = arguments[0].evaluate
    return lambda attributes: not truth(source(attributes), "Not")


@_declare("Append", 2, 2)
def _append(arguments: Sequence[Operand]) -> Evaluate:
    """Append(source, suffix): the source followed by the suffix; null if the source is null."""
    source, suffix = arguments[0].evaluate, arguments[1].evaluate

    def evaluate(attributes: Attributes) -> Value:
        start = text(source(attributes), "Append")
        return None if start is None else start + (text(suffix(attributes), "Append") or "")

    return evaluate


@_declare("Coalesce", 1)
def _coalesce(arguments: Sequence[Operand]) -> Evaluate:
    """Coalesce(source1, source2, ..., default): the first value that is neither null nor empty, else the last."""
    sources = [operand.evaluate for operand in arguments[:-1]]
    default = arguments[-1].evaluate

    def evaluate(attributes: Attributes) -> Value:
        for source in sources:
            value = source(attributes)
            if value is not None and value not in ("", []):
                return value
        return default(attributes)

    return evaluate


@_declare("Join", 2)
def _join(arguments: Sequence[Operand]) -> Evaluate:
    """Join(separator, source1, source2, ...): the values in one text; lists are flattened, null and empty skipped."""
    separator = arguments[0].evaluate
    sources = [operand.evaluate for operand in arguments[1:]]

    def evaluate(attributes: Attributes) -> Value:
        parts: list[str] = []
        for source in sources:
            value = source(attributes)
            if isinstance(value, list):
                parts.extend(part for part in value if part)
            elif value is not None and value != "":
                parts.append(text(value, "Join") or "")
        return (text(separator(attributes), "Join") or "").join(parts)

    return evaluate


@_declare("ToLower", 1, 2)
def _to_lower(arguments: Sequence[Operand]) -> Evaluate:
    """ToLower(source, culture): the source in small letters, by the rules of no culture in particular."""
    return _letters(arguments[0].evaluate, "ToLower", str.lower)


@_declare("ToUpper", 1, 2)
def _to_upper(arguments: Sequence[Operand]) -> Evaluate:
    """ToUpper(source, culture): the source in capital letters, by the rules of no culture in particular."""
    return _letters(arguments[0].evaluate, "ToUpper", str.upper)


@_declare("StripSpaces", 1, 1)
def _strip_spaces(arguments: Sequence[Operand]) -> Evaluate:
    """StripSpaces(source): the source without any blank (U+0020)."""
    return _letters(arguments[0].evaluate, "StripSpaces", lambda source: source.replace(" ", ""))


def _letters(source: Evaluate, name: str, change: Callable[[str], str]) -> Evaluate:
    """A function of one text; null stays null."""

    def evaluate(attributes: Attributes) -> Value:
        value = text(source(attributes), name)
        return None if value is None else change(value)

    return evaluate


@_declare("IIF", 2, 3)
def _iif(arguments: Sequence[Operand]) -> Evaluate:
    """IIF(condition, value if true, value if false): only the branch that is taken is evaluated."""
    condition, yes = arguments[0].evaluate, arguments[1].evaluate
    no = arguments[2].evaluate if len(arguments) > 2 else _null
    return lambda attributes: yes(attributes) if truth(condition(attributes), "IIF") else no(attributes)


@_declare("Switch", 4, pairs=True)
def _switch(arguments: Sequence[Operand]) -> Evaluate:
    """Switch(source, default, key1, value1, ...): the value of the first key equal to the source, case and all.

    The key "" is equal to null too. Only the value that is taken is evaluated.
    """
    source, default = arguments[0].evaluate, arguments[1].evaluate
    keys, values = arguments[2::2], [operand.evaluate for operand in arguments[3::2]]
    if not all(key.fixed for key in keys):
        cases = list(zip((key.evaluate for key in keys), values, strict=True))
        return _search(source, default, cases)
    table: dict[str, Evaluate] = {}
    for key, value in zip(keys, values, strict=True):
        table.setdefault(text(key.evaluate({}), "Switch") or "", value)
    return lambda attributes: table.get(text(source(attributes), "Switch") or "", default)(attributes)


def _search(source: Evaluate, default: Evaluate, cases: Sequence[tuple[Evaluate, Evaluate]]) -> Evaluate:
    """Switch where a key depends on an attribute."""

    def evaluate(attributes: Attributes) -> Value:
        wanted = text(source(attributes), "Switch") or ""
        for key, value in cases:
            if (text(key(attributes), "Switch") or "") == wanted:
                return value(attributes)
        return default(attributes)

    return evaluate


def _null(_attributes: Attributes) -> Value:
    return None
