"""1 import: read what changed since the watermark."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from provisor.ledger import Candidate, Ledger


async def fetch(ledger: Ledger) -> AsyncIterator[Sequence[Candidate]]:
    """The entries of this cycle, page by page; between pages everybody else has their turn."""
    async for page in ledger.candidates():
        yield page
        await asyncio.sleep(0)
