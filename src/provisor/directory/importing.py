"""Takes what a source delivers into the directory: adds, updates, and, where asked, removes."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from provisor.directory.record import Fault, Record
from provisor.domain.change import Reason
from provisor.domain.error import Refused
from provisor.domain.resource import Value
from provisor.store import directories, imports
from provisor.store.database import Connection, Database
from provisor.store.directories import Known, NewEntry
from provisor.store.document import encode

MISSING_SHARE = 0.20
"""Above this share of a source's entries missing from a full import, a person must say that they are meant to go."""


@dataclass
class Summary:
    """What an import did, or would do."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    restored: int = 0
    removed: int = 0
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

    Refused (nothing is changed) where `strict` meets a bad record, or a full import misses too many entries.
    """
    records, faults = _sorted_out(delivered)
    summary = Summary(faults=faults)
    if options.strict and summary.refused:
        first = next(fault for fault in faults if fault.fatal)
        raise Refused("ImportHasFaults", count=summary.refused, line=first.line, why=first.reason.code)
    try:
        async with database.transaction() as connection:
            await _Import(connection, directory_id, options, now, summary).run(records)
            if options.dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return summary


def _sorted_out(delivered: Iterable[Record | Fault]) -> tuple[Mapping[str, Record], list[Fault]]:
    """Records by anchor; of two with one anchor or one name, the first."""
    records: dict[str, Record] = {}
    keys: dict[str, int] = {}
    faults: list[Fault] = []
    for one in delivered:
        if isinstance(one, Fault):
            faults.append(one)
        elif one.anchor in records or one.key in keys:
            first = records[one.anchor].line if one.anchor in records else keys[one.key]
            reason = Reason("DuplicateRecord", {"anchor": one.anchor, "first": str(first)})
            faults.append(Fault(one.line, one.key, "", reason, fatal=True))
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
        known = await imports.known_entries(self._connection, self._directory_id, self._options.source)
        change_no = await directories.next_change_no(self._connection, self._directory_id)
        changed = await self._write(records, known, change_no)
        if self._options.full:
            await self._remove(records, known, change_no)
        await self._settle_references(changed, change_no)

    async def _write(
        self, records: Mapping[str, Record], known: Mapping[str, Known], change_no: int
    ) -> Sequence[tuple[str, Record]]:
        """New and changed entries; gives back their ids and records."""
        changed: list[tuple[str, Record]] = []
        restored: list[str] = []
        for anchor, record in records.items():
            before = known.get(anchor)
            if before is not None and before.deleted_by == "admin":
                self._summary.left_deleted += 1
                continue
            if before is not None and before.deleted_by == "source":
                restored.append(before.id)
            if before is not None and before.hash == fingerprint(record):
                self._summary.unchanged += before.deleted_by is None
                continue
            self._summary.added += before is None
            self._summary.updated += before is not None and before.deleted_by is None
            changed.append((before.id if before else str(uuid.uuid4()), record))
        new = [record.key for anchor, record in records.items() if anchor not in known]
        self._summary.elsewhere = await imports.sources_of(self._connection, self._directory_id, new)
        self._summary.restored = len(restored)
        await directories.restore(self._connection, restored, change_no)
        await directories.touch_members(self._connection, restored, change_no)
        entries = [self._entry(entry_id, record) for entry_id, record in changed]
        if entries:
            await directories.write_entries(self._connection, self._directory_id, entries, change_no, self._now)
        return changed

    def _entry(self, entry_id: str, record: Record) -> NewEntry:
        return NewEntry(
            id=entry_id,
            type=record.type,
            source=self._options.source,
            anchor=record.anchor,
            reference_key=record.key,
            alias=record.aliases[0] if record.aliases else None,
            attributes=record.attributes,
            hash=fingerprint(record),
        )

    async def _remove(self, records: Mapping[str, Record], known: Mapping[str, Known], change_no: int) -> None:
        """What this source brought before and no longer has, unless that looks like half a file."""
        present = [one for one in known.values() if one.deleted_by is None]
        missing = [one.id for one in present if one.anchor not in records]
        too_many = len(missing) > len(present) * MISSING_SHARE
        if too_many and not self._options.confirm_missing:
            raise Refused("ImportTruncated", missing=len(missing), known=len(present), source=self._options.source)
        await directories.touch_members(self._connection, missing, change_no)
        await directories.recycle(self._connection, missing, change_no, self._now, by="source")
        self._summary.removed = len(missing)

    async def _settle_references(self, changed: Sequence[tuple[str, Record]], change_no: int) -> None:
        """Members and managers of the changed entries; whoever has not arrived is waited for."""
        keys = sorted({key for _, record in changed for named in record.references.values() for key in named})
        ids = await imports.resolve(self._connection, self._directory_id, self._options.source, keys)
        waiting: list[tuple[str, str, str]] = []
        for entry_id, record in changed:
            for attribute, named in record.references.items():
                waiting += [(entry_id, attribute, key) for key in named if key not in ids]
            if record.type == "Group":
                wanted = {ids[key] for key in record.references.get("members", ()) if key in ids}
                await self._set_members(entry_id, wanted, change_no)
        managers = {
            entry_id: ids.get(key) for entry_id, record in changed for key in record.references.get("manager", ())
        }
        await imports.set_managers(self._connection, managers)
        await imports.wait_for(self._connection, waiting, [entry_id for entry_id, _ in changed])
        await self._take_up_arrived(change_no)
        self._summary.waiting = await imports.count_waiting(self._connection, self._options.source)

    async def _set_members(self, group_id: str, wanted: set[str], change_no: int) -> None:
        present = await imports.members(self._connection, group_id)
        added, removed = sorted(wanted - present), sorted(present - wanted)
        await imports.change_members(self._connection, group_id, added, removed, change_no)

    async def _take_up_arrived(self, change_no: int) -> None:
        """References of earlier imports whose target came with this one."""
        arrived = await imports.take_arrived(self._connection, self._directory_id)
        members: dict[str, list[str]] = {}
        for entry_id, attribute, target_id in arrived:
            if attribute == "members":
                members.setdefault(entry_id, []).append(target_id)
        for group_id, added in members.items():
            present = await imports.members(self._connection, group_id)
            await imports.change_members(self._connection, group_id, sorted({*added} - present), (), change_no)
        managers: dict[str, str | None] = {
            entry_id: target_id for entry_id, attribute, target_id in arrived if attribute == "manager"
        }
        await imports.set_managers(self._connection, managers)


def fingerprint(record: Record) -> str:
    """Equal for records that say the same; what a later import compares."""
    references: Mapping[str, Value] = {name: sorted(keys) for name, keys in record.references.items()}
    said = encode([record.type, record.key, record.aliases, record.attributes, references])
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
