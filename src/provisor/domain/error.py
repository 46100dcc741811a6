"""Errors, grouped by what happens next.

Connectors raise only children of the first three; the code names of section 14.3 of Entra's provisioning
logs are kept where one fits, so that an admin finds them in the documentation they know.
"""

from __future__ import annotations

from typing import ClassVar

from provisor.domain.change import Reason
from provisor.domain.job import NO_SEAT, Retry
from provisor.domain.resource import Account


class ProvisorError(Exception):
    """Anything that goes wrong in a way we foresaw: a code, and the parameters that name the thing and the place."""

    code: ClassVar[str] = "InternalError"

    def __init__(self, **parameters: object) -> None:
        super().__init__(parameters)
        self.reason = Reason(self.code, {name: str(value) for name, value in parameters.items()})

    def __str__(self) -> str:
        named = ", ".join(f"{name}={value}" for name, value in self.reason.parameters.items())
        return f"{self.code}({named})"


class Refused(ProvisorError):
    """What a person asked for cannot be done; nothing was changed."""

    code = "Refused"

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(**parameters)
        self.reason = Reason(code, self.reason.parameters)

    def __str__(self) -> str:
        return str(self.reason)


class CycleTakenOver(ProvisorError):
    """Another process has claimed this cycle: nothing that we know of it counts any more."""

    code = "CycleTakenOver"


# ---- wait, then send again -----------------------------------------------------------------------------------


class RetryLater(ProvisorError):
    """The target cannot answer now. `wait` is in seconds, where the target said one."""

    def __init__(self, wait: float | None = None, **parameters: object) -> None:
        super().__init__(**parameters)
        self.wait = wait


class RateLimited(RetryLater):
    """HTTP 429: nothing was done."""

    code = "TooManyRequests"


class Unavailable(RetryLater):
    """A 5xx, a dropped connection or a time-out: whether the request was carried out is unknown."""

    code = "Unavailable"


# ---- put this entry aside, go on with the others ----------------------------------------------------------------


class EntryError(ProvisorError):
    """This entry cannot be provisioned as things are; the others can."""

    code = "UnprocessableEntity"
    retry: ClassVar[Retry] = "back off"
    cause: ClassVar[str | None] = None  # what it shares with other entries
    account: Account | None = None  # what a create that failed has left in the target all the same


class NotFound(EntryError):
    """The target has no account of that id."""

    code = "InvalidAnchor"
    retry = "next cycle"


class Conflict(EntryError):
    """A value clashes with another account."""

    code = "EntryConflict"


class AlreadyThere(Conflict):
    """The account is there already, and can be found: the next cycle takes it over."""

    code = "EntryExists"
    retry = "next cycle"


class Rejected(EntryError):
    """The target refuses the values sent."""

    code = "UnprocessableEntity"


class MissingValue(EntryError):
    """A required attribute has no value."""

    code = "MissingValues"


class ValueTooLong(EntryError):
    """A value is longer than the target takes."""

    code = "ValueTooLong"


class InvalidValue(EntryError):
    """A value is not of the type or form that the target takes."""

    code = "InvalidValue"


class DuplicateTargetEntries(EntryError):
    """Several accounts match one entry."""

    code = "DuplicateTargetEntries"


class FilterUndecided(EntryError):
    """Whether the entry meets the scoping filter cannot be told: it is neither in scope nor out of it."""

    code = "FilterUndecided"


class RoleNeeded(EntryError):
    """The app gives accounts by role, and the entry holds none that does."""

    code = "NoRoleHeld"


class LicenseLimitExceeded(EntryError):
    """The target has no free seat."""

    code = "LicenseLimitExceeded"
    retry = "next interval"
    cause = NO_SEAT


class StillActive(EntryError):
    """The account was disabled, and still is active."""

    code = "StillActive"
    retry = "next cycle"


class NotPermitted(EntryError):
    """The target does not let this attribute or this account be changed."""

    code = "NotPermitted"


class Unforeseen(EntryError):
    """Something that nobody foresaw, about this entry alone: a fault of ours, or an answer in no known shape."""

    code = "InternalError"
    retry = "next cycle"


# ---- stop the job: a person must act ----------------------------------------------------------------------------


class JobError(ProvisorError):
    """No entry of this job can be provisioned until a person acts."""

    code = "Unauthorized"


class Unauthorized(JobError):
    """The credentials are wrong, expired or missing."""

    code = "Unauthorized"


class InsufficientRights(JobError):
    """Signed in, but without the permission that provisioning needs."""

    code = "InsufficientRights"


class SignInMethodRefused(JobError):
    """The target no longer lets this client sign in by this method."""

    code = "SignInMethodRefused"


class Incompatible(JobError):
    """The answer is not what this protocol speaks: a wrong address, a login page, a proxy."""

    code = "ServiceIncompatible"


class Misconfigured(JobError):
    """A setting or a credential of this connection is missing or cannot be used."""

    code = "Misconfigured"


class FilterUnusable(JobError):
    """The scoping filter was saved with a fault."""

    code = "FilterUnusable"
