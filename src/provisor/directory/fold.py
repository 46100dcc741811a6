"""The lines of an LDIF file: folded ones joined, comments left out, and none longer than memory allows (RFC 2849)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LIMIT = 1 << 20  # bytes kept of one line after joining
_PIECE = 1 << 16  # bytes read at once


@dataclass(frozen=True, slots=True)
class Line:
    """One joined line; an empty one ends a record. `cut`: it went on beyond LIMIT."""

    number: int
    data: bytes
    cut: bool = False


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Every line but the comments, joined, and an empty one at the end; raises only what the stream raises."""
    number, start, cut = 0, 0, False
    joined: bytearray | None = None  # None: nothing begun, or a blank line just passed
    for piece, begins in _pieces(stream):
        number += begins
        if number == 1 and begins:
            piece = piece.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901
        if not begins or (piece.startswith(b" ") and joined is not None):
            joined = bytearray() if joined is None else joined
            more = piece[1:] if begins else piece
            cut = cut or len(joined) + len(more) > LIMIT
            joined += more[: LIMIT - len(joined)]
            continue
        if joined is not None and not joined.startswith(b"#"):
            yield Line(start, bytes(joined), cut)
        start, cut, joined = number, False, bytearray(piece) if piece.strip() else None
        if joined is None:
            yield Line(number, b"")
    if joined is not None and not joined.startswith(b"#"):
        yield Line(start, bytes(joined), cut)
    yield Line(number + 1, b"")


def _pieces(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Physical lines without their end, the long ones in pieces; the flag says that a line begins here."""
    begins = True
    while piece := stream.readline(_PIECE):
        ends = piece.endswith(b"\n")
        if ends:
            piece = piece[:-1].removesuffix(b"\r")
        elif piece.endswith(b"\r"):  # cut between CR and LF, perhaps
            follows = stream.readline(1)
            ends = follows == b"\n"
            piece = piece[:-1] if ends or not follows else piece + follows
        yield piece, begins
        begins = ends
