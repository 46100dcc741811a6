"""Which account is whose: an account has one holder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from provisor.domain.resource import Link
from provisor.ledger import Holder
from provisor.store.database import Connection
from provisor.store.directories import spoken_name
from provisor.store.document import encode
from provisor.store.tables import entry, link


async def holders_of(connection: Connection, job_id: str, target_ids: Sequence[str]) -> Mapping[str, Holder]:
    """Which entry each of these accounts is linked to; one that is deleted for good holds none any more."""
    if not target_ids:
        return {}
    query = (
        sa.select(link.c.target_id, link.c.entry_id, entry.c.login)
        .join(entry, entry.c.id == link.c.entry_id)
        .where(link.c.job_id == job_id, link.c.target_id.in_(target_ids), ~entry.c.purged)
    )
    rows = (await connection.execute(query)).all()
    return {row.target_id: Holder(row.entry_id, spoken_name(row.entry_id, row.login)) for row in rows}


async def release_purged(connection: Connection, job_id: str, target_ids: Sequence[str]) -> frozenset[str]:
    """Somebody else takes these accounts over: give back which of them an entry held that is deleted for good."""
    if not target_ids:
        return frozenset()
    gone = sa.exists().where(entry.c.id == link.c.entry_id, entry.c.purged)
    left = sa.delete(link).where(link.c.job_id == job_id, link.c.target_id.in_(target_ids), gone)
    rows = (await connection.execute(left.returning(link.c.target_id))).all()
    return frozenset(str(row.target_id) for row in rows)


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
