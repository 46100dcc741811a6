"""Where the database is: a file in the home, or what PROVISOR_DATABASE_URL says."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from provisor.domain.error import Refused

FILE_NAME = "provisor.db"
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}


def address_of(url: str | None, home: Path) -> sa.URL:
    """Refused (DatabaseUrlInvalid) where `url` names no database that we know; its password is in no message."""
    if not url:
        return sa.URL.create("sqlite", database=str(home / FILE_NAME))
    try:
        given = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise Refused("DatabaseUrlInvalid", problem="it is no URL") from None
    driver = _DRIVERS.get(given.drivername)
    if driver is None:
        raise Refused("DatabaseUrlInvalid", problem="it does not begin with postgresql:// or sqlite:///")
    if not given.database or given.database == ":memory:":
        raise Refused("DatabaseUrlInvalid", problem="it names no database")
    return given.set(drivername=driver)
