"""Another process at the same database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from provisor.store.database import Database


@contextmanager
def writing(database: Database) -> Iterator[None]:
    """Somebody else is in the middle of a transaction that writes."""
    other = Database(database.address)
    with other.synchronous_engine().connect() as connection, other.migrating(connection):
        yield
    other.synchronous_engine().dispose()
