"""How soon a cycle that was left unfinished is gone on with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from provisor.engine.relapse import Relapses

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def rest(relapses: Relapses, how: object) -> int:
    """Whole seconds until the cycle is gone on with, when it was left like this."""
    relapses.left("one", how, NOW)
    return next(second for second in range(1000) if not relapses.rests("one", NOW + timedelta(seconds=second)))


def test_what_goes_wrong_in_the_same_way_rests_longer_each_time_up_to_a_minute() -> None:
    relapses = Relapses()
    assert [rest(relapses, "disk full") for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_cycle_that_came_further_or_fails_in_another_way_rests_briefly() -> None:
    relapses = Relapses()
    assert [rest(relapses, how) for how in ("a", "a", "b", "b", "a")] == [1, 2, 1, 2, 1]


def test_a_cycle_that_was_never_left_or_has_ended_rests_not_at_all() -> None:
    relapses = Relapses()
    assert not relapses.rests("one", NOW)
    relapses.left("one", "a", NOW)
    relapses.forget("one")
    assert not relapses.rests("one", NOW)
