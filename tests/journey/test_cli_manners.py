"""How every command behaves: exit codes, streams, colours, and faults."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journey.command import EXAMPLES, Command

from provisor import __version__

pytestmark = pytest.mark.one_database  # it is about the process, and opens hardly any
ROOT = Path(__file__).parents[2]


@pytest.fixture
def provisor(tmp_path: Path) -> Command:
    return Command(tmp_path / "home")


async def test_the_version_is_told(provisor: Command) -> None:
    assert __version__ in (await provisor.done("--version")).out


async def test_help_and_the_reference_explain_every_exit_code(provisor: Command) -> None:
    shown = (await provisor.done("--help")).out
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text("utf-8")
    for code in (0, 1, 2, 3, 4, 5, 70, 130):
        assert f"\n    {code} " in shown
        assert f"\n| {code} |" in page


async def test_help_needs_no_home(provisor: Command) -> None:
    for words in ((), ("app",), ("plan",), ("plan", "some app"), ("directory", "import"), ("serve",)):
        await provisor.done(*words, "--help")
    assert not provisor.home.exists()


@pytest.mark.parametrize("words", [("nix",), ("app", "nix"), ("plan",), ("sync",), ("status", "--nix")])
async def test_wrong_usage_is_exit_code_2(provisor: Command, words: tuple[str, ...]) -> None:
    result = await provisor(*words)
    assert (result.code, provisor.home.exists()) == (2, False)


async def test_no_colour_where_there_is_no_terminal_or_nobody_wants_it(provisor: Command) -> None:
    await provisor.done("directory", "import", str(EXAMPLES / "company.ldif"))
    for others in ({}, {"NO_COLOR": "1"}):
        for words in (("status",), ("directory", "groups"), ("app", "show", "nix")):
            result = await provisor(*words, **others)
            assert "\x1b" not in result.out + result.err


async def test_a_reader_who_leaves_early_is_no_error(provisor: Command) -> None:
    await provisor.done("directory", "import", str(EXAMPLES / "planetexpress" / "large-group.ldif"))
    process = await provisor.start("directory", "show", "large_group", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdout.readexactly(1)
    process.stdout._transport.close()  # type: ignore[attr-defined]  # asyncio offers no other way to hang up
    assert await process.stderr.read() == b""
    await asyncio.wait_for(process.wait(), 60)


async def test_a_home_that_cannot_be_used_is_an_error_and_no_trace(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    result = await Command(tmp_path / "file")("status")
    assert result.code == 1
    assert result.err.startswith("Error: ")


async def test_an_environment_that_is_wrong_is_named_and_not_quoted(provisor: Command) -> None:
    result = await provisor("status", PROVISOR_PORT="99999999")
    assert result.code == 1
    assert "PROVISOR_PORT" in result.err
    assert "99999999" not in result.err


async def test_a_database_that_is_none_is_an_error_and_no_trace(provisor: Command) -> None:
    await provisor.done("status")
    (provisor.home / "provisor.db").write_bytes(b"this is no database, and long enough to be told apart" * 100)
    result = await provisor("status")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Error: The database cannot be used: file is not a database.")


def test_a_fault_of_our_own_is_one_line_and_says_how_to_see_more() -> None:
    broken = "cli.root.add_command(click.Command('break', callback=lambda: {}['secret']))"
    program = f"import click; from provisor import cli; {broken}; raise SystemExit(cli.main(['break']))"
    quiet = {name: text for name, text in os.environ.items() if name != "PROVISOR_LOG_LEVEL"}
    words = [sys.executable, "-c", program]
    result = subprocess.run(words, env=quiet, capture_output=True, text=True, check=False)
    assert result.returncode == 70
    assert result.stderr.splitlines() == [
        "Error: Something went wrong inside Provisor (KeyError).",
        "  Set PROVISOR_LOG_LEVEL=debug to see more.",
    ]
    curious = subprocess.run(
        words, env=quiet | {"PROVISOR_LOG_LEVEL": "debug"}, capture_output=True, text=True, check=False
    )
    assert "Traceback" in curious.stderr
