"""What an expression may ask for beyond the entry's attributes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from provisor.domain.error import InvalidValue

SECONDS_A_PATTERN: Final = 0.25  # one use of a regular expression
SECONDS_AN_ENTRY: Final = 1.0  # from an entry's first costly function on


class Context(Struct):
    """One for each entry, shared by its expressions; a function that needs what is not given is an InvalidValue.

    `chance(n)` gives a number below n · `taken` tells whether the target has this value already · `clock` gives
    seconds that only ever grow: without it there is a limit for each regular expression, and none for the entry.
    """

    now: datetime | None = None
    chance: Callable[[int], int] | None = None
    taken: Callable[[str], bool] | None = None
    default_domain: str | None = None
    clock: Callable[[], float] | None = None
    began: float | None = None

    def seconds_left(self, function: str) -> float:
        """How long a regular expression may take now. Raises InvalidValue when the entry has had its time."""
        if self.clock is None:
            return SECONDS_A_PATTERN
        time = self.clock()
        if self.began is None:
            self.began = time
        left = SECONDS_AN_ENTRY - (time - self.began)
        if left <= 0:
            raise InvalidValue(function=function, problem="TooSlow")
        return min(left, SECONDS_A_PATTERN)


BARE: Final = Context()
