"""Dates: read, compared, moved and printed. Where nothing says otherwise, they are in UTC."""

from __future__ import annotations

from datetime import datetime

from provisor.domain.error import InvalidValue
from provisor.expression import moment
from provisor.expression.coerce import moment as read_moment
from provisor.expression.context import Context
from provisor.expression.date_format import DateFormat, date_format
from provisor.expression.function import function
from provisor.expression.moment import Interval
from provisor.expression.value import Datum


@function("Now", "Now()", "7/30/2025 3:33:38 PM")
def now(context: Context) -> Datum:
    """The time at which the cycle began."""
    if context.now is None:
        raise InvalidValue(function="Now", problem="NotToldHere")
    return context.now


@function("CDate", "CDate([employeeHireDate])", "3/16/2020 7:00:00 AM")
def cdate(expression: datetime) -> Datum:
    """A date in UTC, from ISO 8601 with or without time and offset, or from the form that dates are printed in."""
    return _in_time(moment.in_utc(expression), "CDate")


@function("DateAdd", 'DateAdd("d", -10, CDate([employeeHireDate]))', "3/6/2020 7:00:00 AM")
def date_add(interval: Interval, value: int, date: datetime) -> Datum:
    """A date so many intervals later; with a number below 0, earlier.

    The intervals: yyyy years, m months, ww weeks, d days, h hours, n minutes, s seconds.
    """
    return _in_time(moment.later(date, interval, value), "DateAdd")


@function("DateDiff", 'DateDiff("d", CDate([employeeHireDate]), Now())', 1962)
def date_diff(interval: Interval, date1: datetime, date2: datetime) -> Datum:
    """How many intervals from the first date to the second; negative if the second is the earlier.

    Days and shorter: those that have fully passed. Weeks, months and years: how many times one began, weeks on Sunday.
    """
    first, second = moment.in_utc(date1), moment.in_utc(date2)
    if first is None or second is None:
        raise InvalidValue(function="DateDiff", problem="OutOfTime")
    return moment.between(first, second, interval)


@function("DateFromNum", 'DateFromNum("129699324000000000")', "1/1/2012 11:00:00 PM")
def date_from_num(value: int) -> Datum:
    """A date from Active Directory's number: steps of 100 nanoseconds since the year 1601."""
    return _in_time(moment.of_filetime(value), "DateFromNum")


@function("NumFromDate", 'NumFromDate("2020-12-31 23:59:59-08:00")', "132539615990000000")
def num_from_date(value: datetime) -> Datum:
    """Active Directory's number for a date, as text."""
    return str(moment.filetime(value))


@function("FormatDateTime", 'FormatDateTime([employeeHireDate], , "yyyy-MM-ddzzz", "d MMMM yyyy")', "16 March 2020")
def format_date_time(
    source: Datum, date_time_styles: str | None, input_format: str | None, output_format: str | None = None
) -> Datum:
    """A date out of one form into another, in the formats of .NET; what is a date already needs no inputFormat.

    The dateTimeStyles may be empty, or AdjustToUniversal, which changes over to UTC; with three arguments they are
    the ones left out. Without an inputFormat, the source is read as by CDate.
    """
    styles, read, written = date_time_styles, input_format, output_format
    if output_format is None:
        styles, read, written = None, date_time_styles, input_format
    result = date_format(written, "FormatDateTime")
    if source is None or source == "" or result is None:
        return None
    return result.print(_adjusted(_read(source, date_format(read, "FormatDateTime")), styles or ""))


def _read(source: Datum, form: DateFormat | None) -> datetime:
    """The source as a date: by the format, if it is a text and there is one."""
    if isinstance(source, str) and form is not None:
        found = form.parse(source)
        if found is None:
            raise InvalidValue(function="FormatDateTime", expected="a date in the inputFormat", found="another text")
        return found
    found = read_moment(source, "FormatDateTime")
    assert found is not None
    return found


_STYLES = frozenset(
    [
        *("adjusttouniversal", "assumelocal", "assumeuniversal", "nocurrentdatedefault", "none", "roundtripkind"),
        *("allowinnerwhite", "allowleadingwhite", "allowtrailingwhite", "allowwhitespaces"),
    ]
)


def _adjusted(date: datetime, styles: str) -> datetime:
    named = {style.strip().casefold() for style in styles.replace("|", ",").split(",") if style.strip()}
    if named - _STYLES:
        raise InvalidValue(function="FormatDateTime", expected="names of .NET's DateTimeStyles", found="another text")
    if "adjusttouniversal" not in named:
        return date
    return _in_time(moment.in_utc(date), "FormatDateTime")


def _in_time(date: datetime | None, function: str) -> datetime:
    if date is None:
        raise InvalidValue(function=function, problem="OutOfTime")
    return date
