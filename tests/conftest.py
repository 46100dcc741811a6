"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests import postgresql
from tests.world import World
from tests.world import world as made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What has to do with the database is run on each, but for tests that are marked `one_database`."""
    if "database_url" in metafunc.fixturenames and metafunc.definition.get_closest_marker("one_database") is None:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the developer's shell sets, tests start from nothing."""
    for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    with postgresql.server() as one:
        yield one


@pytest.fixture
def database_url(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, no_settings_of_this_machine: None
) -> Iterator[str | None]:
    """What PROVISOR_DATABASE_URL says in this test and in the commands that it runs. None: nothing."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield None
        return
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    with server.migrated() as url:
        monkeypatch.setenv("PROVISOR_DATABASE_URL", url)
        yield url


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with made(tmp_path / "home") as one:
        yield one
