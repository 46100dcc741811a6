"""The pool: lines of a stored plan, several at a time, and what became of each."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from provisor.connector import Target
from provisor.domain.change import Create
from provisor.domain.error import AlreadyThere, Conflict, EntryError, JobError, ProvisorError, RetryLater, Unforeseen
from provisor.domain.resource import Account
from provisor.flow.map import MappingProgram
from provisor.flow.push.line import Sender
from provisor.flow.push.many import Made, create_many, disbelieved, find_all, fits_a_batch, read_back
from provisor.flow.record import record, record_doubt, record_refusal
from provisor.ledger import Claim, Ledger, Line, Outcome

GRACE = 8.0  # seconds that requests in flight may take once the push is asked to stop
LONGEST_PAUSE = 60.0  # seconds before a line is tried again; a target that asks for more ends the push


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a target is pushed."""

    concurrency: int = 32
    page: int = 200  # lines that are marked as being sent at a time
    flush_after: int = 200  # outcomes
    flush_every: float = 1.0  # seconds
    read_back_after: int = 1000  # accounts that were made in batches; the next time as many as were read so far …
    read_back_at_most: int = 10_000  # … and never more than these: nobody is linked to them before
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
        self._sender = Sender(self.target, self.program, self.clock)
        self._lines: deque[Line] = deque()
        self._made: list[Made] = []
        self._read = 0  # accounts that were read back: a listing shows them again, so the next has to be worth it
        self._outcomes: list[Outcome] = []
        self._exhausted = False
        self._failure: JobError | RetryLater | None = None
        self._unanswered = 0
        self._refilling, self._flushing, self._reading = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()

    async def run(self) -> None:
        """Push everything. Raises what stopped it: a JobError, the last RetryLater of an outage, or Stopped."""
        for rank_ in await self.ledger.ranks():
            in_doubt = await self.ledger.in_doubt(rank_)
            await self._look_up([line for line in in_doubt if isinstance(line.change.action, Create)])
            self._lines.extend(in_doubt)
            self._exhausted = False
            await self._run_pool(rank_)
            if self._failure is not None:
                raise self._failure
            if self.stop.is_set():
                break
        if self.stop.is_set():
            raise Stopped

    @property
    def _ending(self) -> bool:
        return self.stop.is_set() or self._failure is not None

    # ---- the pool -----------------------------------------------------------------------------------------------

    async def _run_pool(self, rank_: int) -> None:
        """Workers until the rank is done; whatever ends them, all that was answered is recorded."""
        work = asyncio.create_task(self._work_off(rank_))
        flusher = asyncio.create_task(self._flush_regularly(work))
        cutter = asyncio.create_task(self._cut_off(work))
        try:
            ended, _ = await asyncio.wait([work, flusher], return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in (work, cutter):
                task.cancel()
            await asyncio.gather(work, cutter, flusher, return_exceptions=True)
            await self._flush()
            await self.ledger.release([line for line in self._lines if not line.in_doubt])
            self._lines.clear()
        for task in ended:
            if not task.cancelled() and (error := task.exception()):
                raise error

    async def _work_off(self, rank_: int) -> None:
        """Until nothing is left: what a batch made and is not as planned comes back as a line of its own."""
        while not self._exhausted or self._lines:
            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(self.pace.concurrency):
                        workers.create_task(self._work(rank_))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
            await self._read_back()
            if self._ending:
                return

    async def _work(self, rank_: int) -> None:
        while lines := await self._next(rank_):
            if len(lines) > 1:
                await self._create(lines)
            else:
                await self._carry_out(lines[0])
            if len(self._outcomes) >= self.pace.flush_after:
                await self._flush()
            await self._read_back(min(max(self.pace.read_back_after, self._read), self.pace.read_back_at_most))

    async def _next(self, rank_: int) -> Sequence[Line]:
        """The next line; or several, which share a request."""
        if self._ending:
            return ()
        batch = self._batch
        if len(self._lines) <= self.pace.concurrency * batch and not self._exhausted:
            await self._refill(rank_, self.pace.concurrency * batch)
        lines = [self._lines.popleft()] if self._lines else []
        while len(lines) < batch and self._lines and fits_a_batch(lines[-1]) and fits_a_batch(self._lines[0]):
            lines.append(self._lines.popleft())
        return lines

    async def _refill(self, rank_: int, least: int) -> None:
        """Of all who ask at the same time, one takes the next page."""
        async with self._refilling:
            if len(self._lines) <= least and not self._exhausted:
                page = await self.ledger.take(rank_, self.pace.page)
                self._exhausted = not page
                self._lines.extend(page)

    @property
    def _batch(self) -> int:
        """Lines that share a request, at the most, as far as the target knows by now."""
        able = self.target.capabilities
        return max(1, able.create_many) if able.list else 1

    # ---- one line -----------------------------------------------------------------------------------------------

    async def _carry_out(self, line: Line) -> None:
        outcome = await (self._look(line) if line.moved else self._try(line))
        if outcome is not None:
            self._outcomes.append(outcome)

    async def _try(self, line: Line) -> Outcome | None:
        """None: nobody knows whether it was carried out and the push is ending, so it stays in doubt."""
        began, in_doubt = self.clock(), line.in_doubt
        lost: ProvisorError
        for attempt in range(self.pace.attempts):
            try:
                account = await (self._sender.settle(line) if in_doubt else self._sender.send(line))
                await self._disown_strangers(line, account)
            except RetryLater as error:
                in_doubt, lost = True, error
                if not await self._may_go_on(error, attempt):
                    return None
            except EntryError as error:
                self._unanswered = 0
                if not in_doubt or error.account or not isinstance(line.change.action, Create):
                    return record_refusal(line, error, began, self.clock())
                lost = error  # an earlier attempt may have made an account all the same
                if not isinstance(error, AlreadyThere):
                    break
            except JobError as error:
                self._failure = self._failure or error
                return None
            except Exception as error:  # noqa: BLE001 - one person's fault stops nobody else
                lost = Unforeseen(fault=type(error).__name__)
                break
            else:
                self._unanswered = 0
                return record(line, account, began, self.clock())
        self._count_unanswered(lost)
        return record_doubt(line, lost, began, self.clock())

    async def _disown_strangers(self, line: Line, account: Account | None) -> None:
        """A target may write a name in its own way. Raises Conflict where the account is another's all the same."""
        action = line.change.action
        if not isinstance(action, Create) or account is None or self._shows(account, line) in (None, str(line.claim)):
            return
        texts = {name: value for name, value in action.desired.items() if value and isinstance(value, str)}
        alike = any(account.attributes.get(name) == value for name, value in texts.items())
        if not alike or await self.ledger.known([account.id]):
            raise Conflict(account=account.id, holds=self._shows(account, line))

    async def _may_go_on(self, error: RetryLater, attempt: int) -> bool:
        """Wait before the next attempt. A target that asks for a long wait ends the push."""
        if (error.wait or 0) > LONGEST_PAUSE:
            self._failure = self._failure or error
        if not self._ending and attempt + 1 < self.pace.attempts:
            await self._pause(error.wait or self.pace.pause * 2**attempt)
        return not self._ending

    def _count_unanswered(self, error: ProvisorError) -> None:
        """So many lines without any answer, and the target is down."""
        if isinstance(error, RetryLater):
            self._unanswered += 1
            if self._unanswered >= self.pace.give_up_after:
                self._failure = self._failure or error

    async def _look(self, line: Line) -> Outcome | None:
        """A line in doubt whose entry has changed since: was it carried out? It is not sent any more.

        None: it was not; or it may have made an account that is not to be seen yet, and stays in doubt.
        """
        began = self.clock()
        try:
            account = await self._sender.as_planned(line)
        except (RetryLater, JobError) as error:
            self._failure = self._failure or error
            return None
        except EntryError:
            account = None
        if account is None:
            if not isinstance(line.change.action, Create):
                await self.ledger.supersede(line)
            return None
        return record(line, account, began, self.clock())

    # ---- many at once -------------------------------------------------------------------------------------------

    async def _create(self, lines: Sequence[Line]) -> None:
        """Several people in one request. Whatever is not clear stays in doubt until it is."""
        began = self.clock()
        try:
            answers = await create_many(self.target, lines)
        except JobError as error:
            self._failure = self._failure or error
            return
        self._made += [Made(line, account, began) for line, account in answers.made]
        self._outcomes += [record_refusal(line, error, began, self.clock()) for line, error in answers.refused]
        if len(answers.unclear) < len(lines):
            self._unanswered = 0
        for line in answers.passed_over:
            if not self._ending:
                await self._carry_out(line)
        if answers.unclear:
            await self._halve([replace(line, in_doubt=True) for line in answers.unclear])

    async def _halve(self, lines: Sequence[Line]) -> None:
        """Look up what came of an unclear batch; of those who are known to be absent, half at a time is sent again."""
        await self._pause(self.pace.pause)
        if self._ending:
            return
        await self._look_up(lines)
        absent = [line for line in lines if self._sender.looked_up.get(str(line.claim)) == []]
        for line in lines:
            if self._sender.looked_up.get(str(line.claim)) != [] and not self._ending:
                await self._carry_out(line)
        middle = len(absent) // 2
        for half in (absent[:middle], absent[middle:]):
            if len(half) > 1 and not self._ending:
                for line in half:
                    del self._sender.looked_up[str(line.claim)]
                await self._create([replace(line, in_doubt=False) for line in half])
            elif half and not self._ending:
                await self._carry_out(half[0])

    async def _look_up(self, lines: Sequence[Line]) -> None:
        """Ask for the accounts of several creates at once; where nobody answers, each is asked for by itself."""
        if len(claims := [line.claim for line in lines if line.claim is not None]) > 1:
            with suppress(RetryLater):
                self._sender.looked_up.update(await find_all(self.target, claims))

    async def _read_back(self, least: int = 1) -> None:
        """Only what the target shows has been made."""
        if len(self._made) < least:
            return
        async with self._reading:
            if len(self._made) < least or self._ending:
                return
            made, self._made = self._made, []
            self._read += len(made)
            try:
                accounts = await read_back(self.target, {one.account.id for one in made})
            except (RetryLater, JobError) as error:
                self._failure = self._failure or error
                return
            shown = [(one, self._shows(accounts.get(one.account.id), one.line)) for one in made]
            others = [one.account.id for one, claim in shown if claim != str(one.line.claim)]
            strangers = await self.ledger.known(others) if others else ()
            for one in made:
                found = accounts.get(one.account.id)
                wrong = disbelieved(one, found, strangers)
                if wrong is not None:
                    self._outcomes.append(record_refusal(one.line, wrong, one.began, self.clock()))
                elif found is not None:
                    self._judge(one, found)

    def _judge(self, one: Made, account: Account) -> None:
        """As wanted; or not, and then the line goes on by itself from what is there."""
        line, action = one.line, one.line.change.action
        assert isinstance(action, Create), "only creates are sent together"
        if account.elsewhere or self._sender.lacking(account, action.desired):
            self._sender.looked_up[str(line.claim)] = [account]
            self._lines.append(replace(line, in_doubt=True))
        else:
            ours = replace(account, grants=account.holds)
            self._outcomes.append(record(line, ours, one.began, self.clock()))

    def _shows(self, account: Account | None, line: Line) -> str | None:
        """The account's own matching value; None where it is not shown."""
        assert line.claim is not None, "whoever is created has a matching value"
        value = account.attributes.get(line.claim.attribute) if account else None
        return None if value is None else str(Claim(line.claim.attribute, str(value)))

    # ---- waiting, and recording ---------------------------------------------------------------------------------

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the push, and not as long as a target may ask."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), min(seconds, LONGEST_PAUSE))

    async def _cut_off(self, work: asyncio.Task[None]) -> None:
        """Once asked to stop, requests in flight have the grace to end; after that their lines are in doubt."""
        await self.stop.wait()
        await asyncio.sleep(GRACE)
        work.cancel()

    async def _flush_regularly(self, work: asyncio.Task[None]) -> None:
        while not work.done():
            await asyncio.wait([work], timeout=self.pace.flush_every)
            await self._flush()

    async def _flush(self) -> None:
        """Record what was answered; what could not be recorded is kept."""
        async with self._flushing:
            outcomes = self._outcomes[:]
            if outcomes:
                await self.ledger.record(outcomes)
                del self._outcomes[: len(outcomes)]
