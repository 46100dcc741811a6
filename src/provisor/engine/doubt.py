"""Accounts that an earlier cycle may have made, and that nobody owned up to: found, they are ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from provisor.connector import Target
from provisor.flow.record import taken_up
from provisor.ledger import Candidate, Ledger


async def settled(page: Sequence[Candidate], ledger: Ledger, target: Target, now: datetime) -> Sequence[Candidate]:
    """The same page, with a link wherever the lost account turns up, so that a leaver's is disabled, too."""
    doubtful = [candidate for candidate in page if candidate.lost is not None]
    if not doubtful:
        return page
    links = {}
    for candidate in doubtful:
        assert candidate.lost is not None, "they were chosen by it"
        found = await target.find(candidate.lost.attribute, candidate.lost.value)
        if len(found) == 1 and not await ledger.holders([found[0].id]):
            links[candidate.entry.id] = taken_up(candidate.entry.id, found[0], now)
    await ledger.take_up(list(links.values()), [candidate.entry.id for candidate in doubtful])
    return [replace(one, link=links.get(one.entry.id, one.link), lost=None) for one in page]
