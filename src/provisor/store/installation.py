"""What is true of the whole installation: its tenant id."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from provisor.store.database import Connection, upsert
from provisor.store.tables import installation


async def tenant_id(connection: Connection) -> str:
    """The tenant's GUID, made at first start."""
    new = upsert(installation).values(name="tenant_id", value=str(uuid.uuid4())).on_conflict_do_nothing()
    await connection.execute(new)
    query = sa.select(installation.c.value).where(installation.c.name == "tenant_id")
    return str((await connection.execute(query)).scalar_one())
