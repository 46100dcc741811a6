"""What other processes ask of the service, and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provisor.domain.change import Reason
from provisor.store.database import Connection
from provisor.store.document import decode, decode_as, encode
from provisor.store.tables import request


@dataclass(frozen=True, slots=True)
class Asked:
    """What another process asks of the service."""

    id: int
    job_id: str
    kind: str
    parameters: Mapping[str, Any]
    state: str
    cycle_id: str | None
    error: Reason | None
    at: datetime


async def ask(connection: Connection, job_id: str, kind: str, parameters: Mapping[str, Any], now: datetime) -> int:
    row = {"job_id": job_id, "kind": kind, "parameters": encode(parameters), "state": "asked", "asked_at": now}
    return int((await connection.execute(sa.insert(request).values(row).returning(request.c.id))).scalar_one())


async def asked(connection: Connection) -> Sequence[Asked]:
    rows = await connection.execute(sa.select(request).where(request.c.state == "asked").order_by(request.c.id))
    return [_asked(row) for row in rows.all()]


async def get_asked(connection: Connection, request_id: int) -> Asked:
    return _asked((await connection.execute(sa.select(request).where(request.c.id == request_id))).one())


async def still_wanted(connection: Connection, request_id: int, now: datetime) -> None:
    """Whoever asked still waits."""
    mine = (request.c.id == request_id) & (request.c.state == "asked")
    await connection.execute(sa.update(request).where(mine).values(asked_at=now))


async def answer(
    connection: Connection, request_id: int, state: str, cycle_id: str | None = None, error: Reason | None = None
) -> None:
    values = {"state": state, "cycle_id": cycle_id, "error": encode(error) if error else None}
    await connection.execute(sa.update(request).where(request.c.id == request_id).values(values))


async def withdraw(connection: Connection, request_id: int) -> None:
    """Nobody waits for this any more; the service must not take it up later."""
    waiting = (request.c.id == request_id) & (request.c.state == "asked")
    await connection.execute(sa.update(request).where(waiting).values(state="withdrawn"))


def _asked(row: sa.Row[Any]) -> Asked:
    error = decode_as(row.error, Reason) if row.error else None
    return Asked(row.id, row.job_id, row.kind, decode(row.parameters), row.state, row.cycle_id, error, row.asked_at)
