"""The running of it: job, cycle, escrow (Graph's and Entra's terms)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from provisor.domain.change import Reason

ScheduleState: TypeAlias = Literal["Active", "Paused", "Disabled"]
CycleKind: TypeAlias = Literal["initial", "incremental", "plan", "trial", "onDemand"]
"""plan: worked out, and perhaps carried out later · trial: worked out, and only to be looked at"""
CycleState: TypeAlias = Literal["planning", "planned", "pushing", "succeeded", "interrupted", "failed"]
"""interrupted: the target did not answer, and is asked again soon · failed: a person must act first."""

LineState: TypeAlias = Literal["planned", "sending", "done", "failed", "held", "superseded"]
ScopeSetting: TypeAlias = Literal["assigned", "all"]
"""Whom a job is for: who is assigned to the app, or everybody (Graph's SyncAll)."""

Retry: TypeAlias = Literal["next cycle", "next interval", "back off"]

NO_SEAT = "seat"
"""The cause that entries without a seat share: a leaver of the same cycle may free one."""

LAG = timedelta(minutes=15)
"""For so long a target may not show what it has just made."""

DEFAULT_INTERVAL = timedelta(minutes=20)
DAY = timedelta(days=1)
RETRY_AFTER_FIRST_FAILURE = (timedelta(hours=6), timedelta(hours=12), timedelta(hours=24))
"""When an entry in escrow is tried again, counted from its first failure; then daily (Entra, section 6.5)."""


class Job(Struct, frozen=True):
    """One app's synchronization: what it reads, for whom, how often, and how far it is.

    `skip_out_of_scope`: who is in scope no longer keeps the account as it is (Entra's SkipOutOfScopeDeletions).
    """

    id: str
    app_id: str
    directory_id: str
    schedule: ScheduleState
    interval: timedelta
    watermark: int | None  # None: the next cycle is an initial one
    schema_version: int
    scope: ScopeSetting = "assigned"
    skip_out_of_scope: bool = False


class Cycle(Struct, frozen=True):
    """One run of a job over `since < change_no <= high`; `since` None means everything.

    `chosen`: the ids of the only entries it is for, whether they are the job's concern or not; none: of all that are.
    """

    id: str
    job_id: str
    number: int
    kind: CycleKind
    since: int | None
    high: int
    schema_version: int
    state: CycleState
    began: datetime
    epoch: int = 1
    allow: int | None = None  # destructive lines that a person agreed to
    chosen: tuple[str, ...] = ()
    default_domain: str | None = None  # the directory's, when the cycle began

    @property
    def dry(self) -> bool:
        """Is nothing to be written when it is planned?"""
        return self.kind in ("plan", "trial")


class Escrow(Struct, frozen=True):
    """An entry that must be looked at again, though nothing about it changed: why, and when."""

    entry_id: str
    reason: Reason
    first_failed: datetime
    cause: str | None = None  # what it shares with other entries in escrow: one gone, all are tried again

    def next_attempt(self, retry: Retry, failed: datetime) -> datetime | None:
        """When to try again after a failure; None: with the next cycle."""
        if retry == "next cycle":
            return None
        if retry == "next interval":
            return failed + DEFAULT_INTERVAL
        for wait in RETRY_AFTER_FIRST_FAILURE:
            if self.first_failed + wait > failed:
                return self.first_failed + wait
        return self.first_failed + DAY * ((failed - self.first_failed) // DAY + 1)
