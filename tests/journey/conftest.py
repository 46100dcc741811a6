"""Every journey is made on both databases."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def on_both(database_url: str | None) -> None:
    """Set up before anything that opens the database."""
