"""Which account is whose: an account has one holder."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from provisor.domain.resource import Link
from provisor.ledger import Holder
from provisor.store.database import Connection
from provisor.store.directories import spoken_name
from provisor.store.document import decode, encode
from provisor.store.tables import entry, link

LINK = (
    *(link.c.entry_id.label("link_of"), link.c.target_id.label("linked_id"), link.c.sent, link.c.seen),
    *(link.c.believed_active, link.c.grants, link.c.since, link.c.version.label("link_now")),
)
"""The columns that `link_from` takes, in this order."""


def link_from(columns: Sequence[Any]) -> Link:
    entry_id, target_id, sent, seen, believed_active, grants, since, version = columns
    held = decode(seen) if seen else None
    return Link(entry_id, target_id, decode(sent), held, believed_active, decode(grants), since, version)


GONE = entry.c.purged | entry.c.deleted_at.is_not(None)
"""A deleted entry, in the recycle bin or not, keeps its link, and nobody else from the account."""


async def holders_of(connection: Connection, job_id: str, target_ids: Sequence[str]) -> Mapping[str, Holder]:
    """Which entry each of these accounts is linked to; one that is deleted holds none any more."""
    if not target_ids:
        return {}
    query = (
        sa.select(link.c.target_id, link.c.entry_id, entry.c.login)
        .join(entry, entry.c.id == link.c.entry_id)
        .where(link.c.job_id == job_id, link.c.target_id.in_(target_ids), ~GONE)
    )
    return _holders((await connection.execute(query)).all())


async def release_deleted(
    connection: Connection, job_id: str, target_ids: Sequence[str]
) -> tuple[Mapping[str, Holder], Collection[str]]:
    """Somebody takes these accounts over: who holds which, and those that a now forgotten link gave to nobody alive.

    An entry that is deleted holds no account any more.
    """
    if not target_ids:
        return {}, ()
    query = (
        sa.select(link.c.target_id, link.c.entry_id, entry.c.login, GONE.label("gone"))
        .join(entry, entry.c.id == link.c.entry_id)
        .where(link.c.job_id == job_id, link.c.target_id.in_(target_ids))
    )
    rows = (await connection.execute(query)).all()
    gone = [row for row in rows if row.gone]
    await unlink(connection, job_id, [row.entry_id for row in gone])
    return _holders(row for row in rows if not row.gone), [str(row.target_id) for row in gone]


def _holders(rows: Iterable[sa.Row[Any]]) -> Mapping[str, Holder]:
    return {row.target_id: Holder(row.entry_id, spoken_name(row.entry_id, row.login)) for row in rows}


async def keep_links(connection: Connection, job_id: str, links: Sequence[Link]) -> None:
    """Add links, or replace those of the same entry."""
    rows = [
        {
            "job_id": job_id,
            "entry_id": one.entry_id,
            "target_id": one.target_id,
            "sent": encode(one.sent),
            "seen": encode(one.seen) if one.seen is not None else None,
            "believed_active": one.believed_active,
            "grants": encode(one.grants),
            "since": one.since,
            "version": one.version,
        }
        for one in links
    ]
    if rows:
        insert = connection.upsert(link)
        changed = {name: insert.excluded[name] for name in rows[0] if name not in ("job_id", "entry_id")}
        await connection.write(insert.on_conflict_do_update(index_elements=["job_id", "entry_id"], set_=changed), rows)


async def unlink(connection: Connection, job_id: str, entry_ids: Sequence[str]) -> None:
    if entry_ids:
        await connection.execute(sa.delete(link).where(link.c.job_id == job_id, link.c.entry_id.in_(entry_ids)))


async def believe_active(connection: Connection, job_id: str, entry_ids: Sequence[str]) -> None:
    """Their accounts are about to be changed: until an answer says otherwise, each may be active."""
    if entry_ids:
        theirs = (link.c.job_id == job_id) & link.c.entry_id.in_(entry_ids)
        await connection.execute(sa.update(link).where(theirs).values(believed_active=True))


async def forget_sent(connection: Connection, job_id: str) -> None:
    """Whose account is whose stays known; what it was last sent does not, so that all of it is compared anew."""
    values = {"sent": encode({}), "seen": None, "version": link.c.version + 1}
    await connection.execute(sa.update(link).where(link.c.job_id == job_id).values(values))


async def count_links(connection: Connection, job_id: str) -> int:
    """How many accounts are ours, active or not."""
    query = sa.select(sa.func.count()).where(link.c.job_id == job_id)
    return int((await connection.execute(query)).scalar_one())
