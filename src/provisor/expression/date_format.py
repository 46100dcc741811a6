"""Date formats as .NET writes them, custom and standard, of the invariant culture: to read a date and to print one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

from provisor.domain.error import InvalidValue
from provisor.expression.coerce import text
from provisor.expression.moment import moment_of
from provisor.expression.value import Datum

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_STANDARD = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
    "O": "yyyy-MM-dd'T'HH:mm:ss.fffffffK",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-dd'T'HH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_BLANKS: Final = r"\s++"
_LONGEST: Final = 200  # characters of a format
_PIECE = re.compile(
    r"(?P<quoted>'[^']*'|\"[^\"]*\")|\\(?P<escaped>.)|%?(?P<field>([dfFghHKmMstyz])\4*)|(?P<other>.)", re.DOTALL
)

Print: TypeAlias = Callable[[datetime], str]
_Field: TypeAlias = tuple[str, str, Print]  # what it is a part of · what it matches · how it is printed


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A format, compiled; two fields for one part must agree."""

    pattern: re.Pattern[str]
    parts: tuple[str, ...]
    prints: tuple[Print, ...]

    def parse(self, written: str) -> datetime | None:
        """The date that a text tells in this format, in the offset it names or else UTC; None where it is no such."""
        found = self.pattern.fullmatch(written.strip()) if len(written) <= 2 * _LONGEST else None
        if not found:
            return None
        parts: dict[str, str] = {}
        for name, value in zip(self.parts, found.groups(), strict=True):
            told = _READ.get(name, str)(value)
            if parts.setdefault(name.rstrip("*"), told) != told:
                return None
        weekday = parts.pop("weekday", None)
        moment = moment_of({"year": "1", **{name: value for name, value in parts.items() if value}})
        if moment is None or weekday not in (None, str(moment.isoweekday() % 7)):
            return None
        return moment

    def print(self, moment: datetime) -> str:
        return "".join([each(moment) for each in self.prints])


def date_format(value: Datum, reader: str) -> DateFormat | None:
    """Reads an argument as a format; None for null and for an empty text."""
    written = text(value, reader)
    return _compiled(written, reader) if written else None


@lru_cache(256)
def _compiled(written: str, reader: str) -> DateFormat:
    if len(written) > _LONGEST or (len(written) == 1 and written not in _STANDARD):
        raise InvalidValue(function=reader, expected="a date format")
    pattern: list[str] = []
    parts: list[str] = []
    prints: list[Print] = []
    for piece in _PIECE.finditer(_STANDARD.get(written, written)):
        field = piece["field"]
        if field is None:
            literal = piece["quoted"][1:-1] if piece["quoted"] else piece["escaped"] or piece["other"]
            if literal != " ":
                pattern.append(re.escape(literal))
            elif pattern[-1:] != [_BLANKS]:
                pattern.append(_BLANKS)
            prints.append(_literal(literal))
        else:
            part, matches, show = _field(field)
            parts.append(part)
            pattern.append(f"((?>{matches}))")  # atomic, as .NET reads: so no format can run away
            prints.append(show)
    return DateFormat(re.compile("".join(pattern), re.IGNORECASE | re.ASCII), tuple(parts), tuple(prints))


def _literal(written: str) -> Print:
    return lambda _moment: written


def _field(field: str) -> _Field:
    letter, count = field[0], len(field)
    if letter in "fF":
        return _fraction(letter, min(count, 7))
    if letter in "dM" and count > 2:
        return _name(letter, short=count == 3)
    if letter in "yztgK":
        return _other(letter, count)
    part, read = _NUMBERS[letter]
    if count == 1:
        return part, r"\d{1,2}", lambda moment: str(read(moment))
    return part, r"\d{2}", lambda moment: f"{read(moment):02}"


_NUMBERS: dict[str, tuple[str, Callable[[datetime], int]]] = {
    "d": ("day", lambda moment: moment.day),
    "M": ("month", lambda moment: moment.month),
    "h": ("hour", lambda moment: moment.hour % 12 or 12),
    "H": ("hour", lambda moment: moment.hour),
    "m": ("minute", lambda moment: moment.minute),
    "s": ("second", lambda moment: moment.second),
}


def _fraction(letter: str, digits: int) -> _Field:
    def show(moment: datetime) -> str:
        shown = f"{moment.microsecond:06}0"[:digits]
        return shown if letter == "f" else shown.rstrip("0")

    return "fraction", rf"\d{{{digits}}}" if letter == "f" else rf"\d{{0,{digits}}}", show


def _name(letter: str, *, short: bool) -> _Field:
    names = _MONTHS if letter == "M" else _DAYS
    shown = tuple(name[:3] if short else name for name in names)
    if letter == "M":
        return "month*", "|".join(shown), lambda moment: shown[moment.month - 1]
    return "weekday*", "|".join(shown), lambda moment: shown[moment.isoweekday() % 7]


def _other(letter: str, count: int) -> _Field:
    match letter:
        case "y" if count <= 2:
            return "year*", r"\d{2}" if count == 2 else r"\d{1,2}", lambda moment: f"{moment.year % 100:0{count}}"
        case "y":
            return "year", rf"\d{{{count}}}" if count < 9 else r"\d{9}", lambda moment: f"{moment.year:0{count}}"
        case "t":
            return (
                "half*",
                "[AP]" if count == 1 else "AM|PM",
                lambda moment: ("AM" if moment.hour < 12 else "PM")[:count],
            )
        case "g":
            return "era", r"A\.D\.", lambda _moment: "A.D."
        case "K":
            return "zone", r"Z|[+-]\d{2}:\d{2}|", lambda moment: "Z" if moment.tzinfo is UTC else _offset(moment, 3)
        case _:
            matches = {1: r"[+-]\d{1,2}", 2: r"[+-]\d{2}"}.get(count, r"Z|[+-]\d{2}:?\d{2}")
            return "zone", matches, lambda moment: _offset(moment, count)


def _offset(moment: datetime, count: int) -> str:
    """z: +2 · zz: +02 · zzz: +02:00."""
    minutes = (moment.utcoffset() or timedelta()) // timedelta(minutes=1)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{sign}{hours:0{min(count, 2)}}" + (f":{rest:02}" if count > 2 else "")


_READ: dict[str, Callable[[str], str]] = {
    "month*": lambda name: str([each[:3].casefold() for each in _MONTHS].index(name[:3].casefold()) + 1),
    "weekday*": lambda name: str([each[:3].casefold() for each in _DAYS].index(name[:3].casefold())),
    "year*": lambda digits: str(2000 + int(digits) if int(digits) < 50 else 1900 + int(digits)),  # .NET: up to 2049
    "half*": lambda half: half[0].upper() + "M",
    **{part: lambda digits: str(int(digits)) for part in ("day", "month", "hour", "minute", "second", "year")},
}
