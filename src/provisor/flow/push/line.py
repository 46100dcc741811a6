"""One line: sent; or, where an answer was lost, looked up first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from provisor.connector import Target
from provisor.domain.change import Adopt, Create, Delete, Difference, Disable, Skip, Update
from provisor.domain.error import Conflict, DuplicateTargetEntries, NotFound
from provisor.domain.resource import Account, Attributes, Link
from provisor.flow.map import MappingProgram
from provisor.flow.plan import differ
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

    async def settle(self, line: Line) -> Account | None:
        """Look first: was it carried out? Send only what is missing."""
        action = line.change.action
        match action:
            case Create(desired):
                found = await self._find(line)
                return await self._complete(line, _usable(found), desired) if found else await self.send(line)
            case Adopt(account, desired, _):
                return await self._complete(line, await self.target.get(account.id), desired)
            case Update(link, _, differences):
                return await self._complete(line, await self.target.get(link.target_id), _wanted(differences), link)
            case Disable(link):
                account = await self.target.get(link.target_id)
                return await self.target.disable(link) if account.active else account
            case Delete() | Skip():
                return await self.send(line)

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
        return None if self.lacking(account, wanted) else account

    def lacking(self, account: Account, wanted: Attributes) -> Sequence[Difference]:
        """What the account does not hold of what is wanted."""
        return differ(wanted, account.attributes, self.program)

    async def _complete(self, line: Line, account: Account, wanted: Attributes, link: Link | None = None) -> Account:
        differences = self.lacking(account, wanted)
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


def _usable(account: Account) -> Account:
    """The same account. Raises Conflict, and keeps it as ours, where nobody can use it yet."""
    if account.elsewhere:
        error = Conflict(account=account.id, problem="TransferPending")
        error.account = account
        raise error
    return account


def _wanted(differences: Sequence[Difference]) -> Attributes:
    return {difference.attribute: difference.new for difference in differences}
