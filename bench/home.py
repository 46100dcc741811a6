"""What the measured processes share: a home with one SCIM app, and a way to time a cycle of it."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from provisor.app import apps, compose, provisioning
from provisor.app.installation import Installation
from provisor.settings import Settings

APP = "SCIM 2.0"
ROLE = "user"
RATE = 10_000  # requests a second: more than anything here reaches


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[Installation]:
    async with compose.opened(Settings(home=home), "bench") as installation:
        yield installation


async def connect(installation: Installation, address: str) -> None:
    await apps.add(installation, APP)
    await apps.set_credentials(installation, APP, {"BaseAddress": address, "SecretToken": "bench-token"})
    await apps.set_settings(installation, APP, {"rateLimit": str(RATE)})


async def asked(address: str, what: str) -> Any:
    """From the stub, uncounted: counts, bodies, reset, empty."""
    url = address.removesuffix("/scim/v2")
    async with aiohttp.ClientSession() as session, session.get(f"{url}/_/{what}") as answer:
        return await answer.json(content_type=None)


async def cycle(installation: Installation, address: str, *, anew: bool = False) -> dict[str, Any]:
    """One cycle, timed from asking for it to its end. `anew`: everybody is looked at, as after a restart."""
    if anew:
        async for _ in provisioning.restart(installation, APP, ["Watermark"]):
            pass
    await asked(address, "reset")
    began, busy = time.perf_counter(), time.process_time()
    async for row in provisioning.sync(installation, APP):
        last = row
    took, cpu = time.perf_counter() - began, time.process_time() - busy
    assert last.cycle.state == "succeeded", last.error
    counts = {name: number for name, number in last.counts.items() if name != "planned"}
    requests = sum((await asked(address, "counts")).values())
    return {"seconds": took, "cpu": cpu, "requests": requests, "done": counts, "memory": peak()}


async def quickest(installation: Installation, address: str, times: int = 3) -> dict[str, Any]:
    """Of several cycles in which nothing changes."""
    return min([await cycle(installation, address) for _ in range(times)], key=lambda one: one["seconds"])


def peak() -> int:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def run(measure: Coroutine[Any, Any, dict[str, Any]]) -> None:
    print(json.dumps(asyncio.run(measure)))
