"""What an import compares with and writes: the entries of one source, and the references between entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from provisor.store.database import Connection
from provisor.store.directories import Known, parts
from provisor.store.tables import entry, membership, waiting_reference


async def known_entries(connection: Connection, directory_id: str, source: str) -> Mapping[str, Known]:
    """All that this source has brought, by anchor."""
    query = sa.select(entry.c.id, entry.c.anchor, entry.c.reference_key, entry.c.hash, entry.c.deleted_by).where(
        entry.c.directory_id == directory_id, entry.c.source == source, ~entry.c.purged
    )
    rows = (await connection.execute(query)).all()
    return {str(row.anchor): Known(row.id, row.anchor, row.reference_key, row.hash, row.deleted_by) for row in rows}


async def resolve(connection: Connection, directory_id: str, source: str, keys: Sequence[str]) -> Mapping[str, str]:
    """Entry ids by reference key, whichever source brought them, and by alias within the source."""
    found: dict[str, str] = {}
    there = (entry.c.directory_id == directory_id) & ~entry.c.purged
    for part in parts(keys):
        by_alias = sa.select(entry.c.alias.label("key"), entry.c.id).where(there, entry.c.alias.in_(part))
        by_key = sa.select(entry.c.reference_key.label("key"), entry.c.id).where(there, entry.c.reference_key.in_(part))
        for query in (by_alias.where(entry.c.source == source), by_key):
            found.update((str(row.key), str(row.id)) for row in (await connection.execute(query)).all())
    return found


async def sources_of(connection: Connection, directory_id: str, keys: Sequence[str]) -> Mapping[str, int]:
    """How many of these reference keys each source has brought already."""
    found: Counter[str] = Counter()
    for part in parts(keys):
        there = (entry.c.directory_id == directory_id) & entry.c.reference_key.in_(part) & ~entry.c.purged
        query = sa.select(entry.c.source, sa.func.count().label("entries")).where(there).group_by(entry.c.source)
        found.update({str(row.source): int(row.entries) for row in (await connection.execute(query)).all()})
    return found


async def members(connection: Connection, group_id: str) -> set[str]:
    query = sa.select(membership.c.member_id).where(membership.c.group_id == group_id)
    return {str(row.member_id) for row in (await connection.execute(query)).all()}


async def change_members(
    connection: Connection, group_id: str, added: Sequence[str], removed: Sequence[str], change_no: int
) -> None:
    """Members in and out, and all of them to be looked at again."""
    if added:
        await connection.execute(
            sa.insert(membership), [{"group_id": group_id, "member_id": member} for member in added]
        )
    for part in parts(removed):
        gone = sa.delete(membership).where(membership.c.group_id == group_id, membership.c.member_id.in_(part))
        await connection.execute(gone)
    for part in parts([*added, *removed]):
        await connection.execute(sa.update(entry).where(entry.c.id.in_(part)).values(change_no=change_no))


async def wait_for(connection: Connection, waiting: Sequence[tuple[str, str, str]], forget: Sequence[str]) -> None:
    """Replace what these entries wait for. `waiting`: entry id, attribute, reference key."""
    for part in parts(forget):
        await connection.execute(sa.delete(waiting_reference).where(waiting_reference.c.entry_id.in_(part)))
    if waiting:
        rows = [{"entry_id": one, "attribute": attribute, "reference_key": key} for one, attribute, key in waiting]
        await connection.execute(sa.insert(waiting_reference), rows)


async def take_arrived(connection: Connection, directory_id: str) -> Sequence[tuple[str, str, str]]:
    """References whose target is there by now, which nobody waits for any longer: entry id, attribute, target's id."""
    waited = waiting_reference.c
    query = sa.select(waited.entry_id, waited.attribute, waited.reference_key, entry.c.id.label("target_id")).join(
        entry, (entry.c.reference_key == waited.reference_key) & (entry.c.directory_id == directory_id)
    )
    rows = (await connection.execute(query.where(~entry.c.purged))).all()
    for row in rows:
        same = (waited.entry_id == row.entry_id) & (waited.attribute == row.attribute)
        gone = sa.delete(waiting_reference).where(same, waited.reference_key == row.reference_key)
        await connection.execute(gone)
    return [(str(row.entry_id), str(row.attribute), str(row.target_id)) for row in rows]


async def count_waiting(connection: Connection, source: str) -> int:
    query = sa.select(sa.func.count()).select_from(waiting_reference)
    query = query.join(entry, entry.c.id == waiting_reference.c.entry_id).where(entry.c.source == source)
    return int((await connection.execute(query)).scalar_one())


async def set_managers(connection: Connection, managers: Mapping[str, str | None]) -> None:
    """Who reports to whom; None: to nobody whom we know."""
    rows = [{"one": entry_id, "boss": manager_id} for entry_id, manager_id in managers.items()]
    if rows:
        statement = sa.update(entry).where(entry.c.id == sa.bindparam("one")).values(manager_id=sa.bindparam("boss"))
        await connection.execute(statement, rows)
