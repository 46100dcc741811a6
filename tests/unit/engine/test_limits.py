"""Numbers that decide: the guard, the schedule, when an entry is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from provisor.domain.change import Reason
from provisor.domain.error import Refused
from provisor.domain.job import Escrow
from provisor.engine.guard import judge
from provisor.engine.schedule import next_cycle, valid_interval

NOW = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("active", "allowed"), [(0, 5), (3, 5), (50, 5), (59, 5), (60, 6), (1000, 100), (5000, 500), (100_000, 500)]
)
def test_the_guard_allows_a_tenth_but_at_least_five_and_at_most_five_hundred(active: int, allowed: int) -> None:
    assert not judge(allowed, active, None).held
    assert judge(allowed + 1, active, None).held
    assert judge(allowed + 1, active, None).allowed == allowed


def test_the_guard_lets_pass_exactly_what_a_person_agreed_to() -> None:
    assert judge(30, 30, None).held
    assert judge(30, 30, 29).held
    assert judge(30, 30, 31).held
    assert not judge(30, 30, 30).held


@pytest.mark.parametrize(
    ("failed", "again"),
    [(0, 6), (5, 6), (6, 12), (11, 12), (12, 24), (24, 48), (30, 48), (47, 48), (48, 72), (700, 720)],
)
def test_a_lasting_error_is_tried_after_6_12_and_24_hours_and_then_daily(failed: int, again: int) -> None:
    """Counted from the first failure, however often it was tried in between for other reasons."""
    escrow = Escrow("e", Reason("EntryConflict"), NOW)
    assert escrow.next_attempt("back off", NOW + failed * HOUR) == NOW + again * HOUR


def test_what_may_pass_by_itself_is_tried_with_the_next_cycle() -> None:
    assert Escrow("e", Reason("Unavailable"), NOW).next_attempt("next cycle", NOW) is None


def test_a_shortage_of_seats_is_tried_again_after_an_interval() -> None:
    later = NOW + HOUR
    assert Escrow("e", Reason("x"), NOW).next_attempt("next interval", later) == later + timedelta(minutes=20)


def test_the_next_cycle_follows_the_interval_and_sooner_after_an_outage() -> None:
    interval = timedelta(minutes=20)
    assert next_cycle(NOW, "succeeded", interval) == NOW + interval
    assert next_cycle(NOW, "failed", interval) == NOW + interval
    assert next_cycle(NOW, "interrupted", interval) == NOW + timedelta(minutes=1)
    assert next_cycle(NOW, "interrupted", timedelta(seconds=10)) == NOW + timedelta(seconds=10)


@pytest.mark.parametrize("seconds", [0, -1, 9, 86_401, float("inf"), float("nan")])
def test_an_interval_out_of_bounds_is_refused(seconds: float) -> None:
    with pytest.raises(Refused) as refused:
        valid_interval(seconds)
    assert refused.value.reason.code == "IntervalInvalid"
