"""Whether a record is of somebody whom its source has brought before."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from provisor.directory.record import Fault, Record
from provisor.domain.change import Reason
from provisor.store.directories import Known

_UNIQUE = frozenset({"entryUUID", "objectGUID"})


def disputed(records: Mapping[str, Record], known: Mapping[str, Known]) -> Mapping[str, Fault]:
    """By anchor, the records of an unknown one whose name an entry has that no record speaks of: a person must decide.

    It may be the same person whose number was spoiled (a spreadsheet makes 7 of 0007), or another with their name. An
    anchor that is unique in the whole world is not spoiled: with it, it is another person.
    """
    holders = {
        (one.reference_key, one.type, _kind(anchor)): one
        for anchor, one in known.items()
        if one.deleted_by is None and anchor not in records
    }
    faults: dict[str, Fault] = {}
    for anchor, record in records.items():
        before = holders.get((record.key, record.type, _kind(anchor))) if anchor not in known else None
        if before is not None and not (_is_unique(anchor) and _is_unique(before.anchor)):
            reason = Reason("AnchorChanged", {"anchor": anchor, "known": before.anchor, "id": before.id})
            names = (record.key, anchor, before.anchor)
            faults[anchor] = Fault(record.line, record.key, "", reason, fatal=True, names=names)
    return faults


def recognised(records: Mapping[str, Record], known: Mapping[str, Known]) -> Mapping[str, Known]:
    """Who is known, by the anchors of these records.

    A source that begins to tell a better anchor (first a uid, then an entryUUID) speaks of the same people: a record of
    an unknown anchor is whoever has its name and an anchor of another kind, which no record has any longer. Of two who
    have the name, it is the one who is not deleted.
    """
    deleted_first = sorted(known.values(), key=lambda one: one.deleted_by is None)
    by_name = {one.reference_key: one for one in deleted_first if one.anchor not in records}
    found = dict(known)
    for anchor, record in records.items():
        before = by_name.get(record.key) if anchor not in known else None
        if before is not None and before.type == record.type and _kind(before.anchor) != _kind(anchor):
            del found[before.anchor]
            found[anchor] = replace(before, anchor=anchor, hash="")
    return found


def _kind(anchor: str) -> str:
    return anchor.partition("=")[0]


def _is_unique(anchor: str) -> bool:
    """Is it a GUID? An `id` may be one: a CSV file's objectId, say."""
    kind, _, value = anchor.partition("=")
    try:
        return kind in _UNIQUE or bool(uuid.UUID(value))
    except ValueError:
        return False
