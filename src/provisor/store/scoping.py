"""Whom a job is for, and what happens when that changes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from provisor.domain.job import Job
from provisor.store import jobs
from provisor.store.database import Connection
from provisor.store.tables import job


async def set_scope(connection: Connection, changed: Job) -> None:
    """Save whom the job is for, and what becomes of who is not any longer."""
    values = {"scope": changed.scope, "skip_out_of_scope": changed.skip_out_of_scope}
    await connection.execute(sa.update(job).where(job.c.id == changed.id).values(values))


async def start_over(connection: Connection, job_id: str, now: datetime) -> None:
    """What decides about everybody has changed: all are looked at anew, at once where the job is on.

    Saved plans go: they were made by what no longer holds.
    """
    await jobs.set_watermark(connection, job_id, None)
    for row in await jobs.saved_plans(connection, job_id):
        await jobs.discard(connection, row.cycle.id)
    await jobs.put_off(connection, job_id, now)
