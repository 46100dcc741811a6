"""Rows by the hundred, on both databases alike: every character arrives, what is there is replaced, order is bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from provisor.domain.resource import Entry
from provisor.store import directories
from provisor.store.address import address_of
from provisor.store.database import Database
from provisor.store.directories import NewEntry
from provisor.store.migrate import migrate
from provisor.store.tables import entry

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HARD = [
    "a\tb",
    "a\nb",
    "a\\nb",
    "\\N",
    "\\.",
    "'",
    '"',
    "%s",
    "{}",
    "Ærøskøbing",
    "ünal",
    "Zoë",
    "z",
    "Z",
    "😀",
    "e\u0301",
]


@pytest.fixture
async def database(tmp_path: Path, database_url: str | None) -> AsyncIterator[Database]:
    one = Database(address_of(database_url, tmp_path))
    migrate(one)
    yield one
    await one.close()


def made(number: int, name: str) -> NewEntry:
    login = f"p{number}@corp.example"
    attributes = {"displayName": name, "userPrincipalName": login}
    return NewEntry(f"{number:036}", "User", "hr", login, f"uid={number}", None, attributes, "hash")


async def write(database: Database, entries: Sequence[NewEntry]) -> str:
    async with database.transaction() as connection:
        directory_id = await directories.ensure_directory(connection, "One")
        await directories.write_entries(connection, directory_id, entries, 1, NOW)
        return directory_id


async def listed(database: Database, directory_id: str, limit: int) -> Sequence[Entry]:
    """All of them, page by page."""
    found: list[Entry] = []
    after: tuple[str, str] | None = None
    async with database.read() as connection:
        while page := await directories.list_entries(connection, directory_id, "User", after=after, limit=limit):
            found += page
            after = (page[-1].display_name.casefold(), page[-1].id)
    return found


@pytest.mark.parametrize("count", [len(HARD), 300, 1200], ids=["few", "many", "very many"])
async def test_every_character_arrives_and_pages_leave_nobody_out(database: Database, count: int) -> None:
    names = [f"{HARD[number % len(HARD)]} {number}" for number in range(count)]
    directory_id = await write(database, [made(number, name) for number, name in enumerate(names)])
    found = await listed(database, directory_id, 7 if count < 100 else 101)
    folded = [name.casefold() for name in names]
    assert [one.display_name.casefold() for one in found] == sorted(folded, key=lambda name: name.encode())
    assert sorted(one.display_name for one in found) == sorted(names)


@pytest.mark.parametrize("count", [3, 300])
async def test_what_is_there_is_replaced_but_for_what_is_local(database: Database, count: int) -> None:
    await write(database, [made(number, "before") for number in range(count)])
    async with database.transaction() as connection:
        await directories.block(connection, f"{0:036}", 2, blocked=True)
    await write(database, [made(number, "after") for number in range(count)])
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(entry).order_by(entry.c.id))).all()
    assert [row.name for row in rows] == ["after"] * count
    assert [row.blocked for row in rows] == [True] + [False] * (count - 1)
    assert {row.created_at for row in rows} == {NOW}


async def test_rows_that_clash_are_none_of_them_written(database: Database) -> None:
    twice = [made(number % 299, "same") for number in range(300)]
    rows = [directories._row("", one, 1, NOW) for one in twice]
    directory_id = await write(database, [])
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction() as connection:
            await connection.write(sa.insert(entry), [{**row, "directory_id": directory_id} for row in rows])
    async with database.read() as connection:
        assert (await connection.execute(sa.select(sa.func.count()).select_from(entry))).scalar() == 0
