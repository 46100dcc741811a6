"""Where the engine keeps its queue: a place of its own, for it is no record of what was done."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection

SCHEMA = "provisor_engine"  # on PostgreSQL
CONNECTIONS = 5  # that the engine keeps open to a server


def workflow_engine(address: sa.URL, home: Path) -> sa.Engine:
    """An engine as DBOS wants one: it brings none of its own settings to an engine that it is handed.

    Beside SQLite a file in the home; on PostgreSQL the same database, where DBOS has a schema for itself.
    """
    if address.get_backend_name() != "sqlite":
        from provisor.store.postgresql import connect_arguments  # noqa: PLC0415  (psycopg, where it is needed)

        made = connect_arguments(address)
        return sa.create_engine(address, pool_size=CONNECTIONS, connect_args=made, hide_parameters=True)
    engine = sa.create_engine(f"sqlite:///{home / 'engine.db'}")

    def configure(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        cursor = connection.cursor()
        for setting in ("busy_timeout=30000", "foreign_keys=on", "journal_mode=wal", "synchronous=normal"):
            cursor.execute(f"pragma {setting}")
        cursor.close()

    sa.event.listen(engine, "connect", configure)
    return engine
