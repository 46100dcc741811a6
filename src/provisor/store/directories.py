"""The embedded directory: entries, memberships, and who is to be looked at again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from provisor.domain.resource import Attributes, Entry, ResourceType
from provisor.ledger import Claim
from provisor.store.database import Connection
from provisor.store.document import decode, encode
from provisor.store.tables import (
    SENDING,
    assignment,
    cycle,
    directory,
    entry,
    escrow,
    link,
    membership,
    plan_line,
    reference,
    standing,
)

MANY = 500  # ids in one statement
MANY_ROWS = 5000  # written at once
IN_RECYCLE_BIN = timedelta(days=30)
LOCAL = {"id", "created_at", "blocked"}  # what an import of a known entry leaves alone


@dataclass(frozen=True, slots=True)
class Known:
    """What an import compares with: an entry as its source brought it."""

    id: str
    anchor: str
    reference_key: str
    type: ResourceType
    hash: str
    deleted_by: str | None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as it is to be written."""

    id: str
    type: ResourceType
    source: str
    anchor: str
    reference_key: str
    alias: str | None
    attributes: Attributes
    hash: str


def parts(items: Sequence[Any], size: int = MANY) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


ENTRY = tuple(
    entry.c[name]
    for name in ("id", "type", "attributes", "manager_id", "blocked", "change_no", "deleted_at", "purged", "source")
)
"""The columns that `entry_from` takes, in this order: a page of many entries asks for no more."""


def entry_from(row: Sequence[Any]) -> Entry:
    """From a row that begins with ENTRY."""
    entry_id, type_, text, manager_id, blocked, change_no, deleted_at, purged, source = row[: len(ENTRY)]
    attributes = decode(text)
    if manager_id:
        attributes["manager"] = manager_id
    if blocked:
        attributes["accountEnabled"] = False
    return Entry(entry_id, type_, attributes, change_no, deleted_at, purged, source)


def spoken_name(entry_id: str, login: str | None) -> str:
    """How a message names an entry: nobody knows people by an id alone, and only the id is nobody else's."""
    return f"{login} ({entry_id})" if login else entry_id


# ---- directories and their counter ----------------------------------------------------------------------------


async def find_directory(connection: Connection, name: str) -> str | None:
    found: str | None = (await connection.execute(sa.select(directory.c.id).where(directory.c.name == name))).scalar()
    return found


async def ensure_directory(connection: Connection, name: str) -> str:
    found = await find_directory(connection, name)
    if found is None:
        found = str(uuid.uuid4())
        await connection.execute(sa.insert(directory).values(id=found, name=name, change_no=0))
    return found


async def next_change_no(connection: Connection, directory_id: str) -> int:
    """A number that nobody else has; the row stays locked, so numbers commit in their order."""
    raised = (
        sa.update(directory)
        .where(directory.c.id == directory_id)
        .values(change_no=directory.c.change_no + 1)
        .returning(directory.c.change_no)
    )
    return int((await connection.execute(raised)).scalar_one())


async def high_change_no(connection: Connection, directory_id: str) -> int:
    found = await connection.execute(sa.select(directory.c.change_no).where(directory.c.id == directory_id))
    return int(found.scalar_one())


async def touch(connection: Connection, directory_id: str, concerned: sa.Select[Any]) -> int:
    """Give a new change number to the selected entries; returns how many."""
    change_no = await next_change_no(connection, directory_id)
    statement = sa.update(entry).where(entry.c.id.in_(concerned)).values(change_no=change_no)
    return (await connection.execute(statement)).rowcount


def principal_and_members(principal_id: str) -> sa.Select[Any]:
    """The ids whom an assignment of this principal concerns: itself, and its direct members."""
    members = sa.select(membership.c.member_id).where(membership.c.group_id == principal_id)
    return sa.select(entry.c.id).where((entry.c.id == principal_id) | entry.c.id.in_(members))


# ---- reading --------------------------------------------------------------------------------------------------


async def find_entries(
    connection: Connection, directory_id: str, resource_type: ResourceType, word: str
) -> Sequence[Entry]:
    """Entries by id, login name (userPrincipalName), or display name; the first of these that finds any rules."""
    folded = word.casefold()
    known = (entry.c.directory_id == directory_id) & (entry.c.type == resource_type) & ~entry.c.purged
    for condition in (entry.c.id == word.lower(), entry.c.login == folded, entry.c.name == folded):
        rows = (await connection.execute(sa.select(*ENTRY).where(known, condition).order_by(entry.c.id))).all()
        if rows:
            return [entry_from(row) for row in rows]
    return []


async def list_entries(
    connection: Connection,
    directory_id: str,
    resource_type: ResourceType,
    *,
    search: str = "",
    deleted: bool = False,
    after: tuple[str, str] | None = None,
    limit: int = 100,
) -> Sequence[Entry]:
    """A page of entries by name. `after`: name and id of the last one seen."""
    query = sa.select(*ENTRY).where(
        entry.c.directory_id == directory_id, entry.c.type == resource_type, ~entry.c.purged
    )
    query = query.where(entry.c.deleted_at.is_not(None) if deleted else entry.c.deleted_at.is_(None))
    if search:
        query = query.where(entry.c.name.contains(search.casefold(), autoescape=True) | _login_has(search))
    if after is not None:
        query = query.where(sa.tuple_(entry.c.name, entry.c.id) > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])))
    rows = (await connection.execute(query.order_by(entry.c.name, entry.c.id).limit(limit))).all()
    return [entry_from(row) for row in rows]


def _login_has(search: str) -> sa.ColumnElement[bool]:
    return entry.c.login.contains(search.casefold(), autoescape=True)


async def count_entries(connection: Connection, directory_id: str) -> Mapping[str, int]:
    query = (
        sa.select(entry.c.type, sa.func.count().label("entries"))
        .where(entry.c.directory_id == directory_id, entry.c.deleted_at.is_(None), ~entry.c.purged)
        .group_by(entry.c.type)
    )
    return {str(row.type): int(row.entries) for row in (await connection.execute(query)).all()}


async def groups_of(connection: Connection, entry_id: str) -> Sequence[Entry]:
    query = sa.select(*ENTRY).join(membership, membership.c.group_id == entry.c.id)
    rows = await connection.execute(query.where(membership.c.member_id == entry_id).order_by(entry.c.name))
    return [entry_from(row) for row in rows.all()]


async def group_names(connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What the groups of these entries are called, those in the recycle bin aside."""
    found: dict[str, list[str]] = {}
    query = sa.select(membership.c.member_id, entry.c.attributes).join(entry, membership.c.group_id == entry.c.id)
    query = query.where(entry.c.deleted_at.is_(None)).order_by(entry.c.name)
    for part in parts(ids):
        for row in (await connection.execute(query.where(membership.c.member_id.in_(part)))).all():
            found.setdefault(row.member_id, []).append(str(decode(row.attributes).get("displayName")))
    return found


async def members_of(connection: Connection, group_id: str, limit: int = 1000) -> Sequence[Entry]:
    query = sa.select(*ENTRY).join(membership, membership.c.member_id == entry.c.id)
    rows = await connection.execute(query.where(membership.c.group_id == group_id).order_by(entry.c.name).limit(limit))
    return [entry_from(row) for row in rows.all()]


# ---- writing --------------------------------------------------------------------------------------------------


async def write_entries(
    connection: Connection, directory_id: str, entries: Sequence[NewEntry], change_no: int, now: datetime
) -> None:
    """Add entries, or replace those of the same id."""
    rows = [_row(directory_id, new, change_no, now) for new in entries]
    insert = connection.upsert(entry)
    replaced = {name: insert.excluded[name] for name in rows[0] if name not in LOCAL} if rows else {}
    for part in parts(rows, MANY_ROWS):
        await connection.write(insert.on_conflict_do_update(index_elements=["id"], set_=replaced), part)


def _row(directory_id: str, new: NewEntry, change_no: int, now: datetime) -> dict[str, Any]:
    login = new.attributes.get("userPrincipalName")
    return {
        "id": new.id,
        "directory_id": directory_id,
        "type": new.type,
        "source": new.source,
        "anchor": new.anchor,
        "reference_key": new.reference_key,
        "alias": new.alias,
        "name": str(new.attributes.get("displayName") or login or new.id).casefold(),
        "login": str(login).casefold() if login else None,
        "attributes": encode(new.attributes),
        "hash": new.hash,
        "blocked": False,
        "deleted_at": None,
        "expires_at": None,
        "deleted_by": None,
        "purged": False,
        "change_no": change_no,
        "created_at": now,
        "changed_at": now,
    }


async def block(connection: Connection, entry_id: str, change_no: int, *, blocked: bool) -> None:
    """Disable an entry here, whatever its source says, or end that."""
    values = {"blocked": blocked, "change_no": change_no}
    await connection.execute(sa.update(entry).where(entry.c.id == entry_id).values(values))


async def touch_members(connection: Connection, group_ids: Sequence[str], change_no: int) -> None:
    """Have the direct members of these groups looked at again."""
    for part in parts(group_ids):
        members = sa.select(membership.c.member_id).where(membership.c.group_id.in_(part))
        await connection.execute(sa.update(entry).where(entry.c.id.in_(members)).values(change_no=change_no))


async def recycle(connection: Connection, ids: Sequence[str], change_no: int, at: datetime, by: str) -> None:
    """Into the recycle bin."""
    for part in parts(ids):
        values = {"deleted_at": at, "expires_at": at + IN_RECYCLE_BIN, "deleted_by": by, "change_no": change_no}
        await connection.execute(sa.update(entry).where(entry.c.id.in_(part)).values(values))


async def restore(connection: Connection, ids: Sequence[str], change_no: int) -> None:
    """Out of the recycle bin."""
    for part in parts(ids):
        values = {"deleted_at": None, "expires_at": None, "deleted_by": None, "change_no": change_no}
        await connection.execute(sa.update(entry).where(entry.c.id.in_(part)).values(values))


async def purge(connection: Connection, ids: Sequence[str], change_no: int) -> None:
    """Delete for good. The bare id and name stay until no app holds an account for it, so that this is taken away."""
    for part in parts(ids):
        shared = sa.select(escrow.c.cause).where(escrow.c.entry_id.in_(part), escrow.c.cause.is_not(None))
        held = (await connection.execute(sa.select(link.c.sent).where(link.c.entry_id.in_(part)))).all()
        freed = sorted(
            {str(Claim(*one)) for row in held for one in decode(row.sent).items() if isinstance(one[1], str)}
        )
        for waiting in (escrow.c.cause.in_(shared), *(escrow.c.cause.in_(causes) for causes in parts(freed))):
            await connection.execute(sa.update(escrow).where(waiting).values(next_attempt=None))
        for table, column in (
            (membership, membership.c.group_id),
            (membership, membership.c.member_id),
            (reference, reference.c.entry_id),
            (assignment, assignment.c.principal_id),
            (escrow, escrow.c.entry_id),
            (standing, standing.c.entry_id),
        ):
            await connection.execute(sa.delete(table).where(column.in_(part)))
        await _strip(connection, part)
        values = {"purged": True, "change_no": change_no, "hash": "", "login": None, "name": ""}
        values |= {"alias": None, "manager_id": None, "anchor": entry.c.id, "reference_key": entry.c.id}
        await connection.execute(sa.update(entry).where(entry.c.id.in_(part)).values(values))
        meant = reference.c.target_id.in_(part)
        reports = sa.select(reference.c.entry_id).where(meant, reference.c.attribute == "manager")
        alone = {"manager_id": None, "change_no": change_no}
        await connection.execute(sa.update(entry).where(entry.c.id.in_(reports)).values(alone))
        await connection.execute(sa.update(reference).where(meant).values(target_id=None))  # they wait again


async def _strip(connection: Connection, ids: Sequence[str]) -> None:
    """Leave what a log row names somebody by, and nothing else."""
    rows = (await connection.execute(sa.select(entry.c.id, entry.c.attributes).where(entry.c.id.in_(ids)))).all()
    left = [{"of": row.id, "to": encode(_names(decode(row.attributes)))} for row in rows]
    if left:
        stripped = sa.update(entry).where(entry.c.id == sa.bindparam("of")).values(attributes=sa.bindparam("to"))
        await connection.execute(stripped, left)


def _names(attributes: Attributes) -> Attributes:
    return {name: attributes[name] for name in ("displayName", "userPrincipalName") if name in attributes}


async def sweep(connection: Connection) -> None:
    """Forget the bare ids of people whose accounts are all taken away."""
    settled = sa.select(entry.c.id).where(entry.c.purged)
    inactive = sa.delete(link).where(link.c.entry_id.in_(settled), ~link.c.believed_active)
    await connection.execute(inactive)
    running = sa.select(cycle.c.id).where(cycle.c.state.in_(("planning", "planned", "pushing")))
    pending = sa.select(plan_line.c.entry_id).where(SENDING | plan_line.c.cycle_id.in_(running))
    for table in (link, escrow, standing):
        settled = settled.where(entry.c.id.not_in(sa.select(table.c.entry_id)))
    ids = [row.id for row in (await connection.execute(settled.where(entry.c.id.not_in(pending)))).all()]
    for part in parts(ids):
        await connection.execute(sa.delete(entry).where(entry.c.id.in_(part)))


async def keep_deleted(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Their source still has them: were they forgotten here, the next import would bring them back as new people."""
    for part in parts(ids):
        values = {"expires_at": now + IN_RECYCLE_BIN}
        await connection.execute(sa.update(entry).where(entry.c.id.in_(part)).values(values))


async def purge_expired(connection: Connection, now: datetime) -> int:
    """Delete for good whatever has been in the recycle bin long enough."""
    query = sa.select(entry.c.id, entry.c.directory_id).where(entry.c.expires_at < now, ~entry.c.purged)
    rows = (await connection.execute(query)).all()
    for directory_id in sorted({row.directory_id for row in rows}):
        change_no = await next_change_no(connection, directory_id)
        await purge(connection, [row.id for row in rows if row.directory_id == directory_id], change_no)
    return len(rows)
