"""A cycle that a person asked for, carried out and followed to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from provisor.app.installation import Installation
from provisor.domain.error import Refused
from provisor.domain.job import Cycle, Job
from provisor.engine.cycle import Parts
from provisor.engine.lock import SERVICE, running
from provisor.engine.request import open_cycle
from provisor.engine.service import run_to_end
from provisor.store import jobs, requests
from provisor.store.jobs import CycleRow

FOLLOW_EVERY = 0.1  # seconds
STILL_WAITING_EVERY = timedelta(minutes=1)  # the service takes up nothing that nobody waits for


async def carry_out(
    installation: Installation, parts: Parts, job: Job, kind: str, parameters: Mapping[str, Any]
) -> AsyncGenerator[CycleRow]:
    """What a person asks for: by the service where one runs; otherwise here, holding the home meanwhile.

    Yields each cycle that runs as it proceeds, the last time when it has ended.
    """
    parameters = {**parameters, "by": installation.actor}
    holder = running(installation.home)
    if holder is not None and holder.get("purpose") != SERVICE:
        raise Refused("AlreadyRunning", **holder)
    if holder is not None:
        ask = _ask_service(installation, job, kind, parameters)
    else:
        ask = _run_here(installation, parts, job, kind, parameters)
    async with aclosing(ask) as rows:
        async for row in rows:
            yield row


async def _ask_service(
    installation: Installation, job: Job, kind: str, parameters: Mapping[str, Any]
) -> AsyncGenerator[CycleRow]:
    async with installation.database.transaction() as connection:
        request_id = await requests.ask(connection, job.id, kind, parameters, installation.clock())
    try:
        cycle_id = await _taken(installation, request_id)
    finally:
        async with installation.database.transaction() as connection:
            await requests.withdraw(connection, request_id)
    if cycle_id is not None:
        async with aclosing(_follow(installation, cycle_id)) as rows:
            async for row in rows:
                yield row


async def _taken(installation: Installation, request_id: int) -> str | None:
    """The cycle that the service opened for a request, if it needs one. Raises what the service refused."""
    said_so = installation.clock()
    while True:
        if installation.clock() - said_so > STILL_WAITING_EVERY:
            said_so = installation.clock()
            async with installation.database.transaction() as connection:
                await requests.still_wanted(connection, request_id, said_so)
        async with installation.database.read() as connection:
            asked = await requests.get_asked(connection, request_id)
        if asked.error is not None:
            raise Refused(asked.error.code, **asked.error.parameters)
        if asked.state == "taken":
            return asked.cycle_id
        if running(installation.home) is None:
            raise Refused("ServiceGone")
        await asyncio.sleep(FOLLOW_EVERY)


async def _follow(installation: Installation, cycle_id: str) -> AsyncGenerator[CycleRow]:
    """A cycle that somebody else runs, until it has ended."""
    while True:
        async with installation.database.read() as connection:
            row = await jobs.get_cycle(connection, cycle_id)
        if row is None:
            raise Refused("UnknownPlan", plan=cycle_id)
        yield row
        if row.cycle.state not in jobs.UNFINISHED:
            return
        if running(installation.home) is None:
            raise Refused("ServiceGone")
        await asyncio.sleep(FOLLOW_EVERY)


async def _run_here(
    installation: Installation, parts: Parts, job: Job, kind: str, parameters: Mapping[str, Any]
) -> AsyncGenerator[CycleRow]:
    stop = asyncio.Event()
    async with installation.held("a cycle", stop):
        async with aclosing(_finish_left(installation, parts, job, stop)) as rows:
            async for row in rows:
                yield row
        if stop.is_set():
            return
        async with installation.database.transaction() as connection:
            fresh = await jobs.get_job(connection, job.id)
            assert fresh is not None, "the app was found a moment ago"
            cycle = await open_cycle(connection, kind, fresh, parameters, installation.clock())
        if cycle is not None:
            async with aclosing(_run(installation, parts, cycle, stop)) as rows:
                async for row in rows:
                    yield row


async def _finish_left(
    installation: Installation, parts: Parts, job: Job, stop: asyncio.Event
) -> AsyncGenerator[CycleRow]:
    """What an earlier run left unfinished comes first."""
    async with installation.database.transaction() as connection:
        left = [await jobs.claim_cycle(connection, row.cycle.id) for row in await jobs.unfinished(connection, job.id)]
    for cycle in left:
        async with aclosing(_run(installation, parts, cycle, stop)) as rows:
            async for row in rows:
                yield row


async def _run(installation: Installation, parts: Parts, cycle: Cycle, stop: asyncio.Event) -> AsyncGenerator[CycleRow]:
    running_cycle = asyncio.create_task(run_to_end(parts, cycle, stop))
    try:
        while not running_cycle.done():
            await asyncio.wait([running_cycle], timeout=FOLLOW_EVERY)
            async with installation.database.read() as connection:
                row = await jobs.get_cycle(connection, cycle.id)
            if row is not None and not running_cycle.done():
                yield row
    finally:
        if not running_cycle.done():
            stop.set()
        await running_cycle
    async with installation.database.read() as connection:
        row = await jobs.get_cycle(connection, cycle.id)
    assert row is not None, "a cycle that ran is stored"
    yield row
