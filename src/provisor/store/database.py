"""One database: short transactions, in the order in which they commit.

`Connection` is what a statement needs, whichever the database; SQLite and PostgreSQL each have a file of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Protocol

import sqlalchemy as sa

from provisor.domain.error import Refused
from provisor.store.sqlite import SQLite

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class Connection(Protocol):
    """What the functions of this package ask for: statements inside one transaction."""

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> sa.CursorResult[Any]: ...

    def upsert(self, table: sa.Table) -> Any:
        """`INSERT`, to which `on_conflict_do_…` can be added: both databases spell it alike."""
        ...

    async def write(self, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many rows, all of the same columns, in the way that is the database's fastest; none is none."""
        ...


class _Driver(Protocol):
    """What differs between SQLite and PostgreSQL."""

    @property
    def name(self) -> str:
        """As a person knows it, without a secret."""
        ...

    def open(self, *, alone: bool) -> AbstractAsyncContextManager[Connection]:
        """A transaction that writes, `alone`, or one that reads; it is committed at the end of the block."""
        ...

    def held(self, stop: asyncio.Event, /) -> AbstractAsyncContextManager[None]: ...

    async def close(self) -> None: ...

    def synchronous_engine(self) -> sa.Engine: ...

    def migrating(self, connection: sa.Connection) -> AbstractContextManager[None]: ...

    def refusal(self, error: sa.exc.DBAPIError) -> Refused | None:
        """What a person is told. None: the statement was wrong, which is a fault of ours."""
        ...


class Database:
    """The store of one home. Nothing but SQL may be awaited inside `transaction` and `read`."""

    def __init__(self, address: sa.URL) -> None:
        self.address = address
        self._driver = _driver(address)

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    @property
    def name(self) -> str:
        """As a person knows it: the file, or the database and its server."""
        return self._driver.name

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All or nothing, and alone: no other writer commits in between."""
        with self.usable():
            async with self._driver.open(alone=True) as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """One consistent view."""
        with self.usable():
            async with self._driver.open(alone=False) as connection:
                yield connection

    @asynccontextmanager
    async def held(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Run cycles here. Refused (DatabaseInUse) where another home already does on the same database.

        One that comes to do so meanwhile, after a restart of the server, sets `stop`: refused at the end of the block.
        """
        with self.usable():
            async with self._driver.held(stop):
                yield

    async def close(self) -> None:
        await self._driver.close()

    def synchronous_engine(self) -> sa.Engine:
        """For migrations alone."""
        return self._driver.synchronous_engine()

    def migrating(self, connection: sa.Connection) -> AbstractContextManager[None]:
        """Of two first starts, one migrates: the other waits here. Commits at the end of the block."""
        return self._driver.migrating(connection)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """A full disk, a server that is gone, a file that is no database: said in words, and nothing half-written."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            refusal = self._driver.refusal(error)
            if refusal is None:
                raise
            raise refusal from error
        except sa.exc.TimeoutError as error:
            raise Refused("DatabaseUnusable", detail="no connection to it became free in time") from error


def _driver(address: sa.URL) -> _Driver:
    if address.get_backend_name() == "sqlite":
        return SQLite(address)
    from provisor.store.postgresql import PostgreSQL  # noqa: PLC0415  (a fifth of a second, where it is needed)

    return PostgreSQL(address)
