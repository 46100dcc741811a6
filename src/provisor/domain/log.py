"""The provisioning log: what was done for an entry, or why nothing was (Graph's provisioningObjectSummary)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from provisor.domain.change import Difference, Reason, differences_from_nothing
from provisor.domain.resource import Attributes

StepType: TypeAlias = Literal["import", "scoping", "matching", "processing", "referenceResolution", "export"]
Result: TypeAlias = Literal["success", "failure", "skipped", "warning"]
LoggedAction: TypeAlias = Literal["create", "update", "disable", "delete", "stagedDelete", "other"]

EXPORT = {
    "create": "EntryExportAdd",
    "update": "EntryExportUpdate",
    "disable": "EntryExportUpdate",
    "delete": "EntryExportDelete",
}


class Step(Struct, frozen=True):
    """One step of the flow as it went for one entry (Graph's provisioningStep)."""

    name: str
    type: StepType
    status: Result
    reason: Reason


class Detail(Struct, frozen=True):
    """The facts of one row, from which the steps and the modified properties follow for whoever reads it."""

    reason: Reason
    meant: LoggedAction  # what the line was to do, also where it is held or failed
    planned: Reason  # why
    matched: Reason  # how its account was looked for
    created: Attributes | None  # what the new account was to hold
    changed: tuple[Difference, ...]
    duration_ms: int

    @property
    def modified(self) -> tuple[Difference, ...]:
        """What the action changes in the target, attribute by attribute."""
        return self.changed if self.created is None else differences_from_nothing(self.created)

    def steps(self, status: Result) -> tuple[Step, ...]:
        """How it went, for the row's own status."""
        read = Step("EntryImport", "import", "success", Reason("Imported"))
        if self.meant == "other":
            return (read, Step("EntrySynchronizationSkip", "scoping", status, self.reason))
        scope = self.planned if self.meant in ("disable", "delete") else Reason("InScope")
        return (
            read,
            Step("EntrySynchronizationScoping", "scoping", "success", scope),
            Step("EntryMatching", "matching", "success", self.matched),
            Step("EntrySynchronizationUpdate", "processing", "success", self.planned),
            Step(EXPORT[self.meant], "export", status, self.reason),
        )


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
        return self.detail.steps(self.status)

    @property
    def modified(self) -> tuple[Difference, ...]:
        return self.detail.modified

    @property
    def duration_ms(self) -> int:
        return self.detail.duration_ms
