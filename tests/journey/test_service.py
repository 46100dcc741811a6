"""The service as a process: it wakes at once, stops in order, and is alone in its home."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import processes
from tests.world import APP, ldif_group, ldif_person

from provisor.app import apps, assignments, compose, on_demand, people, provisioning, status
from provisor.app.installation import Installation
from provisor.directory.importing import Options
from provisor.settings import Settings

SOON = 30.0  # seconds, on the slowest machine


def wait_for(what: Callable[[], bool], within: float = SOON) -> None:
    until = time.monotonic() + within
    while not what():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.1)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


@pytest.fixture
def goto(tmp_path: Path) -> Iterator[str]:
    with processes.emulator(tmp_path, "--rate-limit", "0") as address:
        yield address


def active(goto: str) -> set[str]:
    users = get(f"{goto}/_emulator/state")["users"]
    return {one["email"] for one in users if one["status"] != "SUSPENDED"} - {"admin@example.com"}


async def connected(installation: Installation, folder: Path, goto: str, names: list[str]) -> None:
    file = folder / "people.ldif"
    file.write_text("".join(ldif_person(name) for name in names) + ldif_group("all", names))
    await people.import_file(installation, file, Options("people"))
    await apps.add(installation, APP)
    await apps.set_credentials(installation, APP, processes.credentials(goto))
    await apps.set_settings(installation, APP, {"rateLimit": "1000"})


async def test_changes_reach_the_app_without_waiting_for_the_schedule(tmp_path: Path, goto: str) -> None:
    home = tmp_path / "home"
    async with compose.opened(Settings(home=home)) as installation:
        await connected(installation, tmp_path, goto, ["ada", "bob"])
        await assignments.assign(installation, APP, "User", "ada@corp.example", "organizer")
        service = processes.start(home, "serve", "--port", "0")
        try:
            address = processes.address_of(service)
            await provisioning.switch_on(installation, APP)
            wait_for(lambda: active(goto) == {"ada@corp.example"})
            await assignments.assign(installation, APP, "Group", "all", "organizer")
            wait_for(lambda: active(goto) == {"ada@corp.example", "bob@corp.example"})
            await people.act(installation, "disable", "User", "bob@corp.example")
            wait_for(lambda: active(goto) == {"ada@corp.example"})
            (health,) = get(f"{address}/healthz")["jobs"]
            assert health["app"] == APP
            assert health["next_cycle"] is not None
        finally:
            assert processes.stop(service) == 0


async def test_a_change_that_concerns_nobody_of_the_app_begins_no_cycle(tmp_path: Path, goto: str) -> None:
    home = tmp_path / "home"
    async with compose.opened(Settings(home=home)) as installation:
        await connected(installation, tmp_path, goto, ["ada", "bob"])
        await assignments.assign(installation, APP, "User", "ada@corp.example", "organizer")
        service = processes.start(home, "serve", "--port", "0")
        try:
            processes.address_of(service)
            await provisioning.switch_on(installation, APP)
            wait_for(lambda: active(goto) == {"ada@corp.example"})
            await people.act(installation, "disable", "User", "bob@corp.example")
            async for row in provisioning.sync(installation, APP):
                last = row
            assert last.counts == {}
            assert last.cycle.number == 2  # the initial one, and the one just asked for
        finally:
            processes.stop(service)


async def test_a_person_asks_the_service_for_a_cycle_a_restart_and_a_plan(tmp_path: Path, goto: str) -> None:
    home = tmp_path / "home"
    async with compose.opened(Settings(home=home)) as installation:
        await connected(installation, tmp_path, goto, ["ada", "bob"])
        await assignments.assign(installation, APP, "Group", "all", "organizer")
        service = processes.start(home, "serve", "--port", "0")
        try:
            processes.address_of(service)
            plan = await provisioning.make_plan(installation, APP)
            async for row in provisioning.apply_plan(installation, plan.row.cycle.id):
                last = row
            assert last.counts["create"] == 2
            async for row in provisioning.sync(installation, APP):
                last = row
            assert last.cycle.state == "succeeded"
            await provisioning.switch_on(installation, APP)
            async for row in provisioning.restart(installation, APP, []):
                last = row
            assert last.cycle.kind == "initial"
            assert last.counts == {}
        finally:
            assert processes.stop(service) == 0


async def test_a_person_asks_the_service_for_somebody_on_demand(tmp_path: Path, goto: str) -> None:
    home = tmp_path / "home"
    async with compose.opened(Settings(home=home)) as installation:
        await connected(installation, tmp_path, goto, ["ada", "bob"])
        await assignments.assign(installation, APP, "Group", "all", "organizer")
        service = processes.start(home, "serve", "--port", "0")
        try:
            processes.address_of(service)
            chosen = await on_demand.choose(installation, APP, ["ada@corp.example"])
            async for row in on_demand.provision(installation, chosen):
                last = row
            assert (last.cycle.kind, last.cycle.state, last.counts["create"]) == ("onDemand", "succeeded", 1)
            [ada] = await on_demand.outcome(installation, chosen, last.cycle.id)
            assert ada.log is not None
            assert active(goto) == {"ada@corp.example"}
        finally:
            assert processes.stop(service) == 0


async def test_wrong_credentials_are_not_tried_over_and_over(tmp_path: Path, goto: str) -> None:
    home = tmp_path / "home"
    async with compose.opened(Settings(home=home)) as installation:
        await connected(installation, tmp_path, goto, ["ada", "bob"])
        await assignments.assign(installation, APP, "User", "ada@corp.example", "organizer")
        async for _ in provisioning.sync(installation, APP):
            pass
        await apps.set_credentials(installation, APP, {"Password": "wrong"})
        await assignments.assign(installation, APP, "User", "bob@corp.example", "organizer")
        service = processes.start(home, "serve", "--port", "0")
        try:
            processes.address_of(service)
            await provisioning.switch_on(installation, APP)
            wait_for(lambda: sign_ins(goto) >= 2)
            time.sleep(2)
            assert sign_ins(goto) <= 4
            (app,) = (await status.show(installation)).apps
            assert app.last is not None
            assert app.last.error is not None
            assert app.last.error.code == "Unauthorized"
        finally:
            processes.stop(service)


def sign_ins(goto: str) -> int:
    requests = get(f"{goto}/_emulator/state")["requests"]
    return sum(one["count"] for one in requests if "/oauth/" in one["path"])


def test_a_second_service_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    first = processes.start(tmp_path / "home", "serve", "--port", "0")
    try:
        processes.address_of(first)
        second = processes.run(tmp_path / "home", "serve", "--port", "0")
        assert second.returncode == 1
        assert str(first.pid) in second.stderr
        assert "Traceback" not in second.stderr
    finally:
        processes.stop(first)


async def test_sigterm_sends_nothing_more_and_the_next_start_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    names = [f"p{number:03}" for number in range(200)]
    slow = ("--rate-limit", "0", "--seats", "300", "--latency", "0.05")
    with processes.emulator(tmp_path, *slow) as goto:
        async with compose.opened(Settings(home=home)) as installation:
            await connected(installation, tmp_path, goto, names)
            await assignments.assign(installation, APP, "Group", "all", "organizer")
            await apps.set_settings(installation, APP, {"batchSize": "1"})  # together, all would be there at once
            await provisioning.switch_on(installation, APP)
        service = processes.start(home, "serve", "--port", "0")
        wait_for(lambda: len(active(goto)) > 20)
        assert processes.stop(service) == 0
        done = len(active(goto))
        assert done < 200
        time.sleep(0.3)
        assert len(active(goto)) == done
        again = processes.start(home, "serve", "--port", "0")
        try:
            wait_for(lambda: len(active(goto)) == 200, 60)
        finally:
            processes.stop(again)
        mails = [mail["to"] for mail in get(f"{goto}/_emulator/state")["mails"]]
        assert len(mails) == len(set(mails)) == 200


def test_the_service_answers_on_this_machine_only(tmp_path: Path) -> None:
    service = processes.start(tmp_path / "home", "serve", "--port", "0")
    try:
        port = int(processes.address_of(service).rsplit(":", 1)[1])
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)
    finally:
        processes.stop(service)
