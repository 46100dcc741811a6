"""Who runs cycles on a database of a server: a lock that the server gives back when its holder's connection ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from provisor.domain.error import Refused

RUNNER: Final = 7_776_767_683  # the number of the advisory lock
TRIES, PAUSE = 20, 0.1  # a killed service's connection is there for an instant longer
LOOK_EVERY: Final = 2.0  # seconds: how soon a lock is taken anew that went with a restart of the server


@asynccontextmanager
async def alone(engine: AsyncEngine, name: str, stop: asyncio.Event) -> AsyncIterator[None]:
    """Refused (DatabaseInUse) where somebody else has the lock; `name` is the database's.

    Where it is lost to somebody else, `stop` is set, and the refusal comes at the end of the block.
    """
    lock = _Lock(engine)
    if not await lock.take():
        raise Refused("DatabaseInUse", database=name, holder=await lock.holder())
    keeping = asyncio.create_task(lock.keep(stop))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        await lock.give_back()
    if lock.lost_to is not None:
        raise Refused("DatabaseInUse", database=name, holder=lock.lost_to)


class _Lock:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection: AsyncConnection | None = None
        self.lost_to: str | None = None

    async def take(self) -> bool:
        connection = await self._engine.connect()
        for _ in range(TRIES):
            if (await connection.execute(sa.select(sa.func.pg_try_advisory_lock(RUNNER)))).scalar():
                self._connection = connection
                return True
            await asyncio.sleep(PAUSE)
        await connection.close()
        return False

    async def keep(self, stop: asyncio.Event) -> None:
        """Where the connection breaks, the lock is gone with it: take it again as soon as there is a server."""
        while self.lost_to is None:
            await asyncio.sleep(LOOK_EVERY)
            try:
                if self._connection is not None:
                    await self._connection.execute(sa.select(1))
                elif not await self.take():
                    self.lost_to = await self.holder()
                    stop.set()
            except (sa.exc.DBAPIError, sa.exc.TimeoutError):
                await self.give_back()

    async def give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.invalidate()  # the lock ends with the connection, which may be broken by now
            await connection.close()

    async def holder(self) -> str:
        """As its connections are named: `provisor`, the machine, the process."""
        query = sa.text(
            "select application_name from pg_stat_activity join pg_locks using (pid) "
            "where locktype = 'advisory' and granted and classid = :high and objid = :low"
        )
        async with self._engine.connect() as connection:
            found = await connection.execute(query, {"high": RUNNER >> 32, "low": RUNNER & 0xFFFFFFFF})
            return str(found.scalar() or "?")
