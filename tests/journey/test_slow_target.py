"""A target that does not answer is the trouble of its own job, and of nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.contract.stub import Script, says, serving
from tests.world import APP, World, ldif_group, ldif_person
from tests.world import world as made

from provisor.app import apps, assignments, compose, provisioning, status
from provisor.domain.job import CycleState
from provisor.engine.cycle import run_cycle
from provisor.engine.worker import enqueue, worker
from provisor.settings import Settings
from provisor.store import jobs
from provisor.testing.gotomeeting import GoToMeetingEmulator, Options
from provisor.text.reason import describe

pytestmark = pytest.mark.one_database
OTHER = "Other GoToMeeting"
NAMES = [f"p{number}" for number in range(10)]


async def started(here: World, app: str) -> asyncio.Task[CycleState]:
    """A cycle of this app, under way."""
    installation = here.installation
    async with installation.database.transaction() as connection:
        job = (await apps.details(connection, installation, await apps.find(connection, app))).job
        cycle = await jobs.open_cycle(connection, job, f"cycle of {app}", "initial", "test", installation.clock())
    return asyncio.create_task(run_cycle(provisioning.parts(installation), cycle, asyncio.Event()))


async def test_a_cycle_ends_while_the_target_of_another_does_not_answer(tmp_path: Path) -> None:
    async with made(tmp_path / "home") as here, GoToMeetingEmulator(Options(rate_limit=None)) as other:
        await here.import_text("".join(ldif_person(name) for name in NAMES) + ldif_group("all", NAMES))
        await here.connect()
        await apps.add(here.installation, APP, OTHER)
        given = {"BaseAddress": other.url, "Oauth2TokenExchangeUri": f"{other.url}/oauth/token"}
        given |= {"UserName": "admin@example.com", "Password": "admin-password"}
        given |= {"Oauth2ClientId": "emulator-client", "Oauth2ClientSecret": "emulator-secret"}
        await apps.set_credentials(here.installation, OTHER, given)
        for app in (APP, OTHER):
            await assignments.assign(here.installation, app, "Group", "all", "organizer")
        here.emulator.options.latency = 3600
        stuck = await started(here, APP)
        assert await (await started(here, OTHER)) == "succeeded"
        assert {user.email for user in other.users} >= {f"{name}@corp.example" for name in NAMES}
        assert not stuck.done()
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)


async def test_a_target_that_asks_for_an_hour_is_left_alone_and_the_status_says_until_when(world: World) -> None:
    busy = Script(says(429, Retry_After="3244"))
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign("ada@corp.example")
    async with serving(busy) as url:
        given = {"BaseAddress": url, "Oauth2TokenExchangeUri": f"{url}/oauth/token", "Password": "admin-password"}
        await apps.set_credentials(world.installation, APP, {**given, "Oauth2ClientSecret": "emulator-secret"})
        for _ in range(2):
            assert (await world.sync()).cycle.state == "interrupted"
    assert len(busy.seen) == 1
    (app,) = (await status.show(world.installation)).apps
    assert app.last is not None
    assert app.last.error is not None
    assert "asked us to slow down" in describe(app.last.error)
    assert "UTC" in app.last.error.parameters["until"]


async def test_many_jobs_that_wait_hold_up_no_other(tmp_path: Path) -> None:
    begun: set[str] = set()
    everybody, go = asyncio.Event(), asyncio.Event()

    async def run(cycle_id: str, _epoch: int) -> str | None:
        begun.add(cycle_id)
        if len(begun) == 30:
            everybody.set()
        await go.wait()
        return None

    async with (
        compose.opened(Settings(home=tmp_path / "home")) as installation,
        worker(installation.database, installation.home, run),
    ):
        for number in range(30):
            await enqueue(f"job {number}", f"cycle {number}", 1)
        await asyncio.wait_for(everybody.wait(), 60)
        go.set()
