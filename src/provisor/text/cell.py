"""Text in a cell that a spreadsheet may open: no program there shall take it for a formula."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")


def defuse(text: str) -> str:
    """The text with an apostrophe before it where it would begin a formula; `fuse` takes it away again."""
    return f"'{text}" if _FORMULA.match(text) else text


def fuse(text: str) -> str:
    """What `defuse` was given: an apostrophe goes exactly where `defuse` puts one."""
    return text[1:] if _DEFUSED.match(text) else text
