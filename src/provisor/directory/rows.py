"""The rows of a CSV file (RFC 4180), whatever its bytes: a row that cannot be read costs itself and no other."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from provisor.domain.change import Reason
from provisor.domain.error import Refused

LIMIT = 1 << 20  # bytes of one row
CELL_LIMIT = 1 << 17  # characters of one cell: what Python's csv module takes, a setting of the whole process
DELIMITERS = (";", ",", "\t")
_PIECE = 1 << 16  # bytes read at once

_TOP = re.compile(rb'(?:"[^"]*+"?|[^"\r\n])*+')  # the first line, quoted line ends included
_SEPARATED = re.compile(rb"sep=([^\w\s]|\t)\r?\n", re.IGNORECASE)  # how Excel is told the delimiter
_OPEN = re.compile(rb'"[^"]*+(?:""[^"]*+)*+')


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank; what is not UTF-8 in it is kept as surrogates.

    `reason`: why it cannot be taken; the cells are then those that could be told apart nevertheless.
    """

    line: int  # where it begins, or where the trouble is
    cells: tuple[str, ...] = ()
    reason: Reason | None = None
    column: int | None = None  # where the trouble is, from 0


def read_rows(stream: BinaryIO, delimiter: str | None = None) -> Iterator[Row]:
    """Every row, in bounded memory. Without a delimiter, the one that the first line has most of.

    Raises what the stream raises, and Refused where the file is in another encoding altogether.
    """
    top = _read(stream)
    if top.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in _TOP.match(top)[0]:  # type: ignore[index]
        raise Refused("CsvEncoding", encoding="UTF-16")
    top = top.removeprefix(codecs.BOM_UTF8)
    said = _SEPARATED.match(top)
    if said:
        top = top[said.end() :]
    marked = said[1].decode() if said else None
    yield from _Framing(stream, top, delimiter or marked or _delimiter(top), 2 if said else 1).rows()


def _delimiter(top: bytes) -> str:
    """What stands most often in the first line that is not blank, outside quotes."""
    first = _TOP.match(top.lstrip(b"\r\n"))
    bare = re.sub(rb'"[^"]*+"?', b"", first[0] if first else b"")
    return max(DELIMITERS, key=lambda one: bare.count(one.encode()))


def _read(stream: BinaryIO) -> bytes:
    """As much as there is at once, and nothing only at the end."""
    return stream.read(_PIECE)


def _lines(data: bytes) -> int:
    """How many lines end in there: at CR LF, at LF, or at a CR that stands alone."""
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


class _Framing:
    """Finds where rows end. Beyond the limit, a row is read on in its shortest form that ends in the same place."""

    def __init__(self, stream: BinaryIO, top: bytes, delimiter: str, line: int) -> None:
        mark = re.escape(delimiter.encode())
        cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"[^%b\r\n]*+|[^"%b\r\n][^%b\r\n]*+)?+' % (mark, mark, mark)
        self._stream, self._delimiter, self._line = stream, delimiter, line
        self._cells = re.compile(rb"(?:%b%b)*+" % (cell, mark))
        self._cell = re.compile(rb"(%b)(?:%b|\Z)" % (cell, mark))
        self._row = re.compile(rb"(?:%b%b)*+%b(?:\r\n|\n|\r)" % (cell, mark, cell))
        self._buffer, self._position, self._ended = top, 0, not top
        self._dropped = 0  # lines of the row at hand that are no longer in the buffer
        self._passed: int | None = None  # the column in which the row at hand went beyond the limit
        self._opened: int | None = None  # the line on which that column's quote was opened

    def rows(self) -> Iterator[Row]:
        while (raw := self._next()) is not None:
            row = self._too_long() if self._passed is not None else self._taken_apart(raw)
            self._line += self._dropped + _lines(raw)
            self._dropped, self._passed, self._opened = 0, None, None
            if row is not None:
                yield row
        if self._buffer:
            head = self._complete()
            line = self._opened or self._line + self._dropped + _lines(self._buffer[:head])
            yield Row(line, reason=Reason("CsvUnclosedQuote"))

    def _next(self) -> bytes | None:
        """The bytes of the next row with its end; None: there is none, and what is left is an open quote."""
        while True:
            found = self._row.match(self._buffer, self._position)
            doubtful = found and found.end() == len(self._buffer) and found[0].endswith(b"\r") and not self._ended
            if found and not doubtful:
                self._position = found.end()
                return found[0]
            self._buffer, self._position = self._buffer[self._position :], 0
            if self._ended:
                return None
            if self._passed is not None or len(self._buffer) > LIMIT:
                self._shorten()
            more = _read(self._stream)
            self._ended = not more
            self._buffer += more or (b"\n" if self._buffer else b"")

    def _complete(self) -> int:
        """Where the first cell begins that is not complete."""
        found = self._cells.match(self._buffer)
        assert found is not None, "it may be empty"
        return found.end()

    def _shorten(self) -> None:
        head = self._complete()
        rest = self._buffer[head:]
        if self._passed is None:
            self._passed = sum(1 for _ in self._cell.finditer(self._buffer, 0, head)) - 1 if head else 0
        kept = b"x" if rest else b""
        if opened := _OPEN.match(rest):
            if head or self._opened is None:
                self._opened = self._line + self._dropped + _lines(self._buffer[:head])
            behind = rest[opened.end() :]
            kept = b'""x' if behind[1:] else b'"' + (behind or (b"\r" if rest.endswith(b"\r") else b""))
        self._dropped += _lines(self._buffer) - _lines(kept)
        self._buffer = kept

    def _too_long(self) -> Row:
        return Row(self._line, reason=Reason("CsvTooLong", {"limit": str(LIMIT)}), column=self._passed)

    def _taken_apart(self, raw: bytes) -> Row | None:
        """The row with its cells, or with what is wrong; None: it is blank."""
        if not raw.strip():
            return None
        line, reason = self._line, None
        if len(raw) > LIMIT:
            return Row(line, reason=Reason("CsvTooLong", {"limit": str(LIMIT)}))
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line += _lines(raw[: error.start])
            reason = Reason("CsvInvalidText", {"byte": f"0x{raw[error.start]:02x}"})
            text = raw.decode("utf-8", "surrogateescape")
        try:
            [cells] = csv.reader([text.rstrip("\r\n")], delimiter=self._delimiter, strict=True)
        except csv.Error as error:
            if "limit" in str(error):
                return Row(line, reason=Reason("CsvTooLong", {"limit": str(CELL_LIMIT)}))
            return Row(line, reason=Reason("CsvMalformed"), column=self._misquoted(raw))
        if not any(cells):
            return None
        if reason is not None:
            return Row(line, tuple(cells), reason, next(n for n, cell in enumerate(cells) if _undecoded(cell)))
        if "\0" in text:
            return Row(line, tuple(cells), Reason("CsvNul"), next(n for n, cell in enumerate(cells) if "\0" in cell))
        return Row(line, tuple(cells))

    def _misquoted(self, raw: bytes) -> int | None:
        """The first cell that goes on behind its closing quote."""
        cells = self._cell.finditer(raw.rstrip(b"\r\n"))
        return next(
            (n for n, cell in enumerate(cells) if cell[1].startswith(b'"') and not cell[1].endswith(b'"')), None
        )


def _undecoded(cell: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in cell)
