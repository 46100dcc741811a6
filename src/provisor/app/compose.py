"""The one place where parts are put together."""

from __future__ import annotations

import gc
import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from provisor.app.installation import Installation
from provisor.domain.error import Refused
from provisor.secret import Vault, load_key
from provisor.settings import Settings
from provisor.store import directories
from provisor.store.address import address_of
from provisor.store.database import Database
from provisor.store.installation import ensure_tenant_id, tenant_id
from provisor.store.migrate import migrate

DIRECTORY = "Provisor Directory"
NEW_OBJECTS = 50_000  # between two collections of garbage: a page of people is no reason for one


@asynccontextmanager
async def opened(settings: Settings, actor: str | None = None) -> AsyncIterator[Installation]:
    """The installation in this home, made at first start."""
    url = settings.database_url.get_secret_value() if settings.database_url else None
    address = address_of(url, settings.home)
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Refused("HomeUnusable", home=settings.home, because=error.strerror or str(error)) from None
    key = settings.key.get_secret_value() if settings.key else None
    vault = Vault(load_key(settings.home, key, settings.key_file))
    database = Database(address)
    try:
        migrate(database)
        async with database.read() as connection:
            tenant = await tenant_id(connection)
            directory_id = await directories.find_directory(connection, DIRECTORY)
        if tenant is None or directory_id is None:
            async with database.transaction() as connection:
                tenant = await ensure_tenant_id(connection)
                directory_id = await directories.ensure_directory(connection, DIRECTORY)
        _collect_seldom()
        yield Installation(settings, database, vault, tenant, directory_id, actor or _user(), now)
    finally:
        await database.close()


def _collect_seldom() -> None:
    """What is loaded by now stays: looking through it again and again took a sixth of a cycle."""
    if gc.get_threshold()[0] != NEW_OBJECTS:  # once a process
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS)


def now() -> datetime:
    return datetime.now(UTC)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
