"""Dates are read, moved, compared and printed as .NET and VBA do it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisor.domain.error import InvalidValue
from provisor.expression import Context, compile_expression

NOW = Context(now=datetime(2025, 7, 30, 15, 33, 38, tzinfo=UTC))


def value(text: str, **attributes: str) -> object:
    return compile_expression(text).evaluate(attributes, NOW)


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("2020-03-16", "3/16/2020 12:00:00 AM"),
        ("2020-03-16T08:09", "3/16/2020 8:09:00 AM"),
        ("2020-03-16T08:09:10Z", "3/16/2020 8:09:10 AM"),
        ("2020-03-16 12:09:10.1234567+02:00", "3/16/2020 10:09:10 AM"),
        ("2020-03-16T00:00:00-0830", "3/16/2020 8:30:00 AM"),
        (" 3/16/2020 ", "3/16/2020 12:00:00 AM"),
        ("12/31/9999 12:00:00 am", "12/31/9999 12:00:00 AM"),
        ("3/16/2020 12:30 PM", "3/16/2020 12:30:00 PM"),
        ("0001-01-01", "1/1/1 12:00:00 AM"),
    ],
)
def test_a_date_is_read_and_printed_in_utc(written: str, printed: str) -> None:
    assert value("CDate([a])", a=written) == printed
    assert value("CDate(CDate([a]))", a=written) == printed


@pytest.mark.parametrize(
    "written",
    ["", "x", "2020-13-01", "2020-02-30", "16.3.2020", "2020-03-16T25:00", "3/16/2020 13:00 PM", "2020", "1" * 1000],
)
def test_what_is_no_date_puts_the_entry_aside(written: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        value("CDate([a])", a=written)
    assert caught.value.reason.parameters == {"function": "CDate", "expected": "a date", "found": "another text"}


@pytest.mark.parametrize("text", ['DateAdd("yyyy", 9000, Now())', 'DateAdd("s", -99999999999999, Now())'])
def test_a_date_beyond_the_calendar_puts_the_entry_aside(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        value(text)
    assert caught.value.reason.parameters["problem"] == "OutOfTime"


def test_the_edges_of_the_calendar_are_refused_too() -> None:
    with pytest.raises(InvalidValue):
        value("CDate([a])", a="0001-01-01T00:00:00+01:00")
    with pytest.raises(InvalidValue):
        value("DateFromNum([a])", a="9223372036854775807")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('DateAdd("m", 1, "2020-01-31")', "2/29/2020 12:00:00 AM"),
        ('DateAdd("m", -11, "2020-01-31")', "2/28/2019 12:00:00 AM"),
        ('DateAdd("YYYY", 1, "2020-02-29")', "2/28/2021 12:00:00 AM"),
        ('DateAdd("ww", 1, "2020-02-29")', "3/7/2020 12:00:00 AM"),
        ('DateAdd("n", "90", "2020-02-29")', "2/29/2020 1:30:00 AM"),
        ('DateDiff("d", "2020-01-01T12:00", "2020-01-02T11:59")', 0),
        ('DateDiff("d", "2020-01-02T11:59", "2020-01-01T12:00")', 0),
        ('DateDiff("h", "2020-01-02T12:00", "2020-01-01T11:00")', -25),
        ('DateDiff("s", "2020-01-01", "2020-01-02")', 86400),
        ('DateDiff("yyyy", "2020-12-31", "2021-01-01")', 1),
        ('DateDiff("m", "2021-01-01", "2020-12-31")', -1),
        ('DateDiff("ww", "2020-01-04", "2020-01-05")', 1),  # Saturday to Sunday
        ('DateDiff("ww", "2020-01-05", "2020-01-11")', 0),
        ('DateDiff("d", Now(), [none])', None),
        ("NumFromDate(Now())", "133983632180000000"),
        ("DateFromNum(NumFromDate(Now()))", "7/30/2025 3:33:38 PM"),
        ('Now() > "2025-07-30"', True),
        ('Now() = "7/30/2025 3:33:38 PM"', True),
        ("Now() <> [none]", True),
        ("Now() = [none]", False),
        ("Now() < [none]", False),
        ('Append(Now(), "!")', "7/30/2025 3:33:38 PM!"),
    ],
)
def test_dates_are_counted_as_in_vba(text: str, result: object) -> None:
    assert value(text) == result


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("yyyy-MM-dd HH:mm:ss", "2025-07-03 15:04:05"),
        ("d/M/yy h:m:s t", "3/7/25 3:4:5 P"),
        ("dddd, dd MMMM yyyy hh:mm tt", "Thursday, 03 July 2025 03:04 PM"),
        ("ddd d MMM", "Thu 3 Jul"),
        ("yyyy'T'\"q\"\\d%d", "2025Tqd3"),
        ("ss.fff FFF fffffff", "05.120 12 1200000"),
        ("zzz zz z K", "+00:00 +00 +0 Z"),
        ("s", "2025-07-03T15:04:05"),
        ("o", "2025-07-03T15:04:05.1200000Z"),
        ("R", "Thu, 03 Jul 2025 15:04:05 GMT"),
        ("d", "07/03/2025"),
        ("yyyyMMddHHmmss.f'Z'", "20250703150405.1Z"),
    ],
)
def test_a_date_is_printed_in_a_format_of_dotnet(form: str, printed: str) -> None:
    assert value('FormatDateTime([a], , "", [f])', a="2025-07-03T15:04:05.12Z", f=form) == printed


@pytest.mark.parametrize(
    ("written", "form", "read"),
    [
        ("20150123105347.1Z", "yyyyMMddHHmmss.fZ", "2015-01-23 10:53:47"),
        ("3 Jul 2025", "d MMM yyyy", "2025-07-03 00:00:00"),
        ("Thursday 3 JULY 25", "dddd d MMMM yy", "2025-07-03 00:00:00"),
        ("03/07/98 11:05 pm", "dd/MM/yy hh:mm tt", "1998-07-03 23:05:00"),
        ("2025-07-03T23:30:00+02:00", "yyyy-MM-ddTHH:mm:sszzz", "2025-07-03 23:30:00"),  # in its own offset
        ("2025-07-03   10:00", "yyyy-MM-dd HH:mm", "2025-07-03 10:00:00"),
    ],
)
def test_a_date_is_read_in_a_format_of_dotnet(written: str, form: str, read: str) -> None:
    assert value('FormatDateTime([a], , [f], "yyyy-MM-dd HH:mm:ss")', a=written, f=form) == read
    assert value('FormatDateTime([a], [f], "yyyy-MM-dd HH:mm:ss")', a=written, f=form) == read


def test_the_styles_may_ask_for_utc() -> None:
    text = 'FormatDateTime([a], "AdjustToUniversal, AllowWhiteSpaces", "yyyy-MM-dd HH:mmzzz", "dd HH:mm")'
    assert value(text, a="2025-07-03 23:30-02:00") == "04 01:30"
    with pytest.raises(InvalidValue):
        value('FormatDateTime([a], "Nonsense", "yyyy", "yyyy")', a="2025")


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("2025-07-03", "yyyyMMdd"),
        ("Friday 3 July 2025", "dddd d MMMM yyyy"),  # it was a Thursday
        ("2025 2026", "yyyy yyyy"),
        ("3", "d" * 300),
        ("1" * 390, "dM" * 100),
        ("1" + " " * 300 + "x", "d" + " " * 150 + "M"),
        ("1" * 390, "fF" * 100),
        ("Z" * 390, "K." * 100),
        ("x", "x"),
    ],
)
def test_another_text_than_the_format_says_puts_the_entry_aside(written: str, form: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        value('FormatDateTime([a], , [f], "yyyy")', a=written, f=form)
    assert caught.value.reason.parameters["function"] == "FormatDateTime"


MOMENTS = st.datetimes(min_value=datetime(1601, 1, 2), max_value=datetime(9998, 12, 30))  # noqa: DTZ001


@settings(deadline=None)
@given(MOMENTS)
def test_a_date_survives_being_printed_and_read_again(moment: datetime) -> None:
    written = moment.replace(microsecond=0).isoformat()
    printed = value("CDate([a])", a=written)
    assert isinstance(printed, str)
    assert value("CDate([a])", a=printed) == printed
    assert value("DateFromNum(NumFromDate([a]))", a=written) == printed
    for form in ("yyyy-MM-dd HH:mm:ss", "M/d/yyyy h:mm:ss tt", "o", "ddd d MMM yyyy HH mm ss"):
        there = value(f'FormatDateTime([a], , , "{form}")', a=written)
        assert isinstance(there, str)
        assert value(f'FormatDateTime([a], , "{form}", "s")', a=there) == written
