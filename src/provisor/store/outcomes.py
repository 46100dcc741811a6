"""What a push leaves behind, written together: line states, links, log rows, escrows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from provisor.domain.change import Reason
from provisor.domain.job import Escrow, LogEntry
from provisor.domain.resource import Link
from provisor.ledger import Holder, Outcome
from provisor.store.database import Connection, upsert
from provisor.store.directories import parts, spoken_name
from provisor.store.document import decode_as, encode
from provisor.store.tables import entry, escrow, link, plan_line, provisioning_log, standing


async def keep_outcomes(
    connection: Connection, job_id: str, cycle_id: str, outcomes: Sequence[Outcome]
) -> Mapping[str, int]:
    """Returns what is to be added to the cycle's counters."""
    outcomes = await _without_contested(connection, job_id, outcomes)
    entries = [outcome.log.entry_id for outcome in outcomes]
    last = await _last_reasons(connection, job_id, entries)
    told = [one for one in outcomes if one.log.action not in ("other", "stagedDelete") or _news(one, last)]
    await _mark_lines(connection, cycle_id, outcomes)
    await _unlink(connection, job_id, [outcome.log.entry_id for outcome in outcomes if outcome.unlink])
    await keep_links(connection, job_id, [outcome.link for outcome in outcomes if outcome.link is not None])
    await _keep_log(connection, job_id, cycle_id, told)
    await _keep_standing(connection, job_id, outcomes)
    await _keep_escrows(connection, job_id, outcomes)
    await wake(connection, job_id, [outcome.freed for outcome in outcomes if outcome.freed])
    return Counter(_counter(outcome.log) for outcome in outcomes)


async def _without_contested(connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """An account has one holder: who is given somebody else's is in error, and says whose it is."""
    holders: dict[str, Holder] = {}
    targets = [outcome.link.target_id for outcome in outcomes if outcome.link is not None]
    for part in parts(targets):
        query = (
            sa.select(link.c.target_id, link.c.entry_id, entry.c.purged, entry.c.login)
            .join(entry, entry.c.id == link.c.entry_id)
            .where(link.c.job_id == job_id, link.c.target_id.in_(part))
        )
        for row in (await connection.execute(query)).all():
            if row.purged:
                mine = (link.c.job_id == job_id) & (link.c.entry_id == row.entry_id)
                await connection.execute(sa.delete(link).where(mine))
            else:
                holders[row.target_id] = Holder(row.entry_id, spoken_name(row.entry_id, row.login))
    return [_contested(outcome, holders) for outcome in outcomes]


def _contested(outcome: Outcome, holders: dict[str, Holder]) -> Outcome:
    if outcome.link is None:
        return outcome
    mine = Holder(outcome.link.entry_id, spoken_name(outcome.link.entry_id, outcome.log.name))
    holder = holders.setdefault(outcome.link.target_id, mine)
    if holder.entry_id == mine.entry_id:
        return outcome
    reason = Reason("EntryConflict", {"account": outcome.link.target_id, "entry": holder.name})
    log = replace(outcome.log, status="failure", reason=reason)
    return Outcome(outcome.seq, "failed", log, retry="back off")


def _counter(log: LogEntry) -> str:
    return "failed" if log.status == "failure" else "skipped" if log.action == "other" else log.action


def _news(outcome: Outcome, last: Mapping[str, str]) -> bool:
    if outcome.well:
        return outcome.log.entry_id in last
    return last.get(outcome.log.entry_id) != encode(outcome.log.reason)


async def _last_reasons(connection: Connection, job_id: str, entries: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in parts(entries):
        query = sa.select(standing.c.entry_id, standing.c.reason).where(
            standing.c.job_id == job_id, standing.c.entry_id.in_(part)
        )
        found.update((str(row.entry_id), str(row.reason)) for row in (await connection.execute(query)).all())
    return found


async def _mark_lines(connection: Connection, cycle_id: str, outcomes: Sequence[Outcome]) -> None:
    rows = [
        {
            "at_cycle": cycle_id,
            "at_seq": outcome.seq,
            "new_state": outcome.state,
            "new_outcome": encode(outcome.log.reason),
        }
        for outcome in outcomes
    ]
    statement = (
        sa.update(plan_line)
        .where(plan_line.c.cycle_id == sa.bindparam("at_cycle"), plan_line.c.seq == sa.bindparam("at_seq"))
        .values(state=sa.bindparam("new_state"), outcome=sa.bindparam("new_outcome"))
    )
    await connection.execute(statement, rows)


async def _unlink(connection: Connection, job_id: str, entry_ids: Sequence[str]) -> None:
    for part in parts(entry_ids):
        await connection.execute(sa.delete(link).where(link.c.job_id == job_id, link.c.entry_id.in_(part)))


async def keep_links(connection: Connection, job_id: str, links: Sequence[Link]) -> None:
    """Add links, or replace those of the same entry."""
    rows = [
        {
            "job_id": job_id,
            "entry_id": one.entry_id,
            "target_id": one.target_id,
            "sent": encode(one.sent),
            "seen": encode(one.seen) if one.seen is not None else None,
            "believed_active": one.believed_active,
            "grants": encode(one.grants),
            "since": one.since,
            "version": one.version,
        }
        for one in links
    ]
    if rows:
        insert = upsert(link)
        changed = {name: insert.excluded[name] for name in rows[0] if name not in ("job_id", "entry_id")}
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["job_id", "entry_id"], set_=changed), rows
        )


async def _keep_log(connection: Connection, job_id: str, cycle_id: str, outcomes: Sequence[Outcome]) -> None:
    rows = [_log_row(job_id, cycle_id, outcome) for outcome in outcomes]
    if rows:
        await connection.execute(upsert(provisioning_log).on_conflict_do_nothing(), rows)


def _log_row(job_id: str, cycle_id: str, outcome: Outcome) -> dict[str, Any]:
    log = outcome.log
    detail = {"reason": log.reason, "steps": log.steps, "modified": log.modified, "durationMs": log.duration_ms}
    return {
        "job_id": job_id,
        "cycle_id": cycle_id,
        "seq": outcome.seq,
        "entry_id": log.entry_id,
        "action": log.action,
        "status": log.status,
        "code": log.reason.code,
        "name": log.name,
        "target_id": log.target_id,
        "detail": encode(detail),
        "at": log.at,
    }


async def _keep_standing(connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> None:
    """The last reason of everybody who is not as they should be; a success ends it."""
    well = [one.log.entry_id for one in outcomes if one.well]
    for part in parts(well):
        await connection.execute(sa.delete(standing).where(standing.c.job_id == job_id, standing.c.entry_id.in_(part)))
    rows = [
        {"job_id": job_id, "entry_id": one.log.entry_id, "reason": encode(one.log.reason)}
        for one in outcomes
        if not one.well
    ]
    if rows:
        insert = upsert(standing)
        changed = {"reason": insert.excluded.reason}
        await connection.execute(
            insert.on_conflict_do_update(index_elements=["job_id", "entry_id"], set_=changed), rows
        )


async def _keep_escrows(connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> None:
    entries = [outcome.log.entry_id for outcome in outcomes]
    before: dict[str, sa.Row[Any]] = {}
    for part in parts(entries):
        mine = (escrow.c.job_id == job_id) & escrow.c.entry_id.in_(part)
        before.update(
            (str(row.entry_id), row) for row in (await connection.execute(sa.select(escrow).where(mine))).all()
        )
        await connection.execute(sa.delete(escrow).where(mine))
    rows = [
        _escrow_row(job_id, outcome, before.get(outcome.log.entry_id))
        for outcome in outcomes
        if outcome.retry is not None
    ]
    if rows:
        await connection.execute(sa.insert(escrow), rows)


async def wake(connection: Connection, job_id: str, causes: Sequence[str]) -> None:
    """Whoever is in escrow for one of these causes is due with the next cycle."""
    for part in parts(causes):
        waiting = (escrow.c.job_id == job_id) & escrow.c.cause.in_(part)
        await connection.execute(sa.update(escrow).where(waiting).values(next_attempt=None))


def _escrow_row(job_id: str, outcome: Outcome, before: sa.Row[Any] | None) -> dict[str, Any]:
    assert outcome.retry is not None, "only what is tried again is kept"
    same = before is not None and decode_as(before.reason, Reason).code == outcome.log.reason.code
    one = Escrow(
        entry_id=outcome.log.entry_id,
        reason=outcome.log.reason,
        first_failed=before.first_failed if before is not None and same else outcome.log.at,
        cause=outcome.cause,
    )
    return {
        "job_id": job_id,
        "entry_id": one.entry_id,
        "reason": encode(one.reason),
        "cause": one.cause,
        "first_failed": one.first_failed,
        "next_attempt": one.next_attempt(outcome.retry, outcome.log.at),
    }
