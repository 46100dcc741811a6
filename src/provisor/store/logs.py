"""The provisioning log and the audit log: pages by number, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provisor.domain.log import Detail, LogEntry
from provisor.store.database import Connection
from provisor.store.document import decode_as, encode
from provisor.store.tables import app, audit_log, cycle, directory, job, provisioning_log


class LogRow(LogEntry, frozen=True, kw_only=True):
    """One row of the provisioning log: an entry of it, with its number and whose it is."""

    id: int
    job_id: str
    app_id: str
    app_name: str
    directory_id: str
    directory_name: str
    initiated_by: str
    cycle_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One administrative act."""

    id: int
    at: datetime
    actor: str
    activity: str
    target_type: str
    target_id: str
    target_name: str
    before: str | None
    after: str | None


async def provisioning_rows(
    connection: Connection,
    *,
    app_id: str | None = None,
    user: tuple[Sequence[str], str] | None = None,
    cycle_id: str | None = None,
    status: str | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[LogRow]:
    """A page of the log, newest first.

    `user`: ids of entries, and the login that rows of entries long gone may bear. `before`: the number of the last row
    seen.
    """
    query = (
        sa.select(provisioning_log, app.c.name.label("app_name"), job.c.app_id, job.c.directory_id)
        .add_columns(directory.c.name.label("directory_name"), cycle.c.requested_by)
        .outerjoin(job, job.c.id == provisioning_log.c.job_id)
        .outerjoin(app, app.c.id == job.c.app_id)
        .outerjoin(directory, directory.c.id == job.c.directory_id)
        .outerjoin(cycle, cycle.c.id == provisioning_log.c.cycle_id)
        .order_by(provisioning_log.c.id.desc())
        .limit(limit)
    )
    wanted = {
        job.c.app_id: app_id,
        provisioning_log.c.cycle_id: cycle_id,
        provisioning_log.c.status: status,
        provisioning_log.c.action: action,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if user is not None:
        ids, login = user
        named = sa.func.lower(provisioning_log.c.login) == login.lower()
        query = query.where(provisioning_log.c.entry_id.in_(ids) | named)
    if before is not None:
        query = query.where(provisioning_log.c.id < before)
    return [_log_row(row) for row in (await connection.execute(query)).all()]


def _log_row(row: sa.Row[Any]) -> LogRow:
    return LogRow(
        id=row.id,
        at=row.at,
        job_id=row.job_id,
        app_id=row.app_id or "",
        app_name=row.app_name or "",
        directory_id=row.directory_id or "",
        directory_name=row.directory_name or "",
        initiated_by=row.requested_by or "",
        cycle_id=row.cycle_id,
        seq=row.seq,
        entry_id=row.entry_id,
        name=row.name,
        login=row.login,
        action=row.action,
        status=row.status,
        target_id=row.target_id,
        detail=decode_as(row.detail, Detail),
    )


async def write_audit(
    connection: Connection,
    now: datetime,
    actor: str,
    activity: str,
    target: tuple[str, str, str],
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """`target`: type, id and name. Whoever calls has taken the secrets out."""
    await connection.execute(
        sa.insert(audit_log).values(
            at=now,
            actor=actor,
            activity=activity,
            target_type=target[0],
            target_id=target[1],
            target_name=target[2],
            before=encode(before) if before is not None else None,
            after=encode(after) if after is not None else None,
        )
    )


async def audit_rows(connection: Connection, *, before: int | None = None, limit: int = 50) -> Sequence[AuditRow]:
    query = sa.select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    return [
        AuditRow(
            row.id,
            row.at,
            row.actor,
            row.activity,
            row.target_type,
            row.target_id,
            row.target_name,
            row.before,
            row.after,
        )
        for row in (await connection.execute(query)).all()
    ]
