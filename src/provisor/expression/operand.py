"""An argument, compiled: the closure that every function is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from provisor.domain.resource import Attributes
from provisor.expression.context import BARE, Context
from provisor.expression.value import Datum

Evaluate: TypeAlias = Callable[[Attributes, Context], Datum]


@dataclass(frozen=True, slots=True)
class Operand:
    """`fixed`: gives the same value whatever the attributes are. Not `given`: an empty argument, which is null."""

    evaluate: Evaluate
    fixed: bool = False
    given: bool = True

    @property
    def constant(self) -> Datum:
        """The value of one that is fixed."""
        return self.evaluate({}, BARE)


Build: TypeAlias = Callable[[Sequence[Operand]], Evaluate]


def always(value: Datum) -> Evaluate:
    return lambda _attributes, _context: value


ABSENT = Operand(always(None), fixed=True, given=False)
