"""One cycle, from what changed to what was done about it. Start reading here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

from provisor.connector import Target
from provisor.domain.change import Change, Reason
from provisor.domain.error import AlreadyThere, EntryError, JobError, RetryLater
from provisor.domain.job import Cycle, CycleState, Job
from provisor.domain.log import Scoping
from provisor.domain.resource import Account
from provisor.domain.schema import SynchronizationSchema
from provisor.engine.doubt import settled
from provisor.engine.guard import judge
from provisor.engine.lookup import Lookup
from provisor.flow.fetch import fetch
from provisor.flow.filter import uses_groups
from provisor.flow.in_scope import (
    InScope,
    OutOfScope,
    Rules,
    Scope,
    Undecided,
    compile_rules,
    in_scope,
    without_role,
)
from provisor.flow.map import Desired, MappingProgram, compile_mapping, map_entry
from provisor.flow.match import claims, match
from provisor.flow.plan import plan, plan_failure, plan_leaver, plan_unmatchable, worth_a_line
from provisor.flow.push import Pace, Push, Stopped, find_all
from provisor.flow.record import record_refusal, record_skip
from provisor.ledger import Candidate, Claim, Draft, Holder
from provisor.store import jobs
from provisor.store.cycles import CycleLedger
from provisor.store.database import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """What a cycle needs and does not make itself."""

    database: Database
    open_target: Callable[[Job], Awaitable[Target]]
    clock: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    schema: SynchronizationSchema | None = None  # instead of the saved one: for a plan that tries it out


async def run_cycle(parts: Parts, cycle: Cycle, stop: asyncio.Event) -> CycleState:
    """Plan, guard and apply a claimed cycle, going on from where it stands. Says how it ended, or that it has not."""
    job, program = await _load(parts, cycle)
    types, asks = (program.mapping.source,), uses_groups(program.mapping.scope_filter)
    ledger = CycleLedger(parts.database, job, cycle, types, parts.clock(), memberships=asks)
    error: Reason | None = None
    state: CycleState = "succeeded"
    try:
        rules = compile_rules(program.mapping, job)
        async with _opened(parts, job, stop) as target:
            if cycle.state == "planning":
                await plan_cycle(ledger, target, program, rules, cycle, stop, parts.clock())
            if cycle.kind == "plan" and cycle.state == "planning":
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


async def plan_cycle(
    ledger: CycleLedger,
    target: Target,
    program: MappingProgram,
    rules: Rules,
    cycle: Cycle,
    stop: asyncio.Event,
    now: datetime,
) -> None:
    """Work out and store what is to be done, and hold back what nobody may have meant. Writes nothing to the target."""
    await ledger.begin()
    lookup = Lookup(ledger, target, program.matching)
    lines = 0
    async for page in fetch(ledger):
        if stop.is_set():
            raise Stopped
        unsettled: Mapping[str, EntryError] = {}
        if cycle.kind != "plan":
            page, unsettled = await settled(page, ledger, target, rules, now)  # noqa: PLW2901  (the same entries, better known)
        drafts = await plan_page(page, unsettled, ledger, target, program, rules, lookup)
        await ledger.keep(drafts)
        lines += len(drafts)
    if lines:
        await ledger.dispute_claims()
        destructive, active = await ledger.destructive()
        if judge(destructive, active, cycle.allow).held:
            await ledger.hold_destructive()
        await ledger.hold_privileged()


async def plan_page(
    page: Sequence[Candidate],
    unsettled: Mapping[str, EntryError],
    ledger: CycleLedger,
    target: Target,
    program: MappingProgram,
    rules: Rules,
    lookup: Lookup,
) -> Sequence[Draft]:
    """The lines of one page of entries; of the `unsettled` ones nobody knows whether they have an account."""
    drafts: list[Draft] = []
    unlinked: dict[str, tuple[Candidate, Desired, tuple[Claim, ...], Scoping | None]] = {}
    for candidate in page:
        entry, link = candidate.entry, candidate.link
        if entry.id in unsettled:
            drafts += _draft(candidate, plan_failure(entry, unsettled[entry.id]))
            continue
        scope = in_scope(entry, candidate.roles, rules, candidate.memberships)
        desired = _desired(candidate, scope, program, rules)
        if isinstance(desired, Change):
            drafts += _draft(candidate, desired, scoping=scope.scoping)
            continue
        by = claims(desired, program)
        if link is not None:
            change = plan(entry, desired, match(entry, link, (), {}), program)
            drafts += _draft(candidate, change, by, scoping=scope.scoping)
        elif by:
            unlinked[entry.id] = (candidate, desired, by, scope.scoping)
        else:
            drafts += _draft(candidate, plan_unmatchable(entry, program), scoping=scope.scoping)
    found, refused = await lookup.find({entry_id: one[2] for entry_id, one in unlinked.items()})
    holders, own = await _holders(found, ledger, target)
    for entry_id, (candidate, desired, by, scoping) in unlinked.items():
        if entry_id in refused:
            drafts += _draft(candidate, plan_failure(candidate.entry, refused[entry_id]), by, scoping=scoping)
            continue
        situation = match(candidate.entry, None, found.get(entry_id, ()), holders, own)
        change = plan(candidate.entry, desired, situation, program)
        drafts += _draft(candidate, change, by, scoping=scoping, listed=lookup.listed)
    return drafts


def _desired(candidate: Candidate, scope: Scope, program: MappingProgram, rules: Rules) -> Desired | Change:
    """What the target should hold for this entry, or the line of one for whom that is not to be asked."""
    entry = candidate.entry
    match scope:
        case Undecided(error):
            return plan_failure(entry, error)
        case OutOfScope():
            return plan_leaver(entry, scope, candidate.link, program.mapping)
        case InScope():
            try:
                desired = map_entry(entry, scope, program)
            except EntryError as error:
                return plan_failure(entry, error)
            if scope.roles:
                return desired
            missing = without_role(scope, {**desired.on_creation, **desired.always}, rules)
            return desired if missing is None else plan_failure(entry, missing)


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


def _draft(
    candidate: Candidate,
    change: Change,
    by: tuple[Claim, ...] = (),
    *,
    scoping: Scoping | None = None,
    listed: bool = False,
) -> Sequence[Draft]:
    if not worth_a_line(change, noted=candidate.noted):
        return ()
    entry, link = candidate.entry, candidate.link
    draft = Draft(
        change=change,
        entry_change_no=entry.change_no,
        link_version=link.version if link else 0,
        claim=by[0] if by else None,
        name=entry.display_name,
        login=entry.login,
        listed=listed,
        scoping=scoping,
    )
    return (draft,)


async def _holders(
    found: Mapping[str, Sequence[Account]], ledger: CycleLedger, target: Target
) -> tuple[Mapping[str, Holder], str | None]:
    """Whom the found accounts belong to already, and which one the connection itself signs in with."""
    ids = [account.id for accounts in found.values() for account in accounts]
    if not ids:
        return {}, None
    return await ledger.holders(ids), await target.own_account()


async def _load(parts: Parts, cycle: Cycle) -> tuple[Job, MappingProgram]:
    async with parts.database.read() as connection:
        job = await jobs.get_job(connection, cycle.job_id)
        assert job is not None, "a cycle goes with its job"
        schema = parts.schema or await jobs.load_schema(connection, job.id, cycle.schema_version)
    mapping = schema.mapping_for("User")
    assert mapping is not None, "a schema is validated when it is saved"
    return job, compile_mapping(mapping)


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
