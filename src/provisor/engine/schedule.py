"""When a job runs next."""

from __future__ import annotations

from datetime import datetime, timedelta

from provisor.domain.error import Refused
from provisor.domain.job import CycleState

SOON = timedelta(minutes=1)  # after a cycle that an outage interrupted
SHORTEST_INTERVAL = timedelta(seconds=10)
LONGEST_INTERVAL = timedelta(days=1)


def next_cycle(ended: datetime, state: CycleState, interval: timedelta) -> datetime:
    """The time of the next cycle when nothing changes before."""
    return ended + (min(SOON, interval) if state == "interrupted" else interval)


def valid_interval(seconds: float) -> timedelta:
    """Refused (IntervalInvalid) outside 10 seconds to a day."""
    if not SHORTEST_INTERVAL.total_seconds() <= seconds <= LONGEST_INTERVAL.total_seconds():
        raise Refused("IntervalInvalid", interval=f"{seconds:g} s", shortest="10 s", longest="1 day")
    return timedelta(seconds=seconds)
