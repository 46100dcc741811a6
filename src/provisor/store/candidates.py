"""Whom a cycle must look at: what changed since the watermark, what is due again, and what is in doubt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provisor.domain.assignment import AppRole
from provisor.domain.job import NO_SEAT, Cycle, Job
from provisor.domain.resource import ResourceType
from provisor.ledger import Candidate, Claim, Lost
from provisor.store.apps import roles_of
from provisor.store.database import Connection
from provisor.store.directories import ENTRY, entry_from
from provisor.store.plans import DESTRUCTIVE, link_from
from provisor.store.tables import SENDING, assignment, cycle, entry, escrow, link, membership, plan_line, standing

RUNNING = ("planning", "pushing")


@dataclass(frozen=True, slots=True)
class Scan:
    """What one cycle reads. `types`: those whose mapping is on."""

    job: Job
    cycle: Cycle
    types: Collection[ResourceType]
    now: datetime

    def queries(self) -> Sequence[sa.Select[Any]]:
        """What changed; then, in an incremental cycle, what is due again, or in doubt, though it did not change."""
        concerned = (
            sa.select(*ENTRY, link.c.sent, link.c.seen, link.c.believed_active, link.c.grants, link.c.since)
            .add_columns(link.c.version, link.c.target_id.label("linked_id"), link.c.entry_id.label("link_entry"))
            .add_columns(standing.c.reason.label("standing"), escrow.c.first_failed)
            .select_from(entry)
            .outerjoin(link, (link.c.job_id == self.job.id) & (link.c.entry_id == entry.c.id))
            .outerjoin(standing, (standing.c.job_id == self.job.id) & (standing.c.entry_id == entry.c.id))
            .outerjoin(escrow, (escrow.c.job_id == self.job.id) & (escrow.c.entry_id == entry.c.id))
            .where(entry.c.directory_id == self.job.directory_id, entry.c.change_no <= self.cycle.high)
            .where(entry.c.type.in_(self.types))
            .where(concern(self.job))
            .order_by(entry.c.change_no, entry.c.id)
        )
        return [concerned.where(one) for one in self._looked_at()]

    def _looked_at(self) -> Sequence[sa.ColumnElement[bool]]:
        since = self.cycle.since
        if since is None:
            return [sa.true()]
        due = sa.select(escrow.c.entry_id).where(escrow.c.job_id == self.job.id, self._due())
        doubtful = sa.select(plan_line.c.entry_id).join(cycle, cycle.c.id == plan_line.c.cycle_id)
        again = sa.union(due, doubtful.where(unanswered(self.job.id)))
        return [entry.c.change_no > since, (entry.c.change_no <= since) & entry.c.id.in_(again)]

    def _due(self) -> sa.ColumnElement[bool]:
        """It is time; or who waits for a seat may get the one that a planned leaver frees."""
        leavers = sa.select(plan_line.c.seq).where(
            plan_line.c.cycle_id == self.cycle.id, plan_line.c.action.in_(DESTRUCTIVE)
        )
        in_time = escrow.c.next_attempt.is_(None) | (escrow.c.next_attempt <= self.now)
        return in_time | ((escrow.c.cause == NO_SEAT) & leavers.exists())

    async def page(
        self, connection: Connection, query: sa.Select[Any], last: tuple[int, str] | None, limit: int
    ) -> tuple[Sequence[Candidate], tuple[int, str] | None]:
        """The next entries of a query, and where the page after them begins; None: there is none."""
        if last is not None:
            place = sa.tuple_(sa.literal(last[0], sa.BigInteger), sa.literal(last[1]))
            query = query.where(sa.tuple_(entry.c.change_no, entry.c.id) > place)
        rows = (await connection.execute(query.limit(limit))).all()
        if not rows:
            return (), None
        ids = [row.id for row in rows]
        held = await self._held_roles(connection, ids)
        lost = await self._lost(connection, ids)
        page = [_candidate(row, held[row.id], lost.get(row.id)) for row in rows]
        return page, (rows[-1].change_no, rows[-1].id)

    async def unlinked(self, connection: Connection) -> int:
        """How many entitled entries of this cycle have no account yet, as far as we know."""
        known = _exists(link.c.job_id == self.job.id, link.c.entry_id == entry.c.id)
        query = sa.select(sa.func.count()).where(
            entry.c.directory_id == self.job.directory_id,
            entry.c.type.in_(self.types),
            entry.c.change_no <= self.cycle.high,
            entitled(self.job.app_id),
            ~known,
        )
        return sum([int((await connection.execute(query.where(one))).scalar_one()) for one in self._looked_at()])

    async def _held_roles(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, list[AppRole]]:
        roles = {role.id: role for role in await roles_of(connection, self.job.app_id)}
        app_id = self.job.app_id
        direct = sa.select(assignment.c.principal_id, assignment.c.app_role_id).where(
            assignment.c.app_id == app_id, assignment.c.principal_id.in_(ids)
        )
        through = (
            sa.select(membership.c.member_id, assignment.c.app_role_id)
            .join(assignment, assignment.c.principal_id == membership.c.group_id)
            .join(entry, entry.c.id == membership.c.group_id)
            .where(assignment.c.app_id == app_id, membership.c.member_id.in_(ids))
            .where(entry.c.deleted_at.is_(None), ~entry.c.purged)
        )
        held: dict[str, list[AppRole]] = defaultdict(list)
        for row in (await connection.execute(sa.union(direct, through))).all():
            if row.app_role_id in roles:
                held[row.principal_id].append(roles[row.app_role_id])
        return held

    async def _lost(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, Lost]:
        """By what value accounts may have been made for these entries, to which nobody answered."""
        query = (
            sa.select(plan_line.c.entry_id, plan_line.c.claim, cycle.c.began)
            .join(cycle, cycle.c.id == plan_line.c.cycle_id)
            .order_by(cycle.c.number)
        )
        rows = await connection.execute(query.where(unanswered(self.job.id), plan_line.c.entry_id.in_(ids)))
        return {str(row.entry_id): Lost(Claim(*row.claim.split("=", 1)), row.began) for row in rows.all() if row.claim}


def concern(job: Job) -> sa.ColumnElement[bool]:
    """The entries that a job knows, should know, or has still to settle something with.

    Asked of each entry by itself, so that what this costs follows the entries that changed, and not the job's size.
    """
    linked = _exists(link.c.job_id == job.id, link.c.entry_id == entry.c.id)
    waiting = _exists(escrow.c.job_id == job.id, escrow.c.entry_id == entry.c.id)
    return entitled(job.app_id) | linked | waiting | in_doubt(job.id)


def entitled(app_id: str) -> sa.ColumnElement[bool]:
    """Does an assignment of this app reach the entry: directly, or as a direct member of a group?"""
    direct = _exists(assignment.c.app_id == app_id, assignment.c.principal_id == entry.c.id)
    through = _exists(
        membership.c.member_id == entry.c.id,
        assignment.c.principal_id == membership.c.group_id,
        assignment.c.app_id == app_id,
    )
    return direct | through


def in_doubt(job_id: str) -> sa.ColumnElement[bool]:
    """May an earlier cycle have made an account for the entry, to which nobody answered?"""
    return _exists(plan_line.c.entry_id == entry.c.id, cycle.c.id == plan_line.c.cycle_id, unanswered(job_id))


def _exists(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """For an entry of the query around it, whatever else that query reads."""
    return sa.exists().where(*conditions).correlate(entry)


def unanswered(job_id: str) -> sa.ColumnElement[bool]:
    """Lines of ended cycles that may have made an account."""
    ended = (cycle.c.job_id == job_id) & cycle.c.state.not_in(RUNNING)
    return ended & SENDING & (plan_line.c.action == "Create")


def _candidate(row: sa.Row[Any], roles: Sequence[AppRole], lost: Lost | None) -> Candidate:
    ordered = tuple(sorted(roles, key=lambda role: (-role.priority, role.value)))
    known = link_from(row) if row.linked_id is not None else None
    noted = row.standing is not None or row.first_failed is not None
    return Candidate(entry_from(row), ordered, known, noted=noted, lost=lost if known is None else None)
