"""What becomes of each entry: the pure middle of the flow, fed with what has to be read for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from provisor.connector import Target
from provisor.domain.change import Adopt, Change, Create, Reason, Unmatched
from provisor.domain.error import EntryError, NotFound
from provisor.domain.resource import Account
from provisor.engine.doubt import settled
from provisor.engine.lookup import Lookup
from provisor.engine.unique import UniqueValues
from provisor.expression import Context
from provisor.flow.in_scope import InScope, OutOfScope, Rules, Scope, Undecided, in_scope, without_role
from provisor.flow.map import Desired, LeftOut, MappingProgram, map_entry
from provisor.flow.match import claims, match
from provisor.flow.plan import plan, plan_failure, plan_leaver, plan_left_out, plan_unmatchable, worth_a_line
from provisor.flow.record import hidden
from provisor.ledger import Candidate, Claim, Draft, Holder, Ledger


class _Unlinked(NamedTuple):
    candidate: Candidate
    scope: InScope
    desired: Desired
    by: tuple[Claim, ...]


class Planner:
    """Plans the entries of one cycle, page by page. `context`: what the expressions of one entry may ask for."""

    def __init__(
        self, ledger: Ledger, target: Target, program: MappingProgram, rules: Rules, context: Callable[[], Context]
    ) -> None:
        self._ledger = ledger
        self._target = target
        self._program = program
        self._rules = rules
        self._context = context
        self._lookup = Lookup(ledger, target, (*program.matching, *(one.target for one in program.unique)))
        self._unique = UniqueValues(program, self._lookup.holds)

    async def settled(
        self, page: Sequence[Candidate], now: datetime
    ) -> tuple[Sequence[Candidate], Mapping[str, EntryError]]:
        """The same page with the accounts that turned up, and by entry id of whom nobody knows, and why."""
        return await settled(page, self._ledger, self._target, self._rules, now)

    async def seen(self, page: Sequence[Candidate], now: datetime, *, unlink: bool) -> Sequence[Candidate]:
        """The same page, with the accounts that have vanished from the target told from those that are there."""
        gone: list[str] = []
        for one in page:
            if one.link is not None and not hidden(one.link, now):
                try:
                    await self._target.get(one.link.target_id)
                except NotFound:
                    gone.append(one.entry.id)
                except EntryError:
                    continue  # it cannot be read, so it is there
        if unlink and gone:
            await self._ledger.unlink(gone)
        return [
            replace(one, link=None, vanished=one.link.target_id) if one.link and one.entry.id in gone else one
            for one in page
        ]

    async def page(self, page: Sequence[Candidate], unsettled: Mapping[str, EntryError]) -> Sequence[Draft]:
        """The lines of one page of entries; of the `unsettled` ones nobody knows whether they have an account."""
        program = self._program
        drafts: list[Draft] = []
        unlinked: dict[str, _Unlinked] = {}
        for candidate in page:
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
            if link is not None:
                drafts += _draft(candidate, plan(entry, desired, match(entry, link, (), {}), program), by, scope=scope)
            elif by:
                unlinked[entry.id] = _Unlinked(candidate, scope, desired, by)
            else:
                drafts += _draft(candidate, plan_unmatchable(entry, program), scope=scope)
        return [*drafts, *await self._matched(unlinked)]

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
            situation = match(entry, None, found.get(entry_id, ()), holders, own)
            if self._program.unique and isinstance(situation, Unmatched):
                change = await self._created(one)
            else:
                change = plan(entry, one.desired, situation, self._program)
            if one.candidate.vanished is not None and isinstance(change.action, Create | Adopt):
                change = replace(change, reason=Reason("AccountVanished", {"account": one.candidate.vanished}))
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
    entry, link = candidate.entry, candidate.link
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
