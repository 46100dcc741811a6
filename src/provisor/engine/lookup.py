"""Finds the accounts of entries that are not linked yet, with as few requests as possible."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from provisor.connector import Page, Target
from provisor.domain.error import EntryError
from provisor.domain.resource import Account
from provisor.flow.push import costs_more, shows_everybody
from provisor.ledger import Claim, Ledger

CONCURRENCY = 16


class Lookup:
    """Lists the whole target where that takes fewer requests than asking for each entry without an account.

    `attributes`: those that accounts are looked for by.
    """

    def __init__(self, ledger: Ledger, target: Target, attributes: Sequence[str]) -> None:
        self._ledger = ledger
        self._target = target
        self._attributes = attributes
        self._complete: bool | None = None  # None: not decided; False: the listing shows not everybody
        self._listing = False

    @property
    def listed(self) -> bool:
        """Has a listing shown everybody?"""
        return self._listing and self._complete is True

    async def find(
        self, wanted: Mapping[str, Sequence[Claim]]
    ) -> tuple[Mapping[str, Sequence[Account]], Mapping[str, EntryError]]:
        """The accounts of each entry, by its first matching value that finds any; and whose look-up was refused."""
        if not wanted:
            return {}, {}
        if self._complete is None:
            self._complete = await self._listed_all()
        found: dict[str, Sequence[Account]] = {}
        if self._listing:
            kept = await self._ledger.listed([str(claim) for claims in wanted.values() for claim in claims])
            for entry_id, claims in wanted.items():
                found[entry_id] = next((kept[str(claim)] for claim in claims if str(claim) in kept), ())
        refused: dict[str, EntryError] = {}
        if not self._complete:  # whom the listing did not show is asked for
            absent = {entry_id: claims for entry_id, claims in wanted.items() if not found.get(entry_id)}
            answers = await self._ask(dict([*absent.items()][:1]))
            if not self._listing and not self._target.capabilities.filter and self._target.capabilities.list:
                self._complete = await self._listed_all()  # it takes no filter after all
                return await self.find(wanted)
            answers |= await self._ask(dict([*absent.items()][1:]))
            for entry_id, answer in answers.items():
                if isinstance(answer, EntryError):
                    refused[entry_id] = answer
                else:
                    found[entry_id] = answer
        return found, refused

    async def holds(self, claim: Claim) -> bool:
        """Has some account this value? Asked of the listing, where one has shown everybody."""
        if self.listed:
            return bool(await self._ledger.listed([str(claim)]))
        return bool(await self._target.find(claim.attribute, claim.value))

    async def _listed_all(self) -> bool:
        """Does the listing hold every account? False as well where asking one by one is cheaper."""
        capabilities = self._target.capabilities
        unlinked = await self._ledger.unlinked()
        if not capabilities.list or (capabilities.filter and unlinked <= 1):
            return False
        seen: set[str] = set()
        total: int | None = None
        async for page in self._target.list():
            total = total if page.total is None else page.total
            if not seen and self._target.capabilities.filter and costs_more(page, unlinked):
                return False
            seen.update(account.id for account in page.accounts)
            await self._ledger.list_accounts(self._by_claim(page))
        self._listing = True
        return shows_everybody(self._target, len(seen), total)

    def _by_claim(self, page: Page) -> Mapping[str, Sequence[Account]]:
        found: dict[str, list[Account]] = defaultdict(list)
        for account in page.accounts:
            for name in self._attributes:
                value = account.attributes.get(name)
                if value not in (None, ""):
                    found[str(Claim(name, str(value)))].append(account)
        return found

    async def _ask(self, wanted: Mapping[str, Sequence[Claim]]) -> dict[str, Sequence[Account] | EntryError]:
        places = asyncio.Semaphore(CONCURRENCY)

        async def one(claims: Sequence[Claim]) -> Sequence[Account] | EntryError:
            async with places:
                try:
                    for claim in claims:
                        if accounts := await self._target.find(claim.attribute, claim.value):
                            return accounts
                except EntryError as error:
                    return error
                return ()

        try:
            async with asyncio.TaskGroup() as group:
                asked = {entry_id: group.create_task(one(claims)) for entry_id, claims in wanted.items()}
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {entry_id: task.result() for entry_id, task in asked.items()}
