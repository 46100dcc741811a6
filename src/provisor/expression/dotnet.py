"""The syntax of .NET's regular expressions, in that of the regex library; what has no counterpart is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final


class UnknownSyntax(ValueError):
    """A construct that .NET does not have either, or that cannot be translated; never tells what is written there."""


_TOKEN = re.compile(
    r"""
      (?P<escape>\\(?:k<\w+>|k'\w+'|k\{\w+\}|[pP]\{[^}]*\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|[0-9]{1,3}|.))
    | (?P<comment>\(\?\#[^)]*\))
    | (?P<named>\(\?(?:<(?P<angled>\w+)>|'(?P<quoted>\w+)'))
    | (?P<condition>\(\?\((?P<asked>\w+)\))
    | (?P<special>\(\?(?::|=|!|<=|<!|>|(?=\(\?)|[imsx]*(?:-[imsx]+)?[:)]))
    | (?P<unknown>\(\?)
    | (?P<open>\()
    | (?P<set>\[)
    | (?P<times>\{[0-9]{1,6}(?:,[0-9]{0,6})?\})
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MEMBER = re.compile(
    r"(?P<escape>\\(?:[pP]\{[^}]*\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|[0-9]{1,3}|.))|(?P<other>.)", re.DOTALL
)
_LETTERS: Final = frozenset("abtrvfnedDsSwWAGB")  # escapes that mean the same on both sides
_NESTED: Final = 20  # sets within sets
_HEAVIEST: Final = 5_000


def translated(pattern: str) -> str:
    """The same pattern for the regex library. Raises UnknownSyntax."""
    groups = numbered(pattern)
    out: list[str] = []
    weight = _Weight()
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None or token[0] == "\\":
            raise UnknownSyntax("a backslash at the end")
        at = token.end()
        weight.add(token[0])
        match token.lastgroup:
            case "escape":
                out.append(_escape(token[0], groups))
            case "angled" | "quoted" | "named":
                out.append(f"(?P<{_name(token['angled'] or token['quoted'])}>")
            case "condition" | "asked":
                out.append(f"(?({_place(token['asked'], groups)})")
            case "unknown":
                raise UnknownSyntax("a construct that does not exist")
            case "set":
                text, at = _set(pattern, at)
                out.append(text)
            case "times":
                out.append(token[0])
            case "comment":
                pass
            case _:
                out.append(r"\{" if token[0] == "{" else r"\}" if token[0] == "}" else token[0])
    return "".join(out)


def numbered(pattern: str) -> dict[str, int]:
    """Every group by .NET's number and name, with its place from the left: .NET numbers those without a name first."""
    places = list(_groups(pattern))
    unnamed = [place for place, name in enumerate(places, 1) if name is None]
    found = {"0": 0} | {str(number): place for number, place in enumerate(unnamed, 1)}
    named: dict[str, int] = {}
    for place, name in enumerate(places, 1):
        if name is not None:
            named.setdefault(name, place)
    for name, place in named.items():
        if not name.isdigit():
            found[str(len(found))] = place
    return found | named


def _groups(pattern: str) -> Iterator[str | None]:
    """The names of all groups from left to right, None for one without."""
    at = 0
    while token := _TOKEN.match(pattern, at):
        at = token.end()
        if token["set"]:
            _, at = _set(pattern, at)
        elif token["named"]:
            yield token["angled"] or token["quoted"]
        elif token["open"]:
            yield None


def _name(name: str) -> str:
    """Names that are numbers are allowed in .NET alone."""
    return f"_number_{name}" if name.isdigit() else name


def _escape(escape: str, groups: dict[str, int]) -> str:
    letter = escape[1]
    if letter == "k":
        return _back(escape[3:-1], groups)
    if letter in "123456789":
        name = escape[1:]
        return _octal(name) if name not in groups and re.fullmatch("[0-7]{2,}", name) else _back(name, groups)
    match letter:
        case "Z":
            return r"(?=\n?\Z)"
        case "z":
            return r"\Z"
        case "b":
            return r"\b"
        case _:
            return _single(escape)


def _back(name: str, groups: dict[str, int]) -> str:
    return f"\\g<{_place(name, groups)}>"


def _place(name: str, groups: dict[str, int]) -> int:
    if name not in groups:
        raise UnknownSyntax("a group that does not exist")
    return groups[name]


def _octal(digits: str) -> str:
    return f"\\x{int(digits, 8) % 256:02x}"


def _single(escape: str) -> str:
    """An escape that stands for characters, within a set too."""
    letter = escape[1]
    if letter == "e":
        return r"\x1b"
    if letter == "0":
        return _octal(escape[1:] if re.fullmatch("[0-7]+", escape[1:]) else "0")
    if letter == "c":
        if len(escape) < 3:
            raise UnknownSyntax("an escape that does not exist")
        return f"\\x{ord(escape[2].upper()) - 64:02x}"
    if letter in "pP" and len(escape) > 2:
        return escape
    if letter in "ux" and len(escape) > 2:
        return escape
    if letter.isascii() and letter.isalnum() and letter not in _LETTERS:
        raise UnknownSyntax("an escape that does not exist")
    return re.escape(letter) if not letter.isalnum() else escape if letter.isascii() else letter


class _Weight:
    """How large a pattern gets when its repetitions are written out, as the library does: nested, they fill memory."""

    def __init__(self) -> None:
        self.levels = [0]  # of each group that is open
        self.last = 0  # of what a quantifier would repeat

    def add(self, piece: str) -> None:
        copies = _copies(piece)
        if copies:
            self.levels[-1] += self.last * (copies - 1)
            self.last *= copies
        elif piece == ")" and len(self.levels) > 1:
            self.last = self.levels.pop() + 1
            self.levels[-1] += self.last
        elif piece.startswith("(") and not piece.endswith(")"):
            self.levels.append(0)
        else:
            self.last = 1
            self.levels[-1] += 1
        if self.levels[-1] > _HEAVIEST:
            raise UnknownSyntax("too many repetitions")


def _copies(piece: str) -> int:
    """How often a quantifier has its operand written; 0 for what is none: {3} thrice, + and {1,9} twice, * once."""
    if piece == "+":
        return 2
    times = re.fullmatch(r"\{([0-9]+)(,?)([0-9]*)\}", piece)
    if times is None:
        return 0
    least, comma, most = times.groups()
    return int(least) + 1 if comma and most != least else max(int(least), 1)


def _set(pattern: str, at: int, depth: int = 0) -> tuple[str, int]:
    """A set from behind its bracket on: [a-z-[aeiou]] takes away, and no other sign but - and ^ is special."""
    if depth > _NESTED:
        raise UnknownSyntax("sets nested too deeply")
    out = ["["]
    if pattern.startswith("^", at):
        out.append("^")
        at += 1
    first = True
    while at < len(pattern):
        if pattern.startswith("]", at) and not first:
            return "".join(out) + "]", at + 1
        if pattern.startswith("-[", at) and not first:
            inner, at = _set(pattern, at + 2, depth + 1)
            out.append(f"--{inner}")
            continue
        member = _MEMBER.match(pattern, at)
        if member is None:
            break
        at = member.end()
        first = False
        out.append(_member(member, out[-1], pattern[at : at + 1]))
    raise UnknownSyntax("a set that is not closed")


def _member(member: re.Match[str], before: str, following: str) -> str:
    """One sign or escape of a set; a hyphen between two of them is a range."""
    sign = member[0]
    if member["escape"]:
        letter = sign[1]
        if letter == "b":
            return r"\x08"
        if letter in "123456789":
            return _octal(sign[1:]) if re.fullmatch("[0-7]+", sign[1:]) else sign[1:]
        if letter in "AGB":
            raise UnknownSyntax("an escape that does not exist in a set")
        return _single(sign)
    if sign == "-" and (following == "]" or before in "[^-"):
        return r"\-"
    return f"\\{sign}" if sign in "[]&|~^" else sign
