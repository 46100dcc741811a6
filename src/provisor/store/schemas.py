"""The versions of a job's schema: none is ever changed, and the next one is put in the place of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import replace

from provisor.domain.schema import SynchronizationSchema
from provisor.store import jobs
from provisor.store.database import Connection
from provisor.store.tables import job, schema_version


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a schema: who saved it, and when."""

    number: int
    saved_by: str
    saved_at: datetime


async def replace_schema(
    connection: Connection, job_id: str, schema: SynchronizationSchema, by: str, now: datetime
) -> SynchronizationSchema | None:
    """Save the version after `schema.version`; the next cycle looks at everybody. None: it is the last no more."""
    new = replace(schema, version=schema.version + 1)
    last = sa.update(job).where(job.c.id == job_id, job.c.schema_version == schema.version)
    moved = await connection.execute(last.values(schema_version=new.version, watermark=None))
    if not moved.rowcount:
        return None
    await jobs.save_schema(connection, job_id, new, by, now)
    await jobs.put_off(connection, job_id, now)
    return new


async def versions(connection: Connection, job_id: str) -> Sequence[Version]:
    """The newest first."""
    query = sa.select(schema_version.c.version, schema_version.c.saved_by, schema_version.c.saved_at)
    rows = await connection.execute(
        query.where(schema_version.c.job_id == job_id).order_by(schema_version.c.version.desc())
    )
    return [Version(row.version, row.saved_by, row.saved_at) for row in rows.all()]
