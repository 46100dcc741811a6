"""What a push leaves behind, written together: line states, links, log rows, escrows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from provisor.domain.change import Reason
from provisor.domain.job import Escrow
from provisor.ledger import Holder, Outcome
from provisor.store.claims import key_of
from provisor.store.database import Connection
from provisor.store.directories import spoken_name
from provisor.store.document import decode_as, encode
from provisor.store.links import keep_links, release_deleted, unlink
from provisor.store.tables import escrow, plan_line, provisioning_log, standing


async def keep_outcomes(
    connection: Connection, job_id: str, cycle_id: str, outcomes: Sequence[Outcome], *, whole: bool = False
) -> Mapping[str, int]:
    """Returns what is to be added to the cycle's counters. `whole`: what the log has said already is said again."""
    outcomes = await _without_contested(connection, job_id, outcomes)
    last = await _last_reasons(connection, job_id, [outcome.log.entry_id for outcome in outcomes])
    told = [one for one in outcomes if whole or one.log.action not in ("other", "stagedDelete") or _news(one, last)]
    await _mark_lines(connection, cycle_id, outcomes)
    await unlink(connection, job_id, [outcome.log.entry_id for outcome in outcomes if outcome.unlink])
    await keep_links(connection, job_id, [outcome.link for outcome in outcomes if outcome.link is not None])
    corrected = await _keep_log(connection, job_id, cycle_id, told)
    await _keep_standing(connection, job_id, outcomes, last)
    await _keep_escrows(connection, job_id, outcomes)
    await wake(connection, job_id, [outcome.freed for outcome in outcomes if outcome.freed])
    counts = Counter(_counter(outcome.log.action, outcome.log.status) for outcome in outcomes)
    counts.subtract(corrected)
    return counts


async def _without_contested(connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Who is given somebody else's account is in error, and says whose it is."""
    targets = [outcome.link.target_id for outcome in outcomes if outcome.link is not None]
    known, _ = await release_deleted(connection, job_id, targets)
    holders = dict(known)
    return [_contested(outcome, holders) for outcome in outcomes]


def _contested(outcome: Outcome, holders: dict[str, Holder]) -> Outcome:
    if outcome.link is None:
        return outcome
    mine = Holder(outcome.link.entry_id, spoken_name(outcome.link.entry_id, outcome.log.name))
    holder = holders.setdefault(outcome.link.target_id, mine)
    if holder.entry_id == mine.entry_id:
        return outcome
    reason = Reason("EntryConflict", {"account": outcome.link.target_id, "entry": holder.name})
    log = replace(outcome.log, status="failure", detail=replace(outcome.log.detail, reason=reason))
    return Outcome(outcome.seq, "failed", log, retry="back off")


def _counter(action: str, status: str) -> str:
    return "failed" if status == "failure" else "skipped" if action == "other" else action


def _news(outcome: Outcome, last: Mapping[str, str]) -> bool:
    if outcome.well:
        return outcome.log.entry_id in last
    return last.get(outcome.log.entry_id) != encode(outcome.log.reason)


async def _last_reasons(connection: Connection, job_id: str, entries: Sequence[str]) -> Mapping[str, str]:
    query = sa.select(standing.c.entry_id, standing.c.reason)
    mine = query.where(standing.c.job_id == job_id, standing.c.entry_id.in_(entries))
    return {str(row.entry_id): str(row.reason) for row in (await connection.execute(mine)).all()}


async def _mark_lines(connection: Connection, cycle_id: str, outcomes: Sequence[Outcome]) -> None:
    """Most lines of a page end alike, and are marked together."""
    alike: dict[str, list[int]] = defaultdict(list)
    for outcome in outcomes:
        alike[outcome.state].append(outcome.seq)
    for state, seqs in alike.items():
        lines = (plan_line.c.cycle_id == cycle_id) & plan_line.c.seq.in_(seqs)
        await connection.execute(sa.update(plan_line).where(lines).values(state=state, recorded=True))


async def _keep_log(
    connection: Connection, job_id: str, cycle_id: str, outcomes: Sequence[Outcome]
) -> Mapping[str, int]:
    """One row a line. What is known better after a doubt takes the place of the doubt; counts those it replaced."""
    rows = [_log_row(job_id, cycle_id, outcome) for outcome in outcomes]
    replaced: Counter[str] = Counter()
    if rows:
        query = sa.select(provisioning_log.c.action, provisioning_log.c.status)
        seqs = [outcome.seq for outcome in outcomes]
        earlier = query.where(provisioning_log.c.cycle_id == cycle_id, provisioning_log.c.seq.in_(seqs))
        replaced.update(_counter(row.action, row.status) for row in (await connection.execute(earlier)).all())
        insert = connection.upsert(provisioning_log)
        said = {name: insert.excluded[name] for name in ("action", "status", "code", "target_id", "detail", "at")}
        await connection.write(insert.on_conflict_do_update(index_elements=["cycle_id", "seq"], set_=said), rows)
    return replaced


def _log_row(job_id: str, cycle_id: str, outcome: Outcome) -> dict[str, Any]:
    log = outcome.log
    return {
        "job_id": job_id,
        "cycle_id": cycle_id,
        "seq": outcome.seq,
        "entry_id": log.entry_id,
        "action": log.action,
        "status": log.status,
        "code": log.reason.code,
        "name": log.name,
        "login": log.login,
        "target_id": log.target_id,
        "detail": encode(log.detail),
        "at": log.at,
    }


async def _keep_standing(
    connection: Connection, job_id: str, outcomes: Sequence[Outcome], last: Mapping[str, str]
) -> None:
    """The last reason of everybody who is not as they should be; a success ends it."""
    well = [one.log.entry_id for one in outcomes if one.well and one.log.entry_id in last]
    if well:
        ended = sa.delete(standing).where(standing.c.job_id == job_id, standing.c.entry_id.in_(well))
        await connection.execute(ended)
    rows = [
        {"job_id": job_id, "entry_id": one.log.entry_id, "reason": encode(one.log.reason)}
        for one in outcomes
        if not one.well
    ]
    if rows:
        insert = connection.upsert(standing)
        changed = {"reason": insert.excluded.reason}
        await connection.write(insert.on_conflict_do_update(index_elements=["job_id", "entry_id"], set_=changed), rows)


async def _keep_escrows(connection: Connection, job_id: str, outcomes: Sequence[Outcome]) -> None:
    entries = [outcome.log.entry_id for outcome in outcomes]
    mine = (escrow.c.job_id == job_id) & escrow.c.entry_id.in_(entries)
    before = {str(row.entry_id): row for row in (await connection.execute(sa.select(escrow).where(mine))).all()}
    if before:
        await connection.execute(sa.delete(escrow).where(mine))
    rows = [
        _escrow_row(job_id, outcome, before.get(outcome.log.entry_id))
        for outcome in outcomes
        if outcome.retry is not None
    ]
    await connection.write(sa.insert(escrow), rows)


async def wake(connection: Connection, job_id: str, causes: Sequence[str]) -> None:
    """Whoever is in escrow for one of these causes is due with the next cycle."""
    if causes:
        waiting = (escrow.c.job_id == job_id) & escrow.c.cause.in_([key_of(cause) for cause in causes])
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
        "cause": key_of(one.cause) if one.cause else None,
        "first_failed": one.first_failed,
        "next_attempt": one.next_attempt(outcome.retry, outcome.log.at),
    }
