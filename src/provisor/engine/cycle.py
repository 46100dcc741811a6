"""One cycle, from what changed to what was done about it. Start reading here."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from provisor.connector import Target
from provisor.domain.change import Reason
from provisor.domain.error import AlreadyThere, EntryError, JobError, RetryLater
from provisor.domain.job import Cycle, CycleState, Job
from provisor.domain.schema import SynchronizationSchema
from provisor.engine.guard import judge, too_many_adoptions
from provisor.engine.planner import Planner
from provisor.expression import Context
from provisor.flow.fetch import fetch
from provisor.flow.filter import uses_groups
from provisor.flow.in_scope import compile_rules
from provisor.flow.map import MappingProgram, compile_mapping
from provisor.flow.push import Pace, Push, Stopped, find_all
from provisor.flow.record import record_refusal, record_skip
from provisor.store import jobs
from provisor.store.cycles import CycleLedger
from provisor.store.database import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """What a cycle needs and does not make itself."""

    database: Database
    open_target: Callable[[Job], Awaitable[Target]]
    clock: Callable[[], datetime]
    seal: Callable[[str], str]  # what is remembered of a value that nobody may see
    pace: Pace = field(default_factory=Pace)
    chance: Callable[[int], int] = secrets.randbelow
    stopwatch: Callable[[], float] = time.monotonic  # in seconds: an expression is not given long
    schema: SynchronizationSchema | None = None  # instead of the saved one: for a plan that tries it out

    def context(self, default_domain: str | None) -> Callable[[], Context]:
        """What the expressions of one entry may ask for, one entry after the other. Now is the same for all."""
        return partial(
            Context,
            now=self.clock(),
            chance=self.chance,
            default_domain=default_domain,
            clock=self.stopwatch,
        )


async def run_cycle(parts: Parts, cycle: Cycle, stop: asyncio.Event) -> CycleState:
    """Plan, guard and apply a claimed cycle, going on from where it stands. Says how it ended, or that it has not."""
    job, program = await _load(parts, cycle)
    types, asks = (program.mapping.source,), uses_groups(program.mapping.scope_filter)
    ledger = CycleLedger(parts.database, job, cycle, types, parts.clock(), memberships=asks)
    error: Reason | None = None
    state: CycleState = "succeeded"
    try:
        rules = compile_rules(program.mapping, job, told=bool(cycle.chosen))
        async with _opened(parts, job, stop) as target:
            if cycle.state == "planning":
                around, now = parts.context(cycle.default_domain), parts.clock()
                planner = Planner(ledger, target, program, rules, around, now, stop, looks=bool(cycle.chosen))
                await plan_cycle(ledger, planner, cycle, stop)
            if cycle.dry and cycle.state == "planning":
                state = "planned"
            else:
                if cycle.kind == "plan":
                    await refuse_who_came(ledger, target, parts.clock())
                await ledger.enter("pushing", parts.clock())
                await apply_cycle(ledger, target, program, parts, stop)
    except Stopped:
        return cycle.state
    except (JobError, RetryLater) as problem:
        if stop.is_set():
            return cycle.state
        state, error = "failed" if isinstance(problem, JobError) else "interrupted", problem.reason
    await ledger.enter(state, parts.clock(), error)
    return state


async def plan_cycle(ledger: CycleLedger, planner: Planner, cycle: Cycle, stop: asyncio.Event) -> None:
    """Work out and store what is to be done, and hold back what nobody may have meant. Writes nothing to the target."""
    await ledger.begin()
    lines = 0
    async for page in fetch(ledger):
        if stop.is_set():
            raise Stopped
        unsettled: Mapping[str, EntryError] = {}
        if not cycle.dry:
            page, unsettled = await planner.settled(page)  # noqa: PLW2901  (the same entries, better known)
        drafts = await planner.page(page, unsettled)
        if cycle.chosen:
            drafts = await planner.disputed(drafts)
        await ledger.keep(drafts)
        lines += len(drafts)
    if lines:
        await ledger.dispute_claims()
        weight = await ledger.weighed()
        if judge(weight.destructive, weight.active, cycle.allow).held:
            await ledger.hold_destructive()
        if too_many_adoptions(weight.adoptions, weight.active, initial=weight.initial):
            await ledger.hold_adoptions()
        await ledger.hold_privileged()


async def apply_cycle(
    ledger: CycleLedger, target: Target, program: MappingProgram, parts: Parts, stop: asyncio.Event
) -> None:
    """Carry out a stored plan, and record what became of each line."""
    while not stop.is_set() and (lines := await ledger.skipped(parts.pace.page)):
        await ledger.record([record_skip(line, parts.clock()) for line in lines])
        await asyncio.sleep(0)
    await Push(ledger, target, program, parts.pace, parts.clock, stop).run()


async def refuse_who_came(ledger: CycleLedger, target: Target, now: datetime) -> None:
    """A plan may be days old: who has an account by now is not created, and the next cycle decides about it."""
    async for lines in ledger.creates():
        claims = [line.claim for line in lines if line.claim is not None]
        found = await find_all(target, claims)
        outcomes = []
        for line in lines:
            if line.claim is not None and (accounts := found.get(str(line.claim))):
                error = AlreadyThere(account=accounts[0].id, attribute=line.claim.attribute)
                outcomes.append(record_refusal(line, error, now, now))
        if outcomes:
            await ledger.record(outcomes)


async def _load(parts: Parts, cycle: Cycle) -> tuple[Job, MappingProgram]:
    async with parts.database.read() as connection:
        job = await jobs.get_job(connection, cycle.job_id)
        assert job is not None, "a cycle goes with its job"
        schema = parts.schema or await jobs.load_schema(connection, job.id, cycle.schema_version)
    mapping = schema.mapping_for("User")
    assert mapping is not None, "a schema is validated when it is saved"
    return job, compile_mapping(mapping, parts.seal)


@asynccontextmanager
async def _opened(parts: Parts, job: Job, stop: asyncio.Event) -> AsyncIterator[Target]:
    """The target, told to stop as soon as the cycle is."""
    target = await parts.open_target(job)

    async def watch() -> None:
        await stop.wait()
        target.stop()

    watcher = asyncio.create_task(watch())
    try:
        yield target
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        await target.close()
