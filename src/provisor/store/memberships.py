"""The groups that people are directly in, by id and name, as a scoping filter asks for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from provisor.domain.resource import Membership
from provisor.store.database import Connection
from provisor.store.directories import parts
from provisor.store.document import decode
from provisor.store.tables import entry, membership


class Memberships:
    """For one cycle: what a group is called is read once. Whoever is in a group that is renamed is touched then."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    async def of(self, connection: Connection, ids: Sequence[str]) -> Mapping[str, Sequence[Membership]]:
        """The direct groups of a page of entries, those in the recycle bin aside."""
        query = (
            sa.select(membership.c.member_id, membership.c.group_id)
            .join(entry, entry.c.id == membership.c.group_id)
            .where(membership.c.member_id.in_(ids), entry.c.deleted_at.is_(None), ~entry.c.purged)
        )
        rows = (await connection.execute(query)).all()
        unknown = sorted({row.group_id for row in rows} - self._names.keys())
        self._names.update(await display_names(connection, unknown))
        found: dict[str, list[Membership]] = defaultdict(list)
        for row in rows:
            found[row.member_id].append(Membership(row.group_id, self._names[row.group_id]))
        return found


async def display_names(connection: Connection, ids: Sequence[str]) -> Mapping[str, str]:
    """What these entries are called, by id."""
    found: dict[str, str] = {}
    for part in parts(ids):
        rows = await connection.execute(sa.select(entry.c.id, entry.c.attributes).where(entry.c.id.in_(part)))
        found |= {str(row.id): str(decode(row.attributes).get("displayName") or "") for row in rows.all()}
    return found
