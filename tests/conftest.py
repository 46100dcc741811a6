"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.world import World
from tests.world import world as made


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the developer's shell sets, tests start from nothing."""
    for name in [name for name in os.environ if name.startswith("PROVISOR_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with made(tmp_path / "home") as one:
        yield one
