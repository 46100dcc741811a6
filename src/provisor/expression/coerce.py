"""How a value is read where a text, a number, a date or a condition is wanted."""

from __future__ import annotations

import re
from datetime import datetime

from provisor.domain.error import InvalidValue
from provisor.expression.moment import INTERVALS, Interval, parsed, printed
from provisor.expression.value import Datum

_NUMERIC = re.compile(r"\s*[+-]?[0-9]{1,30}\s*", re.ASCII)


def text(value: Datum, reader: str) -> str | None:
    """The value as text, None for null; a Boolean reads True or False; a list is InvalidValue naming the `reader`."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list):
        raise InvalidValue(function=reader, expected="one value", found=f"a list of {len(value)}")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return printed(value)
    raise InvalidValue(function=reader, expected="one value", found=kind(value))


def number(value: Datum) -> int | None:
    """The whole number that the value is or looks like; None for anything else."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    return int(value) if isinstance(value, str) and _NUMERIC.fullmatch(value) else None


def whole(value: Datum, reader: str) -> int | None:
    """The same, and InvalidValue for what is neither null nor a number."""
    if value is None:
        return None
    found = number(value)
    if found is None:
        raise InvalidValue(function=reader, expected="a whole number", found=kind(value))
    return found


def moment(value: Datum, reader: str) -> datetime | None:
    """The date that the value is or tells; InvalidValue for what is neither null nor a date."""
    if value is None or isinstance(value, datetime):
        return value
    found = parsed(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValue(function=reader, expected="a date", found=kind(value))
    return found


def interval(value: Datum, reader: str) -> Interval | None:
    """One of the intervals that dates are counted in; InvalidValue for another text."""
    written = text(value, reader)
    if written is not None and written.lower() not in INTERVALS:
        raise InvalidValue(function=reader, expected="one of yyyy, m, d, ww, h, n, s", found="another text")
    return written and written.lower()


def truth(value: Datum, reader: str) -> bool:
    """True for True, the text "True" in any case, and a number other than zero."""
    if isinstance(value, int):
        return value != 0
    return (text(value, reader) or "").casefold() == "true"


def values(value: Datum, reader: str) -> list[str]:
    """The texts of a list, or the one text there is; none for null."""
    if isinstance(value, list):
        return [text(each, reader) or "" for each in value if each is not None]
    only = text(value, reader)
    return [] if only is None else [only]


_KINDS = {str: "another text", bool: "a Boolean", int: "a number", datetime: "a date", type(None): "nothing"}


def kind(value: Datum) -> str:
    """What it is, in words that do not tell it: it may be somebody's secret."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return _KINDS.get(type(value), "an object")
