"""That the journeys are made on the database that they are said to be made on."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
from tests import processes
from tests.journey.command import Command

from provisor.store import runner


async def test_the_database_is_the_one_that_the_setting_names(tmp_path: Path, database_url: str | None) -> None:
    provisor = Command(tmp_path / "home")
    await provisor.done("status")
    assert processes.run(tmp_path / "home", "status").returncode == 0
    async with provisor.opened() as installation:
        assert installation.database.address.get_backend_name() == ("postgresql" if database_url else "sqlite")
    assert (tmp_path / "home" / "provisor.db").exists() == (database_url is None)


def test_a_service_whose_place_another_has_taken_ends_and_says_why(tmp_path: Path, database_url: str | None) -> None:
    if database_url is None:
        return  # the lock on the home cannot be lost
    with (tmp_path / "log").open("w") as log:
        service = processes.start(tmp_path / "home", "serve", "--port", "0", log=log)
        try:
            processes.address_of(service)
            with psycopg.connect(database_url, autocommit=True) as other:
                take_over(other)
                assert service.wait(30) == 1
        finally:
            processes.stop(service)
    assert "Error: Another home runs cycles on the database" in (tmp_path / "log").read_text()


def take_over(other: psycopg.Connection) -> None:
    """End the connection that holds the runner's lock, and take the lock."""
    own = "database = (select oid from pg_database where datname = current_database())"
    held = f"locktype = 'advisory' and granted and objid = {runner.RUNNER & 0xFFFFFFFF} and {own}"
    other.execute(f"select pg_terminate_backend(pid) from pg_locks where {held}".encode())
    until = time.monotonic() + 10
    while other.execute(f"select pg_try_advisory_lock({runner.RUNNER})".encode()).fetchone() != (True,):
        assert time.monotonic() < until
