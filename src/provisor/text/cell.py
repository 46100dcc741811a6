"""Text in a cell that a spreadsheet may open: no formula to any program there, and several values told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

SEPARATOR = "|"  # between the values of a list in one cell

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")
_BEFORE_BAR = re.compile(r"(?<!\\)(\\*+)(\||\Z)")


def defuse(text: str) -> str:
    """The text with an apostrophe before it where it would begin a formula; `fuse` takes it away again."""
    return f"'{text}" if _FORMULA.match(text) else text


def fuse(text: str) -> str:
    """What `defuse` was given: an apostrophe goes exactly where `defuse` puts one."""
    return text[1:] if _DEFUSED.match(text) else text


def joined(values: Iterable[str]) -> str:
    """The values in one cell. A bar in a value has a backslash before it; backslashes before a bar are doubled."""
    return SEPARATOR.join(_BEFORE_BAR.sub(_escaped, value) for value in values)


def _escaped(found: re.Match[str]) -> str:
    return found[1] * 2 + ("\\|" if found[2] else "")


def parted(cell: str) -> Sequence[str]:
    """What `joined` was given; a backslash that is not before a bar or the end is one of the value."""
    values, value, position = list[str](), "", 0
    for found in _BEFORE_BAR.finditer(cell):
        count = len(found[1])
        value += cell[position : found.start()] + "\\" * (count // 2)
        position = found.end()
        if count % 2:  # before the end it stands for itself: nothing is behind it that it could mean
            value += found[2] or "\\"
        elif found[2]:
            values.append(value)
            value = ""
    return [*values, value]
