"""Lines of one plan that cannot all be carried out: they claim one matching value, or one account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from provisor.domain.change import Reason, Skip
from provisor.flow.push import NOT_PUSHED
from provisor.store.database import Connection
from provisor.store.directories import spoken_name
from provisor.store.document import encode
from provisor.store.tables import entry, plan_line


async def dispute_claims(connection: Connection, cycle_id: str) -> None:
    """They become an error of all of them."""
    mine = plan_line.c.cycle_id == cycle_id
    for column in (plan_line.c.claim, plan_line.c.target_id):
        several = (
            sa.select(column)
            .where(mine, column.is_not(None), plan_line.c.action.in_(("Create", "Adopt", "Update")))
            .group_by(column)
            .having(sa.func.count() > 1)
        )
        rows = await connection.execute(
            sa.select(plan_line.c.seq, column.label("shared"), entry.c.login, entry.c.id)
            .join(entry, entry.c.id == plan_line.c.entry_id)
            .where(mine, column.in_(several))
        )
        await _dispute(connection, cycle_id, rows.all())


async def spare_adopted(connection: Connection, cycle_id: str) -> None:
    """An account that one line takes over is not taken away by another: who left is back."""
    adopt, mine = plan_line.alias(), plan_line.c.cycle_id == cycle_id
    query = (
        sa.select(plan_line.c.seq, adopt.c.login, adopt.c.entry_id)
        .join(adopt, (adopt.c.cycle_id == plan_line.c.cycle_id) & (adopt.c.target_id == plan_line.c.target_id))
        .where(mine, plan_line.c.action.in_(("Disable", "Delete")), adopt.c.action == "Adopt")
    )
    for row in (await connection.execute(query)).all():
        values = {
            "action": "Skip",
            "rank": NOT_PUSHED,
            "reason": encode(Reason("AccountPassedOn", {"entry": spoken_name(row.entry_id, row.login)})),
            "differences": encode(Skip("skipped", "matching")),
            "target_id": None,
            "destructive": False,
        }
        line = (plan_line.c.cycle_id == cycle_id) & (plan_line.c.seq == row.seq)
        await connection.execute(sa.update(plan_line).where(line).values(values))


async def _dispute(connection: Connection, cycle_id: str, rows: Sequence[sa.Row[Any]]) -> None:
    claimants: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        claimants[row.shared].append(spoken_name(row.id, row.login))
    for row in rows:
        named = {"value": row.shared, "entries": ", ".join(sorted(claimants[row.shared]))}
        values = {
            "action": "Skip",
            "rank": NOT_PUSHED,
            "reason": encode(Reason("DuplicateSourceEntries", named)),
            "differences": encode(Skip("disputed", "matching")),
            "target_id": None,
            "destructive": False,
        }
        line = (plan_line.c.cycle_id == cycle_id) & (plan_line.c.seq == row.seq)
        await connection.execute(sa.update(plan_line).where(line).values(values))
