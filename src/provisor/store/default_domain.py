"""The default domain of a directory: what DefaultDomain() gives in the mappings of its apps."""

from __future__ import annotations

import sqlalchemy as sa

from provisor.store.database import Connection
from provisor.store.tables import directory


async def default_domain(connection: Connection, directory_id: str) -> str | None:
    """None: nobody has set one."""
    query = sa.select(directory.c.default_domain).where(directory.c.id == directory_id)
    found: str | None = (await connection.execute(query)).scalar_one()
    return found


async def set_default_domain(connection: Connection, directory_id: str, domain: str | None) -> None:
    theirs = sa.update(directory).where(directory.c.id == directory_id)
    await connection.execute(theirs.values(default_domain=domain))
