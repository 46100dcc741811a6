"""Regular expressions of a filter: the whole value must match, in a time that is bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import regex

from provisor.domain.error import InvalidValue
from provisor.expression.pattern import pattern

LONGEST: Final = 2000
SECONDS: Final = 0.1  # of this process's own time for one value; an ordinary one takes a millionth of a second

_FLAGS = re.compile(r"^\(\?[a-zA-Z]+\)")
_END = re.compile(r"(?<!\\)(?:\\\\)*(?:\$|\\[zZ]|\.\*)$")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|[()|]", re.DOTALL)


class Unreadable(ValueError):
    """The pattern is no regular expression; says why, in the library's words."""


class Timeout(Exception):
    """A match took too long."""


def whole_match(written: str) -> Callable[[str], bool]:
    """Does the pattern, as .NET writes it, match a whole value? Raises Unreadable, and the answer raises Timeout."""
    compiled = _compiled(written)

    def matches(value: str) -> bool:
        try:
            return compiled.fullmatch(value, timeout=SECONDS) is not None
        except TimeoutError:
            raise Timeout from None

    return matches


def is_anchored(written: str) -> bool:
    """Would looking anywhere in the value, as .NET's IsMatch does, come to the same? False where it is not certain."""
    bare = _FLAGS.sub("", written)
    begins = bare.startswith(("^", r"\A", ".*"))
    ends = _END.search(bare) is not None
    return begins and ends and not _has_top_level_alternatives(bare)


def _has_top_level_alternatives(written: str) -> bool:
    depth = 0
    for piece in _PIECE.findall(written):
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and depth == 0:
            return True
    return False


def _compiled(written: str) -> regex.Pattern[str]:
    if len(written) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST} characters")
    try:
        read = pattern(written, "REGEX MATCH")
    except InvalidValue as error:
        raise Unreadable(error.reason.parameters.get("found", "it cannot be read")) from None
    assert read is not None, "an empty one is refused before"
    return read.compiled
