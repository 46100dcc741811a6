"""Two writers at once, and a cycle between them: whichever is faster, nobody's change is passed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from tests import postgresql
from tests.world import World, ldif_group, ldif_person, world

from provisor.store import directories
from provisor.store.database import Connection, Database
from provisor.store.postgresql import Statements

pytestmark = pytest.mark.one_database  # on SQLite, whoever writes holds the whole file

Draw = Callable[[Connection, str], Awaitable[int]]
ADA, BOB = "ada@corp.example", "bob@corp.example"


@pytest.fixture
def url(postgresql_server: postgresql.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with postgresql_server.migrated() as one:
        monkeypatch.setenv("PROVISOR_DATABASE_URL", one)
        yield one


@pytest.fixture
async def staff(url: str, tmp_path: Path) -> AsyncIterator[World]:
    """Ada and Bob, both with an account."""
    async with world(tmp_path / "home") as one:
        await one.import_text(ldif_person("ada") + ldif_person("bob") + ldif_group("staff", ["ada", "bob"]))
        await one.connect()
        await one.assign_group("staff")
        await one.sync()
        assert one.active() == {ADA, BOB}
        yield one


@asynccontextmanager
async def without_the_writers_lock(database: Database) -> AsyncIterator[AsyncEngine]:
    """Connections that keep to nothing but what `next_change_no` itself locks."""
    engine = create_async_engine(database.address)
    yield engine
    await engine.dispose()


class Writer:
    """Disables somebody: draws a number at its beginning, and commits when it is told to."""

    def __init__(self, staff: World, draw: Draw, login: str) -> None:
        self._staff, self._draw, self._login = staff, draw, login
        self.number: int | None = None
        self.pid = 0
        self.commit = asyncio.Event()

    async def run(self, engine: AsyncEngine) -> None:
        directory_id = self._staff.installation.directory_id
        async with engine.begin() as raw:
            connection = Statements(raw)
            self.pid = int((await raw.exec_driver_sql("select pg_backend_pid()")).scalar_one())
            (entry,) = await directories.find_entries(connection, directory_id, "User", self._login)
            self.number = await self._draw(connection, directory_id)
            await directories.block(connection, entry.id, self.number, blocked=True)
            await self.commit.wait()
            await raise_high(connection, directory_id, self.number)


async def raise_high(connection: Connection, directory_id: str, number: int) -> None:
    """The counter says at least this number; after `next_change_no` it does anyway."""
    raised = "update directory set change_no = greatest(change_no, :number) where id = :id"
    await connection.execute(sa.text(raised), {"number": number, "id": directory_id})


async def from_a_sequence(connection: Connection, directory_id: str) -> int:
    """What `next_change_no` would be if it locked nothing."""
    return int((await connection.execute(sa.text("select nextval('drawn')"))).scalar_one())


async def blocked(database: Database, writer: Writer) -> bool:
    async with database.read() as connection:
        query = sa.text("select cardinality(pg_blocking_pids(:pid))")
        return bool((await connection.execute(query, {"pid": writer.pid})).scalar_one())


async def race(staff: World, draw: Draw) -> tuple[Writer, Writer, bool]:
    """The slow writer draws first; the quick one begins later, and may end before it. Cycles run between and after.

    Gives back both, and whether the quick one had ended before the slow one did.
    """
    database = staff.installation.database
    slow, quick = Writer(staff, draw, ADA), Writer(staff, draw, BOB)
    quick.commit.set()
    async with without_the_writers_lock(database) as engine:
        first = asyncio.create_task(slow.run(engine))
        while slow.number is None:
            await asyncio.sleep(0.005)
        second = asyncio.create_task(quick.run(engine))
        while not second.done() and not await blocked(database, quick):
            await asyncio.sleep(0.005)
        overtook = second.done()
        await staff.sync(allow=2)
        slow.commit.set()
        await asyncio.gather(first, second)
    await staff.sync(allow=2)
    return slow, quick, overtook


async def test_whoever_has_the_lower_number_commits_first_and_nothing_is_lost(staff: World) -> None:
    slow, quick, overtook = await race(staff, directories.next_change_no)
    assert slow.number is not None
    assert quick.number == slow.number + 1
    assert not overtook, "the higher number waits for the lower one"
    assert staff.active() == set(), "both leavers have lost their account"


async def test_did_the_lower_number_commit_last_a_leaver_would_keep_the_account(staff: World) -> None:
    """The same race with numbers that lock nothing: that it is lost here shows that the race above is one."""
    async with staff.installation.database.transaction() as connection:
        high = await directories.high_change_no(connection, staff.installation.directory_id)
        await connection.execute(sa.text(f"create sequence drawn start {high + 1}"))
    slow, quick, overtook = await race(staff, from_a_sequence)
    assert slow.number is not None
    assert quick.number == slow.number + 1
    assert overtook, "the lower number committed last"
    assert staff.active() == {ADA}


async def test_a_writer_waits_for_the_one_before_it_and_readers_wait_for_nobody(staff: World) -> None:
    one, other = staff.installation.database, Database(staff.installation.database.address)
    directory_id = staff.installation.directory_id

    async def write() -> int:
        async with other.transaction() as connection:
            return await directories.next_change_no(connection, directory_id)

    async with one.transaction() as connection:
        first = await directories.next_change_no(connection, directory_id)
        second = asyncio.create_task(write())
        async with other.read() as reading:
            assert await directories.high_change_no(reading, directory_id) == first - 1
        await asyncio.sleep(0.05)
        assert not second.done()
    assert await second == first + 1
    await other.close()
