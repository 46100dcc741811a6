"""Another process at the same database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from provisor.store.database import Database


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[None]:
    """Somebody else is in the middle of a transaction that writes; whoever is at it on this loop may end first."""
    other, stack = Database(database.address), ExitStack()

    def begin() -> None:
        connection = stack.enter_context(other.synchronous_engine().connect())
        stack.enter_context(other.migrating(connection))

    await asyncio.to_thread(begin)
    try:
        yield
    finally:
        stack.close()
        other.synchronous_engine().dispose()
