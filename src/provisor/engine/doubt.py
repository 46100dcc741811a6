"""Accounts that an earlier cycle may have made, and that nobody owned up to: found, they are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from provisor.connector import Target
from provisor.domain.error import EntryError
from provisor.domain.job import LAG
from provisor.domain.resource import Account
from provisor.flow.in_scope import InScope, Rules, in_scope
from provisor.flow.push import find_all
from provisor.ledger import Candidate, Ledger


async def settled(
    page: Sequence[Candidate], ledger: Ledger, target: Target, rules: Rules, now: datetime
) -> tuple[Sequence[Candidate], Mapping[str, EntryError]]:
    """The same page, with a link wherever the lost account turns up, so that a leaver's is disabled, too.

    Whose look-up is refused stays in doubt: by entry id, why. So does a leaver whose account may only be late.
    """
    lost = {candidate.entry.id: candidate for candidate in page if candidate.lost is not None}
    claims = {entry_id: candidate.lost.claim for entry_id, candidate in lost.items() if candidate.lost}
    known = await find_all(target, claims.values()) if len(claims) > 1 else {}
    found: dict[str, Account | None] = {}
    refused: dict[str, EntryError] = {}
    for entry_id, claim in claims.items():
        one = lost[entry_id]
        leaver = not isinstance(in_scope(one.entry, one.roles, rules, one.memberships), InScope)
        accounts = known.get(str(claim))
        try:
            if accounts is None or (leaver and not accounts and target.capabilities.filter):
                accounts = await target.find(claim.attribute, claim.value)
        except EntryError as error:
            refused[entry_id] = error
            continue
        ours = len(accounts) == 1 and not await ledger.holders([accounts[0].id])
        if ours or not leaver or not _late(lost[entry_id], now):
            found[entry_id] = accounts[0] if ours else None
    if not found:
        return page, refused
    links = await ledger.settle(found)
    return [replace(one, link=links.get(one.entry.id, one.link)) for one in page], refused


def _late(candidate: Candidate, now: datetime) -> bool:
    """May the account still turn up?"""
    return candidate.lost is not None and now - candidate.lost.since < LAG
