"""Groups as people's own records state them: each person names their groups, and a group is whoever names it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from provisor.directory.dn import fold
from provisor.directory.record import Record
from provisor.store import imports
from provisor.store.database import Connection
from provisor.store.directories import Known
from provisor.store.imports import Stated

LABEL = "group="  # of the anchor of a group that is known by its name alone


async def with_groups(
    connection: Connection, records: Mapping[str, Record], known: Mapping[str, Known], *, full: bool, torn: bool
) -> Mapping[str, Record]:
    """The records and, where people name groups, those groups.

    A person's record states that person's groups and nobody else's: members of whom no record speaks stay. Only where
    the records are `full`, and none of them is `torn`, whoever is missing from them is no member.
    """
    speaking = [record for record in records.values() if record.groups is not None]
    if not speaking:
        return records
    groups = _named(speaking)
    spoken = {name for record in speaking for name in (record.key, record.anchor)}
    if torn or not full:
        there = [one.id for one in known.values() if one.deleted_by is None and one.anchor.startswith(LABEL)]
        for stated in await imports.stated_members(connection, there):
            if full or stated.anchor in groups or not spoken.isdisjoint(stated.members):
                groups[stated.anchor] = _completed(stated, groups.get(stated.anchor), spoken)
    return {**records, **groups}


def _named(people: Sequence[Record]) -> dict[str, Record]:
    """The groups that these people name, spelled as the first of them does."""
    spelling: dict[str, tuple[str, int]] = {}
    members: dict[str, list[str]] = defaultdict(list)
    for person in people:
        for name in person.groups or ():
            key = LABEL + fold(name)
            spelling.setdefault(key, (name, person.line))
            members[key].append(next(iter(person.aliases), person.key))
    return {key: _group(key, line, name, members[key]) for key, (name, line) in spelling.items()}


def _completed(stated: Stated, named: Record | None, spoken: set[str]) -> Record:
    """The group with its members of whom nobody spoke; it keeps its spelling."""
    stay = [one for one in stated.members if one not in spoken]
    line, members = (named.line, named.references["members"]) if named else (0, ())
    return _group(stated.anchor, line, stated.name, [*members, *stay])


def _group(key: str, line: int, name: str, members: Sequence[str]) -> Record:
    references = {"members": tuple(dict.fromkeys(members))}
    return Record(line, key, "Group", key, {"displayName": name}, references)
