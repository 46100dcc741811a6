"""Whom a cycle must look at: what changed since the watermark, what is due again, and what is in doubt."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, get_args

import sqlalchemy as sa
from msgspec.structs import replace

from provisor.domain.assignment import AppRole
from provisor.domain.job import NO_SEAT, Cycle, Job
from provisor.domain.resource import ResourceType
from provisor.ledger import Candidate, Claim, Lost
from provisor.store.apps import roles_of
from provisor.store.database import Connection
from provisor.store.directories import ENTRY, entry_from, high_change_no
from provisor.store.links import LINK, link_from
from provisor.store.memberships import Memberships
from provisor.store.tables import SENDING, assignment, cycle, entry, escrow, link, membership, plan_line, standing

RUNNING = ("planning", "pushing")


class Query(NamedTuple):
    """Entries in the order of some columns, which are an index: so that a page costs no more than what is in it."""

    entries: sa.Select[Any]
    by: tuple[sa.Column[Any], ...]

    def after(self, row: sa.Row[Any] | None) -> sa.Select[Any]:
        """Those that come after an entry; None: from the first one."""
        query = self.entries.order_by(*self.by)
        if row is None:
            return query
        place = sa.tuple_(*(sa.literal(row._mapping[column], column.type) for column in self.by))
        return query.where(sa.tuple_(*self.by) > place)


class Scan:
    """What one cycle reads. `types`: those whose mapping is on. `memberships`: whether a filter asks for the groups."""

    def __init__(
        self, job: Job, cycle_: Cycle, types: Collection[ResourceType], now: datetime, *, memberships: bool = False
    ) -> None:
        self.job, self.cycle, self.types, self.now = job, cycle_, types, now
        self._memberships = Memberships() if memberships else None
        self._roles: Mapping[str, AppRole] | None = None  # those of the app; None: not read yet
        self._held: dict[str | None, tuple[AppRole, ...]] = {}  # by the ids as the query strings them together
        self._lost: Mapping[str, Lost] = {}

    def of(self, cycle_: Cycle, now: datetime) -> Scan:
        """What another cycle of the same job would read."""
        return Scan(self.job, cycle_, self.types, now, memberships=self._memberships is not None)

    def queries(self) -> Sequence[Query]:
        """What changed; then, in an incremental cycle, what is due again, or in doubt, though it did not change.

        Last come those who wait for a seat that a leaver frees: any of the others may be one.
        """
        concerned = (
            sa.select(*ENTRY, *LINK, _role_ids(self.job.app_id))
            .add_columns((standing.c.entry_id.is_not(None) | escrow.c.entry_id.is_not(None)).label("noted"))
            .select_from(entry)
            .outerjoin(link, (link.c.job_id == self.job.id) & (link.c.entry_id == entry.c.id))
            .outerjoin(standing, (standing.c.job_id == self.job.id) & (standing.c.entry_id == entry.c.id))
            .outerjoin(escrow, (escrow.c.job_id == self.job.id) & (escrow.c.entry_id == entry.c.id))
            .where(entry.c.type.in_(self.types))
        )
        if not self.cycle.chosen:
            concerned = concerned.where(concern(self.job))
        changed, *again = self._looked_at()
        by_change = Query(concerned.where(changed), (entry.c.change_no, entry.c.id))
        return [by_change, *(Query(concerned.where(one), (entry.c.id,)) for one in again)]

    def _looked_at(self) -> Sequence[sa.ColumnElement[bool]]:
        since, high, chosen = self.cycle.since, self.cycle.high, self.cycle.chosen
        theirs = (entry.c.directory_id == self.job.directory_id) & (entry.c.change_no <= high)
        if since is None:
            return [theirs & entry.c.id.in_(chosen)] if chosen else [theirs]
        waits = sa.select(escrow.c.entry_id).where(escrow.c.job_id == self.job.id)
        in_time = escrow.c.next_attempt.is_(None) | (escrow.c.next_attempt <= self.now)
        doubtful = sa.select(plan_line.c.entry_id).join(cycle, cycle.c.id == plan_line.c.cycle_id)
        again = sa.union(waits.where(in_time), doubtful.where(unanswered(self.job.id)))
        planned = sa.select(plan_line.c.entry_id).where(plan_line.c.cycle_id == self.cycle.id)
        leavers = planned.where(plan_line.c.destructive)
        seatless = waits.where(escrow.c.cause == NO_SEAT, ~in_time, leavers.exists())
        unchanged = entry.c.change_no <= since
        return [
            theirs & (entry.c.change_no > since),
            entry.c.id.in_(again) & unchanged,
            entry.c.id.in_(seatless) & entry.c.id.not_in(planned) & unchanged,
        ]

    async def page(
        self, connection: Connection, query: Query, after: sa.Row[Any] | None, limit: int
    ) -> tuple[Sequence[Candidate], sa.Row[Any] | None]:
        """The next entries of a query, and the row after which the next page begins; None: there is none."""
        if self._roles is None:
            self._roles = {role.id: role for role in await roles_of(connection, self.job.app_id)}
            self._lost = await self._unanswered(connection)
        rows = (await connection.execute(query.after(after).limit(limit))).all()
        page = [self._candidate(row) for row in rows]
        if self._memberships is not None:
            groups = await self._memberships.of(connection, [one.entry.id for one in page])
            page = [replace(one, memberships=tuple(groups.get(one.entry.id, ()))) for one in page]
        return page, rows[-1] if len(rows) == limit else None

    def _candidate(self, row: Sequence[Any]) -> Candidate:
        known, role_ids, noted = row[len(ENTRY) : -2], row[-2], row[-1]
        roles = self._held.get(role_ids)
        if roles is None:
            roles = self._held[role_ids] = self._in_order(role_ids)
        link_ = link_from(known) if known[0] is not None else None
        worded = noted or bool(self.cycle.chosen)
        return Candidate(entry_from(row), roles, link_, worded, None if link_ else self._lost.get(row[0]))

    def _in_order(self, role_ids: str | None) -> tuple[AppRole, ...]:
        assert self._roles is not None, "they are read before the first page"
        held = [self._roles[one] for one in set((role_ids or "").split(",")) if one in self._roles]
        return tuple(sorted(held, key=lambda role: (-role.priority, role.value)))

    async def unlinked(self, connection: Connection) -> int:
        """How many entitled entries of this cycle have no account yet, as far as we know."""
        known = _exists(link.c.job_id == self.job.id, link.c.entry_id == entry.c.id)
        query = sa.select(sa.func.count()).where(entry.c.type.in_(self.types), entitled(self.job), ~known)
        return sum([int((await connection.execute(query.where(one))).scalar_one()) for one in self._looked_at()])

    async def _unanswered(self, connection: Connection) -> Mapping[str, Lost]:
        """By what value accounts may have been made for which entries, to which nobody answered."""
        query = (
            sa.select(plan_line.c.entry_id, plan_line.c.claim, plan_line.c.claimed, cycle.c.began)
            .join(cycle, cycle.c.id == plan_line.c.cycle_id)
            .where(unanswered(self.job.id), plan_line.c.claim.is_not(None))
            .order_by(cycle.c.number)
        )
        rows = (await connection.execute(query)).all()
        return {str(row.entry_id): Lost(Claim(row.claim.partition("=")[0], row.claimed), row.began) for row in rows}


async def candidates_of(connection: Connection, job: Job, chosen: Sequence[str], now: datetime) -> Sequence[Candidate]:
    """These entries as a cycle over them would find them, with the groups that they are in."""
    cycle_ = Cycle(
        id="",
        job_id=job.id,
        number=0,
        kind="plan",
        since=None,
        high=await high_change_no(connection, job.directory_id),
        schema_version=job.schema_version,
        state="planning",
        began=now,
        chosen=tuple(chosen),
    )
    scan = Scan(job, cycle_, get_args(ResourceType), now, memberships=True)
    page, _ = await scan.page(connection, scan.queries()[0], None, len(chosen))
    return page


def concern(job: Job) -> sa.ColumnElement[bool]:
    """The entries that a job knows, should know, or has still to settle something with.

    Asked of each entry by itself, so that what this costs follows the entries that changed, and not the job's size.
    """
    linked = _exists(link.c.job_id == job.id, link.c.entry_id == entry.c.id)
    waiting = _exists(escrow.c.job_id == job.id, escrow.c.entry_id == entry.c.id)
    return entitled(job) | linked | waiting | in_doubt(job.id)


def entitled(job: Job) -> sa.ColumnElement[bool]:
    """May the entry be in scope: assigned itself, or as a direct member of a group that is, or as everybody is?"""
    if job.scope == "all":
        return entry.c.deleted_at.is_(None) & ~entry.c.purged
    direct = _exists(assignment.c.app_id == job.app_id, assignment.c.principal_id == entry.c.id)
    through = _exists(
        membership.c.member_id == entry.c.id,
        assignment.c.principal_id == membership.c.group_id,
        assignment.c.app_id == job.app_id,
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


def _role_ids(app_id: str) -> sa.ScalarSelect[str]:
    """The roles of the app that the entry holds, directly or as a direct member of a group, strung together."""
    group = entry.alias()
    groups = (
        sa.select(membership.c.group_id)
        .join(group, group.c.id == membership.c.group_id)
        .where(membership.c.member_id == entry.c.id, group.c.deleted_at.is_(None), ~group.c.purged)
    )
    principals = sa.union_all(sa.select(entry.c.id).correlate(entry), groups.correlate(entry))
    held = sa.select(sa.func.aggregate_strings(assignment.c.app_role_id, ","))
    theirs = (assignment.c.app_id == app_id) & assignment.c.principal_id.in_(principals)
    return held.where(theirs).correlate(entry).scalar_subquery()
