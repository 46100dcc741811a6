"""Which licence to give for a product: read from the account at run time, for the keys change on renewal."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from provisor.connectors.gotomeeting.admin import Admin
from provisor.connectors.gotomeeting.roles import INCLUDES
from provisor.connectors.gotomeeting.wire import Licence
from provisor.domain.error import LicenseLimitExceeded


class Licences:
    """The account's licences, as read at most `fresh_for` seconds ago, less the seats we have taken since."""

    def __init__(self, admin: Admin, fresh_for: float = 60.0) -> None:
        self._admin = admin
        self._fresh_for = fresh_for
        self._lock = asyncio.Lock()
        self._known: Mapping[str, Licence] = {}
        self._read_at: float | None = None
        self._taken: Counter[str] = Counter()

    async def products(self) -> Mapping[str, Collection[str]]:
        """The products of each licence, by its key."""
        return {key: licence.products or () for key, licence in (await self._current()).items()}

    async def choose(self, products: Collection[str], barred: Collection[str] = ()) -> list[str]:
        """Licences with a free seat that cover the products, the narrowest first. Raises LicenseLimitExceeded.

        The seats count as taken from now on. Before it gives up, the licences are read again.
        """
        known = await self._current()
        chosen = self._pick(products, known, barred)
        if chosen is None:
            known = await self._current(fresh=True)
            chosen = self._pick(products, known, barred)
        if chosen is None:
            raise self._exhausted(products, known, barred)
        self._taken.update(chosen)
        return chosen

    async def exhausted(self, products: Collection[str]) -> LicenseLimitExceeded | None:
        """Read again: is there no seat left for these products?"""
        known = await self._current(fresh=True)
        return self._exhausted(products, known, ()) if self._pick(products, known, ()) is None else None

    async def refused(self, chosen: Collection[str]) -> None:
        """The target says that one of these has no seat: what we know is out of date."""
        self._taken.subtract(chosen)
        await self._current(fresh=True)

    def freed(self, keys: Collection[str]) -> None:
        """Seats of these licences were not taken after all, or were given back."""
        self._taken.subtract(keys)

    async def give(self, user: str, products: Collection[str], barred: Collection[str]) -> list[str]:
        """Licences for the products, one by one; others where the seats are gone. Raises LicenseLimitExceeded."""
        given: list[str] = []
        tried = [*barred]
        waiting = await self.choose(products, tried) if products else []
        while waiting:
            key = waiting.pop(0)
            if await self._admin.assign(key, user):
                given.append(key)
                continue
            tried.append(key)
            await self.refused([key, *waiting])
            known = await self.products()
            covered = {product for one in given for product in known.get(one, ())}
            waiting = await self.choose([one for one in products if one not in covered], tried)
        return given

    async def take(self, user: str, keys: Collection[str]) -> None:
        """Take these licences from a user."""
        for key in keys:
            await self._admin.unassign(key, user)
            self.freed([key])

    async def all(self) -> Sequence[Licence]:
        """Every licence of the account, as it is now."""
        return list((await self._current(fresh=True)).values())

    async def _current(self, *, fresh: bool = False) -> Mapping[str, Licence]:
        clock = asyncio.get_running_loop().time
        oldest = clock() - (0 if fresh else self._fresh_for)
        async with self._lock:
            if self._read_at is None or self._read_at < oldest:
                began = clock()
                self._known = {licence.id: licence for licence in await self._admin.licences()}
                self._read_at = began
                self._taken.clear()
            return self._known

    def _pick(
        self, products: Collection[str], known: Mapping[str, Licence], barred: Collection[str]
    ) -> list[str] | None:
        missing, chosen = set(products), list[str]()
        while missing:
            product = min(missing, key=lambda one: (-len(INCLUDES.get(one, ())), one))  # the wider ones cover others
            candidates = [one for one in _usable(product, known, barred) if self._free(one)]
            if not candidates:
                return None
            best = min(candidates, key=lambda one: (len(one.products or ()), one.id))
            chosen.append(best.id)
            missing -= set(best.products or ())
        return chosen

    def _free(self, licence: Licence) -> bool:
        return licence.seats is None or licence.seats - licence.used - self._taken[licence.id] > 0

    def _exhausted(
        self, products: Collection[str], known: Mapping[str, Licence], barred: Collection[str]
    ) -> LicenseLimitExceeded:
        short = [one for one in sorted(products) if self._pick([one], known, barred) is None] or sorted(products)
        usable = {one.id: one for product in short for one in _usable(product, known)}.values()
        return LicenseLimitExceeded(product=", ".join(short), seats=sum(one.seats or 0 for one in usable))


def _usable(product: str, known: Mapping[str, Licence], barred: Collection[str] = ()) -> list[Licence]:
    return [one for one in usable(product, known.values()) if one.id not in barred]


def usable(product: str, licences: Collection[Licence]) -> list[Licence]:
    """The licences that could give a person this product, full or not."""
    return [
        one for one in licences if product in (one.products or ()) and one.enabled is not False and not one.devices_only
    ]
