"""What the flow needs remembered: one Protocol, for one cycle, fulfilled by the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from provisor.domain.assignment import AppRole
from provisor.domain.change import Change
from provisor.domain.job import LineState, Retry
from provisor.domain.log import LogEntry, Scoping
from provisor.domain.resource import Account, Entry, Link, Membership


class Claim(Struct, frozen=True):
    """A matching value; of all entries only one may have it."""

    attribute: str
    value: str

    def __str__(self) -> str:
        return f"{self.attribute}={self.value.casefold()}"


class Holder(Struct, frozen=True):
    """The entry that an account is linked to, and what people call it."""

    entry_id: str
    name: str


class Lost(Struct, frozen=True):
    """An earlier cycle may have made an account by this value: nobody answered."""

    claim: Claim
    since: datetime


class Candidate(Struct, frozen=True):
    """An entry that this cycle must look at, with all that is known of it."""

    entry: Entry
    roles: tuple[AppRole, ...]  # held directly or through a group, highest priority first
    link: Link | None
    noted: bool = False  # it is to be told of, though nothing is to be done: the log's last word was a skip, say
    lost: Lost | None = None
    memberships: tuple[Membership, ...] = ()  # its direct groups, where the scoping filter asks for them
    vanished: Link | None = None  # to the account that it had, and that is no longer there


class Draft(Struct, frozen=True):
    """A line before it has its place in the plan."""

    change: Change
    entry_change_no: int
    link_version: int
    claim: Claim | None
    name: str  # the entry's display name
    login: str | None  # its userPrincipalName
    listed: bool = False
    scoping: Scoping | None = None


class Line(Struct, frozen=True):
    """One line of the stored plan."""

    seq: int
    change: Change
    claim: Claim | None
    name: str = ""  # the entry's display name
    login: str | None = None  # its userPrincipalName
    listed: bool = False  # a listing of this cycle showed everybody, and no account of this entry
    held: bool = False  # by the guard, until a person agrees
    in_doubt: bool = False  # it may have been sent before a crash
    moved: bool = False  # … and its entry, assignment or link has changed since
    scoping: Scoping | None = None  # what the scoping step found, where the log is to tell it


class Outcome(Struct, frozen=True):
    """What became of one line, and what is to be remembered of it, all in one transaction."""

    seq: int
    state: LineState
    log: LogEntry
    link: Link | None = None  # as it now is
    unlink: bool = False  # the account is gone
    retry: Retry | None = None  # when this entry is looked at again, though it does not change
    cause: str | None = None  # what it shares with other entries that are tried again
    freed: str | None = None  # the matching value that others may have waited for
    well: bool = False  # the account is as it should be


class Ledger(Protocol):
    """One cycle's memory. A commit fails once another process has claimed the cycle."""

    def candidates(self) -> AsyncIterator[Sequence[Candidate]]:
        """What changed since the watermark, and what is due again, in pages."""
        ...

    def others(self) -> AsyncIterator[Sequence[Candidate]]:
        """Where only some entries were chosen: whom else the next cycle looks at, or tries again some time."""
        ...

    async def unlinked(self) -> int:
        """How many entitled entries of this cycle have no account yet, as far as we know."""
        ...

    async def list_accounts(self, accounts: Mapping[str, Sequence[Account]]) -> None:
        """Keep a page of the target's listing, by claim."""
        ...

    async def listed(self, claims: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        """The listed accounts of these claims."""
        ...

    async def holders(self, target_ids: Sequence[str]) -> Mapping[str, Holder]:
        """Which entry each of these accounts is linked to; one that is deleted holds none any more."""
        ...

    async def known(self, target_ids: Sequence[str]) -> Collection[str]:
        """Which of these accounts were there before this cycle wrote anything, or are somebody's."""
        ...

    async def keep(self, drafts: Sequence[Draft]) -> None:
        """Add lines to the plan."""
        ...

    async def ranks(self) -> Sequence[int]:
        """Where lines are still to be pushed, in the order of pushing."""
        ...

    async def take(self, rank: int, limit: int) -> Sequence[Line]:
        """The next lines to push, marked as being sent; those that changed meanwhile are superseded.

        Whatever becomes of them, their accounts are remembered as ours, and as perhaps active.
        """
        ...

    def creates(self) -> AsyncIterator[Sequence[Line]]:
        """Everybody who is still to be created, in pages."""
        ...

    async def in_doubt(self, rank: int) -> Sequence[Line]:
        """Lines that were being sent when the last run ended."""
        ...

    async def skipped(self, limit: int) -> Sequence[Line]:
        """The next lines that are to be recorded and not pushed: skips, and what the guard holds."""
        ...

    async def supersede(self, line: Line) -> None:
        """Give a line up: the next cycle decides anew."""
        ...

    async def settle(self, found: Mapping[str, Account | None]) -> Mapping[str, Link]:
        """End the doubt about these entries' unanswered creates: each made this account, or none.

        Gives back the links to what was found; the log says from now on that it was made.
        """
        ...

    async def release(self, lines: Sequence[Line]) -> None:
        """Give back lines that were taken and not sent."""
        ...

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """Line states, links, log rows and escrows, in one transaction."""
        ...
