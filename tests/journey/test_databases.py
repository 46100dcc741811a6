"""That the journeys are made on the database that they are said to be made on."""

from __future__ import annotations

from pathlib import Path

from tests import processes
from tests.journey.command import Command


async def test_the_database_is_the_one_that_the_setting_names(tmp_path: Path, database_url: str | None) -> None:
    provisor = Command(tmp_path / "home")
    await provisor.done("status")
    assert processes.run(tmp_path / "home", "status").returncode == 0
    async with provisor.opened() as installation:
        assert installation.database.address.get_backend_name() == ("postgresql" if database_url else "sqlite")
    assert (tmp_path / "home" / "provisor.db").exists() == (database_url is None)
