"""5 diff: what to do, and why."""

from __future__ import annotations

from collections.abc import Mapping

from provisor.domain.change import (
    Action,
    Adopt,
    Change,
    Create,
    Delete,
    Difference,
    Disable,
    Disputed,
    Linked,
    Matched,
    Reason,
    Situation,
    Skip,
    Unmatched,
    Update,
)
from provisor.domain.error import EntryError, MissingValue
from provisor.domain.resource import Attributes, Entry, Link, Value
from provisor.domain.schema import AttributeDefinition, ObjectMapping
from provisor.flow.in_scope import OutOfScope
from provisor.flow.map import Desired, MappingProgram, complete

NOTHING_TO_DO = Reason("RedundantExport")


def plan(entry: Entry, desired: Desired, situation: Situation, program: MappingProgram) -> Change:
    """What becomes of an entry in scope; without a value that the target requires, nothing, account or not."""
    try:
        whole = complete(desired, program)
    except MissingValue as error:
        return plan_failure(entry, error)
    action, reason = _decide(desired, whole, situation, program)
    return Change(entry.id, entry.type, action, reason)


def plan_leaver(entry: Entry, scope: OutOfScope, link: Link | None, mapping: ObjectMapping) -> Change:
    """What becomes of an entry out of scope: only an account that is linked may be taken away."""
    action: Action
    if link is None:
        action = Skip("skipped")
    elif entry.purged and "Delete" in mapping.flow_types:
        action = Delete(link)
    elif not link.believed_active:
        action = Skip("redundant")
    elif scope.left:
        return Change(entry.id, entry.type, Skip("skipped"), Reason("LeftAlone", _why_left(scope.reason)))
    elif "Update" in mapping.flow_types:
        action = Disable(link)
    else:
        return Change(entry.id, entry.type, Skip("failed"), Reason("UpdateTurnedOff"))
    return Change(entry.id, entry.type, action, scope.reason)


def _why_left(reason: Reason) -> Mapping[str, str]:
    return {**reason.parameters, "why": reason.code}


def plan_unmatchable(entry: Entry, program: MappingProgram) -> Change:
    """What becomes of an entry that has no value to find its account by."""
    sources = ", ".join(mapping.source or "" for mapping in program.mapping.matching)
    return Change(entry.id, entry.type, Skip("skipped"), Reason("ImportSkipped", {"source": sources}))


def plan_failure(entry: Entry, error: EntryError) -> Change:
    """What becomes of an entry whose values cannot be provisioned: nothing, and it says why."""
    return Change(entry.id, entry.type, Skip("failed"), error.reason)


def worth_a_line(change: Change, *, noted: bool) -> bool:
    """Is there anything to do or to say? `noted`: the log's last word on this entry has to be taken back."""
    if not isinstance(change.action, Skip):
        return True
    return noted or change.action.kind != "redundant"


def _decide(
    desired: Desired, whole: Attributes, situation: Situation, program: MappingProgram
) -> tuple[Action, Reason]:
    flow_types = program.mapping.flow_types
    match situation:
        case Disputed(reason):
            return Skip("disputed"), reason
        case Linked(link):
            differences = differ(desired.always, link.sent, program)
            if not differences:
                return Skip(), NOTHING_TO_DO
            if "Update" not in flow_types:
                return Skip("skipped"), Reason("UpdateTurnedOff")
            return Update(link, {**link.sent, **desired.always}, differences), _why(link)
        case Matched(account):
            if "Update" not in flow_types:
                return Skip("skipped"), Reason("UpdateTurnedOff")
            differences = differ(desired.always, account.attributes, program)
            return Adopt(account, desired.always, differences), Reason("AccountFound", {"account": account.id})
        case Unmatched():
            if "Add" not in flow_types:
                return Skip("skipped"), Reason("CreateTurnedOff")
            return Create(whole), Reason("Assigned")


def _why(link: Link) -> Reason:
    return Reason("AttributesChanged") if link.believed_active else Reason("BackInScope")


def differ(desired: Attributes, known: Attributes, program: MappingProgram) -> tuple[Difference, ...]:
    """The attributes whose wanted value is not the known one, as each attribute compares."""
    changed = []
    for name, value in desired.items():
        old = known.get(name)
        if old == value:  # as nearly all are
            continue
        definition = program.mapping.definition(name) or AttributeDefinition(name)
        if _comparable(value, definition) != _comparable(old, definition):
            changed.append(Difference(name, old, value))
    return tuple(changed)


def _comparable(value: Value, definition: AttributeDefinition) -> object:
    match value:
        case list():
            return sorted(value if definition.case_exact else [one.casefold() for one in value])
        case str():
            return value if definition.case_exact else value.casefold()
        case _:
            return value
