"""The provisioning log: what was done for an entry, or why nothing was (Graph's provisioningObjectSummary)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct, field

from provisor.domain.change import Difference, Reason, StepType, differences_from_nothing
from provisor.domain.resource import Attributes

Result: TypeAlias = Literal["success", "failure", "skipped", "warning"]
LoggedAction: TypeAlias = Literal["create", "update", "disable", "delete", "stagedDelete", "other"]

Details: TypeAlias = Mapping[str, str | bool | Mapping[str, bool | None]]

EXPORT = {
    "create": "EntryExportAdd",
    "update": "EntryExportUpdate",
    "disable": "EntryExportUpdate",
    "delete": "EntryExportDelete",
}


SKIP = "EntrySynchronizationSkip"


class Scoping(Struct, frozen=True, omit_defaults=True):
    """What the scoping step found. `clauses`: of the filter, as Entra writes them; None where it could not be told."""

    active: bool = True
    assigned: bool = True
    entitled: bool = True  # holds a role that gives an account, or needs none
    everybody: bool = False  # the scope is all, not only who is assigned
    clauses: Mapping[str, bool | None] = field(default_factory=dict)

    @property
    def details(self) -> Details:
        """In the names of Entra's scoping step."""
        return {
            "IsActive": self.active,
            "Assigned": self.assigned,
            "IsEffectivelyEntitledForProvisioning": self.entitled,
            "ScopeSyncAll": self.everybody,
            "ScopeEvaluationResult": dict(self.clauses),
        }


class Step(Struct, frozen=True):
    """One step of the flow as it went for one entry (Graph's provisioningStep)."""

    name: str
    type: StepType
    status: Result
    reason: Reason
    found: Details = field(default_factory=dict)

    @property
    def details(self) -> Details:
        """Graph's details: the parameters of the reason, and what the step found."""
        return {**self.reason.parameters, **self.found}


class Detail(Struct, frozen=True, omit_defaults=True):
    """The facts of one row, from which the steps and the modified properties follow for whoever reads it."""

    reason: Reason
    meant: LoggedAction  # what the line was to do, also where it is held or failed
    planned: Reason  # why
    matched: Reason  # how its account was looked for
    created: Attributes | None  # what the new account was to hold
    changed: tuple[Difference, ...]
    duration_ms: int
    scoping: Scoping | None = None  # where there is a filter, or nobody is provisioned
    at: StepType = "export"  # how far it came

    @property
    def modified(self) -> tuple[Difference, ...]:
        """What the action changes in the target, attribute by attribute."""
        return self.changed if self.created is None else differences_from_nothing(self.created)

    def steps(self, status: Result, target_id: str | None) -> tuple[Step, ...]:
        """How it went, for the row's own status and account."""
        read = Step("EntryImport", "import", "success", Reason("Imported"))
        found = self.scoping.details if self.scoping is not None else {}
        if self.meant == "other":
            if self.at == "scoping":
                return (read, Step(SKIP, self.at, status, self.reason, found))
            return (read, self._scoped(self._in_scope(), found), Step(SKIP, self.at, status, self.reason))
        return (
            read,
            self._scoped(self.planned if self.meant in ("disable", "delete") else self._in_scope(), found),
            Step("EntryMatching", "matching", "success", self.matched),
            Step("EntrySynchronizationUpdate", "processing", "success", self.planned),
            Step(EXPORT[self.meant], "export", status, self._sent(target_id) if status == "success" else self.reason),
        )

    def _sent(self, target_id: str | None) -> Reason:
        return Reason("Exported", {"account": target_id} if target_id else {})

    def _scoped(self, scope: Reason, found: Details) -> Step:
        return Step("EntrySynchronizationScoping", "scoping", "success", scope, found)

    def _in_scope(self) -> Reason:
        everybody = self.scoping is not None and self.scoping.everybody
        return Reason("EverybodyInScope") if everybody else Reason("InScope")


class LogEntry(Struct, frozen=True):
    """What a row says of an entry."""

    entry_id: str
    name: str
    login: str | None
    action: LoggedAction
    status: Result
    target_id: str | None
    at: datetime
    detail: Detail

    @property
    def reason(self) -> Reason:
        return self.detail.reason

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.detail.steps(self.status, self.target_id)

    @property
    def modified(self) -> tuple[Difference, ...]:
        return self.detail.modified

    @property
    def duration_ms(self) -> int:
        return self.detail.duration_ms
