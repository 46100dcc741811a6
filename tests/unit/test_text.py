"""Sentences for codes, and text from elsewhere made safe."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.text import TEXTS, describe, duration, looks_like_mail, moment, plain, remedy


@dataclass(frozen=True)
class Why:
    """A reason, as anybody may write one."""

    code: str
    parameters: dict[str, str] = field(default_factory=dict)


def test_a_reason_names_the_thing_and_the_place() -> None:
    why = Why("Unavailable", {"problem": "ConnectionRefused", "address": "https://api.example.com/me"})
    assert describe(why) == ("The target did not answer: it refused the connection at https://api.example.com/me.")


def test_a_part_whose_value_is_missing_or_empty_falls_away() -> None:
    assert describe(Why("MissingValues")) == "A required value is missing."
    assert describe(Why("MissingValues", {"attribute": "email", "source": ""})) == "A required value is missing: email."


def test_a_problem_is_told_in_words_with_its_own_values() -> None:
    why = Why("Misconfigured", {"field": "Admin Password", "problem": "is not set"})
    assert describe(why) == "The connection is not set up right: Admin Password is not set."
    assert "weather" in describe(Why("Misconfigured", {"problem": "weather"}))


def test_what_is_held_back_says_what_for() -> None:
    assert describe(Why("HeldBack", {"why": "NotAssigned"})).endswith(
        "the reason for the change is: Not assigned to the app."
    )


def test_an_unknown_code_is_shown_with_its_parameters() -> None:
    assert describe(Why("Strange", {"a": "1", "b": "\x1b[2J"})) == "Strange (a=1, b=\\x1b[2J)"
    assert remedy("Strange") is None


def test_a_sentence_that_lacks_a_value_it_needs_becomes_code_and_parameters() -> None:
    assert describe(Why("UnknownUser")) == "UnknownUser"


def test_a_value_is_put_in_once_and_never_read_as_a_template() -> None:
    assert (
        describe(Why("UnknownUser", {"name": "{code} [x] {name}"})) == 'The directory has no user "{code} [x] {name}".'
    )


def test_a_value_cannot_move_the_cursor() -> None:
    assert describe(Why("UnknownUser", {"name": "\x1b]0;a\x07\n"})) == 'The directory has no user "\\x1b]0;a\\x07\\n".'


@given(st.sampled_from([*TEXTS, "Strange"]), st.dictionaries(st.sampled_from(["name", "problem", "why"]), st.text()))
def test_describing_never_fails(code: str, parameters: dict[str, str]) -> None:
    assert describe(Why(code, parameters))


@pytest.mark.parametrize("code", TEXTS)
def test_every_sentence_is_whole_once_its_values_are_known(code: str) -> None:
    names = {part.split("}")[0] for part in TEXTS[code].sentence.split("{")[1:]}
    sentence = describe(Why(code, dict.fromkeys(names, "Thing")))
    assert sentence[0].isupper() or sentence[0] == '"'
    assert sentence.endswith(".")
    assert not set("{}[]") & set(sentence)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë Ångström 日本 🙂", "Zoë Ångström 日本 🙂"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("nul\0", "nul\\x00"),
        ("c1\x9b", "c1\\x9b"),
        ("gro\u202eup", "gro\\u202eup"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028end", "line\\u2028end"),
        ("lone\ud800", "lone\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_what_would_move_hide_or_reorder_text_is_spelled_out(text: str, shown: str) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize("text", ["it@example.com", "root@localhost", "jörg@büro.example", f"{'a' * 116}@example.com"])
def test_these_look_like_mail(text: str) -> None:
    assert looks_like_mail(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "it", "@example.com", "it@", "it@example", "a@b@example.com", "it @example.com", "it@example..com"),
        *("it@.com", "it@example.com\n", "it@exa\u200bmple.com", "it@example\u00a0.com", f"{'a' * 117}@example.com"),
    ],
)
def test_these_do_not_look_like_mail(text: str) -> None:
    assert not looks_like_mail(text)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a second"),
        (12.4, "12 s"),
        (59.7, "about 1 minute"),
        (61, "about 1 minute"),
        (240, "about 4 minutes"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
        (7200, "2 h"),
        (86399, "24 h"),
        (90000, "1 day 1 h"),
        (172800, "2 days"),
        (183600, "2 days 3 h"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_moment_is_told_in_utc() -> None:
    now = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert moment(now.astimezone(timezone(timedelta(hours=5)))) == "2026-03-01 09:30:00 UTC"
