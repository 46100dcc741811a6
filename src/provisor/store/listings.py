"""The accounts that a cycle read in a listing of the target: kept while it runs, so that nothing is asked for twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from provisor.domain.resource import Account
from provisor.store.claims import is_key, key_of
from provisor.store.database import Connection
from provisor.store.document import decode_as, encode
from provisor.store.tables import listed_account


async def keep_listed(connection: Connection, cycle_id: str, accounts: Mapping[str, Sequence[Account]]) -> None:
    """`accounts`: by the claim they answer to."""
    rows = [
        {"cycle_id": cycle_id, "claim": key_of(claim), "target_id": account.id, "account": encode(account)}
        for claim, found in accounts.items()
        for account in found
        if is_key(account.id)
    ]
    if rows:
        await connection.write(connection.upsert(listed_account).on_conflict_do_nothing(), rows)


async def listed_by(connection: Connection, cycle_id: str, claims: Sequence[str]) -> Mapping[str, Sequence[Account]]:
    """The accounts that answer to each of these claims."""
    named = {key_of(claim): claim for claim in claims}
    query = sa.select(listed_account).where(
        listed_account.c.cycle_id == cycle_id, listed_account.c.claim.in_(list(named))
    )
    found: dict[str, list[Account]] = defaultdict(list)
    for row in (await connection.execute(query)).all():
        found[named[row.claim]].append(decode_as(row.account, Account))
    return found


async def listed_among(connection: Connection, cycle_id: str, target_ids: Sequence[str]) -> Collection[str]:
    """Which of these accounts the listing showed."""
    seen = sa.select(listed_account.c.target_id).where(
        listed_account.c.cycle_id == cycle_id, listed_account.c.target_id.in_(target_ids)
    )
    return set((await connection.execute(seen)).scalars())


async def forget_listed(connection: Connection, cycle_id: str) -> None:
    await connection.execute(sa.delete(listed_account).where(listed_account.c.cycle_id == cycle_id))
