"""One cycle's memory: the Ledger that the flow asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from msgspec.structs import replace

from provisor.domain.change import Reason
from provisor.domain.error import CycleTakenOver
from provisor.domain.job import Cycle, CycleState, Job
from provisor.domain.resource import Account, Link, ResourceType
from provisor.flow.push import NOT_PUSHED
from provisor.flow.record import record_found, undertaken
from provisor.ledger import Candidate, Draft, Holder, Line, Outcome
from provisor.store.candidates import RUNNING, Scan, unanswered
from provisor.store.database import Connection, Database
from provisor.store.disputes import dispute_claims, spare_adopted
from provisor.store.document import decode, encode
from provisor.store.links import believe_active, holders_of, keep_links, release_deleted, unlink
from provisor.store.listings import forget_listed, keep_listed, listed_among, listed_by
from provisor.store.outcomes import keep_outcomes
from provisor.store.plans import (
    WITH_LINK,
    Weight,
    adopted,
    forget_redacted,
    line_from,
    moved,
    row_from,
    weigh,
)
from provisor.store.tables import cycle, directory, entry, escrow, job, plan_line

PAGE = 500
FOR_EVER = datetime.max.replace(tzinfo=UTC)  # whoever is tried again some time is due by then


class CycleLedger:
    """Fulfils `provisor.ledger.Ledger` for one claimed cycle."""

    def __init__(
        self,
        database: Database,
        job_: Job,
        cycle_: Cycle,
        types: Collection[ResourceType],
        now: datetime,
        *,
        memberships: bool = False,
    ) -> None:
        self._database = database
        self._job = job_
        self._cycle = cycle_
        self._scan = Scan(job_, cycle_, types, now, memberships=memberships)
        self._lines = 0

    # ---- planning ---------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Start planning from nothing: what an earlier attempt left is thrown away."""
        async with self._database.transaction() as connection:
            await self._still_ours(connection)
            await connection.execute(sa.delete(plan_line).where(plan_line.c.cycle_id == self._cycle.id))
            await forget_listed(connection, self._cycle.id)
            if not self._cycle.chosen and not self._cycle.dry:
                await self._wake_shared_causes(connection)

    async def unlinked(self) -> int:
        async with self._database.read() as connection:
            return await self._scan.unlinked(connection)

    async def _wake_shared_causes(self, connection: Connection) -> None:
        """Whoever shares the cause of an escrow with an entry that changed is due again, too."""
        changed = (
            sa.select(escrow.c.cause)
            .join(entry, entry.c.id == escrow.c.entry_id)
            .where(escrow.c.job_id == self._job.id, escrow.c.cause.is_not(None))
            .where(entry.c.change_no > (self._cycle.since or 0))
        )
        due = sa.update(escrow).where(escrow.c.job_id == self._job.id, escrow.c.cause.in_(changed))
        await connection.execute(due.values(next_attempt=None))

    def candidates(self) -> AsyncIterator[Sequence[Candidate]]:
        return self._pages(self._scan)

    async def others(self) -> AsyncIterator[Sequence[Candidate]]:
        whole = replace(self._cycle, since=self._job.watermark, chosen=())
        async for page in self._pages(self._scan.of(whole, FOR_EVER)):
            yield [one for one in page if one.entry.id not in self._cycle.chosen]

    async def _pages(self, scan: Scan) -> AsyncIterator[Sequence[Candidate]]:
        for query in scan.queries():
            last: sa.Row[Any] | None = None
            while True:
                async with self._database.read() as connection:
                    page, last = await scan.page(connection, query, last, PAGE)
                if page:
                    yield page
                if last is None:
                    break

    async def settle(self, found: Mapping[str, Account | None]) -> Mapping[str, Link]:
        query = WITH_LINK.where(unanswered(self._job.id), plan_line.c.entry_id.in_(list(found)))
        links: dict[str, Link] = {}
        async with self._database.transaction() as connection:
            await self._still_ours(connection)
            for row in (await connection.execute(query.order_by(cycle.c.number.desc()))).all():
                account = found[row.entry_id]
                if account is not None and row.entry_id not in links:
                    outcome = record_found(line_from(row), account, self._scan.now)
                    await keep_outcomes(connection, self._job.id, row.cycle_id, [outcome])
                    assert outcome.link is not None, "whose account was found has a link"
                    links[row.entry_id] = outcome.link
                else:
                    line = (plan_line.c.cycle_id == row.cycle_id) & (plan_line.c.seq == row.seq)
                    await connection.execute(sa.update(plan_line).where(line).values(state="failed"))
        return links

    async def list_accounts(self, accounts: Mapping[str, Sequence[Account]]) -> None:
        async with self._database.transaction() as connection:
            await keep_listed(connection, self._cycle.id, accounts)

    async def listed(self, claims: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        async with self._database.read() as connection:
            return await listed_by(connection, self._cycle.id, claims)

    async def holders(self, target_ids: Sequence[str]) -> Mapping[str, Holder]:
        async with self._database.read() as connection:
            return await holders_of(connection, self._job.id, target_ids)

    async def known(self, target_ids: Sequence[str]) -> Collection[str]:
        async with self._database.read() as connection:
            held = await holders_of(connection, self._job.id, target_ids)
            return {*held, *await listed_among(connection, self._cycle.id, target_ids)}

    async def keep(self, drafts: Sequence[Draft]) -> None:
        rows = [row_from(self._cycle.id, self._lines + at, draft) for at, draft in enumerate(drafts, start=1)]
        if rows:
            async with self._database.transaction() as connection:
                await self._still_ours(connection)
                await connection.write(sa.insert(plan_line), rows)
            self._lines += len(rows)

    async def dispute_claims(self) -> None:
        """Lines that claim one matching value or one account become an error of all of them."""
        async with self._database.transaction() as connection:
            await self._still_ours(connection)
            await dispute_claims(connection, self._cycle.id)
            await spare_adopted(connection, self._cycle.id)

    async def weighed(self) -> Weight:
        """What the guard looks at."""
        async with self._database.read() as connection:
            return await weigh(connection, self._job.id, self._cycle.id)

    async def hold_destructive(self) -> None:
        """All that take something away wait until a person agrees."""
        await self._hold(plan_line.c.destructive)

    async def hold_adoptions(self) -> None:
        """All that take an account over wait until a person agrees."""
        await self._hold(plan_line.c.action == "Adopt")

    async def hold_privileged(self) -> None:
        """So do accounts with power over the target that we would take over."""
        await self._hold((plan_line.c.action == "Adopt") & plan_line.c.privileged)

    async def _hold(self, condition: sa.ColumnElement[bool]) -> None:
        lines = (plan_line.c.cycle_id == self._cycle.id) & (plan_line.c.state == "planned") & condition
        async with self._database.transaction() as connection:
            await self._still_ours(connection)
            await connection.execute(sa.update(plan_line).where(lines).values(state="held"))

    # ---- pushing ----------------------------------------------------------------------------------------------

    async def ranks(self) -> Sequence[int]:
        left = (plan_line.c.rank != NOT_PUSHED) & plan_line.c.state.in_(("planned", "sending"))
        query = sa.select(plan_line.c.rank).distinct().where(plan_line.c.cycle_id == self._cycle.id, left)
        async with self._database.read() as connection:
            return (await connection.execute(query.order_by(plan_line.c.rank))).scalars().all()

    async def take(self, rank: int, limit: int) -> Sequence[Line]:
        mine = (plan_line.c.cycle_id == self._cycle.id) & (plan_line.c.rank == rank)
        query = WITH_LINK.where(mine, plan_line.c.state == "planned").order_by(plan_line.c.seq).limit(limit)
        while True:
            async with self._database.transaction() as connection:
                counts = await self._still_ours(connection)
                rows = (await connection.execute(query)).all()
                if not rows:
                    return []
                superseded = [row.seq for row in rows if moved(row)]
                if superseded:
                    await self._mark(connection, superseded, "superseded")
                    await self._count(connection, counts, {"superseded": len(superseded)})
                page = mine & (plan_line.c.state == "planned") & (plan_line.c.seq <= rows[-1].seq)
                await connection.execute(sa.update(plan_line).where(page).values(state="sending"))
                current = [row for row in rows if not moved(row)] if superseded else rows
                stale = await self._undertake(connection, current)
            if current:
                return [line_from(row, in_doubt=row.target_id in stale) for row in current]

    async def _undertake(self, connection: Connection, rows: Sequence[sa.Row[Any]]) -> Collection[str]:
        """Before the first request: an account that is taken over is ours, and one that is changed may be active.

        Gives back the accounts that may not be as planned, because their last holder was deleted, or because
        the plan is an old one.
        """
        await believe_active(connection, self._job.id, [row.entry_id for row in rows if row.action == "Update"])
        await self._let_go(connection, [row for row in rows if row.action == "Create" and row.link_now is not None])
        accounts = {row.entry_id: adopted(row) for row in rows if row.action == "Adopt"}
        targets = [account.id for account in accounts.values()]
        held, released = await release_deleted(connection, self._job.id, targets)
        now = self._scan.now
        free = {entry_id: account for entry_id, account in accounts.items() if account.id not in held}
        await keep_links(connection, self._job.id, [undertaken(one, account, now) for one, account in free.items()])
        return targets if self._cycle.kind == "plan" else released

    async def _let_go(self, connection: Connection, rows: Sequence[sa.Row[Any]]) -> None:
        """Whoever is created although there is a link had an account that vanished: from now on there is none."""
        if rows:
            await unlink(connection, self._job.id, [row.entry_id for row in rows])
            lines = (plan_line.c.cycle_id == self._cycle.id) & plan_line.c.seq.in_([row.seq for row in rows])
            await connection.execute(sa.update(plan_line).where(lines).values(link_version=0))

    async def creates(self) -> AsyncIterator[Sequence[Line]]:
        mine = (plan_line.c.cycle_id == self._cycle.id) & (plan_line.c.action == "Create")
        query, last = WITH_LINK.where(mine, plan_line.c.state == "planned").order_by(plan_line.c.seq).limit(PAGE), 0
        while True:
            async with self._database.read() as connection:
                rows = (await connection.execute(query.where(plan_line.c.seq > last))).all()
            if not rows:
                return
            last = rows[-1].seq
            yield [line_from(row) for row in rows]

    async def in_doubt(self, rank: int) -> Sequence[Line]:
        mine = (plan_line.c.cycle_id == self._cycle.id) & (plan_line.c.rank == rank)
        async with self._database.read() as connection:
            rows = (await connection.execute(WITH_LINK.where(mine, plan_line.c.state == "sending"))).all()
        return [line_from(row, in_doubt=True) for row in rows]

    async def supersede(self, line: Line) -> None:
        async with self._database.transaction() as connection:
            counts = await self._still_ours(connection)
            await self._mark(connection, [line.seq], "superseded")
            await self._count(connection, counts, {"superseded": 1})

    async def skipped(self, limit: int) -> Sequence[Line]:
        unpushed = (plan_line.c.rank == NOT_PUSHED) & (plan_line.c.state == "planned")
        held = (plan_line.c.state == "held") & ~plan_line.c.recorded
        query = WITH_LINK.where(plan_line.c.cycle_id == self._cycle.id, unpushed | held)
        async with self._database.read() as connection:
            rows = (await connection.execute(query.order_by(plan_line.c.seq).limit(limit))).all()
        return [line_from(row) for row in rows]

    async def release(self, lines: Sequence[Line]) -> None:
        if lines:
            async with self._database.transaction() as connection:
                await self._still_ours(connection)
                await self._mark(connection, [line.seq for line in lines], "planned")

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        async with self._database.transaction() as connection:
            counts = await self._still_ours(connection)
            told = bool(self._cycle.chosen)
            more = await keep_outcomes(connection, self._job.id, self._cycle.id, outcomes, whole=told)
            await self._count(connection, counts, more)

    # ---- the cycle itself -------------------------------------------------------------------------------------

    async def enter(self, state: CycleState, now: datetime, error: Reason | None = None) -> None:
        """Move the cycle on: a whole plan is what progress is measured by, and a successful end moves the watermark."""
        async with self._database.transaction() as connection:
            counts = await self._still_ours(connection)
            if state in ("planned", "pushing"):
                await self._count_planned(connection, counts)
            ended = None if state in ("planning", "pushing", "planned") else now
            values = {"state": state, "ended": ended, "error": encode(error) if error else None}
            await connection.execute(sa.update(cycle).where(cycle.c.id == self._cycle.id).values(values))
            if state not in RUNNING:
                await forget_listed(connection, self._cycle.id)
                if state != "planned":
                    await forget_redacted(connection, self._cycle.id)
            if state == "succeeded" and not self._cycle.chosen:
                await self._advance(connection)

    async def _count_planned(self, connection: Connection, counts: Counter[str]) -> None:
        """All lines that are pushed, however far they are."""
        mine = (plan_line.c.cycle_id == self._cycle.id) & (plan_line.c.rank != NOT_PUSHED)
        query = sa.select(sa.func.count()).where(mine, plan_line.c.state != "held")
        lines = int((await connection.execute(query)).scalar_one())
        await self._count(connection, counts, {}, planned=lines)

    async def _advance(self, connection: Connection) -> None:
        """The job has seen everything up to `high`, unless its rules changed or it was restarted meanwhile."""
        same = (job.c.id == self._job.id) & (job.c.schema_version == self._cycle.schema_version)
        same &= (job.c.scope == self._job.scope) & (job.c.skip_out_of_scope == self._job.skip_out_of_scope)
        domain = sa.select(directory.c.default_domain).where(directory.c.id == self._job.directory_id)
        same &= domain.scalar_subquery().is_not_distinct_from(self._cycle.default_domain)
        if self._cycle.since is None:
            same &= job.c.watermark.is_(None) | (job.c.watermark < self._cycle.high)
        else:
            same &= job.c.watermark < self._cycle.high
        await connection.execute(sa.update(job).where(same).values(watermark=self._cycle.high))

    async def _mark(self, connection: Connection, seqs: Sequence[int], state: str) -> None:
        if seqs:
            chosen = (plan_line.c.cycle_id == self._cycle.id) & plan_line.c.seq.in_(seqs)
            await connection.execute(sa.update(plan_line).where(chosen).values(state=state))

    async def _count(self, connection: Connection, counts: Counter[str], more: Mapping[str, int], **exact: int) -> None:
        counts.update(more)
        text = encode({name: value for name, value in {**counts, **exact}.items() if value})
        await connection.execute(sa.update(cycle).where(cycle.c.id == self._cycle.id).values(counts=text))

    async def _still_ours(self, connection: Connection) -> Counter[str]:
        """The cycle's counters. Raises CycleTakenOver."""
        row = (
            await connection.execute(sa.select(cycle.c.epoch, cycle.c.counts).where(cycle.c.id == self._cycle.id))
        ).one()
        if row.epoch != self._cycle.epoch:
            raise CycleTakenOver(cycle=self._cycle.id)
        return Counter(decode(row.counts))
