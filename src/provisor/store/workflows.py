"""Where the engine keeps its queue: a file of its own, for it is no record of what was done."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection


def workflow_engine(home: Path) -> sa.Engine:
    """An engine as DBOS wants one on SQLite: it brings none of its own settings to an engine that it is handed."""
    engine = sa.create_engine(f"sqlite:///{home / 'engine.db'}")

    def configure(connection: DBAPIConnection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        cursor = connection.cursor()
        for setting in ("busy_timeout=30000", "foreign_keys=on", "journal_mode=wal", "synchronous=normal"):
            cursor.execute(f"pragma {setting}")
        cursor.close()

    sa.event.listen(engine, "connect", configure)
    return engine
