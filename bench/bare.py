"""The same bodies at the same concurrency by nothing but aiohttp: what everything else is measured against.

python -m bench.bare ADDRESS CONCURRENCY < BODIES (a JSON list)
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import msgspec

HEADERS = {
    "Authorization": "Bearer bench-token",
    "Content-Type": "application/scim+json",
    "Accept": "application/scim+json",
}


async def post(address: str, concurrency: int, bodies: list[bytes]) -> dict[str, Any]:
    left = iter(bodies)

    async def work(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.post(f"{address}/Users", data=body) as answer:
                await answer.read()
                assert answer.status == 201, answer.status

    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        began, busy = time.perf_counter(), time.process_time()
        await asyncio.gather(*(work(session) for _ in range(concurrency)))
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - busy, "requests": len(bodies)}


if __name__ == "__main__":
    bodies = [bytes(body) for body in msgspec.json.decode(sys.stdin.buffer.read(), type=list[msgspec.Raw])]
    print(json.dumps(asyncio.run(post(sys.argv[1], int(sys.argv[2]), bodies))))
