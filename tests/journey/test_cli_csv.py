"""CSV in and out, as a person types it."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import click
import pytest
from tests.journey.command import EXAMPLES, GOTO, Command, emulated

from provisor.app import apps, people
from provisor.cli import root
from provisor.directory.importing import Options


@pytest.fixture
def provisor(tmp_path: Path) -> Command:
    return Command(tmp_path / "home")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


async def fill(provisor: Command, name: str) -> None:
    async with provisor.opened() as installation:
        await people.import_file(installation, EXAMPLES / name, Options("ldif"))


@pytest.mark.one_database  # two homes
async def test_the_example_goes_in_and_what_goes_out_goes_in_elsewhere(provisor: Command, tmp_path: Path) -> None:
    taken = await provisor.done("directory", "import", str(EXAMPLES / "people.csv"))
    assert "10 added" in taken.out
    assert "told apart by the column Personnel number (employeeId)" in taken.out
    first = (await provisor.done("directory", "users", "--csv")).out
    other = Command(tmp_path / "other")
    again = await other.done("directory", "import", "-", "--format", "csv", "--source", "people", typed=first)
    assert "10 added" in again.out
    second = (await other.done("directory", "users", "--csv")).out
    known = {row["id"]: row["userPrincipalName"] for text in (first, second) for row in table(text)}
    assert len(table(first)) == 6

    def meant(text: str) -> list[dict[str, str]]:
        return [row | {"id": "", "manager": known.get(row["manager"], "")} for row in table(text)]

    assert meant(second) == meant(first)
    assert {row["manager"] for row in meant(first)} == {
        *("", "rosalind.ekberg@larkspur.example", "emile.fournier@larkspur.example"),
    }


async def test_hard_names_come_through_a_spreadsheet_unharmed(provisor: Command, tmp_path: Path) -> None:
    await fill(provisor, "hard.ldif")
    file = tmp_path / "hard.csv"
    await provisor.done("directory", "users", "--output", str(file), "--bom")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfid,")
    assert file.stat().st_mode & 0o777 == 0o600
    rows = table(file.read_text("utf-8-sig"))
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r")]
    assert "'=cmd|'/c calc'!A1" in [row["displayName"] for row in rows]
    other = Command(tmp_path / "other")
    taken = await other("directory", "import", str(file), "--json")
    assert taken.json["refused"] == 1  # the second of two people with one login
    names = {one["displayName"] for one in (await other.done("directory", "users", "--json")).json["value"]}
    assert {"=cmd|'/c calc'!A1", "Red\x1b[31m Alert\x1b[2J", 'Pat "Paddy" O\'Brien \\ Co, Ltd'} <= names


async def test_bad_rows_are_told_with_their_lines_and_what_helps(provisor: Command, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    rows = [b"login;city", b"amy@x.example;K\xf6ln", b"bob@x.example", b"cyd@x.example;Bonn"]
    file.write_bytes(b"\n".join([*rows, b"dan@x.example;" + b"x" * 10**7]))
    result = await provisor("directory", "import", str(file))
    assert result.code == 5
    assert "1 added" in result.out
    for line in ("line 2: The byte 0xf6", "line 3: The row has 1 cells", "line 5: A row or cell is too long"):
        assert line in result.err
    assert "iconv" in result.err
    file.write_text("name;city\nAmy;Bonn\n")
    refused = await provisor("directory", "import", str(file), "--full")
    assert (refused.code, refused.out) == (1, "")
    assert "there are: name, city" in refused.err


@pytest.mark.parametrize(
    "words",
    [
        ("directory", "import", "company.ldif", "--map", "a=mail"),
        ("directory", "import", "company.ldif", "--delimiter", ";"),
        ("directory", "import", "people.csv", "--format", "ldif", "--groups", "a"),
        ("directory", "import", "people.csv", "--map", "mail"),
        ("directory", "import", "-", "--format", "csv"),
        ("directory", "groups", "--output", "groups.txt"),
        ("directory", "groups", "--json", "--csv"),
        ("directory", "groups", "--csv", "--force"),
        ("logs", "--json", "--bom"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError):
        root.main(words, standalone_mode=False)


async def test_everybody_is_exported_and_not_the_first_page(provisor: Command, tmp_path: Path) -> None:
    await fill(provisor, "planetexpress/large-group.ldif")
    rows = table((await provisor.done("directory", "users", "--csv")).out)
    assert len({row["id"] for row in rows}) == len(rows) == 2000
    assert {row["groups"] for row in rows} == {"large_group"}
    file = tmp_path / "users.json"
    done = await provisor.done("directory", "users", "--output", str(file))
    assert (done.out, "2,000 rows" in done.err) == ("", True)
    assert len(json.loads(file.read_text())["value"]) == 2000
    some = await provisor.done("directory", "users", "--csv", "--limit", "501")
    assert len(table(some.out)) == 501


async def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(provisor: Command, tmp_path: Path) -> None:
    await fill(provisor, "hard.ldif")
    file = tmp_path / "groups.csv"
    file.write_text("mine")
    refused = await provisor("directory", "groups", "--output", str(file))
    assert (refused.code, file.read_text()) == (1, "mine")
    assert "--force" in refused.err
    await provisor.done("directory", "groups", "--output", str(file), "--force")
    assert [row["displayName"] for row in table(file.read_text())] == ["hard_group"]
    assert (await provisor("directory", "groups", "--output", str(tmp_path / "none" / "groups.csv"))).code == 1
    assert [path.name for path in tmp_path.glob("*groups*")] == ["groups.csv"]


async def test_the_log_is_three_files_that_belong_together(provisor: Command, tmp_path: Path) -> None:
    async with emulated() as goto:
        await provisor.connect(goto, "hard_group")
        plan = table((await provisor.done("plan", GOTO, "--csv")).out)
        assert {row["action"] for row in plan} >= {"create", "skip"}
        await provisor("sync", GOTO)
    file = tmp_path / "log.csv"
    await provisor.done("logs", "--output", str(file))
    log, steps, modified = (
        table((tmp_path / name).read_text("utf-8")) for name in ("log.csv", "log.steps.csv", "log.modified.csv")
    )
    shown = (await provisor.done("logs", "--limit", "1000", "--json")).json["value"]
    assert [row["changeId"] for row in log] == [row["changeId"] for row in shown]
    assert [row["id"] for row in log] == [row["id"] for row in shown]
    assert len(steps) == sum(len(row["provisioningSteps"]) for row in shown)
    skipped = [json.loads(row["details"]) for row in steps if row["name"] == "EntrySynchronizationSkip"]
    assert {one.get("IsActive") for one in skipped} >= {False}
    assert len(modified) == sum(len(row["modifiedProperties"]) for row in shown)
    assert {row["changeId"] for row in steps + modified} <= {row["changeId"] for row in log}
    failed = table((await provisor.done("logs", "--status", "failure", "--csv")).out)
    assert failed == [row for row in log if row["status"] == "failure"]
    audit = table((await provisor.done("logs", "--audit", "--csv")).out)
    assert "Import directory" in {row["activityDisplayName"] for row in audit}


async def test_the_short_lists_are_tables_too(provisor: Command) -> None:
    async with provisor.opened() as installation:
        await apps.add(installation, GOTO)
    [app] = table((await provisor.done("app", "list", "--csv")).out)
    assert (app["name"], app["job.schedule"]) == (GOTO, "Disabled")
    assert table((await provisor.done("app", "assignments", GOTO, "--csv")).out) == []
    assert (await provisor.done("app", "assignments", GOTO, "--json")).json == {"value": []}
    found = table((await provisor.done("gallery", "search", "meeting", "--csv")).out)
    assert GOTO in [row["name"] for row in found]


async def test_a_header_alone_is_no_directory(provisor: Command, tmp_path: Path) -> None:
    await provisor.done("directory", "import", str(EXAMPLES / "people.csv"))
    alone = tmp_path / "people.csv"
    alone.write_text((EXAMPLES / "people.csv").read_text("utf-8-sig").splitlines()[0] + "\n", "utf-8")
    for more in ((), ("--full", "--confirm-missing")):
        result = await provisor("directory", "import", str(alone), *more)
        assert result.code != 0
        assert "There is no record in it" in result.err
    assert len(table((await provisor.done("directory", "users", "--csv")).out)) == 6
