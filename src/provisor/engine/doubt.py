"""Accounts that an earlier cycle may have made, and that nobody owned up to: found, they are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisor.connector import Target
from provisor.domain.error import EntryError
from provisor.domain.resource import Account
from provisor.flow.push import find_all
from provisor.ledger import Candidate, Ledger


async def settled(
    page: Sequence[Candidate], ledger: Ledger, target: Target
) -> tuple[Sequence[Candidate], Mapping[str, EntryError]]:
    """The same page, with a link wherever the lost account turns up, so that a leaver's is disabled, too.

    Whose look-up is refused stays in doubt: by entry id, why.
    """
    lost = {candidate.entry.id: candidate.lost for candidate in page if candidate.lost is not None}
    known = await find_all(target, lost.values()) if len(lost) > 1 else {}
    found: dict[str, Account | None] = {}
    refused: dict[str, EntryError] = {}
    for entry_id, claim in lost.items():
        try:
            accounts = known[str(claim)] if str(claim) in known else await target.find(claim.attribute, claim.value)
        except EntryError as error:
            refused[entry_id] = error
            continue
        ours = len(accounts) == 1 and not await ledger.holders([accounts[0].id])
        found[entry_id] = accounts[0] if ours else None
    if not found:
        return page, refused
    links = await ledger.settle(found)
    return [replace(one, link=links.get(one.entry.id, one.link)) for one in page], refused
