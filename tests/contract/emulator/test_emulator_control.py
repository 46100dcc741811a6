import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from tests.contract.emulator.raw import Raw, Start

from provisor.testing.gotomeeting import GoToMeetingEmulator, Options, run


async def state(raw: Raw) -> dict[str, Any]:
    body: dict[str, Any] = await raw.get("/_emulator/state")
    return body


async def test_the_state_tells_users_mails_journal_and_counts(raw: Raw) -> None:
    await raw.create("ada@example.com", "G2M")
    seen = await state(raw)
    assert [(user["email"], user["status"]) for user in seen["users"]][1:] == [("ada@example.com", "INVITED")]
    assert [(mail["to"], mail["kind"]) for mail in seen["mails"]] == [("ada@example.com", "invitation")]
    assert [(row["method"], row["email"], row["effect"]) for row in seen["journal"]] == [
        ("POST", "ada@example.com", "user.created")
    ]
    path = "/admin/rest/v1/accounts/{accountKey}/users"
    assert seen["requests"] == [{"method": "POST", "path": path, "count": 1}]
    assert seen["answers"] == [{"method": "POST", "path": path, "status": 201, "count": 1}]
    assert raw.goto.count("POST", "/users") == 1


async def test_control_needs_no_sign_in_and_is_not_limited_or_counted(start: Start) -> None:
    made = await start(Options(rate_limit=0.01))
    made.token = ""
    for _ in range(5):
        await state(made)
    assert made.goto.requests == {}


async def test_a_fault_is_put_in_force_and_lifted_over_http(raw: Raw) -> None:
    status, body = await raw.send(
        "POST", "/_emulator/faults", {"kind": "server-error", "status": 503, "path": "/users"}
    )
    assert status == 201
    assert (await raw.send("GET", "users"))[0] == 503
    assert [(row["id"], row["struck"]) for row in await raw.get("/_emulator/faults")] == [(body["id"], 1)]
    assert (await raw.send("DELETE", "/_emulator/faults/" + body["id"]))[0] == 204
    assert (await raw.send("GET", "users"))[0] == 200
    await raw.send("POST", "/_emulator/faults", {"kind": "html"})
    await raw.send("DELETE", "/_emulator/faults")
    await raw.get("users")


@pytest.mark.parametrize("body", [{"kind": "flood"}, {"kind": "html", "colour": 1}, {"kind": "html", "path": "("}, []])
async def test_a_fault_that_makes_no_sense_is_refused(raw: Raw, body: object) -> None:
    assert (await raw.send("POST", "/_emulator/faults", body))[0] == 400
    assert raw.goto.faults.armed == []


async def test_the_hooks_play_the_people(raw: Raw) -> None:
    async def hook(name: str, /, **arguments: object) -> int:
        return (await raw.send("POST", f"/_emulator/hooks/{name}", arguments))[0]

    ada = "ada@example.com"
    assert await hook("known-elsewhere", email="eve@example.com") == 204
    await raw.create(ada, "G2M")
    await raw.create("eve@example.com", "G2M")
    assert raw.goto.mails[-1].kind == "transfer"
    assert await hook("accept", email=ada) == 204
    assert raw.goto.status(ada) == "ACTIVE"
    assert await hook("age", days=100, email=ada) == 204
    assert raw.goto.status(ada) == "INACTIVE"
    assert await hook("sign-in", email=ada) == 204
    assert raw.goto.status(ada) == "ACTIVE"
    assert await hook("identity-read-only", email=ada) == 204
    assert raw.goto.user(ada).identity_read_only
    assert await hook("decline", email="eve@example.com") == 204
    assert raw.goto.status("eve@example.com") == "SUSPENDED"
    assert await hook("seats", product="G2M", number=2) == 204
    assert await hook("add-user", email="full@example.com") == 400
    assert await hook("add-user", email="bob@example.com", products=["G2W"], group="Paris") == 200
    assert await hook("expire-tokens") == 204
    assert (await raw.send("GET", "users"))[0] == 401
    assert await hook("accept", email="nobody@example.com") == 400
    assert await hook("accept", name=ada) == 400
    assert await hook("explode") == 404


async def test_live_options_change_at_once_and_the_others_do_not(raw: Raw) -> None:
    change = {"password_sign_in": "decommissioned", "rate_limit": 5, "latency": 0.01}
    assert (await raw.send("PATCH", "/_emulator/options", change))[0] == 204
    assert (raw.goto.options.password_sign_in, raw.goto.options.rate_limit) == ("decommissioned", 5)
    assert (await raw.form("/oauth/v2/token", {}))[0] == 410
    for wrong in ({"account_key": "1"}, {"rate_limit": "fast"}, {"password_sign_in": "maybe"}):
        assert (await raw.send("PATCH", "/_emulator/options", wrong))[0] == 400


async def test_counters_are_reset_and_people_kept(raw: Raw) -> None:
    await raw.create("ada@example.com", "G2M")
    assert (await raw.send("POST", "/_emulator/reset-counters"))[0] == 204
    seen = await state(raw)
    assert (seen["mails"], seen["journal"], seen["requests"], len(seen["users"])) == ([], [], [], 2)


async def test_a_killed_emulator_gets_its_people_back_from_its_file(start: Start, tmp_path: Path) -> None:
    options = Options(rate_limit=None, state_file=str(tmp_path / "goto.jsonl"), seats={"G2M": 5})
    made = await start(options)
    await made.create("ada@example.com", "G2M")
    await made.create("bob@example.com", "G2M")
    await made.create("eve@example.com", "G2M", groupKey=made.goto.add_group("Paris").key)
    made.goto.accept("ada@example.com")
    made.goto.seats("G2M", 7)
    gone = made.goto.user("bob@example.com").key
    await made.send("DELETE", "users/" + gone)
    with (tmp_path / "goto.jsonl").open("ab") as file:
        file.write(b'["user",{"ke')

    restored = GoToMeetingEmulator(Options(rate_limit=None, state_file=options.state_file, seats={"G2M": 5}))
    before, after = await state(made), json.loads(msgspec.json.encode(restored.state()))
    assert after["users"][0]["email"] == "admin@example.com"
    for part in ("users", "licenses", "groups", "mails", "journal"):
        assert before[part]
        assert after[part] == before[part]
    await restored.close()
    again = await start(options)
    _, body = await again.create("bob@example.com")
    assert body[0]["key"] == gone
    _, body = await again.create("new@example.com")
    assert body[0]["key"] not in {user["key"] for user in before["users"]}


async def test_run_serves_until_told_to_stop() -> None:
    until, listening = asyncio.Event(), asyncio.Queue[GoToMeetingEmulator]()
    task = asyncio.create_task(run(Options(), 0, until, listening.put_nowait))
    emulator = await listening.get()
    assert emulator.url.startswith("http://127.0.0.1:")
    async with aiohttp.ClientSession() as session:
        async with session.get(emulator.url + "/_emulator/state") as answer:
            assert answer.status == 200
        until.set()
        await task
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(emulator.url + "/_emulator/state")
