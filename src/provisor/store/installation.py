"""What is true of the whole installation: its tenant id."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from provisor.store.database import Connection
from provisor.store.tables import installation


async def tenant_id(connection: Connection) -> str | None:
    """The tenant's GUID; None before the first start."""
    query = sa.select(installation.c.value).where(installation.c.name == "tenant_id")
    found: str | None = (await connection.execute(query)).scalar()
    return found


async def ensure_tenant_id(connection: Connection) -> str:
    """The tenant's GUID, made at first start."""
    new = connection.upsert(installation).values(name="tenant_id", value=str(uuid.uuid4())).on_conflict_do_nothing()
    await connection.execute(new)
    found = await tenant_id(connection)
    assert found is not None, "it was just made"
    return found
