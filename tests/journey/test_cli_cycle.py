"""`provisor plan`, `sync`, `status` and `logs`, run as processes against an emulator."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.journey.command import GOTO, Command, emulated, write_people

from provisor.app import assignments, people
from provisor.directory.importing import Options as ImportOptions
from provisor.testing.gotomeeting import GoToMeetingEmulator


@pytest.fixture
async def goto() -> AsyncIterator[GoToMeetingEmulator]:
    async with emulated() as emulator:
        yield emulator


@pytest.fixture
async def provisor(tmp_path: Path, goto: GoToMeetingEmulator) -> Command:
    """Connected, with the hard people assigned."""
    command = Command(tmp_path / "home")
    await command.connect(goto, "hard_group")
    return command


async def crowd(provisor: Command, folder: Path, count: int) -> None:
    """That many more people, assigned through a group called `everybody`."""
    async with provisor.opened() as installation:
        file = write_people(folder / "crowd.ldif", count)
        await people.import_file(installation, file, ImportOptions("crowd"))
        await assignments.assign(installation, GOTO, "Group", "everybody", "organizer")


async def test_a_plan_says_what_and_why_and_is_forgotten(provisor: Command, goto: GoToMeetingEmulator) -> None:
    goto.add_user("ada@hard.example", "Ada", "Pebble", products=())
    result = await provisor.done("plan", GOTO)
    assert "11 create" not in result.out
    assert "1 adopt" in result.out
    assert "lastName: Pebble → Stone" in result.out
    assert "[/]  brackets@hard.example" in result.out
    assert "\\x1b[31m" in result.out
    assert "40 characters" in result.out
    assert "target's rate" in result.out
    assert goto.journal == []
    assert (await provisor.done("plan", "list", GOTO, "--json")).json["value"] == []


async def test_a_plan_as_json_has_every_line_with_its_reason(provisor: Command) -> None:
    plan = (await provisor.done("plan", GOTO, "--json")).json
    counts = plan["counts"]
    assert counts["failed"] == 3
    assert len(plan["lines"]) == counts["create"] + counts["failed"] + counts["skipped"]
    assert all(line["reason"]["message"] for line in plan["lines"])
    only = (await provisor.done("plan", "--action", "skip", GOTO, "--json")).json
    assert {line["action"] for line in only["lines"]} == {"skip"}


async def test_a_long_plan_is_shown_in_part_and_says_how_to_see_all(provisor: Command, tmp_path: Path) -> None:
    await crowd(provisor, tmp_path, 60)
    part = await provisor.done("plan", GOTO)
    assert "--all" in part.out
    whole = await provisor.done("plan", GOTO, "--all")
    assert whole.out.count("@test.example\n") == 60
    assert part.out.count("@test.example\n") < 60


async def test_a_saved_plan_is_listed_applied_once_and_logged(provisor: Command, goto: GoToMeetingEmulator) -> None:
    saved = (await provisor.done("plan", GOTO, "--save", "--json")).json
    assert [one["id"] for one in (await provisor.done("plan", "list", GOTO, "--json")).json["value"]] == [saved["id"]]
    applied = await provisor("plan", "apply", saved["id"], "--json")
    assert applied.code == 5  # three of the hard people cannot be provisioned
    assert applied.json["results"]["created"] == saved["counts"]["create"]
    assert goto.user("brackets@hard.example").first_name == "[/]"
    again = await provisor("plan", "apply", saved["id"])
    assert again.code == 1
    rows = (await provisor.done("logs", GOTO, "--action", "create", "--json")).json["value"]
    assert len(rows) == saved["counts"]["create"]


async def test_a_discarded_plan_cannot_be_applied_and_a_cycle_cannot_be_discarded(provisor: Command) -> None:
    saved = (await provisor.done("plan", GOTO, "--save", "--json")).json["id"]
    await provisor.done("plan", "discard", saved)
    assert (await provisor("plan", "apply", saved)).code == 1
    cycle = (await provisor("sync", GOTO, "--json")).json["cycle"]["id"]
    assert (await provisor("plan", "discard", cycle)).code == 1
    assert (await provisor("plan", "show", cycle)).code == 0


async def test_sync_tells_what_it_did_and_what_it_could_not(provisor: Command, goto: GoToMeetingEmulator) -> None:
    result = await provisor("sync", GOTO)
    assert result.code == 5
    assert "3 failed" in result.out
    assert "Lena Wolkenbruchhausen-Schmetterlingsthalhaus: lastName has 40 characters" in result.out
    assert "provisor logs" in result.out
    assert goto.user("juergen@hard.example").first_name == "Jürgen"
    again = await provisor.done("sync", GOTO)
    assert again.out.startswith("Nothing to do")


async def test_the_guard_holds_and_says_the_command_that_goes_on(
    provisor: Command, goto: GoToMeetingEmulator, tmp_path: Path
) -> None:
    await crowd(provisor, tmp_path, 30)
    await provisor("sync", GOTO)
    await provisor.done("app", "unassign", GOTO, "--group", "everybody")
    held = await provisor("sync", GOTO)
    assert held.code == 5
    assert f"provisor sync '{GOTO}' --allow 30" in held.out
    assert not any(write.effect == "unassign" for write in goto.journal)
    status = (await provisor.done("status", "--json")).json["apps"][0]
    assert status["held"] == 30
    wrong = await provisor("sync", GOTO, "--allow", "29")
    assert "You agreed to 29" in wrong.out
    agreed = await provisor("sync", GOTO, "--allow", "30", "--json")
    assert agreed.json["results"]["disabled"] == 30
    assert agreed.code == 0


async def test_a_target_that_refuses_the_credentials_is_exit_code_3(
    provisor: Command, goto: GoToMeetingEmulator
) -> None:
    goto.options.password_sign_in = "decommissioned"
    for words in (("sync", GOTO), ("plan", GOTO)):
        result = await provisor(*words)
        assert result.code == 3
        assert "Error: " in result.err
    assert (await provisor.done("status", "--json")).json["apps"][0]["lastCycle"]["state"] == "failed"


async def test_ctrl_c_ends_a_cycle_in_order_and_the_next_one_goes_on(tmp_path: Path, goto: GoToMeetingEmulator) -> None:
    provisor = Command(tmp_path / "home")
    await provisor.connect(goto, rate=20)
    await crowd(provisor, tmp_path, 60)
    process = await provisor.start("sync", GOTO)
    while len(goto.users) < 5:
        assert process.returncode is None
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert process.returncode == 130
    assert f"To go on: provisor sync '{GOTO}'" in err.decode()
    assert "Traceback" not in err.decode()
    assert len(goto.users) < 60
    assert "stopped half-way" in (await provisor.done("status")).out
    await provisor.done("app", "settings", GOTO, "rateLimit=5000")
    finished = await provisor.done("sync", GOTO)
    assert "60 created" in finished.out
    assert "Nothing to do" not in finished.out
    assert len([user for user in goto.users if user.email.endswith("@test.example")]) == 60
    assert len([write for write in goto.journal if write.effect == "create"]) <= 60


async def test_restart_has_the_next_cycle_look_at_everybody(provisor: Command) -> None:
    await provisor("sync", GOTO)
    assert "looks at everybody" in (await provisor.done("app", "restart", GOTO)).out
    assert (await provisor("sync", GOTO, "--json")).json["cycle"]["kind"] == "initial"
    assert (await provisor("app", "restart", GOTO, "--scope", "Nix")).code == 1
    await provisor.done("app", "restart", GOTO, "--scope", "Full")


async def test_the_log_is_filtered_and_paged(provisor: Command) -> None:
    await provisor("sync", GOTO)
    failed = (await provisor.done("logs", GOTO, "--status", "failure", "--json")).json["value"]
    assert len(failed) == 3
    mine = (await provisor.done("logs", "--user", "ada@hard.example", "--json")).json["value"]
    assert [row["provisioningAction"] for row in mine] == ["create"]
    first = (await provisor.done("logs", "--limit", "2", "--json")).json
    second = (await provisor.done("logs", "--limit", "2", "--before", str(first["next"]), "--json")).json
    assert int(second["value"][0]["id"]) < int(first["value"][-1]["id"])
    audit = (await provisor.done("logs", "--audit", "--json")).json["value"]
    assert audit[0]["activityDisplayName"] == "Start a provisioning cycle"
