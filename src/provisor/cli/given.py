"""A JSON file that a person names, or standard input."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from pathlib import Path

import click

from provisor.domain.error import Refused

STANDARD_INPUT = Path("-")


def read_file(file: Path) -> bytes:
    """No more of it than can be used."""
    from provisor.schema import MAXIMUM_SIZE

    try:
        with click.open_file(str(file), "rb") as stream:
            read: bytes = stream.read(MAXIMUM_SIZE + 1)
    except OSError as error:
        raise Refused("FileUnreadable", file=file, because=error.strerror or str(error)) from None
    return read


def called(file: Path) -> str:
    """What a message calls it."""
    return "standard input" if file == STANDARD_INPUT else str(file)
