"""One line: sent; or, where an answer was lost, looked up first."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from provisor.connector import Target
from provisor.domain.change import Adopt, Change, Create, Delete, Difference, Disable, Reason, Skip, Update
from provisor.domain.error import Conflict, DuplicateTargetEntries, NotFound, ProvisorError
from provisor.domain.resource import Account, Attributes, Link
from provisor.expression.compiler import REDACTED
from provisor.flow.map import MappingProgram
from provisor.flow.plan import differ_from_shown, unshown
from provisor.flow.record import undertaken
from provisor.ledger import Line


@dataclass(slots=True)
class Sender:
    """Carries out one line at a time. Raises RetryLater where nobody knows whether it was."""

    target: Target
    program: MappingProgram
    clock: Callable[[], datetime]
    looked_up: dict[str, Sequence[Account]] = field(default_factory=dict)  # by claim: each is used once

    async def send(self, line: Line) -> Account | None:
        """The account as it then is; None: there is none any more."""
        with tactful([line]):
            return await self._send(line)

    async def settle(self, line: Line) -> Account | None:
        """Look first: was it carried out? Send only what is missing."""
        with tactful([line]):
            return await self._settle(line)

    async def _send(self, line: Line) -> Account | None:
        match line.change.action:
            case Create(desired):
                return await self.target.create(desired)
            case Adopt(account, _, differences):
                return await self.target.update(self._ours(line, account), differences) if differences else account
            case Update(link, _, differences):
                return await self.target.update(link, differences)
            case Disable(link):
                return await self.target.disable(link)
            case Delete(link):
                await self.target.delete(link)
                return None
            case Skip():
                raise AssertionError("a skip is not sent")

    async def _settle(self, line: Line) -> Account | None:
        action = line.change.action
        match action:
            case Create(desired):
                found = await self._find(line)
                return await self._complete(line, _usable(found), desired) if found else await self._send(line)
            case Adopt(account, desired, differences):
                return await self._complete(line, await self.target.get(account.id), desired, again=differences)
            case Update(link, _, differences):
                there = await self.target.get(link.target_id)
                return await self._complete(line, there, _wanted(differences), link, again=differences)
            case Disable(link):
                account = await self.target.get(link.target_id)
                return await self.target.disable(link) if account.active else account
            case Delete() | Skip():
                return await self._send(line)

    async def as_planned(self, line: Line) -> Account | None:
        """The account, if it is as this line would have left it."""
        match line.change.action:
            case Create(desired):
                account, wanted = await self._find(line), desired
            case Adopt(found, _, differences):
                account, wanted = await self._get(found.id), _wanted(differences)
            case Update(link, _, differences):
                account, wanted = await self._get(link.target_id), _wanted(differences)
            case Disable(link):
                account, wanted = await self._get(link.target_id), {}
                return account if account is not None and not account.active else None
            case Delete() | Skip():
                return None
        if account is None or isinstance(line.change.action, Create):
            return account
        unknown = any(name in self.program.unshown for name in wanted)
        return None if unknown or self.lacking(account, wanted) else account

    def lacking(self, account: Account, wanted: Attributes) -> Sequence[Difference]:
        """What the account does not hold of what is wanted."""
        return differ_from_shown(wanted, account.attributes, self.program)

    async def _complete(
        self,
        line: Line,
        account: Account,
        wanted: Attributes,
        link: Link | None = None,
        again: Sequence[Difference] = (),
    ) -> Account:
        """`again`: what was to be written; of that, what the target never shows is written once more."""
        differences = [*self.lacking(account, wanted), *unshown(_wanted(again), self.program)]
        if differences:
            return await self.target.update(link or self._ours(line, account), differences)
        return replace(account, grants=link.grants) if link else account

    def _ours(self, line: Line, account: Account) -> Link:
        return undertaken(line.change.entry_id, account, self.clock())

    async def _find(self, line: Line) -> Account | None:
        """The account that a create in doubt has made, which then is ours with all that it holds."""
        assert line.claim is not None, "whoever is created has a matching value"
        found = self.looked_up.pop(str(line.claim), None)
        if found is None:
            found = await self.target.find(line.claim.attribute, line.claim.value)
        if len(found) > 1:
            raise DuplicateTargetEntries(accounts=", ".join(account.id for account in found))
        return replace(found[0], grants=found[0].holds) if found else None

    async def _get(self, target_id: str) -> Account | None:
        try:
            return await self.target.get(target_id)
        except NotFound:
            return None


@contextmanager
def tactful(lines: Sequence[Line]) -> Iterator[None]:
    """Whatever a target says in its refusal, no value that nobody may see is in it."""
    try:
        yield
    except ProvisorError as error:
        error.reason = without_redacted(error.reason, lines)
        raise


def without_redacted(reason: Reason, lines: Sequence[Line]) -> Reason:
    """The same, with each of the values that these lines must not show hidden in what the target said."""
    hidden = sorted((value for line in lines for value in _redacted(line.change)), key=len, reverse=True)
    if not hidden:
        return reason
    said = dict(reason.parameters)
    for name in _SAID & said.keys():
        for value in hidden:
            said[name] = _hidden(said[name], value)
    return Reason(reason.code, said)


def _hidden(text: str, value: str) -> str:
    """The text without the value: in whatever case, as JSON writes it, or cut off at the end."""
    for form in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
        text = re.sub(re.escape(form), REDACTED, text, flags=re.IGNORECASE)
        for length in range(min(len(form), len(text)), SHORTEST_PART - 1, -1):
            if text.casefold().endswith(form[:length].casefold()):
                return text[:-length] + REDACTED
    return text


SHORTEST_PART = 4  # characters of a value that tell something of it
_SAID = frozenset(("said", "value", "holds", "problem", "missing"))


def _redacted(change: Change) -> Iterator[str]:
    if not change.sealed:
        return
    match change.action:
        case Create(desired):
            values = [desired.get(name) for name in change.sealed]
        case Adopt(_, _, differences) | Update(_, _, differences):
            values = [one.new for one in differences if one.attribute in change.sealed]
        case Disable() | Delete() | Skip():
            values = []
    for value in values:
        yield from (str(one) for one in (value if isinstance(value, list) else [value]) if one not in (None, ""))


def _usable(account: Account) -> Account:
    """The same account. Raises Conflict, and keeps it as ours, where nobody can use it yet."""
    if account.elsewhere:
        error = Conflict(account=account.id, problem="TransferPending")
        error.account = account
        raise error
    return account


def _wanted(differences: Sequence[Difference]) -> Attributes:
    return {difference.attribute: difference.new for difference in differences}
