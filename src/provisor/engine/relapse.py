"""Cycles that were left unfinished: each is gone on with later than the last time, while it comes no further."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST = timedelta(seconds=1)
LONGEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Left:
    how: object
    rest: timedelta
    until: datetime


class Relapses:
    """What is known of them, by cycle."""

    def __init__(self) -> None:
        self._left: dict[str, _Left] = {}

    def left(self, cycle_id: str, how: object, now: datetime) -> None:
        """`how`: what went wrong, and how far the cycle had come; equal where it is the same again."""
        last = self._left.get(cycle_id)
        rest = min(last.rest * 2, LONGEST) if last is not None and last.how == how else FIRST
        self._left[cycle_id] = _Left(how, rest, now + rest)

    def forget(self, cycle_id: str) -> None:
        self._left.pop(cycle_id, None)

    def rests(self, cycle_id: str, now: datetime) -> bool:
        """Is it too soon to go on?"""
        last = self._left.get(cycle_id)
        return last is not None and now < last.until
