"""`provisor directory`, run as a process."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.journey.command import EXAMPLES, Command, write_people


@pytest.fixture
def provisor(tmp_path: Path) -> Command:
    return Command(tmp_path / "home")


async def imported(provisor: Command, name: str = "hard.ldif") -> Command:
    result = await provisor("directory", "import", str(EXAMPLES / name))
    assert result.code == (5 if name == "hard.ldif" else 0), result.err
    return provisor


@pytest.mark.parametrize(
    ("file", "added", "refused"),
    [
        ("company.ldif", 270, 0),
        ("hard.ldif", 16, 1),
        ("planetexpress/planetexpress.ldif", 9, 0),
        ("planetexpress/large-group.ldif", 2001, 0),
    ],
)
async def test_every_example_goes_in(provisor: Command, file: str, added: int, refused: int) -> None:
    result = await provisor("directory", "import", str(EXAMPLES / file), "--json")
    assert result.code == (5 if refused else 0)
    summary = result.json
    assert (summary["added"], summary["refused"]) == (added, refused)


async def test_a_record_that_cannot_be_taken_is_named_with_its_line(provisor: Command) -> None:
    result = await provisor("directory", "import", str(EXAMPLES / "hard.ldif"))
    assert result.code == 5
    assert "16 added" in result.out
    assert "line 149" in result.err
    assert "uid=broken" in result.err


async def test_a_strict_import_takes_all_or_nothing(provisor: Command) -> None:
    result = await provisor("directory", "import", str(EXAMPLES / "hard.ldif"), "--strict")
    assert result.code == 1
    assert result.err.startswith("Error: ")
    assert (await provisor.done("directory", "users", "--json")).json == {"value": [], "next": None}


async def test_a_dry_run_says_what_it_would_do_and_does_nothing(provisor: Command) -> None:
    result = await provisor("directory", "import", str(EXAMPLES / "hard.ldif"), "--dry-run")
    assert result.code == 5
    assert "Would import" in result.out
    assert "No users yet" in (await provisor.done("directory", "users")).out


async def test_half_a_file_is_refused_until_a_person_says_that_it_is_meant(provisor: Command, tmp_path: Path) -> None:
    await provisor.done("directory", "import", str(write_people(tmp_path / "all.ldif", 20)), "--source", "hr")
    half = str(write_people(tmp_path / "half.ldif", 10))
    refused = await provisor("directory", "import", half, "--source", "hr", "--full")
    assert refused.code == 4
    assert "--confirm-missing" in refused.err
    assert len((await provisor.done("directory", "users", "--json")).json["value"]) == 20
    await provisor.done("directory", "import", half, "--source", "hr", "--full", "--confirm-missing")
    assert len((await provisor.done("directory", "users", "--json")).json["value"]) == 10
    assert len((await provisor.done("directory", "users", "--deleted", "--json")).json["value"]) == 10


async def test_a_file_that_is_not_there_is_an_error_and_no_trace(provisor: Command, tmp_path: Path) -> None:
    result = await provisor("directory", "import", str(tmp_path / "none.ldif"))
    assert result.code == 1
    assert result.err.startswith("Error: ")


async def test_standard_input_goes_in_with_the_name_of_its_source(provisor: Command) -> None:
    text = (EXAMPLES / "planetexpress" / "planetexpress.ldif").read_text()
    assert (await provisor("directory", "import", "-", typed=text)).code == 2
    taken = await provisor.done("directory", "import", "-", "--source", "ship", "--json", typed=text)
    assert (taken.json["added"], taken.json["source"]) == (9, "ship")
    empty = await provisor("directory", "import", "-", "--source", "ship", "--full", typed="")
    assert (empty.code, empty.out) == (1, "")
    assert "no record" in empty.err


async def test_a_file_that_is_no_ldif_is_refused_as_a_whole(provisor: Command, tmp_path: Path) -> None:
    (tmp_path / "letter.ldif").write_text("Dear Sir or Madam,\n\nplease find enclosed nothing at all.\n")
    result = await provisor("directory", "import", str(tmp_path / "letter.ldif"))
    assert (result.code, result.out) == (1, "")
    assert "Was it read as what it is?" in result.err


async def test_a_group_with_a_member_that_cannot_be_read_keeps_its_members(provisor: Command, tmp_path: Path) -> None:
    file = write_people(tmp_path / "all.ldif", 3)
    await provisor.done("directory", "import", str(file))
    file.write_text(file.read_text().replace("member: uid=person1,dc=test", "member: person1"))
    assert (await provisor("directory", "import", str(file), "--strict")).code == 1
    result = await provisor("directory", "import", str(file))
    assert result.code == 5
    assert "member" in result.err
    assert len((await provisor.done("directory", "show", "everybody", "--json")).json["members"]) == 3


async def test_pages_hold_everybody_once(provisor: Command) -> None:
    await imported(provisor)
    whole = [one["id"] for one in (await provisor.done("directory", "users", "--json")).json["value"]]
    first = (await provisor.done("directory", "users", "--limit", "9", "--json")).json
    second = (await provisor.done("directory", "users", "--limit", "9", "--after", first["next"], "--json")).json
    assert [one["id"] for one in first["value"] + second["value"]] == whole
    assert second["next"] is None


async def test_names_are_text_and_never_markup_or_escape_sequences(provisor: Command) -> None:
    await imported(provisor)
    result = await provisor.done("directory", "users", "--search", "brackets")
    assert "[/]" in result.out
    listed = await provisor("directory", "users", FORCE_COLOR="1")
    assert "[/]" in listed.out
    assert "\x1b[31m" not in listed.out
    assert "\\x1b[31m" in listed.out
    assert "\u202e" not in listed.out
    shown = await provisor.done("directory", "show", "brackets@hard.example")
    assert shown.out.startswith("[/]  (user, enabled)")


async def test_json_hides_no_character_and_loses_none(provisor: Command) -> None:
    await imported(provisor)
    result = await provisor.done("directory", "users", "--search", "rtl", "--json")
    assert "\u202e" not in result.out
    assert "\u202e" in result.json["value"][0]["displayName"]


async def test_a_member_is_shown_with_the_group_and_the_group_with_its_members(provisor: Command) -> None:
    await imported(provisor)
    shown = (await provisor.done("directory", "show", "ada@hard.example", "--json")).json
    assert [group["displayName"] for group in shown["memberOf"]] == ["hard_group"]
    group = (await provisor.done("directory", "show", "hard_group", "--json")).json
    assert shown["id"] in [member["id"] for member in group["members"]]


async def test_a_name_that_fits_several_people_is_refused_with_their_ids(provisor: Command) -> None:
    await imported(provisor)
    twins = (await provisor.done("directory", "users", "--search", "twins@", "--json")).json["value"]
    result = await provisor("directory", "show", "twins@hard.example")
    assert result.code == 1
    assert all(one["id"] in result.err for one in twins)


async def test_who_is_there_comes_before_who_is_in_the_recycle_bin(provisor: Command) -> None:
    await imported(provisor)
    one, other = (await provisor.done("directory", "users", "--search", "twins@", "--json")).json["value"]
    await provisor.done("directory", "delete", one["id"])
    assert (await provisor.done("directory", "show", "twins@hard.example", "--json")).json["id"] == other["id"]
    await provisor.done("directory", "restore", "twins@hard.example")
    assert (await provisor.done("directory", "show", one["id"], "--json")).json["enabled"]


async def test_a_name_that_nobody_has_is_refused_and_says_where_to_look(provisor: Command) -> None:
    result = await provisor("directory", "show", "nobody@hard.example")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Error: ")
    assert "provisor directory" in result.err


async def test_disable_delete_and_restore_a_person(provisor: Command) -> None:
    await imported(provisor)

    async def person() -> tuple[bool, bool]:
        shown = (await provisor.done("directory", "show", "ada@hard.example", "--json")).json
        return shown["enabled"], shown["deletedDateTime"] is not None

    await provisor.done("directory", "disable", "ada@hard.example")
    assert await person() == (False, False)
    await provisor.done("directory", "restore", "ada@hard.example")
    assert await person() == (True, False)
    await provisor.done("directory", "delete", "ada@hard.example")
    assert await person() == (False, True)


async def test_danger_needs_a_yes(provisor: Command) -> None:
    await imported(provisor)
    for words in (("delete", "ada@hard.example", "--purge"), ("delete", "--group", "hard_group")):
        refused = await provisor("directory", *words, typed="y\n")
        assert refused.code == 2
        assert "--yes" in refused.err
        await provisor.done("directory", *words, "--yes")
    assert (await provisor("directory", "show", "ada@hard.example")).code == 1
    assert len((await provisor.done("directory", "groups", "--deleted", "--json")).json["value"]) == 1


async def test_one_user_or_one_group_is_named_and_not_both(provisor: Command) -> None:
    assert (await provisor("directory", "restore")).code == 2
    assert (await provisor("directory", "restore", "ada", "--group", "hard_group")).code == 2
