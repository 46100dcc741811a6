"""Durations and moments, as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def duration(seconds: float) -> str:
    """How long: "12 s", "about 4 minutes", "1 h 20 min", "2 days 3 h"."""
    if seconds < 1:
        return "less than a second"
    if seconds < _MINUTE:
        return f"{seconds:.0f} s" if seconds < _MINUTE - 0.5 else "about 1 minute"
    minutes = round(seconds / _MINUTE)
    if minutes < _HOUR / _MINUTE:
        return "about 1 minute" if minutes == 1 else f"about {minutes} minutes"
    if seconds < _DAY:
        return _two(minutes // 60, "h", minutes % 60, "min")
    hours = round(seconds / _HOUR)
    return _two(hours // 24, "day" if hours < 48 else "days", hours % 24, "h")


def _two(large: int, name: str, small: int, other: str) -> str:
    return f"{large} {name}" + (f" {small} {other}" if small else "")


def moment(at: datetime) -> str:
    """A moment to the second, in UTC: "2026-03-01 09:30:00 UTC"."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
