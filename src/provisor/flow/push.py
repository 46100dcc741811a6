"""6 export: do it; decide nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisor.connector import Target
from provisor.domain.change import Action, Adopt, Create, Delete, Difference, Disable, Skip, Update
from provisor.domain.error import DuplicateTargetEntries, EntryError, JobError, NotFound, RetryLater
from provisor.domain.resource import Account, Attributes, Link
from provisor.flow.map import MappingProgram
from provisor.flow.plan import differ
from provisor.flow.record import record, record_failure
from provisor.ledger import Ledger, Line, Outcome

RANKS = (0, 1, 2, 3)
"""Disable, delete, update, create: seats are freed before they are taken. One rank ends before the next begins."""

NOT_PUSHED = 9


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
        self._refill = asyncio.Lock()

    async def run(self) -> None:
        """Push everything. Raises what stopped it: a JobError, the last RetryLater of an outage, or Stopped."""
        for rank_ in RANKS:
            self._lines.extend(await self.ledger.in_doubt(rank_))
            self._exhausted = False
            try:
                async with asyncio.TaskGroup() as group:
                    workers = [group.create_task(self._work(rank_)) for _ in range(self.pace.concurrency)]
                    flusher = group.create_task(self._flush_regularly())
                    await asyncio.wait(workers)
                    flusher.cancel()
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
            finally:
                await self._flush()
                await self.ledger.release([line for line in self._lines if not line.in_doubt])
                self._lines.clear()
            if self._failure is not None:
                raise self._failure
            if self.stop.is_set():
                raise Stopped

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
            async with self._refill:
                if len(self._lines) <= self.pace.concurrency and not self._exhausted:
                    page = await self.ledger.take(rank_, self.pace.page)
                    self._exhausted = not page
                    self._lines.extend(page)
        return self._lines.popleft() if self._lines else None

    async def _carry_out(self, line: Line) -> Outcome | None:
        """None: not carried out, or in doubt; the line keeps its state and the push is ending."""
        began, in_doubt = self.clock(), line.in_doubt
        for attempt in range(self.pace.attempts):
            try:
                account = await (self._settle(line) if in_doubt else self._send(line.change.action))
            except RetryLater as error:
                in_doubt, lost = True, error
                if self.stop.is_set():
                    return None
                if attempt + 1 < self.pace.attempts:
                    await asyncio.sleep(error.wait or self.pace.pause * 2**attempt)
            except EntryError as error:
                self._unanswered = 0
                if isinstance(error, NotFound) and isinstance(line.change.action, Disable | Delete):
                    return record(line, None, began, self.clock())
                return record_failure(line, error, began, self.clock())
            except JobError as error:
                self._failure = self._failure or error
                if not in_doubt:
                    await self.ledger.release([line])
                return None
            else:
                self._unanswered = 0
                return record(line, account, began, self.clock())
        self._unanswered += 1
        if self._unanswered >= self.pace.give_up_after:
            self._failure = self._failure or lost
        return record_failure(line, lost, began, self.clock())

    async def _send(self, action: Action) -> Account | None:
        match action:
            case Create(desired):
                return await self.target.create(desired)
            case Adopt(account, _, differences):
                return await self.target.update(provisional(account), differences) if differences else account
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
                assert line.claim is not None
                found = await self.target.find(line.claim.attribute, line.claim.value)
                if len(found) > 1:
                    raise DuplicateTargetEntries(accounts=", ".join(account.id for account in found))
                return await self._complete(found[0], desired) if found else await self._send(action)
            case Adopt(account, _, differences):
                return await self._complete(await self.target.get(account.id), _wanted(differences))
            case Update(link, _, differences):
                return await self._complete(await self.target.get(link.target_id), _wanted(differences), link)
            case Disable(link):
                account = await self.target.get(link.target_id)
                return await self.target.disable(link) if account.active else account
            case Delete() | Skip():
                return await self._send(action)

    async def _complete(self, account: Account, wanted: Attributes, link: Link | None = None) -> Account:
        differences = differ(wanted, account.attributes, self.program)
        return await self.target.update(link or provisional(account), differences) if differences else account

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(self.pace.flush_every)
            await self._flush()

    async def _flush(self) -> None:
        outcomes, self._outcomes = self._outcomes, []
        if outcomes:
            await self.ledger.record(outcomes)


def provisional(account: Account) -> Link:
    """A link for an account that is being taken over, and is not ours before the target has agreed."""
    return Link(
        entry_id="",
        target_id=account.id,
        sent={},
        seen=None,
        believed_active=account.active,
        grants=account.grants,
        since=datetime.min,  # noqa: DTZ901  (never stored)
    )


def _wanted(differences: Sequence[Difference]) -> Attributes:
    return {difference.attribute: difference.new for difference in differences}
