"""Targets that answer late, show late, or keep values in their own way: whoever they made an account for is known."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.contract.scim_bench import CORE
from tests.journey.test_scim import APP, connected, log, staff, sync

from provisor.app import apps, people, provisioning
from provisor.app.installation import Installation
from provisor.engine.cycle import run_cycle
from provisor.store import jobs
from provisor.testing.scim import Fault, Options, ScimEmulator

LEAVER = "p00001"


@asynccontextmanager
async def joined(home: Path, count: int, scim: ScimEmulator) -> AsyncIterator[Installation]:
    async with scim, connected(home, scim.url, scim.options.token, staff(count)) as installation:
        yield installation


async def leave(installation: Installation) -> None:
    await people.act(installation, "disable", "User", f"{LEAVER}@corp.example")


def active(scim: ScimEmulator) -> set[str]:
    return {str(user["userName"]).partition("@")[0] for user in scim.users.values() if user.get("active")}


class Lagging(ScimEmulator):
    """Shows one account only a while after it was made in bulk."""

    def _one_of_many(self, operation: Any) -> Any:
        told = super()._one_of_many(operation)
        if operation["data"]["userName"].startswith(LEAVER) and "location" in told:
            self.people.hidden.add(told["location"].rpartition("/")[2])
        return told


class Renaming(ScimEmulator):
    """Keeps a userName without its domain."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        add = self.people.add
        self.people.add = lambda body: add({**body, "userName": body["userName"].split("@")[0]})  # type: ignore[method-assign]


class Late(ScimEmulator):
    """Carries out one create whose connection broke only when it is sent again."""

    pending: Any = None
    broke = False

    async def _create(self, request: web.Request) -> web.Response:
        if self.pending is not None:
            self.people.add(self.pending)
            self.pending = None
        body = await self._body(request)
        if body["userName"].startswith(LEAVER) and not self.broke:
            self.pending, self.broke = body, True
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return await super()._create(request)


class Stopping(ScimEmulator):
    """Makes an account, breaks the connection, and the cycle is stopped; the account is not to be seen at first."""

    def __init__(self, *, hides: bool) -> None:
        super().__init__(Options(bulk=False))
        self.halt, self._hides = asyncio.Event(), hides

    async def _create(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        key = self.people.add(body)
        if body["userName"].startswith(LEAVER):
            if self._hides:
                self.people.hidden.add(key)
            self.halt.set()
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=201)


class Mistaken(ScimEmulator):
    """Answers a create with somebody who was there before."""

    async def _create(self, request: web.Request) -> web.Response:
        made = await super()._create(request)
        body = await self._body(request)
        if not body["userName"].startswith(LEAVER):
            return made
        return web.json_response(self.users["stranger"], status=201)


async def test_an_answer_that_shows_somebody_else_is_not_believed(tmp_path: Path) -> None:
    scim = Mistaken(Options(bulk=False))
    scim.users["stranger"] = {"id": "stranger", "userName": "someone@else.example", "active": True}
    async with joined(tmp_path, 3, scim) as installation:
        counts = (await sync(installation)).counts
        assert (counts["create"], counts["failed"]) == (2, 1)
        (row,) = await log(installation, status="failure")
        assert (row.login, row.reason.code) == (f"{LEAVER}@corp.example", "EntryConflict")
        await leave(installation)
        await sync(installation)
        assert scim.users["stranger"]["active"] is True


STRANGE: Any = [
    {"name": "Ann Lee"},
    {"emails": {"type": "work", "value": "x"}},
    {"emails": ["x", 7]},
    {"schemas": [{"a": 1}]},
    {"name": [1], "phoneNumbers": 7, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": "no"},
]


@pytest.mark.one_database
@pytest.mark.parametrize("strange", STRANGE)
async def test_a_user_of_a_strange_shape_stops_nobody(tmp_path: Path, strange: Any) -> None:
    scim = ScimEmulator(Options())
    key = scim.people.add({"schemas": [CORE], "userName": f"{LEAVER}@corp.example", "active": False})
    scim.users[key].update(strange)
    async with joined(tmp_path, 3, scim) as installation:
        await apps.set_settings(installation, APP, {"updateMethod": "PUT"})
        assert (await sync(installation)).counts == {"planned": 3, "create": 2, "update": 1}
        assert scim.users[key]["active"] is True


async def test_an_account_of_a_batch_that_is_not_to_be_seen_yet_is_ours(tmp_path: Path) -> None:
    scim = Lagging(Options())
    async with joined(tmp_path, 5, scim) as installation:
        assert (await sync(installation)).counts == {"planned": 5, "create": 4, "failed": 1}
        (row,) = await log(installation, status="failure")
        assert (row.login, row.reason.parameters["problem"]) == (f"{LEAVER}@corp.example", "NotShown")
        await sync(installation)
        scim.people.hidden.clear()
        await leave(installation)
        await sync(installation)
        assert LEAVER not in active(scim)
        assert len(scim.users) == 5


@pytest.mark.parametrize("bulk", [True, False])
async def test_an_account_whose_name_the_target_changes_is_ours(tmp_path: Path, bulk: bool) -> None:
    scim = Renaming(Options(bulk=bulk))
    async with joined(tmp_path, 5, scim) as installation:
        assert (await sync(installation)).counts == {"planned": 5, "create": 5}
        assert (await sync(installation)).counts == {}
        await leave(installation)
        await sync(installation)
        assert LEAVER not in active(scim)
        assert len(scim.users) == 5


async def test_an_account_that_an_unanswered_request_makes_later_is_ours(tmp_path: Path) -> None:
    scim = Late(Options(bulk=False))
    async with joined(tmp_path, 3, scim) as installation:
        await sync(installation)
        await leave(installation)
        await sync(installation)
        assert len(scim.users) == 3
        assert LEAVER not in active(scim)


@pytest.mark.parametrize(("hides", "refuses"), [(False, True), (True, False), (False, False)])
async def test_a_leaver_whose_create_was_cut_off_is_not_forgotten(tmp_path: Path, hides: bool, refuses: bool) -> None:
    scim = Stopping(hides=hides)
    async with joined(tmp_path, 2, scim) as installation:
        async with installation.database.transaction() as connection:
            job = (await apps.details(connection, installation, await apps.find(connection, APP))).job
            cycle = await jobs.open_cycle(connection, job, str(uuid.uuid4()), "initial", "t", installation.clock())
        await run_cycle(provisioning.parts(installation), cycle, scim.halt)
        await leave(installation)
        if refuses:
            scim.inject(Fault(kind="server-error", method="GET", path="/Users$", status=400))
        await sync(installation)
        scim.people.hidden.clear()
        scim.clear_faults()
        await sync(installation)
        await sync(installation)
        assert LEAVER not in active(scim)
