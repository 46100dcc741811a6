"""What a person asks for, turned into a cycle: one cycle now, a restart, or a plan as it was shown."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from provisor.domain.error import Refused
from provisor.domain.job import Cycle, CycleKind, Job
from provisor.domain.resource import ResourceType
from provisor.engine.guard import judge
from provisor.flow.in_scope import InScope, in_scope
from provisor.store import jobs, plans
from provisor.store.apps import active_links
from provisor.store.candidates import Scan
from provisor.store.cycles import PAGE
from provisor.store.database import Connection
from provisor.store.directories import high_change_no

RESTART_SCOPES = ("Full", "Watermark", "Escrows", "QuarantineState", "ConnectorDataStore")
"""Graph's resetScope; `Full` is all of them. Without any: Watermark, Escrows and QuarantineState."""


async def open_cycle(
    connection: Connection, kind: str, job: Job, parameters: Mapping[str, Any], now: datetime
) -> Cycle | None:
    """The cycle that carries a request out, claimed and ready to run. None: nothing has to run."""
    left = await jobs.unfinished(connection, job.id)
    if left:
        raise Refused("CycleRunning", job=job.id)
    match kind:
        case "sync":
            return await _new(connection, job, now, parameters)
        case "restart":
            return await _restart(connection, job, now, parameters)
        case "apply":
            return await _apply(connection, job, parameters)
        case _:
            raise Refused("UnknownRequest", kind=kind)


async def _new(connection: Connection, job: Job, now: datetime, parameters: Mapping[str, Any]) -> Cycle:
    kind: CycleKind = "initial" if job.watermark is None else "incremental"
    by, allow = str(parameters.get("by", "")), parameters.get("allow")
    return await jobs.open_cycle(connection, job, str(uuid.uuid4()), kind, by, now, allow)


async def _restart(connection: Connection, job: Job, now: datetime, parameters: Mapping[str, Any]) -> Cycle | None:
    """Forget what the scopes name, and saved plans with it; where the job is on, a cycle runs at once."""
    scopes = set(parameters.get("scopes") or ("Watermark", "Escrows", "QuarantineState"))
    full = "Full" in scopes
    links = full or "ConnectorDataStore" in scopes
    if full or "Escrows" in scopes:
        await jobs.forget_escrows(connection, job.id)
    if links:
        await _forget_links(connection, job, now)
    if full or links or "Watermark" in scopes:
        await jobs.set_watermark(connection, job.id, None)
    for row in await jobs.saved_plans(connection, job.id):
        await jobs.discard(connection, row.cycle.id)
    fresh = await jobs.get_job(connection, job.id)
    assert fresh is not None
    return await _new(connection, fresh, now, parameters) if job.schedule == "Active" else None


async def _forget_links(connection: Connection, job: Job, now: datetime) -> None:
    """Forget which accounts are whose, but not those still to be taken away: nobody else knows of them."""
    high = await high_change_no(connection, job.directory_id)
    everybody = Cycle("", job.id, 0, "plan", None, high, job.schema_version, "planning", now)
    types: Collection[ResourceType] = ("User", "Group")
    scan = Scan(job, everybody, types, now)
    (query,) = scan.queries()
    page, last = await scan.page(connection, query, None, PAGE)
    while page:
        settled = [
            one.entry.id
            for one in page
            if one.link is not None
            and (isinstance(in_scope(one.entry, one.roles), InScope) or not one.link.believed_active)
        ]
        await jobs.forget_links(connection, job.id, settled)
        page, last = await scan.page(connection, query, last, PAGE)


async def _apply(connection: Connection, job: Job, parameters: Mapping[str, Any]) -> Cycle:
    """A saved plan, exactly as it was shown. Refused whole once anything in it has changed."""
    cycle_id = str(parameters["plan"])
    row = await jobs.get_cycle(connection, cycle_id)
    if row is None or row.cycle.job_id != job.id:
        raise Refused("UnknownPlan", plan=cycle_id)
    if row.cycle.state != "planned":
        raise Refused("PlanUsed", plan=cycle_id)
    if await plans.schema_moved(connection, cycle_id) or (job.watermark is None and row.cycle.since is not None):
        raise Refused("PlanOutdated", plan=cycle_id, moved="the mappings, or the job was restarted")
    if moved := await plans.first_moved(connection, cycle_id):
        raise Refused("PlanOutdated", plan=cycle_id, moved=", ".join(moved))
    allow = parameters.get("allow")
    destructive = await plans.count_destructive(connection, cycle_id)
    verdict = judge(destructive, await active_links(connection, job.id), allow)
    if verdict.held:
        raise Refused("TooManyDeletes", destructive=verdict.destructive, allowed=verdict.allowed)
    await plans.agree(connection, cycle_id)
    return await jobs.claim_cycle(connection, cycle_id, state="pushing")
