"""How a value is read where a text, a number or a condition is wanted."""

from __future__ import annotations

import re

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Value

_NUMERIC = re.compile(r"\s*[+-]?[0-9]{1,18}\s*", re.ASCII)


def text(value: Value, reader: str) -> str | None:
    """The value as text, None for null; a Boolean reads True or False; a list is InvalidValue naming the `reader`."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        raise InvalidValue(function=reader, expected="one value", found=f"a list of {len(value)}")
    return str(value)


def number(value: Value) -> int | None:
    """The whole number that the value is or looks like; None for anything else."""
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return None
    if isinstance(value, int):
        return value
    return int(value) if _NUMERIC.fullmatch(value) else None


def truth(value: Value, reader: str) -> bool:
    """True for True, the text "True" in any case, and a number other than zero."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value != 0
    return (text(value, reader) or "").casefold() == "true"
