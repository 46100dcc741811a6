"""The database: migrated to its tables, one writer at a time, all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from tests import elsewhere

from provisor.domain.error import Refused
from provisor.store import directories
from provisor.store.address import address_of
from provisor.store.database import Database
from provisor.store.migrate import migrate
from provisor.store.tables import installation, metadata


@pytest.fixture
async def database(tmp_path: Path, database_url: str | None) -> AsyncIterator[Database]:
    made = Database(address_of(database_url, tmp_path))
    migrate(made)
    yield made
    await made.close()


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    with database.synchronous_engine().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.synchronous_engine().begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(Refused) as refused:
        migrate(database)
    assert refused.value.reason.code == "DatabaseTooNew"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "provisor.db").write_text("this is not a database, and long enough to be read as one" * 20)
    with pytest.raises(Refused) as refused:
        migrate(Database(address_of(None, tmp_path)))
    assert refused.value.reason.code == "DatabaseUnusable"


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        await written_and_failed(database)
    async with database.read() as connection:
        assert (await connection.execute(sa.select(installation))).all() == []


async def written_and_failed(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(sa.insert(installation).values(name="a", value="b"))
        raise RuntimeError


async def test_a_lock_held_by_another_process_is_waited_for_while_the_loop_goes_on(database: Database) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    async with elsewhere.writing(database):
        counting = asyncio.create_task(count())
        made = asyncio.create_task(directories_made(database))
        await asyncio.sleep(0.3)
        assert not made.done()
        assert turns > 2
    assert await made
    counting.cancel()


async def directories_made(database: Database) -> str:
    async with database.transaction() as connection:
        return await directories.ensure_directory(connection, "One")


async def test_change_numbers_grow_in_the_order_in_which_they_commit(database: Database) -> None:
    second = Database(database.address)
    directory_id = await directories_made(database)
    taken: list[int] = []

    async def take(one: Database) -> None:
        for _ in range(20):
            async with one.transaction() as connection:
                taken.append(await directories.next_change_no(connection, directory_id))
            await asyncio.sleep(0)

    await asyncio.gather(take(database), take(second))
    assert taken == list(range(1, 41))
