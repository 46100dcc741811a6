"""The filter language of user lists: `email eq "a@b.c"` and the older `(email="a@b.c")`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<mark>[()&=])|(?P<word>[A-Za-z][\w.]*))')
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_IGNORE_CASE: Final = "(?i)"

Read = Callable[[str], object]


class BadFilter(ValueError):
    """A filter that cannot be read."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison; `fold` compares without regard to case."""

    name: str
    operator: str
    value: str
    fold: bool

    def __call__(self, read: Read) -> bool:
        held = read(self.name)
        values = held if isinstance(held, list) else [held]
        found = any(self._compare("" if value is None else _text(value)) for value in values)
        return not found if self.operator == "ne" else found

    def _compare(self, held: str) -> bool:
        wanted = self.value
        if self.fold:
            held, wanted = held.casefold(), wanted.casefold()
        if self.operator == "co":
            return wanted in held
        return held.startswith(wanted) if self.operator == "sw" else held == wanted


@dataclass(frozen=True, slots=True)
class Joined:
    """Several filters of which every one (`and`) or any one (`or`) must hold."""

    parts: tuple["Filter", ...]
    every: bool

    def __call__(self, read: Read) -> bool:
        return all(part(read) for part in self.parts) if self.every else any(part(read) for part in self.parts)


Filter = Clause | Joined


def parse(text: str, *, fold: bool = True) -> Filter:
    """`text` as a test; `fold` is whether the current syntax ignores case; raises BadFilter."""
    reader = _Reader(_tokens(text), fold)
    found = reader.either()
    if reader.left:
        raise BadFilter(f"unexpected {reader.left[0]}")
    return found


def has_plus(text: str) -> bool:
    """Whether a plus sign stands where a space was meant: the service does not decode it."""
    return "+" in _QUOTED.sub("", text)


def one_email(wanted: Filter) -> str | None:
    """The case-folded address that every match must have, when the filter pins one."""
    match wanted:
        case Clause(name="email", operator="eq", value=value):
            return value.casefold()
        case Joined(parts=parts, every=True):
            return next((email for part in parts if (email := one_email(part)) is not None), None)
        case _:
            return None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tokens(text: str) -> list[str]:
    tokens, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFilter(f"cannot read {text[at:]!r}")
        tokens.append(match[0].strip())
        at = match.end()
    return tokens


@dataclass(slots=True)
class _Reader:
    left: list[str]
    fold: bool

    def either(self) -> Filter:
        parts = [self._both()]
        while self._skip("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), every=False)

    def _both(self) -> Filter:
        parts = [self._term()]
        while self._skip("and") or self._skip("&"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), every=True)

    def _term(self) -> Filter:
        if self._skip("("):
            inner = self.either()
            if not self._skip(")"):
                raise BadFilter("a parenthesis is not closed")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        if len(self.left) < 3:
            raise BadFilter("a comparison is not complete")
        (name, operator, quoted), self.left = self.left[:3], self.left[3:]
        operator = operator.lower()
        if operator not in {"eq", "ne", "co", "sw", "="} or not quoted.startswith('"') or not name[0].isalpha():
            raise BadFilter(f"cannot compare {name} {operator} {quoted}")
        value = re.sub(r"\\(.)", r"\1", quoted[1:-1])
        if operator != "=":
            return Clause(name, operator, value, self.fold or operator in {"co", "sw"})
        return Clause(name, "eq", value.removeprefix(_IGNORE_CASE), value.startswith(_IGNORE_CASE))

    def _skip(self, token: str) -> bool:
        if not self.left or self.left[0].lower() != token:
            return False
        del self.left[0]
        return True
