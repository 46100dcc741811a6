"""PostgreSQL by psycopg, on the loop: writers one after another, readers beside them."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from provisor.domain.error import Refused
from provisor.store import runner
from provisor.store.workflows import SCHEMA

WRITER: Final = 7_776_767_682  # the advisory lock of whoever writes
AT_ONCE: Final = 5  # connections that are kept open
LOCK_TIMEOUT: Final = 30_000  # milliseconds that another process may keep writers waiting
FREE_WITHIN: Final = 30.0  # seconds that a transaction waits for a connection
PLANS: Final = "-c plan_cache_mode=force_custom_plan"  # one made for an empty table is no good once it is full
CONNECT_TIMEOUT: Final = 10  # seconds
COPY_FROM: Final = 50  # rows; for fewer, the temporary table costs more than it saves
COUNT_FROM: Final = 1000  # rows; after so many, what the planner believes of the table is brought up to date


class Statements:
    """A transaction of one of the pool's connections."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> sa.CursorResult[Any]:
        return await self._connection.execute(statement, parameters)

    def upsert(self, table: sa.Table) -> Any:
        return insert(table)

    async def write(self, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        if len(rows) >= COPY_FROM:
            await self._copy(statement, rows)
        elif rows:
            await self._connection.execute(statement, rows)

    async def _copy(self, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """COPY into a table of this connection alone, and from there with the statement's own ON CONFLICT."""
        target = statement.table
        assert isinstance(target, sa.Table), "rows are written to a table"
        names = list(rows[0])
        columns, copied = ", ".join(f'"{name}"' for name in names), f"copied_{target.name}"
        like = f"as select * from {target.name} with no data"  # noqa: S608  (a table of ours)
        made = f"create temporary table if not exists {copied} on commit delete rows {like}"
        await self._connection.exec_driver_sql(made)
        raw = (await self._connection.get_raw_connection()).driver_connection
        assert isinstance(raw, psycopg.AsyncConnection), "the driver is psycopg"
        async with raw.cursor() as cursor, cursor.copy(f"copy {copied} ({columns}) from stdin") as copy:
            for row in rows:
                await copy.write_row([row[name] for name in names])
        source = sa.table(copied, *(sa.column(name) for name in names), schema="pg_temp")
        await self._connection.execute(statement.from_select(names, sa.select(source), include_defaults=False))
        await self._connection.execute(sa.delete(source))
        if len(rows) >= COUNT_FROM:
            await self._connection.exec_driver_sql(f"analyze {target.name}")


class PostgreSQL:
    """One database of a server."""

    def __init__(self, address: sa.URL) -> None:
        self._address = address
        self._server = f"{address.host or 'this machine'}:{address.port or 5432}"
        self.name = f"{address.database} on {self._server}"
        options = {"connect_args": connect_arguments(address), "hide_parameters": True}
        pool = {"pool_size": AT_ONCE, "pool_timeout": FREE_WITHIN}
        self._engine = create_async_engine(address, isolation_level="READ COMMITTED", **pool, **options)
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._turn = asyncio.Lock()  # writers who wait leave the connections to readers
        self._synchronous = sa.create_engine(address, poolclass=NullPool, **options)

    @asynccontextmanager
    async def open(self, *, alone: bool) -> AsyncIterator[Statements]:
        turn, engine = (self._turn, self._engine) if alone else (nullcontext(), self._reading)
        async with turn, engine.connect() as connection:
            if alone:
                await connection.exec_driver_sql(f"select pg_advisory_xact_lock({WRITER})")
            yield Statements(connection)
            await connection.commit()

    @asynccontextmanager
    async def held(self, stop: asyncio.Event) -> AsyncIterator[None]:
        async with runner.alone(self._engine, self.name, stop):
            yield

    async def close(self) -> None:
        await self._engine.dispose()

    def synchronous_engine(self) -> sa.Engine:
        return self._synchronous

    @contextmanager
    def migrating(self, connection: sa.Connection) -> Iterator[None]:
        encoding = str(connection.exec_driver_sql("show server_encoding").scalar())
        if encoding != "UTF8":
            raise Refused("DatabaseEncoding", database=self.name, encoding=encoding)
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({WRITER})")
        connection.exec_driver_sql(f"create schema if not exists {SCHEMA}")
        yield
        connection.commit()

    def refusal(self, error: sa.exc.DBAPIError) -> Refused | None:
        problem = error.orig
        if not isinstance(problem, psycopg.Error):
            return Refused("DatabaseUnusable", detail=type(problem).__name__)
        said = problem.diag.message_primary or str(problem).partition("\n")[0]
        if isinstance(problem, psycopg.errors.InsufficientPrivilege):
            return Refused("DatabaseForbidden", database=self.name, detail=said)
        if isinstance(problem, psycopg.DataError):  # the driver refuses some values by itself, without a state
            return None
        if problem.sqlstate is None:
            return self._unreachable(problem, said)
        if isinstance(problem, psycopg.IntegrityError | psycopg.ProgrammingError):
            return None
        return Refused("DatabaseUnusable", detail=said)

    def _unreachable(self, problem: psycopg.Error, said: str) -> Refused:
        """No connection was made. Why, libpq says in words alone, and where they are not English, in general words."""
        if isinstance(problem, psycopg.ProgrammingError):
            return Refused("DatabaseUrlInvalid", problem=said)
        detail = said.rpartition("FATAL: ")[2].strip()
        if any(word in detail for word in ("password", "authentication", "role", "pg_hba", "permission")):
            return Refused("DatabaseLoginRefused", server=self._server, detail=detail)
        if "does not exist" in detail:
            return Refused("DatabaseMissing", server=self._server, database=self._address.database)
        return Refused("DatabaseUnreachable", server=self._server, detail=detail)


def connect_arguments(address: sa.URL) -> dict[str, Any]:
    """How every connection of ours is made, and by what a database administrator knows it."""
    given = address.query.get("options", "")
    return {
        "application_name": f"provisor {socket.gethostname()} {os.getpid()}"[:63],
        "client_encoding": "utf8",
        "connect_timeout": CONNECT_TIMEOUT,
        "keepalives_idle": 30,
        "options": f"{given} -c lock_timeout={LOCK_TIMEOUT} -c timezone=UTC {PLANS}".strip(),
    }
