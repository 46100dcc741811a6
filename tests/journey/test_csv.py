"""CSV taken in by the rules of every import, and given out again."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from tests.world import World

from provisor.app import people
from provisor.directory.columns import Layout
from provisor.directory.importing import Options, Summary, take_in
from provisor.directory.table import read_csv
from provisor.domain.error import Refused

HEAD = "id,login,groups,manager\n"
AMY, BOB, CYD = "1,amy@x.example,crew|sales,2\n", "2,bob@x.example,crew,\n", "3,cyd@x.example,sales,bob@x.example\n"
OTHERS = "".join(f"o{n},other{n}@x.example,others,\n" for n in range(10))  # so that one who is missing is no half file
MORE = "".join(f"m{n},more{n}@x.example,team{n},\n" for n in range(10))  # nor a group


async def taken(world: World, text: str | bytes, **options: bool) -> Summary:
    data = text.encode() if isinstance(text, str) else text
    installation = world.installation
    rows = read_csv(BytesIO(data), Layout())
    return await take_in(
        installation.database, installation.directory_id, rows, Options("hr", **options), installation.clock()
    )


async def members(world: World, group: str) -> list[str]:
    found = (await people.show(world.installation, group)).members
    return sorted(str(one.attributes["userPrincipalName"]).partition("@")[0] for one in found if one.enabled)


async def manager(world: World, login: str) -> str | None:
    found = (await people.show(world.installation, login)).entry.attributes.get("manager")
    return found and (await people.show(world.installation, str(found))).entry.display_name  # type: ignore[return-value]


def counts(summary: Summary) -> Mapping[str, int]:
    names = ("added", "updated", "unchanged", "restored", "removed", "kept", "waiting", "refused")
    return {name: getattr(summary, name) for name in names if getattr(summary, name)}


async def test_people_groups_and_managers_go_in_and_once_more_change_nothing(world: World) -> None:
    assert counts(await taken(world, HEAD + AMY + BOB + CYD)) == {"added": 5}
    assert await members(world, "crew") == ["amy", "bob"]
    assert await members(world, "sales") == ["amy", "cyd"]
    assert await manager(world, "amy@x.example") == await manager(world, "cyd@x.example") == "bob@x.example"
    assert counts(await taken(world, HEAD + AMY + BOB + CYD)) == {"unchanged": 5}
    assert counts(await taken(world, HEAD + CYD + AMY + BOB, full=True)) == {"unchanged": 5}


async def test_a_part_of_the_people_speaks_of_nobody_else_s_groups(world: World) -> None:
    await taken(world, HEAD + AMY + BOB + CYD)
    assert counts(await taken(world, HEAD + AMY.replace("crew|sales", "sales|new"))) == {
        "added": 1,
        "updated": 1,
        "unchanged": 2,
    }
    assert await members(world, "crew") == ["bob"]
    assert await members(world, "sales") == ["amy", "cyd"]
    assert await members(world, "new") == ["amy"]
    await taken(world, HEAD + BOB.replace("crew", ""))
    assert await members(world, "crew") == []


async def test_a_file_without_groups_says_nothing_of_them(world: World) -> None:
    await taken(world, HEAD + AMY + BOB)
    await taken(world, "id,login\n1,amy.new@x.example\n")
    assert await members(world, "crew") == ["amy.new", "bob"]


async def test_a_group_that_nobody_names_goes_with_a_full_import_only(world: World) -> None:
    await taken(world, HEAD + AMY + BOB + OTHERS + MORE)
    without = HEAD + AMY.replace("crew|", "") + BOB.replace("crew", "sales") + OTHERS + MORE
    assert "removed" not in counts(await taken(world, without))
    assert await members(world, "crew") == []
    assert counts(await taken(world, without, full=True))["removed"] == 1
    assert (await people.show(world.installation, "crew")).entry.deleted_at is not None
    await taken(world, HEAD + BOB)
    assert await members(world, "crew") == ["bob"]


async def test_a_full_import_removes_who_is_missing_and_takes_their_membership(world: World) -> None:
    await taken(world, HEAD + AMY + BOB + CYD + OTHERS)
    assert counts(await taken(world, HEAD + AMY + BOB + OTHERS, full=True))["removed"] == 1
    assert await members(world, "sales") == ["amy"]
    with pytest.raises(Refused, match="ImportTruncated"):
        await taken(world, HEAD + AMY + BOB, full=True)


def crew_of(count: int, group: str, rest: str = "") -> str:
    """Thirty people, the first of them in the group."""
    return "".join(f"c{n},c{n}@x.example,{group if n < count else rest},\n" for n in range(30))


@pytest.mark.parametrize(("left", "rest"), [(1, ""), (0, ""), (20, "others")], ids=["torn", "empty", "another"])
async def test_a_full_import_that_takes_many_out_of_one_group_is_half_a_file(
    world: World, left: int, rest: str
) -> None:
    many = "".join(f"n{n},n{n}@x.example,others|team{n},\n" for n in range(300))
    await taken(world, HEAD + crew_of(30, "staff") + many)
    torn = HEAD + crew_of(left, "staff", rest) + many
    with pytest.raises(Refused) as refused:
        await taken(world, torn, full=True)
    assert refused.value.reason.code == "ImportTruncated"
    assert refused.value.reason.parameters == {
        "missing": str(30 - left),
        "known": "30",
        "kind": 'members of the group "staff"',
        "source": "hr",
    }
    assert len(await members(world, "staff")) == 30
    meant = await taken(world, torn, full=True, confirm_missing=True)
    assert (meant.refused, meant.updated + meant.removed) == (0, 1 + (rest != ""))


async def test_a_full_import_that_empties_many_small_groups_is_half_a_file(world: World) -> None:
    rows = [f"n{n},n{n}@x.example,team{n // 3}" for n in range(30)]
    await taken(world, "id,login,groups\n" + "\n".join(rows))
    torn = [row.rpartition(",")[0] + "," if n % 3 else row for n, row in enumerate(rows)]
    with pytest.raises(Refused) as refused:
        await taken(world, "id,login,groups\n" + "\n".join(torn), full=True)
    assert refused.value.reason.parameters["kind"] == "memberships"
    assert len(await members(world, "team0")) == 3


async def test_who_changes_groups_or_is_missing_altogether_does_not_stop_a_full_import(world: World) -> None:
    await taken(world, HEAD + crew_of(30, "staff") + AMY + BOB)
    left = "".join(crew_of(25, "staff", "others").splitlines(keepends=True)[5:])  # five are missing, five change
    summary = await taken(world, HEAD + left + AMY + BOB, full=True)
    assert (summary.removed, len(await members(world, "staff"))) == (5, 20)


@pytest.mark.parametrize(
    "row",
    [
        b"1,amy@x.example,crew|s\xe4les,2\n",
        b"1,amy@x.example,crew|sales\n",
        b'1,amy@x.example,"crew"|sales,2\n',
        b"1,,crew|sales,2\n",
        b'1,amy@x.example,"' + b"x" * (2 << 20) + b'",\n',
    ],
    ids=["latin-1", "short", "misquoted", "no-login", "too-long"],
)
async def test_nobody_is_removed_nor_loses_a_group_for_a_row_that_cannot_be_read(world: World, row: bytes) -> None:
    await taken(world, HEAD + AMY + BOB + CYD + OTHERS)
    summary = await taken(world, (HEAD + BOB + CYD + OTHERS).encode() + row, full=True)
    assert (summary.refused, summary.removed) == (1, 0)
    assert await members(world, "crew") == ["amy", "bob"]
    assert await members(world, "sales") == ["amy", "cyd"]


async def test_an_open_quote_removes_nobody_whom_it_swallows(world: World) -> None:
    await taken(world, HEAD + AMY + BOB + CYD + OTHERS)
    summary = await taken(world, HEAD + OTHERS + CYD + '"1,amy@x.example,crew,\n' + BOB, full=True)
    assert (summary.removed, summary.kept) == (0, 2)
    assert await members(world, "crew") == ["amy", "bob"]


async def test_a_manager_who_comes_later_is_found(world: World) -> None:
    assert (await taken(world, HEAD + AMY + CYD)).waiting == 2
    assert (await taken(world, HEAD + BOB)).waiting == 0
    assert await manager(world, "amy@x.example") == await manager(world, "cyd@x.example") == "bob@x.example"


async def test_who_gets_another_login_stays_the_same_person_in_the_same_groups(world: World) -> None:
    await taken(world, HEAD + AMY + BOB)
    before = (await people.show(world.installation, "amy@x.example")).entry.id
    assert counts(await taken(world, HEAD + AMY.replace("amy", "amelia"))) == {"updated": 1, "unchanged": 2}
    assert (await people.show(world.installation, "amelia@x.example")).entry.id == before
    assert await members(world, "crew") == ["amelia", "bob"]


def faults(summary: Summary) -> list[tuple[int, str, str, str]]:
    """Line, code, and the identities that a record and an entry have."""
    return [
        (one.line, one.reason.code, one.reason.parameters["anchor"], one.reason.parameters["known"])
        for one in summary.faults
        if one.fatal
    ]


async def test_a_number_that_a_spreadsheet_spoiled_makes_no_second_person(world: World) -> None:
    await taken(world, HEAD + AMY.replace("1,", "0007,") + BOB)
    spoiled = AMY.replace("1,", "7,").replace("crew|sales", "")
    summary = await taken(world, HEAD + spoiled)
    assert (summary.added, summary.updated, summary.refused) == (0, 0, 1)
    assert faults(summary) == [(2, "AnchorChanged", "id=7", "id=0007")]
    assert len(await people.list_page(world.installation, "User")) == 2
    assert await members(world, "crew") == ["amy", "bob"]
    with pytest.raises(Refused, match="ImportHasFaults"):
        await taken(world, HEAD + spoiled, strict=True)


async def test_a_full_import_with_spoiled_numbers_removes_nobody_and_takes_no_group(world: World) -> None:
    await taken(world, HEAD + AMY.replace("1,", "0007,") + BOB + CYD + OTHERS)
    before = {one.id for one in await people.list_page(world.installation, "User")}
    summary = await taken(world, HEAD + AMY.replace("1,", "7,") + BOB + CYD + OTHERS, full=True)
    assert (summary.added, summary.removed, summary.refused) == (0, 0, 1)
    assert {one.id for one in await people.list_page(world.installation, "User")} == before
    assert await members(world, "crew") == ["amy", "bob"]


async def test_another_person_has_the_name_once_the_first_is_deleted(world: World) -> None:
    await taken(world, HEAD + AMY + BOB)
    assert counts(await taken(world, HEAD + AMY.replace("1,", "11,")))["refused"] == 1
    await people.act(world.installation, "delete", "User", "amy@x.example")
    assert counts(await taken(world, HEAD + AMY.replace("1,", "11,")))["added"] == 1
    assert await members(world, "crew") == ["amy", "bob"]


async def test_a_login_passes_on_where_the_file_says_who_its_holder_is_now(world: World) -> None:
    await taken(world, HEAD + AMY + BOB)
    summary = await taken(world, HEAD + AMY.replace("1,", "11,") + AMY.replace("amy@", "amelia@"))
    assert (summary.added, summary.refused) == (1, 0)


async def test_an_object_id_is_not_spoiled_and_means_another_person(world: World) -> None:
    guid = "00000000-0000-4000-8000-00000000000"
    await taken(world, f"objectId,login\n{guid}1,amy@x.example\n")
    assert counts(await taken(world, f"objectId,login\n{guid}2,amy@x.example\n")) == {"added": 1}


async def test_an_empty_cell_leaves_who_is_blocked_as_it_was(world: World) -> None:
    async def enabled(login: str) -> bool:
        return (await people.show(world.installation, login)).entry.enabled

    await taken(world, "id,login,active\n1,amy@x.example,no\n2,bob@x.example,\n")
    assert (await enabled("amy@x.example"), await enabled("bob@x.example")) == (False, True)
    for delta in ("id,login,active,city\n1,amy@x.example,,Bonn\n", "id,login,city\n1,amy@x.example,Oslo\n"):
        assert (await taken(world, delta)).updated == 1
        assert await enabled("amy@x.example") is False
        assert (await taken(world, delta)).unchanged == 1
    await taken(world, "id,login,active\n1,amy@x.example,yes\n")
    assert await enabled("amy@x.example")


async def test_two_rows_of_one_person_are_one_and_a_fault(world: World) -> None:
    summary = await taken(world, HEAD + AMY + AMY)
    assert [(fault.line, fault.reason.code) for fault in summary.faults if fault.fatal] == [(3, "DuplicateRecord")]


async def test_nothing_is_written_where_the_header_cannot_be_used(world: World) -> None:
    with pytest.raises(Refused, match="CsvMissingColumn"):
        await taken(world, "name\nAmy\n")
    assert not await people.list_page(world.installation, "User")


async def test_a_file_is_csv_where_a_layout_says_so(world: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEAD + AMY + BOB)
    summary = await people.import_file(world.installation, path, Options("hr"), Layout())
    assert counts(summary) == {"added": 4}
