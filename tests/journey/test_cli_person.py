"""`provisor provision`, `explain` and `app mappings test`, run as processes against an emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.journey.command import GOTO, Command, emulated

from provisor.testing.gotomeeting import GoToMeetingEmulator

ADA = "ada@hard.example"


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


async def test_a_person_is_looked_at_tried_provisioned_and_explained(
    provisor: Command, goto: GoToMeetingEmulator
) -> None:
    plan = await provisor.done("provision", GOTO, ADA, "--plan")
    assert "would be created" in plan.out
    assert "Nothing was written." in plan.out
    assert goto.journal == []

    tried = await provisor.done("app", "mappings", "test", GOTO, "--user", ADA, "--set", "lastName=ToUpper([surname])")
    assert "lastName ← ToUpper([surname])" in tried.out
    assert "(empty) → STONE" in tried.out

    done = await provisor.done("provision", GOTO, ADA)
    for step in ("1. Import", "2. Scope", "3. Match", "4. Decide", "5. Send"):
        assert step in done.out
    assert "created" in done.out
    assert {write.email for write in goto.journal} == {ADA}

    told = await provisor.done("explain", GOTO, ADA)
    assert "and it is as it should be." in told.out
    assert "through the group hard_group" in told.out


async def test_json_holds_the_steps_with_their_details_and_errors_end_with_their_code(
    provisor: Command, goto: GoToMeetingEmulator
) -> None:
    goto.add_user(ADA, "Ada", "Pebble", products=())
    result = await provisor("provision", GOTO, ADA, "--json")
    assert result.code == 0
    document = result.json
    assert (document["planned"], document["cycle"]["kind"], document["cycle"]["state"]) == (
        False,
        "onDemand",
        "succeeded",
    )
    [one] = document["value"]
    assert one["read"]["surname"] == "Stone"
    assert [step["type"] for step in one["log"]["steps"]] == ["import", "scoping", "matching", "processing", "export"]
    assert one["log"]["steps"][1]["details"]["Assigned"] is True
    assert {"attribute": "lastName", "old": "Pebble", "new": "Stone"} in one["log"]["modified"]

    explained = (await provisor.done("explain", GOTO, ADA, "--json")).json
    assert explained["verdict"]["code"] == "ExplainedProvisioned"
    assert explained["next"]["message"]

    nobody = await provisor("provision", GOTO, "nobody@hard.example")
    assert (nobody.code, nobody.out) == (1, "")
    assert 'no user "nobody@hard.example"' in nobody.err
    assert (await provisor("explain", GOTO, "nobody@hard.example")).code == 1
    wrong = await provisor("app", "mappings", "test", GOTO, "--user", ADA, "--set", "lastName")
    assert wrong.code == 2
    assert "TARGET=EXPRESSION" in wrong.err


async def test_a_target_that_is_gone_ends_with_its_code(provisor: Command, goto: GoToMeetingEmulator) -> None:
    await goto.stop()
    result = await provisor("provision", GOTO, ADA)
    assert result.code == 3
    assert "was not reached" in result.out
