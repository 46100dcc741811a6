"""Which attributes a directory's entries really hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from provisor.domain.resource import ResourceType, Value
from provisor.domain.schema import AttributeType
from provisor.store.database import Connection
from provisor.store.document import decode
from provisor.store.tables import directory, entry

PAGE = 2000


@dataclass(slots=True)
class Held:
    """An attribute as entries hold it, and how many do."""

    name: str
    type: AttributeType
    multivalued: bool = False
    entries: int = 0

    def meet(self, value: Value) -> None:
        """One more entry holds it. A value of another type than those before makes it text."""
        self.entries += 1
        self.multivalued |= isinstance(value, list)
        if self.type != _type(value):
            self.type = "String"


def _type(value: Value) -> AttributeType:
    return "Boolean" if isinstance(value, bool) else "Integer" if isinstance(value, int) else "String"


async def held_attributes(connection: Connection, directory_id: str, type_: ResourceType) -> Sequence[Held]:
    """By name; entries in the recycle bin are left out. Reads every entry once."""
    theirs = (entry.c.directory_id == directory_id) & (entry.c.type == type_)
    query = sa.select(entry.c.id, entry.c.attributes, entry.c.manager_id).where(theirs, entry.c.deleted_at.is_(None))
    query = query.where(~entry.c.purged).order_by(entry.c.id).limit(PAGE)
    found: dict[str, Held] = {}
    last = ""
    while rows := (await connection.execute(query.where(entry.c.id > last))).all():
        for row in rows:
            held = decode(row.attributes) | ({"manager": row.manager_id} if row.manager_id else {})
            for name, value in held.items():
                found.setdefault(name, Held(name, _type(value))).meet(value)
        last = rows[-1].id
    return [found[name] for name in sorted(found)]


async def directory_name(connection: Connection, directory_id: str) -> str:
    found = await connection.execute(sa.select(directory.c.name).where(directory.c.id == directory_id))
    return str(found.scalar_one())
