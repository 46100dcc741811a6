"""Accounts that an earlier cycle may have made, and that nobody owned up to: found, they are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from provisor.connector import Target
from provisor.domain.error import EntryError
from provisor.domain.resource import Account
from provisor.ledger import Candidate, Ledger


async def settled(
    page: Sequence[Candidate], ledger: Ledger, target: Target
) -> tuple[Sequence[Candidate], Mapping[str, EntryError]]:
    """The same page, with a link wherever the lost account turns up, so that a leaver's is disabled, too.

    Whose look-up is refused stays in doubt: by entry id, why.
    """
    found: dict[str, Account | None] = {}
    refused: dict[str, EntryError] = {}
    for candidate in page:
        if candidate.lost is None:
            continue
        try:
            accounts = await target.find(candidate.lost.attribute, candidate.lost.value)
        except EntryError as error:
            refused[candidate.entry.id] = error
            continue
        ours = len(accounts) == 1 and not await ledger.holders([accounts[0].id])
        found[candidate.entry.id] = accounts[0] if ours else None
    if not found:
        return page, refused
    links = await ledger.settle(found)
    return [replace(one, link=links.get(one.entry.id, one.link)) for one in page], refused
