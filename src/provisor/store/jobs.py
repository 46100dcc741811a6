"""Jobs, their schemas, and their cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from provisor.domain.change import Reason
from provisor.domain.job import Cycle, CycleKind, CycleState, Job, ScheduleState
from provisor.domain.schema import SynchronizationSchema
from provisor.store.candidates import RUNNING, concern
from provisor.store.columns import Instant
from provisor.store.database import Connection
from provisor.store.default_domain import default_domain
from provisor.store.directories import high_change_no
from provisor.store.document import decode, decode_as, encode
from provisor.store.tables import (
    cycle,
    entry,
    escrow,
    job,
    listed_account,
    plan_line,
    schema_version,
    standing,
)

UNFINISHED = RUNNING
DRY = ("plan", "trial")


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle and how it went."""

    cycle: Cycle
    requested_by: str
    counts: Mapping[str, int]
    error: Reason | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry in escrow, as a person is told of it. `next_attempt` None: with the next cycle."""

    reason: Reason
    first_failed: datetime
    next_attempt: datetime | None


def _job(row: sa.Row[Any]) -> Job:
    return Job(
        id=row.id,
        app_id=row.app_id,
        directory_id=row.directory_id,
        schedule=row.schedule,
        interval=timedelta(seconds=row.interval_seconds),
        watermark=row.watermark,
        schema_version=row.schema_version,
        scope=row.scope,
        skip_out_of_scope=row.skip_out_of_scope,
    )


def _cycle(row: sa.Row[Any]) -> CycleRow:
    one = Cycle(
        id=row.id,
        job_id=row.job_id,
        number=row.number,
        kind=row.kind,
        since=row.since,
        high=row.high,
        schema_version=row.schema_version,
        state=row.state,
        began=row.began,
        epoch=row.epoch,
        allow=row.allow,
        chosen=decode_as(row.chosen, tuple[str, ...]) if row.chosen else (),
        default_domain=row.default_domain,
    )
    error = decode_as(row.error, Reason) if row.error else None
    return CycleRow(one, row.requested_by, decode(row.counts), error, row.ended)


# ---- jobs -----------------------------------------------------------------------------------------------------


async def add_job(connection: Connection, new: Job) -> None:
    await connection.execute(
        sa.insert(job).values(
            id=new.id,
            app_id=new.app_id,
            directory_id=new.directory_id,
            schedule=new.schedule,
            interval_seconds=int(new.interval.total_seconds()),
            watermark=None,
            schema_version=new.schema_version,
            scope=new.scope,
            skip_out_of_scope=new.skip_out_of_scope,
            cycles=0,
            next_cycle_at=None,
        )
    )


async def job_of(connection: Connection, app_id: str) -> Job:
    return _job((await connection.execute(sa.select(job).where(job.c.app_id == app_id))).one())


async def jobs_reading(connection: Connection, directory_id: str) -> Sequence[Job]:
    """The jobs of all apps that read this directory."""
    rows = await connection.execute(sa.select(job).where(job.c.directory_id == directory_id).order_by(job.c.id))
    return [_job(row) for row in rows.all()]


async def get_job(connection: Connection, job_id: str) -> Job | None:
    row = (await connection.execute(sa.select(job).where(job.c.id == job_id))).first()
    return _job(row) if row else None


async def schedule(connection: Connection, job_id: str, state: ScheduleState, at: datetime | None) -> None:
    await connection.execute(sa.update(job).where(job.c.id == job_id).values(schedule=state, next_cycle_at=at))


async def set_interval(connection: Connection, job_id: str, interval: timedelta) -> None:
    values = {"interval_seconds": int(interval.total_seconds())}
    await connection.execute(sa.update(job).where(job.c.id == job_id).values(values))


async def next_cycle_at(connection: Connection, job_id: str) -> datetime | None:
    found: datetime | None = (
        await connection.execute(sa.select(job.c.next_cycle_at).where(job.c.id == job_id))
    ).scalar()
    return found


async def put_off(connection: Connection, job_id: str, at: datetime) -> None:
    active = (job.c.id == job_id) & (job.c.schedule == "Active")
    await connection.execute(sa.update(job).where(active).values(next_cycle_at=at))


async def active_jobs(connection: Connection) -> Sequence[tuple[Job, datetime | None]]:
    """Jobs that are switched on, with the time of their next cycle."""
    rows = await connection.execute(sa.select(job).where(job.c.schedule == "Active").order_by(job.c.id))
    return [(_job(row), row.next_cycle_at) for row in rows.all()]


async def concerned(connection: Connection, one: Job, seen: int, high: int) -> bool:
    """Has anything changed, after `seen` and up to `high`, about anybody whom this job knows or should know?"""
    changed = sa.select(entry.c.id).where(
        entry.c.directory_id == one.directory_id,
        entry.c.change_no > seen,
        entry.c.change_no <= high,
        concern(one),
    )
    return (await connection.execute(changed.limit(1))).first() is not None


async def set_watermark(connection: Connection, job_id: str, watermark: int | None) -> None:
    await connection.execute(sa.update(job).where(job.c.id == job_id).values(watermark=watermark))


async def advance_watermark(connection: Connection, one: Job, high: int) -> None:
    """Nobody up to `high` is this job's concern; no cycle is needed to say so."""
    unmoved = sa.update(job).where(job.c.id == one.id, job.c.watermark == one.watermark)
    await connection.execute(unmoved.values(watermark=high))


async def forget_escrows(connection: Connection, job_id: str) -> None:
    """Nobody waits any longer: who is in escrow is tried with the next cycle."""
    await connection.execute(sa.update(escrow).where(escrow.c.job_id == job_id).values(next_attempt=None))
    await connection.execute(sa.delete(standing).where(standing.c.job_id == job_id))


# ---- schema ---------------------------------------------------------------------------------------------------


async def save_schema(
    connection: Connection, job_id: str, schema: SynchronizationSchema, by: str, now: datetime
) -> None:
    row = {"job_id": job_id, "version": schema.version, "document": encode(schema), "saved_by": by, "saved_at": now}
    await connection.execute(sa.insert(schema_version).values(row))
    await connection.execute(sa.update(job).where(job.c.id == job_id).values(schema_version=schema.version))


async def load_schema(connection: Connection, job_id: str, version: int) -> SynchronizationSchema:
    query = sa.select(schema_version.c.document).where(
        schema_version.c.job_id == job_id, schema_version.c.version == version
    )
    return decode_as((await connection.execute(query)).scalar_one(), SynchronizationSchema)


# ---- cycles ---------------------------------------------------------------------------------------------------


async def open_cycle(
    connection: Connection,
    one: Job,
    cycle_id: str,
    kind: CycleKind,
    by: str,
    now: datetime,
    *,
    allow: int | None = None,
    chosen: Sequence[str] = (),
) -> Cycle:
    """A new cycle over all that changed up to now, or over the chosen entries.

    Reads `high` first: later changes are the next cycle's.
    """
    number_ = int(
        (
            await connection.execute(
                sa.update(job).where(job.c.id == one.id).values(cycles=job.c.cycles + 1).returning(job.c.cycles)
            )
        ).scalar_one()
    )
    high = await high_change_no(connection, one.directory_id)
    new = Cycle(
        id=cycle_id,
        job_id=one.id,
        number=number_,
        kind=kind,
        since=None if chosen else one.watermark,
        high=high,
        schema_version=one.schema_version,
        state="planning",
        began=now,
        allow=allow,
        chosen=tuple(chosen),
        default_domain=await default_domain(connection, one.directory_id),
    )
    row = {**asdict(new), "chosen": encode(new.chosen) if chosen else None, "requested_by": by, "counts": "{}"}
    await connection.execute(sa.insert(cycle).values(row))
    return new


async def get_cycle(connection: Connection, cycle_id: str) -> CycleRow | None:
    row = (await connection.execute(sa.select(cycle).where(cycle.c.id == cycle_id))).first()
    return _cycle(row) if row else None


async def claim_cycle(connection: Connection, cycle_id: str, state: CycleState | None = None) -> Cycle:
    """Take a cycle over: whoever had it before can commit nothing more."""
    values: dict[str, Any] = {"epoch": cycle.c.epoch + 1} | ({"state": state} if state else {})
    await connection.execute(sa.update(cycle).where(cycle.c.id == cycle_id).values(values))
    return _cycle((await connection.execute(sa.select(cycle).where(cycle.c.id == cycle_id))).one()).cycle


async def end_cycle(connection: Connection, one: Cycle, state: CycleState, error: Reason, now: datetime) -> None:
    """Where the cycle itself could not: only while it is still held by this claim."""
    held = sa.update(cycle).where(cycle.c.id == one.id, cycle.c.epoch == one.epoch)
    await connection.execute(held.values(state=state, error=encode(error), ended=now))
    await connection.execute(sa.delete(listed_account).where(listed_account.c.cycle_id == one.id))


async def last_ended(connection: Connection) -> datetime | None:
    """When a cycle of any job last ended."""
    found: datetime | None = (await connection.execute(sa.select(sa.func.max(cycle.c.ended, type_=Instant)))).scalar()
    return found


async def unfinished(connection: Connection, job_id: str | None = None) -> Sequence[CycleRow]:
    """Cycles that somebody has to go on with; a plan in the making is its maker's own."""
    someones = (cycle.c.state == "planning") & cycle.c.kind.in_(DRY)
    query = sa.select(cycle).where(cycle.c.state.in_(UNFINISHED), ~someones).order_by(cycle.c.began)
    if job_id is not None:
        query = query.where(cycle.c.job_id == job_id)
    return [_cycle(row) for row in (await connection.execute(query)).all()]


async def last_cycles(connection: Connection, job_id: str, limit: int = 1) -> Sequence[CycleRow]:
    """The newest first; plans that nobody applied are left out, and what was provisioned on demand."""
    query = sa.select(cycle).where(cycle.c.job_id == job_id, cycle.c.state != "planned", cycle.c.chosen.is_(None))
    rows = await connection.execute(query.order_by(cycle.c.number.desc()).limit(limit))
    return [_cycle(row) for row in rows.all()]


async def saved_plans(connection: Connection, job_id: str) -> Sequence[CycleRow]:
    query = sa.select(cycle).where(cycle.c.job_id == job_id, cycle.c.state == "planned", cycle.c.kind == "plan")
    return [_cycle(row) for row in (await connection.execute(query.order_by(cycle.c.number.desc()))).all()]


async def discard_abandoned(connection: Connection, before: datetime) -> None:
    """Plans that were begun before that moment, and whose makers never ended them, or never threw them away."""
    left = (cycle.c.state == "planning") & cycle.c.kind.in_(DRY) | (cycle.c.kind == "trial")
    abandoned = left & (cycle.c.began < before)
    for row in (await connection.execute(sa.select(cycle.c.id).where(abandoned))).all():
        await discard(connection, row.id)


async def discard(connection: Connection, cycle_id: str) -> None:
    """Throw a plan away, lines and all."""
    await connection.execute(sa.delete(plan_line).where(plan_line.c.cycle_id == cycle_id))
    await connection.execute(sa.delete(cycle).where(cycle.c.id == cycle_id))


# ---- what waits -----------------------------------------------------------------------------------------------


async def count_escrows(connection: Connection, job_id: str) -> Mapping[str, int]:
    """Entries that are tried again, by the code of their reason; what the guard holds waits for a person instead."""
    rows = await connection.execute(sa.select(escrow.c.reason).where(escrow.c.job_id == job_id))
    counts = Counter(decode_as(row.reason, Reason).code for row in rows.all())
    return {code: count for code, count in counts.items() if code != "HeldBack"}


async def get_escrow(connection: Connection, job_id: str, entry_id: str) -> Waiting | None:
    """Why an entry is tried again, since when, and when next."""
    mine = sa.select(escrow).where(escrow.c.job_id == job_id, escrow.c.entry_id == entry_id)
    row = (await connection.execute(mine)).first()
    return Waiting(decode_as(row.reason, Reason), row.first_failed, row.next_attempt) if row else None


async def count_held(connection: Connection, job_id: str) -> int:
    """Changes that the last cycle held back."""
    last = sa.select(cycle.c.id).where(cycle.c.job_id == job_id, cycle.c.state == "succeeded", cycle.c.chosen.is_(None))
    newest = last.order_by(cycle.c.number.desc()).limit(1).scalar_subquery()
    held = sa.select(sa.func.count()).where(plan_line.c.cycle_id == newest, plan_line.c.state == "held")
    return int((await connection.execute(held)).scalar_one())
