"""What a person asks for, turned into a cycle: one now, one on demand, a restart, or a plan as it was shown."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from provisor.domain.error import Refused
from provisor.domain.job import Cycle, CycleKind, Job
from provisor.engine.guard import judge
from provisor.store import jobs, plans
from provisor.store.apps import active_links, get_app
from provisor.store.database import Connection
from provisor.store.links import forget_sent
from provisor.store.logs import write_audit

RESTART_SCOPES = ("Full", "Watermark", "Escrows", "QuarantineState", "ConnectorDataStore")
"""Graph's resetScope; `Full` is all of them. Without any: Watermark, Escrows and QuarantineState.

ConnectorDataStore is what was sent. Whose account is whose is never forgotten: who else would disable a leaver's?
"""

AUDITED = {
    "sync": "Start a provisioning cycle",
    "apply": "Apply a provisioning plan",
    "provision": "Provision on demand",
    "restart": "Enable/restart provisioning configuration",
}
"""What the audit log calls a request, once it is taken up; what the schedule does is nobody's act."""

SCHEDULE = "the schedule"


async def open_cycle(
    connection: Connection, kind: str, job: Job, parameters: Mapping[str, Any], now: datetime
) -> Cycle | None:
    """The cycle that carries a request out, claimed and ready to run. None: nothing has to run."""
    left = await jobs.unfinished(connection, job.id)
    if left:
        raise Refused("CycleRunning", job=job.id)
    cycle: Cycle | None
    match kind:
        case "sync":
            cycle = await _new(connection, job, now, parameters)
        case "provision":
            cycle = await _on_demand(connection, job, now, parameters)
        case "restart":
            cycle = await _restart(connection, job, now, parameters)
        case "apply":
            cycle = await _apply(connection, job, parameters)
        case _:
            raise Refused("UnknownRequest", kind=kind)
    if parameters.get("by") != SCHEDULE:
        await _audit(connection, kind, job, parameters, now)
    return cycle


async def _audit(connection: Connection, kind: str, job: Job, parameters: Mapping[str, Any], now: datetime) -> None:
    app = await get_app(connection, job.app_id)
    assert app is not None, "a job goes with its app"
    by, target = str(parameters.get("by", "")), ("App", app.id, app.name)
    await write_audit(connection, now, by, AUDITED[kind], target, after=parameters)


async def _new(connection: Connection, job: Job, now: datetime, parameters: Mapping[str, Any]) -> Cycle:
    kind: CycleKind = "initial" if job.watermark is None else "incremental"
    by, allow = str(parameters.get("by", "")), parameters.get("allow")
    return await jobs.open_cycle(connection, job, str(uuid.uuid4()), kind, by, now, allow=allow)


async def _on_demand(connection: Connection, job: Job, now: datetime, parameters: Mapping[str, Any]) -> Cycle:
    """A cycle over the chosen entries alone; how far the job is does not change."""
    by, allow, chosen = str(parameters.get("by", "")), parameters.get("allow"), parameters["entries"]
    return await jobs.open_cycle(connection, job, str(uuid.uuid4()), "onDemand", by, now, allow=allow, chosen=chosen)


async def _restart(connection: Connection, job: Job, now: datetime, parameters: Mapping[str, Any]) -> Cycle | None:
    """Forget what the scopes name, and saved plans with it; where the job is on, a cycle runs at once."""
    scopes = set(parameters.get("scopes") or ("Watermark", "Escrows", "QuarantineState"))
    full = "Full" in scopes
    everything_sent = full or "ConnectorDataStore" in scopes
    if full or "Escrows" in scopes:
        await jobs.forget_escrows(connection, job.id)
    if everything_sent:
        await forget_sent(connection, job.id)
    if everything_sent or "Watermark" in scopes:
        await jobs.set_watermark(connection, job.id, None)
    for row in await jobs.saved_plans(connection, job.id):
        await jobs.discard(connection, row.cycle.id)
    fresh = await jobs.get_job(connection, job.id)
    assert fresh is not None
    return await _new(connection, fresh, now, parameters) if job.schedule == "Active" else None


async def _apply(connection: Connection, job: Job, parameters: Mapping[str, Any]) -> Cycle:
    """A saved plan, exactly as it was shown. Refused whole once anything in it has changed."""
    cycle_id = str(parameters["plan"])
    row = await jobs.get_cycle(connection, cycle_id)
    if row is None or row.cycle.job_id != job.id or row.cycle.kind != "plan":
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
