"""Provisioning: on, off, restart, one cycle now, a plan, a plan applied."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from provisor.app import apps as app_cases
from provisor.app.connections import open_target
from provisor.app.cycles import carry_out
from provisor.app.installation import Installation
from provisor.domain.error import Refused
from provisor.domain.job import CycleKind
from provisor.domain.schema import SynchronizationSchema
from provisor.engine.cycle import Parts, run_cycle
from provisor.engine.guard import Verdict, judge
from provisor.engine.request import RESTART_SCOPES
from provisor.store import apps, jobs, plans
from provisor.store.apps import App
from provisor.store.jobs import CycleRow
from provisor.store.plans import Shown


def parts(installation: Installation, schema: SynchronizationSchema | None = None) -> Parts:
    """What a cycle of this installation needs. `schema`: instead of the saved one."""
    return Parts(
        database=installation.database,
        open_target=partial(open_target, installation, schema=schema),
        clock=installation.clock,
        seal=installation.vault.fingerprint,
        schema=schema,
    )


# ---- on, off ------------------------------------------------------------------------------------------------------


async def switch_on(installation: Installation, word: str) -> App:
    """Provisioning Status On. Refused where the mode is Manual, or a credential is missing."""
    async with installation.database.transaction() as connection:
        app = await app_cases.find(connection, word)
        setup = await app_cases.setup(connection, installation, app)
        runnable(setup)
        state = {"status": setup.job.schedule}
        await jobs.schedule(connection, setup.job.id, "Active", installation.clock())
        target = ("App", app.id, app.name)
        await installation.audit(
            connection, "Enable/start provisioning configuration", target, state, {"status": "Active"}
        )
    return app


async def switch_off(installation: Installation, word: str) -> App:
    """Provisioning Status Off: a running cycle ends, no other begins, and nothing is forgotten."""
    async with installation.database.transaction() as connection:
        app = await app_cases.find(connection, word)
        job = await jobs.job_of(connection, app.id)
        await jobs.schedule(connection, job.id, "Paused" if job.watermark is not None else "Disabled", None)
        target = ("App", app.id, app.name)
        state = {"status": job.schedule}
        await installation.audit(
            connection, "Disable/pause provisioning configuration", target, state, {"status": "Off"}
        )
    return app


def runnable(setup: app_cases.AppSetup) -> None:
    """Refused where the mode is Manual, or a credential is missing."""
    if setup.app.mode != "Automatic":
        raise Refused("ModeManual", app=setup.app.name)
    if setup.missing:
        labels = ", ".join(field.label for field in setup.missing)
        raise Refused("CredentialsMissing", app=setup.app.name, fields=labels)


# ---- plans --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """What a cycle would do, or did."""

    app: App
    row: CycleRow
    counts: Mapping[tuple[str, str], int]  # by action and state
    verdict: Verdict
    failing: int  # lines that say why nothing can be done for an entry
    waiting: int  # entries that are tried again later, whichever cycle they failed in
    seconds: float  # that pushing it takes at the target's rate

    def number(self, action: str) -> int:
        return sum(lines for (name, _), lines in self.counts.items() if name == action)


async def make_plan(
    installation: Installation, word: str, schema: SynchronizationSchema | None = None, chosen: Sequence[str] = ()
) -> Plan:
    """Work out what the next cycle would do; reads from the target, and writes nothing to it.

    `schema`: what the cycle would do that follows if it were saved · `chosen`: what provisioning them on demand would
    do, with a line for each of them. Such a plan is to be looked at, and discarded.
    """
    async with installation.database.transaction() as connection:
        app = await app_cases.find(connection, word)
        setup = await app_cases.setup(connection, installation, app)
        runnable(setup)
        cycle_id, now = str(uuid.uuid4()), installation.clock()
        job = setup.job if schema is None else replace(setup.job, watermark=None)
        kind: CycleKind = "plan" if schema is None and not chosen else "trial"
        cycle = await jobs.open_cycle(connection, job, cycle_id, kind, installation.actor, now, chosen=chosen)
    try:
        await run_cycle(parts(installation, schema), cycle, asyncio.Event())
        plan = await show_plan(installation, cycle_id)
        if plan.row.error is not None:
            raise Refused(plan.row.error.code, **plan.row.error.parameters)
    except BaseException:
        await discard(installation, cycle_id)
        raise
    return plan


async def show_plan(installation: Installation, cycle_id: str) -> Plan:
    """A stored plan. Refused where there is none of that id."""
    async with installation.database.read() as connection:
        row = await jobs.get_cycle(connection, cycle_id)
        if row is None:
            raise Refused("UnknownPlan", plan=cycle_id)
        job = await jobs.get_job(connection, row.cycle.job_id)
        assert job is not None, "a cycle goes with its job"
        app = await apps.get_app(connection, job.app_id)
        assert app is not None, "a job goes with its app"
        counts = await plans.count_actions(connection, cycle_id)
        failing = await plans.count_failing(connection, cycle_id)
        destructive = await plans.count_destructive(connection, cycle_id)
        verdict = judge(destructive, await apps.active_links(connection, job.id), row.cycle.allow)
        waiting = sum((await jobs.count_escrows(connection, job.id)).values())
    return Plan(app, row, counts, verdict, failing, waiting, _seconds(app, counts))


def _seconds(app: App, counts: Mapping[tuple[str, str], int]) -> float:
    manifest = app_cases.manifest_of(app)
    rate = app_cases.rate_of(app, manifest)
    requests = sum(
        lines * manifest.requests.get(action, 0.0) for (action, state), lines in counts.items() if state == "planned"
    )
    return requests / rate


async def lines(
    installation: Installation, cycle_id: str, *, action: str | None = None, after: int = 0, limit: int = 100
) -> Sequence[Shown]:
    async with installation.database.read() as connection:
        return await plans.shown_lines(connection, cycle_id, action=action, after=after, limit=limit)


async def saved_plans(installation: Installation, word: str) -> Sequence[CycleRow]:
    async with installation.database.read() as connection:
        app = await app_cases.find(connection, word)
        return await jobs.saved_plans(connection, (await jobs.job_of(connection, app.id)).id)


async def discard_saved(installation: Installation, plan_id: str) -> None:
    """Throw a saved plan away. Refused where there is none of that id, or it was applied."""
    async with installation.database.transaction() as connection:
        row = await jobs.get_cycle(connection, plan_id)
        if row is None:
            raise Refused("UnknownPlan", plan=plan_id)
        if row.cycle.state != "planned":
            raise Refused("PlanUsed", plan=plan_id)
        await jobs.discard(connection, plan_id)


async def discard(installation: Installation, cycle_id: str) -> None:
    async with installation.database.transaction() as connection:
        await jobs.discard(connection, cycle_id)


# ---- cycles that a person asks for ----------------------------------------------------------------------------------


async def sync(installation: Installation, word: str, allow: int | None = None) -> AsyncGenerator[CycleRow]:
    """One cycle now; yields it as it proceeds, the last time when it has ended. One left unfinished goes before it."""
    async with installation.database.read() as connection:
        app = await app_cases.find(connection, word)
        setup = await app_cases.setup(connection, installation, app)
    runnable(setup)
    async with aclosing(carry_out(installation, parts(installation), setup.job, "sync", {"allow": allow})) as rows:
        async for row in rows:
            yield row


async def apply_plan(installation: Installation, plan_id: str, allow: int | None = None) -> AsyncGenerator[CycleRow]:
    """A saved plan, exactly as it was shown."""
    plan = await show_plan(installation, plan_id)
    async with installation.database.read() as connection:
        setup = await app_cases.setup(connection, installation, plan.app)
    runnable(setup)
    async with aclosing(
        carry_out(installation, parts(installation), setup.job, "apply", {"plan": plan_id, "allow": allow})
    ) as rows:
        async for row in rows:
            yield row


async def restart(installation: Installation, word: str, scopes: Sequence[str]) -> AsyncGenerator[CycleRow]:
    """Forget what the scopes name; where provisioning is on, an initial cycle runs at once."""
    unknown = [scope for scope in scopes if scope not in RESTART_SCOPES]
    if unknown:
        raise Refused("UnknownScope", scope=", ".join(unknown), scopes=", ".join(RESTART_SCOPES))
    async with installation.database.read() as connection:
        app = await app_cases.find(connection, word)
        job = await jobs.job_of(connection, app.id)
    async with aclosing(carry_out(installation, parts(installation), job, "restart", {"scopes": list(scopes)})) as rows:
        async for row in rows:
            yield row
