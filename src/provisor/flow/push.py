"""6 export: do it; decide nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from provisor.connector import Target
from provisor.domain.change import Action, Adopt, Create, Delete, Difference, Disable, Skip, Update
from provisor.domain.error import DuplicateTargetEntries, EntryError, JobError, NotFound, RetryLater
from provisor.domain.resource import Account, Attributes, Link
from provisor.flow.map import MappingProgram
from provisor.flow.plan import differ
from provisor.flow.record import record, record_doubt, record_refusal, undertaken
from provisor.ledger import Ledger, Line, Outcome

RANKS = (0, 1, 2, 3)
"""Disable, delete, update, create: seats are freed before they are taken. One rank ends before the next begins."""

NOT_PUSHED = 9
GRACE = 8.0  # seconds that requests in flight may take once the push is asked to stop
LONGEST_PAUSE = 60.0  # seconds before a line is tried again, whatever the target asks for


def rank(action: Action) -> int:
    """Where an action stands in the order of pushing."""
    match action:
        case Disable():
            return 0
        case Delete():
            return 1
        case Update() | Adopt():
            return 2
        case Create():
            return 3
        case Skip():
            return NOT_PUSHED


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a target is pushed."""

    concurrency: int = 16
    page: int = 200  # lines that are marked as being sent at a time
    flush_after: int = 200  # outcomes
    flush_every: float = 1.0  # seconds
    attempts: int = 3  # at one line whose answer was lost
    pause: float = 1.0  # seconds before the second attempt; doubles
    give_up_after: int = 20  # lines in a row without any answer: the target is down


class Stopped(Exception):
    """The push was asked to stop; what was not sent is still planned."""


@dataclass
class Push:
    """Sends the lines of a stored plan, several at a time, and records what became of each."""

    ledger: Ledger
    target: Target
    program: MappingProgram
    pace: Pace
    clock: Callable[[], datetime]
    stop: asyncio.Event

    def __post_init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._outcomes: list[Outcome] = []
        self._exhausted = False
        self._failure: JobError | RetryLater | None = None
        self._unanswered = 0
        self._refilling, self._flushing = asyncio.Lock(), asyncio.Lock()

    async def run(self) -> None:
        """Push everything. Raises what stopped it: a JobError, the last RetryLater of an outage, or Stopped."""
        for rank_ in RANKS:
            self._lines.extend(await self.ledger.in_doubt(rank_))
            self._exhausted = False
            await self._run_pool(rank_)
            if self._failure is not None:
                raise self._failure
            if self.stop.is_set():
                raise Stopped

    async def _run_pool(self, rank_: int) -> None:
        """Workers until the rank is done; whatever ends them, all that was answered is recorded."""
        workers = [asyncio.create_task(self._work(rank_)) for _ in range(self.pace.concurrency)]
        flusher = asyncio.create_task(self._flush_regularly(workers))
        cutter = asyncio.create_task(self._cut_off(workers))
        try:
            ended, _ = await asyncio.wait([*workers, flusher], return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (*workers, cutter):
                task.cancel()
            await asyncio.gather(*workers, cutter, flusher, return_exceptions=True)
            await self._flush()
            await self.ledger.release([line for line in self._lines if not line.in_doubt])
            self._lines.clear()
        for task in ended:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _work(self, rank_: int) -> None:
        while (line := await self._next(rank_)) is not None:
            outcome = await self._carry_out(line)
            if outcome is not None:
                self._outcomes.append(outcome)
            if len(self._outcomes) >= self.pace.flush_after:
                await self._flush()

    async def _next(self, rank_: int) -> Line | None:
        if self.stop.is_set() or self._failure is not None:
            return None
        if len(self._lines) <= self.pace.concurrency and not self._exhausted:
            async with self._refilling:
                if len(self._lines) <= self.pace.concurrency and not self._exhausted:
                    page = await self.ledger.take(rank_, self.pace.page)
                    self._exhausted = not page
                    self._lines.extend(page)
        return self._lines.popleft() if self._lines else None

    async def _carry_out(self, line: Line) -> Outcome | None:
        """None: superseded, or nobody knows whether it was carried out and the push is ending: it stays in doubt."""
        if line.moved:
            return await self._look(line)
        began, in_doubt = self.clock(), line.in_doubt
        for attempt in range(self.pace.attempts):
            try:
                account = await (self._settle(line) if in_doubt else self._send(line))
            except RetryLater as error:
                in_doubt, lost = True, error
                if self.stop.is_set():
                    return None
                if attempt + 1 < self.pace.attempts:
                    await self._pause(error.wait or self.pace.pause * 2**attempt)
            except EntryError as error:
                self._unanswered = 0
                return record_refusal(line, error, began, self.clock())
            except JobError as error:
                self._failure = self._failure or error
                return None
            else:
                self._unanswered = 0
                return record(line, account, began, self.clock())
        self._unanswered += 1
        if self._unanswered >= self.pace.give_up_after:
            self._failure = self._failure or lost
        return record_doubt(line, lost, began, self.clock())

    async def _look(self, line: Line) -> Outcome | None:
        """A line in doubt whose entry has changed since: was it carried out? It is not sent any more."""
        began = self.clock()
        try:
            account = await self._as_planned(line)
        except (RetryLater, JobError) as error:
            self._failure = self._failure or error
            return None
        except EntryError:
            account = None
        if account is None:
            await self.ledger.supersede(line)
            return None
        return record(line, account, began, self.clock())

    async def _as_planned(self, line: Line) -> Account | None:
        """The account, if it is as this line would have left it."""
        match line.change.action:
            case Create(desired):
                account, wanted = await self._find(line), desired
            case Adopt(found, _, differences):
                account, wanted = await self._get(found.id), _wanted(differences)
            case Update(link, _, differences):
                account, wanted = await self._get(link.target_id), _wanted(differences)
            case Disable(link):
                account, wanted = await self._get(link.target_id), {}
                return account if account is not None and not account.active else None
            case Delete() | Skip():
                return None
        if account is None or isinstance(line.change.action, Create):
            return account
        return None if differ(wanted, account.attributes, self.program) else account

    async def _send(self, line: Line) -> Account | None:
        match line.change.action:
            case Create(desired):
                return await self.target.create(desired)
            case Adopt(account, _, differences):
                return await self.target.update(self._ours(line, account), differences) if differences else account
            case Update(link, _, differences):
                return await self.target.update(link, differences)
            case Disable(link):
                return await self.target.disable(link)
            case Delete(link):
                await self.target.delete(link)
                return None
            case Skip():
                raise AssertionError("a skip is not sent")

    async def _settle(self, line: Line) -> Account | None:
        """Look first: was it carried out? Send only what is missing."""
        action = line.change.action
        match action:
            case Create(desired):
                found = await self._find(line)
                return await self._complete(line, found, desired) if found else await self._send(line)
            case Adopt(account, desired, _):
                return await self._complete(line, await self.target.get(account.id), desired)
            case Update(link, _, differences):
                return await self._complete(line, await self.target.get(link.target_id), _wanted(differences), link)
            case Disable(link):
                account = await self.target.get(link.target_id)
                return await self.target.disable(link) if account.active else account
            case Delete() | Skip():
                return await self._send(line)

    async def _complete(self, line: Line, account: Account, wanted: Attributes, link: Link | None = None) -> Account:
        differences = differ(wanted, account.attributes, self.program)
        if differences:
            return await self.target.update(link or self._ours(line, account), differences)
        return replace(account, grants=link.grants) if link else account

    def _ours(self, line: Line, account: Account) -> Link:
        return undertaken(line.change.entry_id, account, self.clock())

    async def _find(self, line: Line) -> Account | None:
        """The account that a create in doubt has made, which then is ours with all that it holds."""
        assert line.claim is not None, "whoever is created has a matching value"
        found = await self.target.find(line.claim.attribute, line.claim.value)
        if len(found) > 1:
            raise DuplicateTargetEntries(accounts=", ".join(account.id for account in found))
        return replace(found[0], grants=found[0].holds) if found else None

    async def _get(self, target_id: str) -> Account | None:
        try:
            return await self.target.get(target_id)
        except NotFound:
            return None

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the push, and not as long as a target may ask."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), min(seconds, LONGEST_PAUSE))

    async def _cut_off(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """Once asked to stop, requests in flight have the grace to end; after that their lines are in doubt."""
        await self.stop.wait()
        await asyncio.sleep(GRACE)
        for worker in workers:
            worker.cancel()

    async def _flush_regularly(self, workers: Sequence[asyncio.Task[None]]) -> None:
        while any(not worker.done() for worker in workers):
            await asyncio.wait(workers, timeout=self.pace.flush_every)
            await self._flush()

    async def _flush(self) -> None:
        """Record what was answered; what could not be recorded is kept."""
        async with self._flushing:
            outcomes = self._outcomes[:]
            if outcomes:
                await self.ledger.record(outcomes)
                del self._outcomes[: len(outcomes)]


def _wanted(differences: Sequence[Difference]) -> Attributes:
    return {difference.attribute: difference.new for difference in differences}
