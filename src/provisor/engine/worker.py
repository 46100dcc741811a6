"""DBOS: a cycle is one durable workflow, its queue keeps the cycles of one job apart.

Workflows are ordinary functions here; the stored plan lines are the only record of progress, so a workflow that
is repeated after a crash goes on where the lines say, and one that was overtaken finds that out by its epoch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions, SetWorkflowID

from provisor.store.database import Database
from provisor.store.workflows import SCHEMA, workflow_engine

QUEUE = "cycles"
AT_ONCE = 4  # cycles, of different jobs
POLL = 0.05  # seconds
FINISH_WITHIN = 12  # seconds that a cycle gets at the end: its own grace and the last commit

log = structlog.get_logger("provisor")
Run = Callable[[str, int], Awaitable[str | None]]


class _OneLine(logging.Handler):
    """What the engine has to say becomes our log's: a line, and no stack trace."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage().partition("\n")[0]
        (log.error if record.levelno >= logging.ERROR else log.debug)("engine", said=said)


class _Service:
    """What a workflow needs and cannot be given as JSON."""

    run: Run


@DBOS.step()
async def carry_out(cycle_id: str, epoch: int) -> str | None:
    return await _Service.run(cycle_id, epoch)


@DBOS.workflow(max_recovery_attempts=1000)
async def provision(cycle_id: str, epoch: int) -> str | None:
    return await carry_out(cycle_id, epoch)


async def enqueue(job_id: str, cycle_id: str, epoch: int) -> None:
    """Have a claimed cycle run once; the same claim again is the same run."""
    with SetWorkflowID(f"{cycle_id}/{epoch}"), SetEnqueueOptions(queue_partition_key=job_id):
        await DBOS.enqueue_workflow_async(QUEUE, provision, cycle_id, epoch)


@asynccontextmanager
async def worker(database: Database, home: Path, run: Run) -> AsyncIterator[None]:
    """The engine on this loop, until the block ends."""
    _Service.run = run
    queue = workflow_engine(database.address, home)
    config = DBOSConfig(
        name="provisor",
        application_version="1",
        executor_id="service",
        system_database_url=queue.url.render_as_string(),  # without the password: the engine has it
        system_database_engine=queue,
        dbos_system_schema=SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        log_level="WARNING",
        enable_otlp=False,
    )
    DBOS(config=config)
    logging.getLogger("dbos").handlers = [_OneLine()]  # what is wrong with the database, the service says itself
    DBOS.launch()
    await DBOS.register_queue_async(
        QUEUE, partition_concurrency=1, worker_concurrency=AT_ONCE, polling_interval_sec=POLL
    )
    try:
        yield
    finally:
        await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=FINISH_WITHIN)
