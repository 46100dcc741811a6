"""PostgreSQL that cannot be used: one sentence that names what is wrong, and never the password."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from tests import postgresql, processes

from provisor.app import compose
from provisor.domain.error import Refused
from provisor.settings import Settings
from provisor.store import postgresql as driver
from provisor.store import runner
from provisor.store.address import address_of
from provisor.store.database import Database
from provisor.store.migrate import migrate
from provisor.store.tables import metadata
from provisor.text import describe

pytestmark = pytest.mark.one_database

PASSWORD = "correct-horse"
HOLDERS = f"from pg_locks where locktype = 'advisory' and granted and objid = {runner.RUNNER & 0xFFFFFFFF}"
NUMBER = "(select oid from pg_database where datname = current_database())"
SOON = 15.0  # seconds, on the slowest machine; less than a lock may be waited for


@pytest.fixture
def server(postgresql_server: postgresql.Server) -> postgresql.Server:
    """With a user `guarded` who has a password, and may do no more than anybody."""
    found = "select from pg_roles where rolname = 'guarded'"
    made = f"create role guarded login password '{PASSWORD}'"
    postgresql_server.execute(f"do $$ begin if not exists ({found}) then {made}; end if; end $$")
    return postgresql_server


def guarded(server: postgresql.Server, name: str, password: str = PASSWORD) -> str:
    return f"postgresql://guarded:{password}@127.0.0.1:{server.port}/{name}"


async def refused(url: str, home: Path) -> str:
    """The code of the refusal; its sentence is checked not to tell the password."""
    settings = Settings(home=home, database_url=url)  # type: ignore[arg-type]
    with pytest.raises(Refused) as refusal:
        async with compose.opened(settings):
            pass
    told = describe(refusal.value.reason) + repr(refusal.value) + str(refusal.value) + repr(settings)
    assert PASSWORD not in told
    assert "wrong-horse" not in told
    return refusal.value.reason.code


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{PASSWORD}@127.0.0.1/db",
        f"postgresql://me:{PASSWORD}@127.0.0.1",
        f"postgresql://me:{PASSWORD}@127.0.0.1:port/db",
        f"me:{PASSWORD}",
        "sqlite://",
        f"postgresql://me:{PASSWORD}@127.0.0.1/db?nonsense=1",
    ],
)
async def test_a_url_of_no_database_is_refused(url: str, tmp_path: Path) -> None:
    assert await refused(url, tmp_path) == "DatabaseUrlInvalid"


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert await refused(f"postgresql://me:{PASSWORD}@127.0.0.1:1/db", tmp_path) == "DatabaseUnreachable"


async def test_a_wrong_password_is_told_apart(server: postgresql.Server, tmp_path: Path) -> None:
    assert await refused(guarded(server, "postgres", "wrong-horse"), tmp_path) == "DatabaseLoginRefused"


async def test_a_user_who_is_none_is_told_apart(server: postgresql.Server, tmp_path: Path) -> None:
    assert (
        await refused(f"postgresql://nobody-else@127.0.0.1:{server.port}/postgres", tmp_path) == "DatabaseLoginRefused"
    )


async def test_a_database_that_is_missing_is_named(server: postgresql.Server, tmp_path: Path) -> None:
    assert await refused(guarded(server, "missing"), tmp_path) == "DatabaseMissing"


async def test_a_user_who_may_make_no_tables_is_told_what_helps(server: postgresql.Server, tmp_path: Path) -> None:
    with server.empty() as url:
        assert await refused(guarded(server, url.rpartition("/")[2]), tmp_path) == "DatabaseForbidden"


async def test_the_owner_of_a_database_needs_no_other_right(server: postgresql.Server, tmp_path: Path) -> None:
    with server.empty("owner guarded") as url:
        settings = Settings(home=tmp_path, database_url=guarded(server, url.rpartition("/")[2]))  # type: ignore[arg-type]
        async with compose.opened(settings) as installation:
            assert installation.tenant_id
            assert PASSWORD not in repr(installation)


async def test_an_encoding_that_has_not_every_letter_is_refused(server: postgresql.Server, tmp_path: Path) -> None:
    with server.empty("encoding latin1 locale 'C' template template0") as url:
        assert await refused(url, tmp_path) == "DatabaseEncoding"


async def test_the_command_line_tells_it_in_a_sentence_and_a_remedy(tmp_path: Path) -> None:
    url = f"postgresql://me:{PASSWORD}@127.0.0.1:1/db"
    done = processes.run(tmp_path / "home", "status", PROVISOR_DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database server 127.0.0.1:1 cannot be reached")
    assert "PROVISOR_DATABASE_URL" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def test_a_sqlite_file_may_be_anywhere(tmp_path: Path) -> None:
    database = Database(address_of(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "home"))
    migrate(database)
    assert (tmp_path / "other.db").exists()


@pytest.fixture
async def database(server: postgresql.Server, tmp_path: Path) -> AsyncIterator[Database]:
    with server.migrated() as url:
        one = Database(address_of(url, tmp_path))
        yield one
        await one.close()


def test_every_text_is_in_the_order_of_its_bytes(database: Database) -> None:
    """As on SQLite; a page begins where the one before it ended only if both agree on the order."""
    query = (
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        " and data_type in ('text', 'character varying') and collation_name is distinct from 'C'"
    )
    with database.synchronous_engine().connect() as connection:
        others = {tuple(row) for row in connection.execute(sa.text(query))}
    assert {one for one in others if one[0] in metadata.tables} == set()


async def test_of_two_homes_on_one_database_one_runs_cycles(server: postgresql.Server, database: Database) -> None:
    other = Database(database.address)
    async with database.held(asyncio.Event()):
        with pytest.raises(Refused) as refusal:
            async with other.held(asyncio.Event()):
                pass
    assert refusal.value.reason.code == "DatabaseInUse"
    assert f" {os.getpid()}" in refusal.value.reason.parameters["holder"]
    async with other.held(asyncio.Event()):
        pass
    await other.close()


async def test_writers_who_wait_leave_connections_to_readers(database: Database) -> None:
    async def write() -> None:
        async with database.transaction():
            pass

    async def read() -> int:
        async with database.read() as connection:
            return int((await connection.execute(sa.select(1))).scalar_one())

    with psycopg.connect(database.address.set(drivername="postgresql").render_as_string()) as other:
        other.execute(f"select pg_advisory_xact_lock({driver.WRITER})".encode())
        writers = [asyncio.create_task(write()) for _ in range(20)]
        async with asyncio.timeout(SOON):
            assert await asyncio.create_task(read()) == 1
        other.rollback()
        await asyncio.gather(*writers)


async def test_a_connection_that_never_becomes_free_is_told_in_a_sentence(
    server: postgresql.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "FREE_WITHIN", 0.1)
    with server.migrated() as url:
        database = Database(address_of(url, tmp_path))
        async with AsyncExitStack() as readers:
            readings = [readers.enter_async_context(database.read()) for _ in range(30)]
            answers = await asyncio.gather(*readings, return_exceptions=True)
        await database.close()
    assert {one.reason.code for one in answers if isinstance(one, Refused)} == {"DatabaseUnusable"}
    assert not [one for one in answers if isinstance(one, Exception) and not isinstance(one, Refused)]


async def test_who_loses_the_lock_to_another_home_is_told_to_stop(
    server: postgresql.Server, database: Database
) -> None:
    other, stop, held = Database(database.address), asyncio.Event(), asyncio.Event()

    async def run() -> None:
        async with database.held(stop):
            held.set()
            await stop.wait()

    running = asyncio.create_task(run())
    await held.wait()
    server.execute(
        f"select pg_terminate_backend(pid) {HOLDERS} and database = {NUMBER}", database.address.database or ""
    )
    async with other.held(asyncio.Event()):
        with pytest.raises(Refused) as refusal:
            await running
    await other.close()
    assert refusal.value.reason.code == "DatabaseInUse"
    assert f" {os.getpid()}" in refusal.value.reason.parameters["holder"]
