"""One row of the tables of sentences."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A sentence with {places} for parameters, [optional parts] in brackets, and the next step if there is one."""

    sentence: str
    remedy: str | None = None
