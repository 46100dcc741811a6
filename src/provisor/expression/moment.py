"""Dates: the forms that .NET reads without being told a format, and the one it prints; FILETIME; adding months."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, TypeAlias

Interval: TypeAlias = str  # one of INTERVALS

_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?:T|\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_AMERICAN = re.compile(
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"
    r"(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>AM|PM)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_LONGEST: Final = 100
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)  # of FILETIME


def printed(moment: datetime) -> str:
    """As .NET prints it for the invariant culture's readers: 7/2/2021 3:33:38 PM, in UTC."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # within hours of year 1 or 9999
        utc = moment
    half = "AM" if utc.hour < 12 else "PM"
    return f"{utc.month}/{utc.day}/{utc.year} {utc.hour % 12 or 12}:{utc.minute:02}:{utc.second:02} {half}"


def parsed(text: str) -> datetime | None:
    """A date in ISO 8601 or in the printed form, with the offset that it names or else UTC; None if it is neither."""
    trimmed = text.strip()
    if len(trimmed) > _LONGEST:
        return None
    found = _ISO.fullmatch(trimmed) or _AMERICAN.fullmatch(trimmed)
    return moment_of({name: part for name, part in found.groupdict().items() if part}) if found else None


def moment_of(parts: dict[str, str]) -> datetime | None:
    """A date put together from its parts; None if there is no such day or time."""
    hour = int(parts.get("hour", 0))
    if "half" in parts:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (parts["half"][0] in "pP")
    try:
        return datetime(
            int(parts["year"]),
            int(parts.get("month", 1)),
            int(parts.get("day", 1)),
            hour,
            int(parts.get("minute", 0)),
            int(parts.get("second", 0)),
            int(f"{parts.get('fraction', '0'):0<6.6}"),
            zone(parts.get("zone", "Z")),
        )
    except (ValueError, OverflowError):
        return None


def zone(text: str) -> timezone:
    """Z, +02:00, -0830 or +2. Raises ValueError for a day or more."""
    if text in "zZ":
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (digits, "0") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if text[0] == "-" else offset)


def in_utc(moment: datetime) -> datetime | None:
    """The same moment in UTC; None outside of the years 1 to 9999."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def filetime(moment: datetime) -> int:
    """In steps of 100 nanoseconds since 1601-01-01 UTC, as Active Directory counts."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def of_filetime(steps: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=steps // 10)
    except OverflowError:
        return None


def later(moment: datetime, interval: str, number: int) -> datetime | None:
    """`number` of an interval (yyyy m d ww h n s) later; the 31st becomes a shorter month's last day."""
    try:
        if interval in _SECONDS:
            return moment + timedelta(seconds=_SECONDS[interval] * number)
        months = moment.year * 12 + moment.month - 1 + number * (12 if interval == "yyyy" else 1)
        year, month = divmod(months, 12)
        return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError):
        return None


def between(first: datetime, second: datetime, interval: str) -> int:
    """How many of an interval from the first to the second: whole ones elapsed, but boundaries of year, month, week."""
    if interval == "yyyy":
        return second.year - first.year
    if interval == "m":
        return (second.year - first.year) * 12 + second.month - first.month
    elapsed = second - first
    if interval == "ww":  # weeks begin on Sunday
        elapsed += timedelta(days=_weekday(first) - _weekday(second))
    return (
        int(elapsed / timedelta(seconds=1)) // _SECONDS[interval]
        if elapsed >= timedelta()
        else -(int(-elapsed / timedelta(seconds=1)) // _SECONDS[interval])
    )


def _weekday(moment: datetime) -> int:
    return moment.isoweekday() % 7


_SECONDS: Final = {"d": 86_400, "ww": 7 * 86_400, "h": 3_600, "n": 60, "s": 1}
INTERVALS: Final = frozenset({"yyyy", "m", *_SECONDS})
