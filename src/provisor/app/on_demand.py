"""Provision on demand: some people now, through the same flow as everybody, and how it went step by step."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from provisor.app import apps as app_cases
from provisor.app import people, provisioning, status
from provisor.app.cycles import carry_out
from provisor.app.installation import Installation
from provisor.app.trial import read_by
from provisor.domain.error import Refused
from provisor.domain.job import Job
from provisor.domain.log import LogEntry
from provisor.domain.resource import Attributes, Entry
from provisor.flow.record import foreseen
from provisor.store import candidates, jobs, plans
from provisor.store.apps import App
from provisor.store.database import Connection
from provisor.store.jobs import CycleRow

MOST: Final = 100  # people at once


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who is to be provisioned in which app."""

    app: App
    job: Job
    entries: Sequence[Entry]

    @property
    def ids(self) -> list[str]:
        return [entry.id for entry in self.entries]


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What became of one of them, or would. `read`: what mappings and filter read of the entry.

    `log` None: the entry changed meanwhile, and the next cycle decides.
    """

    entry: Entry
    read: Attributes
    log: LogEntry | None


async def choose(installation: Installation, word: str, users: Sequence[str]) -> Chosen:
    """Refused where there is no such app, or for one of the users none, or several."""
    if not 0 < len(users) <= MOST:
        raise Refused("TooManyChosen", given=len(users), most=MOST)
    async with installation.database.read() as connection:
        app = await app_cases.find(connection, word)
        found = [await people.find(connection, installation, "User", user) for user in users]
        job = await jobs.job_of(connection, app.id)
    return Chosen(app, job, list({entry.id: entry for entry in found}.values()))


async def provision(installation: Installation, chosen: Chosen, allow: int | None = None) -> AsyncGenerator[CycleRow]:
    """Carry it out; yields the cycle as it proceeds, the last time when it has ended."""
    async with installation.database.read() as connection:
        provisioning.runnable(await app_cases.setup(connection, installation, chosen.app))
    parts, asked = provisioning.parts(installation), {"entries": chosen.ids, "allow": allow}
    async with aclosing(carry_out(installation, parts, chosen.job, "provision", asked)) as rows:
        async for row in rows:
            yield row


async def outcome(installation: Installation, chosen: Chosen, cycle_id: str) -> Sequence[Provisioned]:
    """How it went, for each of them."""
    rows = [row async for row in status.log_rows(installation, cycle_id=cycle_id)]
    async with installation.database.read() as connection:
        return await _each(connection, installation, chosen, rows)


async def preview(installation: Installation, chosen: Chosen) -> Sequence[Provisioned]:
    """How it would go; reads from the target, and writes nothing to it."""
    plan = await provisioning.make_plan(installation, chosen.app.id, chosen=chosen.ids)
    try:
        async with installation.database.read() as connection:
            lines = await plans.lines_of(connection, plan.row.cycle.id)
            logged = [foreseen(line, installation.clock()) for line in lines]
            return await _each(connection, installation, chosen, logged)
    finally:
        await provisioning.discard(installation, plan.row.cycle.id)


async def _each(
    connection: Connection, installation: Installation, chosen: Chosen, logged: Sequence[LogEntry]
) -> Sequence[Provisioned]:
    schema = await jobs.load_schema(connection, chosen.job.id, chosen.job.schema_version)
    mapping = schema.mapping_for("User")
    assert mapping is not None, "a schema is validated when it is saved"
    found = await candidates.candidates_of(connection, chosen.job, chosen.ids, installation.clock())
    by_id, said = {one.entry.id: one for one in found}, {one.entry_id: one for one in logged}
    return [
        Provisioned(entry, read_by(mapping, by_id[entry.id]) if entry.id in by_id else {}, said.get(entry.id))
        for entry in chosen.entries
    ]
