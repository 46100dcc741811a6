"""5 diff: what to do, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    StepType,
    Unmatched,
    Update,
)
from provisor.domain.error import EntryError, MissingValue
from provisor.domain.resource import Attributes, Entry, Link, Value
from provisor.domain.schema import AttributeDefinition, ObjectMapping
from provisor.expression import Control
from provisor.flow.in_scope import OutOfScope
from provisor.flow.map import Desired, LeftOut, MappingProgram, comparing

UNKNOWN = comparing(AttributeDefinition(""))
"""How an attribute compares that the mapping does not know."""

NOTHING_TO_DO = Reason("RedundantExport")


def plan(entry: Entry, desired: Desired, situation: Situation, program: MappingProgram) -> Change:
    """What becomes of an entry in scope; without a value that the target requires, nothing, account or not."""
    missing = _missing(desired, situation, program)
    if missing:
        return plan_failure(entry, missing)
    action, reason = _decide(desired, situation, program)
    if desired.cleared and (missing := _lost(action, program)):
        return plan_failure(entry, missing)
    sealed = _sealed(desired, action, program) if program.redacted and not isinstance(action, Skip) else None
    return Change(entry.id, entry.type, action, reason, sealed)


def plan_leaver(entry: Entry, scope: OutOfScope, link: Link | None, mapping: ObjectMapping) -> Change:
    """What becomes of an entry out of scope: only an account that is linked may be taken away."""
    action: Action
    if link is None:
        action = Skip("skipped", "scoping")
    elif entry.purged and "Delete" in mapping.flow_types:
        action = Delete(link)
    elif not link.believed_active:
        action = Skip("redundant", "scoping")
    elif scope.left:
        return Change(entry.id, entry.type, Skip("skipped", "scoping"), Reason("LeftAlone", _why_left(scope.reason)))
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
    return Change(entry.id, entry.type, Skip("skipped", "matching"), Reason("ImportSkipped", {"source": sources}))


def plan_failure(entry: Entry, error: EntryError, at: StepType = "processing") -> Change:
    """What becomes of an entry that cannot be provisioned as it is: nothing, and it says why."""
    return Change(entry.id, entry.type, Skip("failed", at), error.reason)


def plan_left_out(entry: Entry, left: LeftOut) -> Change:
    """What becomes of an entry that a mapping leaves out: nothing; not for good where it waits for a free value."""
    named = {"attribute": left.attribute}
    if left.control is Control.ESCROW:
        return Change(entry.id, entry.type, Skip("disputed"), Reason("NoUniqueValue", named))
    return Change(entry.id, entry.type, Skip("skipped"), Reason("LeftOutByMapping", named))


def plan_rivals(change: Change, claim: str, entries: Sequence[str]) -> Change:
    """What becomes of an entry whose matching value others have as well: nothing, until one of them gives way."""
    reason = Reason("DuplicateSourceEntries", {"value": claim, "entries": ", ".join(sorted(entries))})
    return Change(change.entry_id, change.resource_type, Skip("disputed", "matching"), reason)


def worth_a_line(change: Change, *, noted: bool) -> bool:
    """Is there anything to do or to say? `noted`: the log's last word on this entry has to be taken back."""
    if not isinstance(change.action, Skip):
        return True
    return noted or change.action.kind != "redundant"


def _missing(desired: Desired, situation: Situation, program: MappingProgram) -> MissingValue | None:
    """What the target requires and has no value; an account that is there keeps what is left alone this time."""
    always, on_creation = desired.always, desired.on_creation
    names = [name for name in program.required if name not in always and name not in on_creation]
    if names and not isinstance(situation, Unmatched):
        names = [name for name in names if name not in desired.left]
    return _required(names, program) if names else None


def _lost(action: Action, program: MappingProgram) -> MissingValue | None:
    """What the target requires and an account would be cleared of."""
    if not isinstance(action, Update | Adopt):
        return None
    names = [one.attribute for one in action.differences if one.new is None and one.attribute in program.required]
    return _required(names, program) if names else None


def _required(names: Sequence[str], program: MappingProgram) -> MissingValue:
    sources = {one.target: "" if one.target in program.redacted else one.source for one in program.mapping.mappings}
    return MissingValue(attribute=", ".join(names), source=", ".join(sources.get(name) or "" for name in names))


def _decide(desired: Desired, situation: Situation, program: MappingProgram) -> tuple[Action, Reason]:
    flow_types = program.mapping.flow_types
    match situation:
        case Disputed(reason):
            return Skip("disputed", "matching"), reason
        case Linked(link):
            wanted, differences = _unlike_sent(desired, link, program)
            if not differences:
                return Skip(), NOTHING_TO_DO
            if "Update" not in flow_types:
                return Skip("skipped"), Reason("UpdateTurnedOff")
            return Update(link, _afterwards(wanted, link.sent, differences, program), differences), _why(link)
        case Matched(account, by):
            if "Update" not in flow_types:
                return Skip("skipped"), Reason("UpdateTurnedOff")
            wanted = {**desired.always, **_emptied(desired, account.attributes, program)}
            differences = (*differ_from_shown(wanted, account.attributes, program), *unshown(wanted, program))
            held = {name: account.attributes.get(name) for name in program.additive}
            whole = _afterwards(wanted, held, differences, program)
            return Adopt(account, whole, differences), Reason("AccountFound", {"account": account.id, **by})
        case Unmatched():
            if "Add" not in flow_types:
                return Skip("skipped"), Reason("CreateTurnedOff")
            return Create(desired.whole), Reason("Assigned")


def _why(link: Link) -> Reason:
    return Reason("AttributesChanged") if link.believed_active else Reason("BackInScope")


def _afterwards(
    wanted: Attributes, held: Attributes, differences: tuple[Difference, ...], program: MappingProgram
) -> Attributes:
    """What an account that holds this holds once the differences are written, as far as it is ours to say."""
    after = {**held, **wanted}
    for name in program.additive & wanted.keys():
        after[name] = held.get(name)
    after |= {one.attribute: one.new for one in differences if one.adds}
    return {name: value for name, value in after.items() if value is not None or name in wanted}


# ---- differences ----------------------------------------------------------------------------------------------------


def _unlike_sent(desired: Desired, link: Link, program: MappingProgram) -> tuple[Attributes, tuple[Difference, ...]]:
    """What is wanted, and what of it differs from what we sent last.

    To be cleared is what we sent or saw there; and all of it where that was forgotten.
    """
    known = _opened(desired, link.sent, program) if program.redacted else link.sent
    differences = differ(desired.always, known, program)
    if not desired.cleared:
        return desired.always, differences
    seen = {**(link.seen or {}), **known}
    emptied = _emptied(desired, seen, program)
    for name in emptied:
        if seen.get(name) not in (None, "", []) or not link.sent:
            differences += (Difference(name, seen.get(name), None),)
    return {**desired.always, **emptied}, differences


def _emptied(desired: Desired, known: Attributes, program: MappingProgram) -> dict[str, Value]:
    """What an account is to be without. It keeps a default that it was given on creation."""
    return {
        name: None
        for name in desired.cleared
        if name not in desired.on_creation or differ({name: desired.on_creation[name]}, known, program)
    }


def differ(desired: Attributes, known: Attributes, program: MappingProgram) -> tuple[Difference, ...]:
    """The attributes whose wanted value is not the known one, as each attribute compares."""
    changed = []
    for name, value in desired.items():
        old = known.get(name)
        if old == value:  # as nearly all are
            continue
        if name in program.additive:
            changed += _added(name, value, old, program)
            continue
        comparable = program.comparable.get(name, UNKNOWN)
        if comparable(value) != comparable(old):
            changed.append(Difference(name, old, value))
    return tuple(changed)


def differ_from_shown(desired: Attributes, shown: Attributes, program: MappingProgram) -> tuple[Difference, ...]:
    """The same, compared with what the target shows: what it never shows is no difference."""
    if program.unshown:
        desired = {name: value for name, value in desired.items() if name not in program.unshown}
    return differ(desired, shown, program)


def unshown(desired: Attributes, program: MappingProgram) -> tuple[Difference, ...]:
    """What the target never shows, so that only writing it makes sure."""
    return tuple(Difference(name, None, desired[name]) for name in desired if name in program.unshown)


def _added(name: str, value: Value, old: Value, program: MappingProgram) -> list[Difference]:
    """The values that are not there yet, behind those that are."""
    wanted, held = (one if isinstance(one, list) else [] if one in (None, "") else [str(one)] for one in (value, old))
    comparable = program.comparable.get(name, UNKNOWN)
    known = [comparable([one]) for one in held]
    new = [one for one in wanted if comparable([one]) not in known]
    return [Difference(name, old, [*held, *new], adds=True)] if new else []


# ---- values that nobody may see -------------------------------------------------------------------------------------


def _sealed(desired: Desired, action: Action, program: MappingProgram) -> dict[str, str | None]:
    """What is remembered of each value in its place."""
    wanted = desired.whole if isinstance(action, Create) else {**desired.always, **dict.fromkeys(desired.cleared)}
    return {name: _seal(wanted[name], program) for name in wanted if name in program.redacted}


def _opened(desired: Desired, sent: Attributes, program: MappingProgram) -> Attributes:
    """What was sent, with the wanted value in the place of what is remembered of it, where it is the same."""
    known = dict(sent)
    for name in program.redacted & desired.always.keys():
        if known.pop(name, None) == _seal(desired.always[name], program):
            known[name] = desired.always[name]
    return known


def _seal(value: Value, program: MappingProgram) -> str | None:
    return None if value is None else program.seal(repr(value))
