"""Bring a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from provisor.domain.error import Refused
from provisor.store.database import Database

NEWEST = "0001"
_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> None:
    """Run the migrations that are missing. Refused where a newer version of Provisor has been here."""
    with database.usable(), database.synchronous_engine().connect() as connection:
        if _version(connection) == NEWEST:
            return
        connection.rollback()
        from alembic import command  # noqa: PLC0415  (a tenth of a second, needed once a version)
        from alembic.config import Config  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = connection
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with database.migrating(connection):
            version = _version(connection)
            if version is not None and version not in known:
                raise Refused("DatabaseTooNew", path=database.name, version=version)
            if version != NEWEST:
                command.upgrade(config, "head")


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("select version_num from alembic_version")).scalar()
    return str(found) if found else None
