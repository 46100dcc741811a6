"""Values that must be nobody else's, chosen for accounts that are about to be made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from provisor.domain.error import EntryError
from provisor.domain.resource import Attributes, Entry, Value
from provisor.expression import Context, Control
from provisor.flow.in_scope import InScope
from provisor.flow.map import Desired, LeftOut, MappingProgram, Unique, named, source_of
from provisor.ledger import Claim


class UniqueValues:
    """Asks the target, and remembers what this cycle has promised to whom. `held`: has an account this value?"""

    def __init__(self, program: MappingProgram, held: Callable[[Claim], Awaitable[bool]]) -> None:
        self._program = program
        self._held = held
        self._promised: set[str] = set()

    async def choose(self, entry: Entry, scope: InScope, desired: Desired, context: Context) -> Desired | LeftOut:
        """What the new account is given, complete. Raises an EntryError that names the attribute."""
        source = source_of(entry, scope, self._program)
        chosen: dict[str, Value] = {}
        for one in self._program.unique:
            try:
                value = await self._first_free(one, source, context)
            except EntryError as error:
                raise named(error, one.target, self._program) from None
            if isinstance(value, Control):
                if value in (Control.ESCROW, Control.IGNORE_OBJECT_FLOW):
                    return LeftOut(one.target, value)
            elif value is not None:
                chosen[one.target] = value
        self._promised.update(str(Claim(name, str(value))) for name, value in chosen.items())
        return replace(desired, on_creation={**desired.on_creation, **chosen})

    async def _first_free(self, one: Unique, source: Attributes, context: Context) -> Value | Control:
        for proposed in one.propose(source, context):
            if isinstance(proposed, Control):
                return proposed
            value = one.fit(proposed)
            claim = Claim(one.target, str(value))
            if str(claim) not in self._promised and not await self._held(claim):
                return value
        return one.default and one.fit(one.default)
