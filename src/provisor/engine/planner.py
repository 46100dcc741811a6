"""What becomes of each entry: the pure middle of the flow, fed with what has to be read for it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from provisor.connector import Target
from provisor.domain.change import Adopt, Change, Create, Reason, Unmatched
from provisor.domain.error import EntryError, NotFound
from provisor.domain.resource import Account, Link
from provisor.engine.doubt import settled
from provisor.engine.lookup import Lookup
from provisor.engine.unique import UniqueValues
from provisor.expression import Context
from provisor.flow.in_scope import InScope, OutOfScope, Rules, Scope, Undecided, in_scope, without_role
from provisor.flow.map import Desired, LeftOut, MappingProgram, map_entry
from provisor.flow.match import claims, match, meant
from provisor.flow.plan import (
    plan,
    plan_failure,
    plan_leaver,
    plan_left_out,
    plan_rivals,
    plan_unmatchable,
    worth_a_line,
)
from provisor.flow.push import Stopped
from provisor.flow.record import unseen
from provisor.ledger import Candidate, Claim, Draft, Holder, Ledger

HOLD_BREATH = 0.05  # seconds


class _Unlinked(NamedTuple):
    candidate: Candidate
    scope: InScope
    desired: Desired
    by: tuple[Claim, ...]


class Planner:
    """Plans the entries of one cycle, page by page.

    `context`: what the expressions of one entry may ask for · `looks`: whether the accounts of those in scope are still
    there is asked.
    """

    def __init__(
        self,
        ledger: Ledger,
        target: Target,
        program: MappingProgram,
        rules: Rules,
        context: Callable[[], Context],
        now: datetime,
        stop: asyncio.Event,
        *,
        looks: bool = False,
    ) -> None:
        self._ledger = ledger
        self._target = target
        self._program = program
        self._rules = rules
        self._context = context
        self._looks = looks
        self._now = now
        self._stop = stop
        self._breathed = time.monotonic()
        self._lookup = Lookup(ledger, target, (*program.matching, *(one.target for one in program.unique)))
        self._unique = UniqueValues(program, self._lookup.holds)

    async def settled(self, page: Sequence[Candidate]) -> tuple[Sequence[Candidate], Mapping[str, EntryError]]:
        """The same page with the accounts that turned up, and by entry id of whom nobody knows, and why."""
        return await settled(page, self._ledger, self._target, self._rules, self._now)

    async def page(self, page: Sequence[Candidate], unsettled: Mapping[str, EntryError]) -> Sequence[Draft]:
        """The lines of one page of entries; of the `unsettled` ones nobody knows whether they have an account."""
        program = self._program
        drafts: list[Draft] = []
        unlinked: dict[str, _Unlinked] = {}
        for candidate in page:
            await self._breathe()
            entry, link = candidate.entry, candidate.link
            if entry.id in unsettled:
                drafts += _draft(candidate, plan_failure(entry, unsettled[entry.id], "matching"))
                continue
            scope = in_scope(entry, candidate.roles, self._rules, candidate.memberships)
            desired = self._desired(candidate, scope)
            if isinstance(desired, Change):
                drafts += _draft(candidate, desired, scope=scope)
                continue
            assert isinstance(scope, InScope), "nobody else is to hold anything"
            by = claims(desired, program)
            if link is not None and self._looks and await self._vanished(link):
                candidate, link = replace(candidate, link=None, vanished=link), None  # noqa: PLW2901
            if link is not None:
                drafts += _draft(candidate, plan(entry, desired, match(entry, link, (), {}), program), by, scope=scope)
            elif by:
                unlinked[entry.id] = _Unlinked(candidate, scope, desired, by)
            else:
                drafts += _draft(candidate, plan_unmatchable(entry, program), scope=scope)
        return [*drafts, *await self._matched(unlinked)]

    async def disputed(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        """The same lines of chosen entries; nobody gets an account that others claim as well, who were not chosen."""
        wanted = {
            str(one.claim) for one in drafts if one.claim is not None and isinstance(one.change.action, Create | Adopt)
        }
        if not wanted:
            return drafts
        rivals: dict[str, list[str]] = defaultdict(list)
        async for page in self._ledger.others():
            for candidate in page:
                scope = in_scope(candidate.entry, candidate.roles, self._rules, candidate.memberships)
                desired = self._desired(candidate, scope)
                by = () if isinstance(desired, Change) else claims(desired, self._program)
                if by and candidate.link is None and str(by[0]) in wanted:
                    rivals[str(by[0])].append(candidate.entry.login or candidate.entry.id)
        return [
            replace(one, change=plan_rivals(one.change, str(one.claim), [one.login or one.change.entry_id, *others]))
            if isinstance(one.change.action, Create | Adopt) and (others := rivals.get(str(one.claim)))
            else one
            for one in drafts
        ]

    def _desired(self, candidate: Candidate, scope: Scope) -> Desired | Change:
        """What the target should hold for this entry, or the line of one for whom that is not to be asked."""
        entry = candidate.entry
        if isinstance(scope, Undecided):
            return plan_failure(entry, scope.error, "scoping")
        if isinstance(scope, OutOfScope):
            return plan_leaver(entry, scope, candidate.link, self._program.mapping)
        try:
            desired = map_entry(entry, scope, self._program, self._context())
        except EntryError as error:
            return plan_failure(entry, error)
        if isinstance(desired, LeftOut):
            return plan_left_out(entry, desired)
        missing = without_role(scope, desired.whole, self._rules)
        return plan_failure(entry, missing) if missing else desired

    async def _breathe(self) -> None:
        """Whatever expressions cost, everybody else on this loop has a turn, and whoever wants to stop us is heard."""
        if time.monotonic() - self._breathed > HOLD_BREATH:
            await asyncio.sleep(0)
            self._breathed = time.monotonic()
            if self._stop.is_set():
                raise Stopped

    async def _vanished(self, link: Link) -> bool:
        """Is the account no longer in the target? One that cannot be read is there."""
        if unseen(link, self._now):
            return False
        try:
            await self._target.get(link.target_id)
        except NotFound:
            return True
        except EntryError:
            pass
        return False

    async def _matched(self, unlinked: Mapping[str, _Unlinked]) -> Sequence[Draft]:
        """The lines of entries whose account has to be looked for."""
        drafts: list[Draft] = []
        found, refused = await self._lookup.find({entry_id: one.by for entry_id, one in unlinked.items()})
        holders, own = await self._holders(found)
        for entry_id, one in unlinked.items():
            entry = one.candidate.entry
            if entry_id in refused:
                drafts += _draft(
                    one.candidate, plan_failure(entry, refused[entry_id], "matching"), one.by, scope=one.scope
                )
                continue
            situation = match(entry, None, meant(found.get(entry_id, ()), one.by, self._program), holders, own, one.by)
            if self._program.unique and isinstance(situation, Unmatched):
                change = await self._created(one)
            else:
                change = plan(entry, one.desired, situation, self._program)
            if one.candidate.vanished is not None and isinstance(change.action, Create | Adopt):
                gone = {"account": one.candidate.vanished.target_id}
                change = replace(change, reason=Reason("AccountVanished", gone))
            drafts += _draft(one.candidate, change, one.by, scope=one.scope, listed=self._lookup.listed)
        return drafts

    async def _created(self, one: _Unlinked) -> Change:
        """Somebody new, with values that nobody else has."""
        entry = one.candidate.entry
        try:
            desired = await self._unique.choose(entry, one.scope, one.desired, self._context())
        except EntryError as error:
            return plan_failure(entry, error)
        if isinstance(desired, LeftOut):
            return plan_left_out(entry, desired)
        return plan(entry, desired, Unmatched(), self._program)

    async def _holders(self, found: Mapping[str, Sequence[Account]]) -> tuple[Mapping[str, Holder], str | None]:
        """Whom the found accounts belong to already, and which one the connection itself signs in with."""
        ids = [account.id for accounts in found.values() for account in accounts]
        if not ids:
            return {}, None
        return await self._ledger.holders(ids), await self._target.own_account()


def _draft(
    candidate: Candidate,
    change: Change,
    by: tuple[Claim, ...] = (),
    *,
    scope: Scope | None = None,
    listed: bool = False,
) -> Sequence[Draft]:
    if not worth_a_line(change, noted=candidate.noted):
        return ()
    entry, link = candidate.entry, candidate.link or candidate.vanished
    draft = Draft(
        change=change,
        entry_change_no=entry.change_no,
        link_version=link.version if link else 0,
        claim=by[0] if by else None,
        name=entry.display_name,
        login=entry.login,
        listed=listed,
        scoping=scope.scoping if scope else None,
    )
    return (draft,)
