"""The service: finds out what is due and has it run, one cycle of a job at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from provisor.domain.change import Reason
from provisor.domain.error import CycleTakenOver, ProvisorError, Refused
from provisor.domain.job import Cycle, CycleState, Job
from provisor.engine.cycle import Parts, run_cycle
from provisor.engine.relapse import Relapses
from provisor.engine.request import SCHEDULE, open_cycle
from provisor.engine.schedule import next_cycle
from provisor.store import directories, jobs, plans, requests
from provisor.store.jobs import CycleRow
from provisor.store.requests import Asked

AFTER_A_FAULT = 1.0  # seconds
STALE_AFTER = timedelta(minutes=5)  # whoever waits for a request to be taken says so every minute
LOOK_EVERY = 0.1  # seconds: how soon a change made by another process is seen
DEBOUNCE = timedelta(milliseconds=200)
SAY_ALIVE_EVERY = timedelta(minutes=5)
ABANDONED_AFTER = timedelta(hours=1)
LOOK_INTO_BIN_EVERY = timedelta(hours=1)

log = structlog.get_logger("provisor")
Enqueue = Callable[[str, str, int], Awaitable[object]]  # job id, cycle id, epoch


async def run_to_end(parts: Parts, cycle: Cycle, stop: asyncio.Event) -> CycleState:
    """Run a claimed cycle, and set when its job runs next. A fault of our own ends the cycle, not the service.

    Raises CycleTakenOver, and Refused where the database cannot be used; the cycle is then still unfinished.
    """
    try:
        state = await run_cycle(parts, cycle, stop)
    except (CycleTakenOver, Refused):
        raise
    except Exception as fault:
        log.error("fault in a cycle", job=cycle.job_id, cycle=cycle.number, fault=type(fault).__name__)
        log.debug("fault in a cycle", exc_info=fault)
        state = "failed"
        reason = fault.reason if isinstance(fault, ProvisorError) else Reason("InternalError")
        async with parts.database.transaction() as connection:
            await jobs.end_cycle(connection, cycle, state, reason, parts.clock())
            await plans.forget_redacted(connection, cycle.id)
    if state not in jobs.UNFINISHED and not cycle.chosen:
        async with parts.database.transaction() as connection:
            job = await jobs.get_job(connection, cycle.job_id)
            if job is not None:
                now = parts.clock()
                anew = state == "succeeded" and job.watermark is None  # its rules changed meanwhile
                await jobs.put_off(connection, job.id, now if anew else next_cycle(now, state, job.interval))
    return state


class Service:
    """Looks for work until `stop` is set; `enqueue` has a claimed cycle run by `run_claimed`."""

    def __init__(self, parts: Parts, enqueue: Enqueue, stop: asyncio.Event) -> None:
        self._parts = parts
        self._enqueue = enqueue
        self._stop = stop
        self._changed_at: dict[str, datetime] = {}  # job id → when a change was first seen
        self._tried: dict[str, int] = {}  # job id → the changes that were looked at, however that ended
        self._held: dict[str, Cycle] = {}  # the claims that are running, or waiting in the queue, by cycle id
        self._relapses = Relapses()
        self._alive_at = self._bin_at = parts.clock()

    async def fence(self) -> None:
        """Before the engine starts: no run of a process that has ended may go on with its claim."""
        async with self._parts.database.transaction() as connection:
            for row in await jobs.unfinished(connection):
                await jobs.claim_cycle(connection, row.cycle.id)

    async def run(self) -> None:
        """Until `stop`; whatever goes wrong with one look, there is another."""
        while not self._stop.is_set():
            pause = LOOK_EVERY
            try:
                await self._look()
            except Exception as fault:
                reason = fault.reason.code if isinstance(fault, ProvisorError) else type(fault).__name__
                log.error("cannot look for work, and looks again", reason=reason, after=AFTER_A_FAULT)
                log.debug("cannot look for work", exc_info=fault)
                pause = AFTER_A_FAULT
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    async def run_claimed(self, cycle_id: str, epoch: int) -> CycleState | None:
        """Run a cycle to its end. None: it has ended, or another claim has taken it over."""
        try:
            return await self._run_claimed(cycle_id, epoch)
        finally:
            self._let_go(cycle_id, epoch)

    async def _run_claimed(self, cycle_id: str, epoch: int) -> CycleState | None:
        async with self._parts.database.read() as connection:
            row = await jobs.get_cycle(connection, cycle_id)
        if row is None or row.cycle.epoch != epoch or row.cycle.state not in jobs.UNFINISHED:
            return None
        log.info("cycle began", job=row.cycle.job_id, cycle=row.cycle.number, kind=row.cycle.kind)
        try:
            state = await run_to_end(self._parts, row.cycle, self._stop)
        except (CycleTakenOver, Refused) as problem:
            log.warning("cycle left", job=row.cycle.job_id, cycle=row.cycle.number, reason=problem.reason.code)
            if isinstance(problem, Refused):
                how = (problem.reason.code, row.cycle.state, dict(row.counts))
                self._relapses.left(cycle_id, how, self._parts.clock())
            return None
        self._relapses.forget(cycle_id)
        async with self._parts.database.read() as connection:
            ended = await jobs.get_cycle(connection, cycle_id)
        counts = dict(ended.counts) if ended else {}
        error = {"error": ended.error.code, **ended.error.parameters} if ended and ended.error else {}
        said = "cycle stopped half-way" if state in jobs.UNFINISHED else "cycle ended"
        log.info(said, job=row.cycle.job_id, cycle=row.cycle.number, state=state, **counts, **error)
        return state

    async def _resume(self, left: Sequence[CycleRow]) -> None:
        """Go on with what an earlier run, or a database that could not be used, left unfinished."""
        now = self._parts.clock()
        for row in left:
            if self._relapses.rests(row.cycle.id, now):
                continue
            async with self._parts.database.transaction() as connection:
                cycle = await jobs.claim_cycle(connection, row.cycle.id)
            log.info("cycle resumed", job=cycle.job_id, cycle=cycle.number, state=cycle.state)
            await self._begin(cycle)

    async def _begin(self, cycle: Cycle) -> None:
        self._held[cycle.id] = cycle
        try:
            await self._enqueue(cycle.job_id, cycle.id, cycle.epoch)
        except BaseException:
            self._let_go(cycle.id, cycle.epoch)  # nobody will run this claim, and the next look goes on with the cycle
            raise

    def _let_go(self, cycle_id: str, epoch: int) -> None:
        """This claim runs no longer; a later one of the same cycle may."""
        held = self._held.get(cycle_id)
        if held is not None and held.epoch == epoch:
            del self._held[cycle_id]

    async def _look(self) -> None:
        # also where a cycle has just ended, and when the next is due is not stored yet
        busy = {cycle.job_id for cycle in self._held.values()}
        async with self._parts.database.read() as connection:
            asked = await requests.asked(connection)
            active = await jobs.active_jobs(connection)
            unfinished = await jobs.unfinished(connection)
        await self._resume([row for row in unfinished if row.cycle.id not in self._held])
        busy |= {row.cycle.job_id for row in unfinished}
        for one in asked:
            if one.job_id not in busy:
                busy.add(one.job_id)
                await self._take(one)
        now = self._parts.clock()
        for job, due in active:
            if job.id not in busy and (due is None or due <= now or await self._changed(job, now)):
                await self._open(job)
        await self._keep_house(active, now, idle=not busy)

    async def _changed(self, job: Job, now: datetime) -> bool:
        """Has somebody whom the job concerns changed, and then a moment passed in which more may come?"""
        async with self._parts.database.read() as connection:
            high = await directories.high_change_no(connection, job.directory_id)
            seen = max(job.watermark or 0, self._tried.get(job.id, 0))
            if job.watermark is None or high <= seen:
                return False
            concerned = await jobs.concerned(connection, job, seen, high)
        if not concerned:
            self._tried[job.id] = high
        if not concerned and seen == job.watermark:
            async with self._parts.database.transaction() as connection:
                await jobs.advance_watermark(connection, job, high)
        if not concerned or now - self._changed_at.setdefault(job.id, now) < DEBOUNCE:
            return False
        del self._changed_at[job.id]
        return True

    async def _open(self, job: Job) -> None:
        async with self._parts.database.transaction() as connection:
            current = await jobs.get_job(connection, job.id)  # it may have been removed, or switched off
            if current is None or current.schedule != "Active":
                return
            cycle = await open_cycle(connection, "sync", current, {"by": SCHEDULE}, self._parts.clock())
        if cycle is not None:
            self._tried[job.id] = cycle.high
            await self._begin(cycle)

    async def _take(self, asked: Asked) -> None:
        cycle: Cycle | None = None
        async with self._parts.database.transaction() as connection:
            try:
                job = await jobs.get_job(connection, asked.job_id)
                current = await requests.get_asked(connection, asked.id)
                if job is None or current.state != "asked":
                    return
                if self._parts.clock() - current.at > STALE_AFTER:
                    raise Refused("RequestStale")
                cycle = await open_cycle(connection, asked.kind, job, asked.parameters, self._parts.clock())
            except Refused as refusal:
                await requests.answer(connection, asked.id, "refused", error=refusal.reason)
                return
            await requests.answer(connection, asked.id, "taken", cycle.id if cycle else None)
        if cycle is not None:
            await self._begin(cycle)

    async def _keep_house(self, active: Sequence[tuple[Job, datetime | None]], now: datetime, *, idle: bool) -> None:
        """Empty the recycle bin of what has been in it long enough, and say that we are alive."""
        if now - self._bin_at >= LOOK_INTO_BIN_EVERY:
            self._bin_at = now
            async with self._parts.database.transaction() as connection:
                purged = await directories.purge_expired(connection, now)
                await directories.sweep(connection)
                await jobs.discard_abandoned(connection, now - ABANDONED_AFTER)
            if purged:
                log.info("recycle bin emptied", entries=purged)
        if idle and now - self._alive_at >= SAY_ALIVE_EVERY:
            self._alive_at = now
            async with self._parts.database.read() as connection:
                last = await jobs.last_ended(connection)
            due = min((at for _, at in active if at), default=None)
            times = {
                "last_cycle": last.isoformat() if last else "none",
                "next_cycle": due.isoformat() if due else "none",
            }
            log.info("alive, nothing to do", jobs=len(active), **times)
