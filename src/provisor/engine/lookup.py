"""Finds the accounts of entries that are not linked yet, with as few requests as possible."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from provisor.connector import Page, Target
from provisor.domain.resource import Account
from provisor.ledger import Claim, Ledger

CONCURRENCY = 16


class Lookup:
    """Lists the whole target where that takes fewer requests than asking for each of `unlinked` entries."""

    def __init__(self, ledger: Ledger, target: Target, matching: Sequence[str], unlinked: int) -> None:
        self._ledger = ledger
        self._target = target
        self._matching = matching
        self._unlinked = unlinked
        self._complete: bool | None = None  # None: not decided; False: the listing is of no use

    async def find(self, wanted: Mapping[str, Sequence[Claim]]) -> Mapping[str, Sequence[Account]]:
        """The accounts of each entry: those that its first successful matching value finds."""
        if not wanted:
            return {}
        if self._complete is None:
            self._complete = await self._listed_all()
        found: dict[str, Sequence[Account]] = {}
        if self._listing:
            kept = await self._ledger.listed([str(claim) for claims in wanted.values() for claim in claims])
            for entry_id, claims in wanted.items():
                found[entry_id] = next((kept[str(claim)] for claim in claims if str(claim) in kept), ())
        if not self._complete:  # whom the listing did not show is asked for
            absent = [entry_id for entry_id in wanted if not found.get(entry_id)]
            found.update(await self._ask({entry_id: wanted[entry_id] for entry_id in absent}))
        return found

    _listing = False

    async def _listed_all(self) -> bool:
        """Does the listing hold every account? False as well where asking one by one is cheaper."""
        capabilities = self._target.capabilities
        if not capabilities.list or (capabilities.filter and self._unlinked <= 1):
            return False
        seen: set[str] = set()
        total: int | None = None
        async for page in self._target.list():
            total = page.total
            if not seen and capabilities.filter and self._cheaper_one_by_one(page):
                return False
            seen.update(account.id for account in page.accounts)
            await self._ledger.list_accounts(self._by_claim(page))
        self._listing = True
        return not capabilities.filter or (total is not None and len(seen) == total)

    def _cheaper_one_by_one(self, first: Page) -> bool:
        """Would the pages still to come cost more requests than asking for each entry?"""
        if first.total is None or not first.accounts:
            return False
        pages = -(-first.total // len(first.accounts))
        return pages - 1 > self._unlinked

    def _by_claim(self, page: Page) -> Mapping[str, Sequence[Account]]:
        found: dict[str, list[Account]] = defaultdict(list)
        for account in page.accounts:
            for name in self._matching:
                value = account.attributes.get(name)
                if value not in (None, ""):
                    found[str(Claim(name, str(value)))].append(account)
        return found

    async def _ask(self, wanted: Mapping[str, Sequence[Claim]]) -> Mapping[str, Sequence[Account]]:
        places = asyncio.Semaphore(CONCURRENCY)

        async def one(claims: Sequence[Claim]) -> Sequence[Account]:
            async with places:
                for claim in claims:
                    if accounts := await self._target.find(claim.attribute, claim.value):
                        return accounts
                return ()

        try:
            async with asyncio.TaskGroup() as group:
                asked = {entry_id: group.create_task(one(claims)) for entry_id, claims in wanted.items()}
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {entry_id: task.result() for entry_id, task in asked.items()}
