"""What an import compares with and writes: the entries of one source, and the references between entries.

A reference keeps the key that its record names and the entry which that key means by now, or none while it waits.
`membership` and `entry.manager_id` follow from these: they are changed here, and only where the meaning changes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from provisor.store.database import Connection
from provisor.store.directories import Known, parts
from provisor.store.document import decode
from provisor.store.tables import entry, membership, reference

Meaning: TypeAlias = tuple[str, str, str]  # entry id, attribute, and the id of the entry that it refers to
Member: TypeAlias = tuple[str, str]  # ids of a group and of one who is in it


@dataclass(frozen=True, slots=True)
class _Reference:
    entry_id: str
    attribute: str
    key: str
    target_id: str | None  # None: it waits for its entry to arrive


@dataclass(frozen=True, slots=True)
class _Holder:
    """An entry that answers to a key."""

    id: str
    source: str
    deleted: bool
    by_alias: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Stated:
    """A group as its source has stated it so far: the keys of its members, whether they have arrived or not."""

    anchor: str
    name: str
    members: Sequence[str]


async def known_entries(connection: Connection, directory_id: str, source: str) -> Mapping[str, Known]:
    """All that this source has brought, by anchor."""
    query = sa.select(entry.c.id, entry.c.anchor, entry.c.reference_key, entry.c.type, entry.c.hash, entry.c.deleted_by)
    mine = (entry.c.directory_id == directory_id) & (entry.c.source == source) & ~entry.c.purged
    rows = (await connection.execute(query.where(mine))).all()
    return {
        str(row.anchor): Known(row.id, row.anchor, row.reference_key, row.type, row.hash, row.deleted_by)
        for row in rows
    }


async def sources_of(connection: Connection, directory_id: str, own: str, keys: Sequence[str]) -> Mapping[str, int]:
    """How many of these reference keys each other source has brought already."""
    found: Counter[str] = Counter()
    for part in parts(keys):
        there = (entry.c.directory_id == directory_id) & entry.c.reference_key.in_(part) & ~entry.c.purged
        there &= entry.c.source != own
        query = sa.select(entry.c.source, sa.func.count().label("entries")).where(there).group_by(entry.c.source)
        found.update({str(row.source): int(row.entries) for row in (await connection.execute(query)).all()})
    return found


async def stated_members(connection: Connection, group_ids: Sequence[str]) -> Sequence[Stated]:
    """These groups, each with the keys that it names."""
    found: list[Stated] = []
    for part in parts(sorted(group_ids)):
        keys: dict[str, list[str]] = defaultdict(list)
        named = sa.select(reference.c.entry_id, reference.c.reference_key).where(
            reference.c.entry_id.in_(part), reference.c.attribute == "members"
        )
        for row in (await connection.execute(named.order_by(reference.c.reference_key))).all():
            keys[row.entry_id].append(row.reference_key)
        query = sa.select(entry.c.id, entry.c.anchor, entry.c.attributes).where(entry.c.id.in_(part))
        for row in (await connection.execute(query)).all():
            name = decode(row.attributes).get("displayName")
            found.append(Stated(row.anchor, str(name), keys[row.id]))
    return found


async def disabled_entries(connection: Connection, ids: Sequence[str]) -> Collection[str]:
    """Those of them whom their source called disabled when it last spoke of that."""
    found: set[str] = set()
    for part in parts(ids):
        query = sa.select(entry.c.id, entry.c.attributes).where(entry.c.id.in_(part))
        rows = (await connection.execute(query)).all()
        found.update(row.id for row in rows if decode(row.attributes).get("accountEnabled") is False)
    return found


async def member_counts(connection: Connection, directory_id: str, source: str) -> Mapping[str, int]:
    """How many are in each group of this source, by the group's id; who is in the recycle bin counts nowhere."""
    group, member = entry.alias("of"), entry.alias("who")
    query = sa.select(membership.c.group_id, sa.func.count().label("members")).select_from(
        membership.join(group, group.c.id == membership.c.group_id).join(member, member.c.id == membership.c.member_id)
    )
    query = query.where(group.c.directory_id == directory_id, group.c.source == source)
    query = query.where(group.c.deleted_at.is_(None), member.c.deleted_at.is_(None)).group_by(membership.c.group_id)
    return {str(row.group_id): int(row.members) for row in (await connection.execute(query)).all()}


async def members_of(connection: Connection, group_ids: Sequence[str]) -> Collection[Member]:
    found: set[Member] = set()
    for part in parts(group_ids):
        query = sa.select(membership.c.group_id, membership.c.member_id).where(membership.c.group_id.in_(part))
        found.update((row.group_id, row.member_id) for row in (await connection.execute(query)).all())
    return found


async def present(connection: Connection, ids: Iterable[str]) -> Collection[str]:
    """Those of them who are not in the recycle bin."""
    found: set[str] = set()
    for part in parts(sorted(set(ids))):
        query = sa.select(entry.c.id).where(entry.c.id.in_(part), entry.c.deleted_at.is_(None))
        found.update((await connection.execute(query)).scalars())
    return found


# ---- references -----------------------------------------------------------------------------------------------


async def settle_references(
    connection: Connection,
    directory_id: str,
    source: str,
    named: Mapping[str, Mapping[str, Sequence[str]]],
    keys: Iterable[str],
    ids: Sequence[str],
    change_no: int,
) -> Collection[Member]:
    """Have every reference mean whom its key means by now, where that may have changed; gives back who is in no longer.

    `named`: the references that these entries of the source have from now on, keys by entry id and attribute.
    `keys`: those that somebody answers to since; `ids`: entries that came back, changed or went. Whoever is thereby
    in or out of a group, or has another manager, is to be looked at again; nobody else is.
    """
    fresh, gone = await _compare(connection, named)
    await _delete(connection, gone)
    concerned = await _concerned(connection, directory_id, sorted(set(keys)), ids) | dict.fromkeys(fresh, source)
    holders = await _holders(connection, directory_id, sorted({one.key for one in concerned}))
    settled = {one: _meant(holders.get(one.key, ()), brought_by) for one, brought_by in concerned.items()}
    moved = {one: target_id for one, target_id in settled.items() if target_id != one.target_id}
    await _write(connection, moved | {one: settled[one] for one in fresh})
    lost = {(one.entry_id, one.attribute, one.target_id) for one in (*gone, *moved) if one.target_id is not None}
    won = {(one.entry_id, one.attribute, target_id) for one, target_id in moved.items() if target_id is not None}
    await _change_managers(connection, lost, won, change_no)
    return await _change_members(connection, lost, won, change_no)


async def count_waiting(connection: Connection, directory_id: str, source: str) -> int:
    query = sa.select(sa.func.count()).select_from(reference).join(entry, entry.c.id == reference.c.entry_id)
    query = query.where(reference.c.target_id.is_(None), entry.c.directory_id == directory_id)
    return int((await connection.execute(query.where(entry.c.source == source))).scalar_one())


async def _compare(
    connection: Connection, named: Mapping[str, Mapping[str, Sequence[str]]]
) -> tuple[Sequence[_Reference], Sequence[_Reference]]:
    """The references of these entries that are new, and those that are gone."""
    wanted = {(one, name, key) for one, names in named.items() for name, keys in names.items() for key in keys}
    gone: list[_Reference] = []
    for part in parts(list(named)):
        for row in (await connection.execute(sa.select(reference).where(reference.c.entry_id.in_(part)))).all():
            present = (row.entry_id, row.attribute, row.reference_key)
            if present in wanted:
                wanted.remove(present)
            else:
                gone.append(_Reference(*present, row.target_id))
    return [_Reference(*one, None) for one in sorted(wanted)], gone


async def _delete(connection: Connection, gone: Sequence[_Reference]) -> None:
    this = (reference.c.entry_id == sa.bindparam("of")) & (reference.c.attribute == sa.bindparam("name"))
    this &= reference.c.reference_key == sa.bindparam("key")
    if gone:
        rows = [{"of": one.entry_id, "name": one.attribute, "key": one.key} for one in gone]
        await connection.execute(sa.delete(reference).where(this), rows)


async def _write(connection: Connection, meant: Mapping[_Reference, str | None]) -> None:
    rows = [
        {"entry_id": one.entry_id, "attribute": one.attribute, "reference_key": one.key, "target_id": target_id}
        for one, target_id in meant.items()
    ]
    insert = connection.upsert(reference)
    written = insert.on_conflict_do_update(
        index_elements=["entry_id", "attribute", "reference_key"], set_={"target_id": insert.excluded.target_id}
    )
    await connection.write(written, rows)


async def _concerned(
    connection: Connection, directory_id: str, keys: Sequence[str], ids: Sequence[str]
) -> dict[_Reference, str]:
    """The references that name one of the keys or mean one of the entries, each with the source that brought it."""
    query = sa.select(reference, entry.c.source, entry.c.directory_id).join(entry, entry.c.id == reference.c.entry_id)
    found: dict[_Reference, str] = {}
    for column, wanted in ((reference.c.reference_key, keys), (reference.c.target_id, ids)):
        for part in parts(wanted):
            for row in (await connection.execute(query.where(column.in_(part)))).all():
                if row.directory_id == directory_id:  # asked for in the query, this would have SQLite read every entry
                    found[_Reference(row.entry_id, row.attribute, row.reference_key, row.target_id)] = row.source
    return found


async def _holders(connection: Connection, directory_id: str, keys: Sequence[str]) -> Mapping[str, Sequence[_Holder]]:
    """Who answers to these keys: by its reference key since its source last changed it, by its alias since it came."""
    found: dict[str, list[_Holder]] = defaultdict(list)
    for part in parts(keys):
        for column, since in ((entry.c.reference_key, entry.c.changed_at), (entry.c.alias, entry.c.created_at)):
            query = sa.select(column.label("key"), entry.c.id, entry.c.source, entry.c.deleted_at, since.label("since"))
            query = query.where(entry.c.directory_id == directory_id, column.in_(part), ~entry.c.purged)
            for row in (await connection.execute(query)).all():
                holder = _Holder(row.id, row.source, row.deleted_at is not None, column is entry.c.alias, row.since)
                found[row.key].append(holder)
    return found


def _meant(holders: Sequence[_Holder], source: str) -> str | None:
    """Whom a key means in a record of this source; an alias holds within its source only.

    Who is not deleted comes before who is, the own source before others, the key before the alias, then the newest:
    an export that is not full leaves whoever had the name before in the directory.
    """

    def rank(one: _Holder) -> tuple[bool, bool, bool, float, str]:
        return one.deleted, one.source != source, one.by_alias, -one.since.timestamp(), one.id

    answering = [one for one in holders if one.source == source or not one.by_alias]
    return min(answering, key=rank).id if answering else None


# ---- what follows from them -----------------------------------------------------------------------------------


async def _change_members(
    connection: Connection, lost: set[Meaning], won: set[Meaning], change_no: int
) -> Collection[Member]:
    """Members in and out, and all of them to be looked at again; gives back those who are out."""
    out: set[Member] = set()
    for group_id, members in _of_each("members", lost).items():
        for part in parts(members):
            out.update((group_id, one) for one in await _remove_members(connection, group_id, part))
    changed = [member_id for _, member_id in out]
    for group_id, members in _of_each("members", won).items():
        for part in parts(members):
            changed += await _add_members(connection, group_id, part)
    for part in parts(changed):
        await connection.execute(sa.update(entry).where(entry.c.id.in_(part)).values(change_no=change_no))
    return out


def _of_each(attribute: str, meanings: set[Meaning]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for entry_id, name, target_id in sorted(meanings):
        if name == attribute:
            found[entry_id].append(target_id)
    return found


async def _remove_members(connection: Connection, group_id: str, members: Sequence[str]) -> Sequence[str]:
    """Those of them who were members, and whom no other reference of the group means."""
    still = sa.exists().where(
        reference.c.entry_id == group_id,
        reference.c.attribute == "members",
        reference.c.target_id == membership.c.member_id,
    )
    gone = sa.delete(membership).where(membership.c.group_id == group_id, membership.c.member_id.in_(members), ~still)
    return [str(row.member_id) for row in (await connection.execute(gone.returning(membership.c.member_id))).all()]


async def _add_members(connection: Connection, group_id: str, members: Sequence[str]) -> Sequence[str]:
    """Those of them who were no members."""
    query = sa.select(membership.c.member_id).where(membership.c.group_id == group_id)
    rows = (await connection.execute(query.where(membership.c.member_id.in_(members)))).all()
    new = sorted({*members} - {str(row.member_id) for row in rows})
    await connection.write(sa.insert(membership), [{"group_id": group_id, "member_id": one} for one in new])
    return new


async def _change_managers(connection: Connection, lost: set[Meaning], won: set[Meaning], change_no: int) -> None:
    """Write the new manager of whoever has another one, or none any longer."""
    managers: dict[str, str | None] = {entry_id: None for entry_id, name, _ in lost if name == "manager"}
    managers |= {entry_id: target_id for entry_id, name, target_id in won if name == "manager"}
    for part in parts(sorted(managers)):
        query = sa.select(entry.c.id, entry.c.manager_id).where(entry.c.id.in_(part))
        rows = (await connection.execute(query)).all()
        other = [{"of": row.id, "to": managers[row.id]} for row in rows if row.manager_id != managers[row.id]]
        if other:
            values = {"manager_id": sa.bindparam("to"), "change_no": change_no}
            await connection.execute(sa.update(entry).where(entry.c.id == sa.bindparam("of")).values(values), other)
