"""Takes what a source delivers into the directory: adds, updates, and, where asked, removes."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from provisor.directory.belonging import with_groups
from provisor.directory.identity import disputed, recognised
from provisor.directory.record import Fault, Record
from provisor.domain.change import Reason
from provisor.domain.error import Refused
from provisor.domain.resource import ResourceType, Value
from provisor.store import directories, imports
from provisor.store.database import Connection, Database
from provisor.store.directories import Known, NewEntry
from provisor.store.document import encode
from provisor.store.memberships import display_names

MISSING_SHARE = 0.20
"""Above this share of a source's people, groups or members missing from a full import, a person must say so."""

HANDFUL = 5
"""Of so few members any number may be missing."""

KINDS: Mapping[ResourceType, str] = {"User": "people", "Group": "groups"}


@dataclass
class Summary:
    """What an import did, or would do."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    restored: int = 0
    removed: int = 0
    kept: int = 0  # missing from a full import, but a record that cannot be read may be theirs
    left_deleted: int = 0  # an admin deleted them here: an import does not bring them back
    waiting: int = 0  # references to entries that have not arrived
    elsewhere: Mapping[str, int] = field(default_factory=dict)  # added entries that another source has brought, too
    faults: list[Fault] = field(default_factory=list)

    @property
    def refused(self) -> int:
        return sum(fault.fatal for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Options:
    source: str
    full: bool = False
    dry_run: bool = False
    strict: bool = False
    confirm_missing: bool = False


class _DryRun(Exception):
    """Rolls the transaction back."""


async def take_in(
    database: Database, directory_id: str, delivered: Iterable[Record | Fault], options: Options, now: datetime
) -> Summary:
    """Import everything in one transaction: whoever looks sees the directory before, or after.

    Refused (nothing is changed) where there is no record that can be read, where `strict` meets a bad one, or where a
    full import misses too many entries, or members of groups.
    """
    records, faults = _sorted_out(delivered)
    summary = Summary(faults=faults)
    _check_usable(records, summary, options)
    try:
        async with database.transaction() as connection:
            await _Import(connection, directory_id, options, now, summary).run(records)
            if options.dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return summary


def _check_usable(records: Mapping[str, Record], summary: Summary, options: Options) -> None:
    if not records and not summary.refused:
        raise Refused("ImportEmpty")
    if summary.refused and (options.strict or not records):
        _refuse_faults(summary, sound=bool(records))


def _refuse_faults(summary: Summary, *, sound: bool) -> NoReturn:
    code = "ImportHasFaults" if sound else "ImportUnreadable"
    first = next(fault for fault in summary.faults if fault.fatal)
    raise Refused(code, count=summary.refused, line=first.line, why=first.reason.code)


def _sorted_out(delivered: Iterable[Record | Fault]) -> tuple[Mapping[str, Record], list[Fault]]:
    """Records by anchor; of two with one anchor or one name, the first."""
    records: dict[str, Record] = {}
    keys: dict[str, int] = {}
    faults: list[Fault] = []
    for one in delivered:
        if isinstance(one, Fault):
            faults.append(one)
        elif one.anchor in records or one.key in keys:
            twice, first = (one.anchor, records[one.anchor].line) if one.anchor in records else (one.key, keys[one.key])
            reason = Reason("DuplicateRecord", {"anchor": twice, "first": str(first)})
            faults.append(Fault(one.line, one.key, "", reason, fatal=True, names=(one.key, one.anchor)))
        else:
            records[one.anchor] = one
            keys[one.key] = one.line
    return records, faults


class _Import:
    """One import, inside its transaction."""

    def __init__(
        self, connection: Connection, directory_id: str, options: Options, now: datetime, summary: Summary
    ) -> None:
        self._connection = connection
        self._directory_id = directory_id
        self._options = options
        self._now = now
        self._summary = summary

    async def run(self, records: Mapping[str, Record]) -> None:
        brought = await imports.known_entries(self._connection, self._directory_id, self._options.source)
        records = self._undisputed(records, brought)
        full, torn = self._options.full, self._summary.refused > 0
        records = await with_groups(self._connection, records, brought, full=full, torn=torn)
        known = recognised(records, brought)
        doubtful = full and not self._options.confirm_missing
        had = (
            await imports.member_counts(self._connection, self._directory_id, self._options.source) if doubtful else {}
        )
        change_no = await directories.next_change_no(self._connection, self._directory_id)
        changed, restored = await self._write(records, known, change_no)
        removed = await self._remove(records, known, change_no) if full else ()
        out = await self._settle_references(changed, restored, removed, change_no)
        await self._check_members(had, out, removed)

    def _undisputed(self, records: Mapping[str, Record], known: Mapping[str, Known]) -> Mapping[str, Record]:
        faults = disputed(records, known)
        self._summary.faults += faults.values()
        if faults and self._options.strict:
            _refuse_faults(self._summary, sound=True)
        return {anchor: record for anchor, record in records.items() if anchor not in faults}

    async def _write(
        self, records: Mapping[str, Record], known: Mapping[str, Known], change_no: int
    ) -> tuple[Mapping[str, Record], Mapping[str, Record]]:
        """New and changed entries, and those that are back; gives back the records of both, by entry id."""
        changed: dict[str, Record] = {}
        restored: dict[str, Record] = {}
        kept: list[str] = []
        for anchor, record in records.items():
            before = known.get(anchor)
            if before is not None and before.deleted_by == "admin":
                kept.append(before.id)
                continue
            if before is not None and before.deleted_by == "source":
                restored[before.id] = record
            if before is not None and before.hash == fingerprint(record):
                self._summary.unchanged += before.deleted_by is None
                continue
            self._summary.added += before is None
            self._summary.updated += before is not None and before.deleted_by is None
            changed[before.id if before else str(uuid.uuid4())] = record
        new = [record.key for anchor, record in records.items() if anchor not in known]
        self._summary.elsewhere = await imports.sources_of(
            self._connection, self._directory_id, self._options.source, new
        )
        self._summary.restored, self._summary.left_deleted = len(restored), len(kept)
        await directories.keep_deleted(self._connection, kept, self._now)
        await directories.restore(self._connection, list(restored), change_no)
        await directories.touch_members(self._connection, list(restored), change_no)
        unsaid = [entry_id for entry_id, record in changed.items() if _says_nothing_of_enabled(record)]
        disabled = await imports.disabled_entries(self._connection, unsaid)
        entries = [
            self._entry(entry_id, record, enabled=entry_id not in disabled) for entry_id, record in changed.items()
        ]
        await self._touch_members_of_renamed(changed, change_no)
        if entries:
            await directories.write_entries(self._connection, self._directory_id, entries, change_no, self._now)
        return changed, restored

    async def _touch_members_of_renamed(self, changed: Mapping[str, Record], change_no: int) -> None:
        """A scoping filter may name a group by what it is called: its members are to be looked at again."""
        names = {
            entry_id: str(record.attributes.get("displayName") or "")
            for entry_id, record in changed.items()
            if record.type == "Group"
        }
        before = await display_names(self._connection, list(names))
        renamed = [entry_id for entry_id, name in before.items() if names[entry_id] != name]
        await directories.touch_members(self._connection, renamed, change_no)

    def _entry(self, entry_id: str, record: Record, *, enabled: bool) -> NewEntry:
        said = {"accountEnabled": enabled} if _says_nothing_of_enabled(record) else {}
        return NewEntry(
            id=entry_id,
            type=record.type,
            source=self._options.source,
            anchor=record.anchor,
            reference_key=record.key,
            alias=next(iter(record.aliases), None),
            attributes={**record.attributes, **said},
            hash=fingerprint(record),
        )

    async def _remove(self, records: Mapping[str, Record], known: Mapping[str, Known], change_no: int) -> Sequence[str]:
        """What this source brought before and no longer has, unless that looks like half a file; gives back the ids.

        Whoever's record is there, but cannot be read, is not missing; nobody is as long as it could be anybody's.
        """
        unread = [fault.names for fault in self._summary.faults if fault.fatal]
        named = {name for names in unread for name in names}
        present = [one for one in known.values() if one.deleted_by is None]
        absent = [one for one in present if one.anchor not in records and not named & {one.anchor, one.reference_key}]
        for kind, word in KINDS.items():  # a file of groups alone is half a file, however many groups it has
            missing, had = (sum(one.type == kind for one in those) for those in (absent, present))
            if missing > had * MISSING_SHARE and not self._options.confirm_missing:
                self._refuse_truncated(missing, had, word)
        missing_ids = [one.id for one in absent]
        if not all(unread):
            self._summary.kept = len(absent)
            return ()
        await directories.touch_members(self._connection, missing_ids, change_no)
        await directories.recycle(self._connection, missing_ids, change_no, self._now, by="source")
        self._summary.removed = len(absent)
        return missing_ids

    async def _settle_references(
        self, changed: Mapping[str, Record], restored: Mapping[str, Record], removed: Sequence[str], change_no: int
    ) -> Collection[imports.Member]:
        """Members and managers: whom the changed entries name, and whoever names an entry that came, changed or went.

        A reference follows its key, whichever source brought it; while nobody answers to the key, it waits. Gives back
        who is in a group no longer.
        """
        source, answering = self._options.source, {**changed, **restored}
        named = {entry_id: record.references for entry_id, record in changed.items()}
        keys = {key for record in answering.values() for key in (record.key, *record.aliases[:1])}
        ids = [*answering, *removed]
        out = await imports.settle_references(self._connection, self._directory_id, source, named, keys, ids, change_no)
        self._summary.waiting = await imports.count_waiting(self._connection, self._directory_id, source)
        return out

    async def _check_members(
        self, had: Mapping[str, int], out: Collection[imports.Member], removed: Sequence[str]
    ) -> None:
        """Refused where too many lose a group that this source brought: a column, or a part of one, may be empty.

        Whoever is missing themselves has been counted among the people.
        """
        gone = {*out, *await imports.members_of(self._connection, [one for one in removed if one in had])}
        gone = {one for one in gone if one[0] in had}
        there = await imports.present(self._connection, (member_id for _, member_id in gone))
        lost = Counter(group_id for group_id, member_id in gone if member_id in there)
        for group_id, missing in lost.most_common():
            if _too_many(missing, had[group_id]):
                [group] = await imports.stated_members(self._connection, [group_id])
                kind = f'members of the group "{group.name}"'
                self._refuse_truncated(missing, had[group_id], kind)
        if _too_many(lost.total(), sum(had.values())):
            self._refuse_truncated(lost.total(), sum(had.values()), "memberships")

    def _refuse_truncated(self, missing: int, known: int, kind: str) -> NoReturn:
        raise Refused("ImportTruncated", missing=missing, known=known, kind=kind, source=self._options.source)


def _says_nothing_of_enabled(record: Record) -> bool:
    return record.type == "User" and "accountEnabled" not in record.attributes


def _too_many(missing: int, had: int) -> bool:
    """Of members; that most of a handful change their groups is the ordinary course of things."""
    return had > HANDFUL and missing > had * MISSING_SHARE


def fingerprint(record: Record) -> str:
    """Equal for records that say the same; what a later import compares."""
    references: Mapping[str, Value] = {name: sorted(keys) for name, keys in record.references.items()}
    said = encode([record.type, record.key, record.aliases, record.attributes, references])
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
