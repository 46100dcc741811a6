"""One database: short transactions, in the order in which they commit.

SQLite runs on the event loop's own connection: its statements are short, and a thread beside a busy loop is
starved of the interpreter lock. `Connection` is what a statement needs, whichever the database.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import StaticPool

from provisor.domain.error import Refused

BUSY_TIMEOUT = 20  # milliseconds in which the loop stands still; after that it waits beside others
BUSY_AFTER = 30.0  # seconds that another process may hold the write lock
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


def upsert(table: sa.Table) -> Any:
    """`INSERT … ON CONFLICT`, which SQLite and PostgreSQL spell alike."""
    return insert(table)


class Connection(Protocol):
    """What the functions of this package ask for: statements inside one transaction."""

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> sa.CursorResult[Any]: ...


class _OnLoop:
    """A SQLite connection used on the loop itself: `execute` never gives control away."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> sa.CursorResult[Any]:
        return self._connection.execute(statement, parameters)


class Database:
    """The store of one home. Nothing but SQL may be awaited inside `transaction` and `read`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = sa.create_engine(
            f"sqlite:///{path}",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,  # people's data is no part of an error
        )
        sa.event.listen(self._engine, "connect", _configure)
        self._turn = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Database({str(self.path)!r})"

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """All or nothing, and alone: no other writer commits in between."""
        async with self._open("BEGIN IMMEDIATE") as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """One consistent view."""
        async with self._open("BEGIN") as connection:
            yield connection

    @asynccontextmanager
    async def _open(self, begin: str) -> AsyncIterator[Connection]:
        async with self._turn:
            with usable(), self._engine.connect() as connection:
                await _begin(connection, begin)
                yield _OnLoop(connection)
                connection.commit()

    def close(self) -> None:
        self._engine.dispose()

    def synchronous_engine(self) -> sa.Engine:
        """For migrations alone."""
        return self._engine


@contextmanager
def usable() -> Iterator[None]:
    """A disk that is full, a file that is read-only or no database: said in words, and nothing is half-written."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise Refused("DatabaseUnusable", detail=str(error.orig)) from error


async def _begin(connection: sa.Connection, begin: str) -> None:
    """Take the lock; while another process holds it, wait without holding up the loop."""
    waited, pause = 0.0, 0.01
    while True:
        try:
            connection.exec_driver_sql(begin)
        except sa.exc.OperationalError as error:
            if "locked" not in str(error) or waited > BUSY_AFTER:
                raise
            connection.rollback()
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, 0.2)
        else:
            return


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for setting in (f"busy_timeout={BUSY_TIMEOUT}", "foreign_keys=on", "journal_mode=wal", "synchronous=normal"):
        connection.execute(f"pragma {setting}")
