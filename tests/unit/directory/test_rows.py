"""The rows of CSV files: quotes, line ends, encodings, limits, and what a bad row costs."""

from __future__ import annotations

import csv
import tracemalloc
from io import BytesIO, StringIO
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisor.directory import rows as reader
from provisor.directory.rows import Row, read_rows
from provisor.domain.error import Refused

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on any machine
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
nasty = texts | st.text("\"';,\t\r\n=ab", max_size=12)


def read(data: bytes, delimiter: str | None = None) -> list[Row]:
    return list(read_rows(BytesIO(data), delimiter))


def cells(data: bytes, delimiter: str | None = None) -> list[tuple[str, ...]]:
    found = read(data, delimiter)
    assert not [row for row in found if row.reason]
    return [row.cells for row in found]


def told(data: bytes) -> list[tuple[int, str | None, int | None]]:
    return [(row.line, row.reason.code if row.reason else None, row.column) for row in read(data)]


class Drops(BytesIO):
    """A stream that gives the beginning at once, since the first line is looked at whole, and the rest in drops."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._size if self.tell() else 300)


# ---- what is written can be read -------------------------------------------------------------------------------


@patient
@given(
    st.lists(st.lists(nasty, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(";,\t|"),
    st.sampled_from(["\r\n", "\n", "\r"]),
    st.booleans(),
    st.integers(1, 50),
)
def test_whatever_is_written_is_read_back(
    table: list[list[str]], delimiter: str, end: str, quoted: bool, size: int
) -> None:
    written = StringIO(newline="")
    quoting: Literal[0, 1] = (
        csv.QUOTE_ALL if quoted or end != "\r\n" else csv.QUOTE_MINIMAL
    )  # which leaves a CR bare beside LF
    csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(table)
    data = b"\xef\xbb\xbf" + written.getvalue().encode()
    wanted = [tuple(row) for row in table if any(row) and not all(not cell.strip() for cell in row)]
    found = [row for row in read_rows(Drops(data, size), delimiter) if any(cell.strip() for cell in row.cells)]
    assert [row.cells for row in found] == wanted


@patient
@given(st.binary(max_size=300), st.integers(1, 20))
def test_any_bytes_are_rows_or_faults_and_the_size_of_the_pieces_makes_no_difference(data: bytes, size: int) -> None:
    data = b"a,b\n" + data
    whole = read(data, ",")
    assert list(read_rows(Drops(data, size), ",")) == whole
    assert all(1 <= row.line <= data.count(b"\n") + data.count(b"\r") + 1 for row in whole)


# ---- delimiters and beginnings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b"a;b;c\n", ("a", "b", "c")),
        (b"a,b,c\n", ("a", "b", "c")),
        (b"a\tb\n", ("a", "b")),
        (b'"a,b,c,d";e\n', ("a,b,c,d", "e")),
        (b'"a;\nb;;",c\r\n', ("a;\nb;;", "c")),
        (b"a\n", ("a",)),
        (b"\xef\xbb\xbfa;b\n", ("a", "b")),
        (b"\xef\xbb\xbf\r\n\r\na;b", ("a", "b")),
        (b"sep=|\r\na|b\n", ("a", "b")),
    ],
)
def test_the_first_line_tells_the_delimiter(data: bytes, row: tuple[str, ...]) -> None:
    assert cells(data) == [row]


def test_a_person_knows_the_delimiter_better() -> None:
    assert cells(b"a,b;c\n", ",") == [("a", "b;c")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_as_such(encoding: str) -> None:
    with pytest.raises(Refused, match="CsvEncoding") as refusal:
        read("login,name\namy,Amy\n".encode(encoding))
    assert refusal.value.reason.parameters == {"encoding": "UTF-16"}


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    data = b'a,b\r\n\r\n"x\r\ny\nz",1\n,\n2,3\r4,5'
    assert [(row.line, row.cells) for row in read(data)] == [
        (1, ("a", "b")),
        (3, ("x\r\ny\nz", "1")),
        (7, ("2", "3")),
        (8, ("4", "5")),
    ]


# ---- a bad row costs itself ------------------------------------------------------------------------------------


def test_latin_1_costs_the_rows_that_have_it() -> None:
    data = b'login,name\namy,Amy\nj\xfcrgen,J\nx,"two\nlines \xfc"\nfry,Fry\n'
    assert told(data) == [
        *((1, None, None), (2, None, None), (3, "CsvInvalidText", 0), (5, "CsvInvalidText", 1), (6, None, None)),
    ]
    [first, _] = [row.reason for row in read(data) if row.reason]
    assert first is not None
    assert first.parameters == {"byte": "0xfc"}


def test_what_stands_behind_a_closing_quote_costs_the_row() -> None:
    assert told(b'a,b\n1,"x"y\n"2"z,3\n4,5" pipe\n') == [
        *((1, None, None), (2, "CsvMalformed", 1), (3, "CsvMalformed", 0), (4, None, None)),
    ]
    assert read(b'a,b\n4,5" pipe\n')[1].cells == ("4", '5" pipe')


def test_an_open_quote_is_told_where_it_opens() -> None:
    assert told(b'a,b\n1,2\n"3\n4",5\n6,"never\n7,8\n9,10\n') == [
        *((1, None, None), (2, None, None), (3, None, None), (5, "CsvUnclosedQuote", None)),
    ]
    long = b'a,b\n1,2\n"x\ny","never\n' + b"7,8\n" * 500_000
    assert told(long)[-1] == (4, "CsvUnclosedQuote", None)


@pytest.mark.parametrize(
    "cell",
    [b"x" * (10 << 20), b'"' + b"x" * (10 << 20) + b'"', b'"' + b'a,""b""\n' * (1 << 18) + b'"', b'""' * (1 << 20)],
    ids=["plain", "quoted", "lines", "quotes"],
)
def test_megabytes_in_a_cell_cost_the_row_and_little_memory(cell: bytes) -> None:
    data = b"a,b,c\r\n1," + cell + b",3\r\n4,5,6\r\n"
    tracemalloc.start()
    found = read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    last = 3 + cell.count(b"\n")
    assert [(row.line, row.reason.code if row.reason else None) for row in found] == [
        *((1, None), (2, "CsvTooLong"), (last, None)),
    ]
    assert found[1].column == 1
    assert found[2].cells == ("4", "5", "6")
    assert peak < 8 << 20


def test_a_cell_has_a_limit_of_its_own() -> None:
    assert told(b"a,b\n1," + b"x" * (reader.CELL_LIMIT + 1) + b"\n2,3") == [
        *((1, None, None), (2, "CsvTooLong", None), (3, None, None)),
    ]


def test_a_nul_costs_the_row() -> None:
    assert told(b"a,b\n1,2\0\n3,4\n") == [(1, None, None), (2, "CsvNul", 1), (3, None, None)]
