"""SQLite, on the event loop's own connection: its statements are short, and a thread beside a busy loop is starved of
the interpreter lock."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import StaticPool

from provisor.domain.error import Refused

BUSY_TIMEOUT = 20  # milliseconds in which the loop stands still; after that it waits beside others
BUSY_AFTER = 30.0  # seconds that another process may hold the write lock


class _OnLoop:
    """A connection used on the loop itself: `execute` never gives control away."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def execute(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> sa.CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    def upsert(self, table: sa.Table) -> Any:
        return insert(table)

    async def write(self, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """SQLAlchemy's own way costs four times as much for each row."""
        if rows:
            compiled = statement.compile(dialect=self._connection.dialect, column_keys=list(rows[0]))
            places = [(name, self._bound(statement.table.c[name].type)) for name in compiled.positiontup or ()]
            values = [tuple(bound(row[name]) if bound else row[name] for name, bound in places) for row in rows]
            self._connection.exec_driver_sql(compiled.string, values)

    def _bound(self, kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any] | None:
        """What makes the driver's value of ours."""
        return kind.dialect_impl(self._connection.dialect).bind_processor(self._connection.dialect)


class SQLite:
    """One file. Of several processes one writes at a time, and of one process's tasks one is at it at a time."""

    def __init__(self, address: sa.URL) -> None:
        self.name = str(address.database)
        self._engine = sa.create_engine(
            address,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,  # people's data is no part of an error
        )
        sa.event.listen(self._engine, "connect", _configure)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def open(self, *, alone: bool) -> AsyncIterator[_OnLoop]:
        async with self._turn:
            with self._engine.connect() as connection:
                await _begin(connection, "BEGIN IMMEDIATE" if alone else "BEGIN")
                yield _OnLoop(connection)
                connection.commit()

    @asynccontextmanager
    async def held(self, _stop: asyncio.Event) -> AsyncIterator[None]:
        """The lock on the home is enough: the file is in it."""
        yield

    async def close(self) -> None:
        self._engine.dispose()

    def synchronous_engine(self) -> sa.Engine:
        return self._engine

    @contextmanager
    def migrating(self, connection: sa.Connection) -> Iterator[None]:
        connection.exec_driver_sql("pragma busy_timeout=30000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.commit()
        connection.exec_driver_sql(f"pragma busy_timeout={BUSY_TIMEOUT}")

    def refusal(self, error: sa.exc.DBAPIError) -> Refused | None:
        if isinstance(error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return None
        return Refused("DatabaseUnusable", detail=str(error.orig))


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
