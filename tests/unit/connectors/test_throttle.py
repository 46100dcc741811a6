"""One limit for everybody who asks a target: places in time, worked out without waiting for any."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.connectors.http.answer import retry_after
from provisor.connectors.http.throttle import Throttle, _throttles, throttle_of

WIDEST = 20.0


def strained(distance: float = 0.001) -> Throttle:
    """One that met its first 429."""
    throttle = Throttle(8)
    for _ in range(50):
        throttle.take(100.0, distance)
    throttle.slow_down(101, 100, distance, WIDEST)
    return throttle


def test_places_are_evenly_spaced_and_time_that_was_not_used_is_not_saved_up() -> None:
    throttle = Throttle(8)
    assert [throttle.take(100, 0.5) for _ in range(3)] == [100, 100.5, 101]
    assert [throttle.take(200, 0.5) for _ in range(3)] == [200, 200.5, 201]


def test_each_keeps_its_own_distance_to_whoever_comes_next() -> None:
    throttle = Throttle(8)
    assert [throttle.take(0, distance) for distance in (0.25, 0.125, 0.25, 0.125)] == [0, 0.25, 0.375, 0.625]


def test_429s_of_one_burst_count_once() -> None:
    throttle = strained()
    gap = throttle.gap
    for sent in (99, 100, 100.9):  # all on their way when the first 429 came
        throttle.slow_down(102, sent, 0.001, WIDEST)
    assert throttle.gap == gap
    throttle.slow_down(103, 102, 0.001, WIDEST)
    assert throttle.gap == 2 * gap


def test_the_first_429_halves_the_rate_that_was_really_sent() -> None:
    assert strained(distance=0.000_1).gap == pytest.approx(2 / 50)


def test_the_gap_ends_somewhere() -> None:
    throttle = strained()
    for moment in range(102, 200):
        throttle.slow_down(moment, moment, 0.001, WIDEST)
    assert throttle.gap == WIDEST


def test_answers_narrow_the_gap_again_until_nothing_is_left_of_it() -> None:
    throttle, gaps = strained(), []
    while throttle.gap:
        gaps.append(throttle.gap)
        throttle.speed_up()
        assert len(gaps) < 10_000
    assert gaps == sorted(gaps, reverse=True)


def test_near_the_gap_that_was_too_narrow_it_is_probed_with_care() -> None:
    throttle = strained()  # 50 a second were too many; there are 25 now
    answers = 0
    while throttle.gap > 1 / 50:
        throttle.speed_up()
        answers += 1
    assert answers > 100


def test_a_pause_voids_the_places_taken_before_it_and_a_shorter_one_changes_nothing() -> None:
    throttle = Throttle(8)
    throttle.take(100, 0.5)
    throttle.pause(100, 30)
    assert throttle.rounds == 1
    assert [throttle.take(101, 0.5) for _ in range(2)] == [130, 130.5]
    throttle.pause(102, 5)
    assert throttle.rounds == 1
    assert throttle.take(103, 0.5) == 131


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://api.example.com/a?b=c", "https://API.example.com:443/d", True),
        ("https://admin@api.example.com/a", "https://api.example.com", True),
        ("https://api.example.com/", "http://api.example.com/", False),
        ("https://api.example.com/", "https://api.example.com:8443/", False),
        ("https://one.example.com/", "https://two.example.com/", False),
    ],
)
async def test_a_target_is_a_scheme_a_host_and_a_port(one: str, other: str, same: bool) -> None:
    first, second = throttle_of(one, 8), throttle_of(other, 8)
    assert (first is second) is same


def test_another_loop_begins_anew_and_those_that_ended_are_forgotten() -> None:
    async def paused() -> Throttle:
        throttle = throttle_of("https://api.example.com/", 8)
        throttle.pause(100, 60)
        return throttle

    first, second = asyncio.run(paused()), asyncio.run(paused())
    assert first is not second
    assert second.rounds == 1
    assert len(_throttles) == 1


# ---- Retry-After --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("1.5", 1.5),
        ("-1", None),
        ("1e9", 86_400),
        ("9" * 400, None),
        ("nan", None),
        ("", None),
        ("later", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Fri, 32 Dec 2099 23:59:59 GMT", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_more_than_a_day(said: str, seconds: float | None) -> None:
    assert retry_after(said) == seconds


@given(st.one_of(st.text(), st.from_regex(r"\w{3}, \d\d \w{3} \d{1,6} \d\d:\d\d:\d\d [+-]?\w{1,20}")))
def test_whatever_retry_after_says_it_is_a_sensible_wait_or_none(said: str) -> None:
    wait = retry_after(said)
    assert wait is None or (math.isfinite(wait) and 0 <= wait <= 86_400)
