"""Which account is whose: found by what is mapped, taken over in plain sight, and never two for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.contract.scim_bench import CORE
from tests.journey.test_scim import APP, connected, import_ldif, log, staff, sync
from tests.world import APP as GOTO
from tests.world import World, ldif_group, ldif_person, remap

from provisor.app import assignments, mappings, people, provisioning, status
from provisor.app.installation import Installation
from provisor.directory.importing import Options as ImportOptions
from provisor.directory.importing import take_in
from provisor.directory.ldif import read_ldif
from provisor.domain.schema import AttributeDefinition, AttributeMapping
from provisor.schema.edit import mapping_of, put
from provisor.testing.scim import Options, ScimEmulator

ADA = "ada@corp.example"
BY_ID = AttributeMapping("externalId", "[employeeId]", matching_priority=1)
BY_NAME = AttributeMapping("userName", "[userPrincipalName]", matching_priority=2)
ODD = ['O"Hara', "back\\slash", 'both\\"of them', "Żółć 東京 ✓", "plus+and&amp;%41", "or 1 eq 1) or (", "'quoted'"]


@pytest.fixture
async def scim() -> AsyncIterator[ScimEmulator]:
    async with ScimEmulator(Options(bulk=False)) as one:
        yield one


@pytest.fixture
async def empty(scim: ScimEmulator, tmp_path: Path) -> AsyncIterator[Installation]:
    """An app, and the group of those who are meant to use it."""
    async with connected(tmp_path / "home", scim.url, scim.options.token, ldif_group("all", [])) as installation:
        yield installation


async def arrive(installation: Installation, *uids: str, **attributes: str) -> None:
    persons = "".join(ldif_person(uid, **attributes) for uid in uids)
    await import_ldif(installation, persons + ldif_group("all", uids))


# ---- how an account is found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strangers", [0, 300], ids=["listed", "asked"])
async def test_matching_attributes_are_tried_one_after_the_other(
    scim: ScimEmulator, empty: Installation, strangers: int
) -> None:
    await remap(empty, APP, BY_ID, BY_NAME)
    for number in range(strangers):
        scim.people.add({"schemas": [CORE], "userName": f"stranger{number}"})
    first = scim.people.add({"schemas": [CORE], "userName": "somebody", "externalId": "7"})
    other = scim.people.add({"schemas": [CORE], "userName": "bob@corp.example", "externalId": "other"})
    by_name = scim.people.add({"schemas": [CORE], "userName": "cyd@corp.example"})
    persons = {"ada": "7", "bob": "8", "cyd": ""}
    records = "".join(ldif_person(uid, employeeNumber=number) for uid, number in persons.items())
    await import_ldif(empty, records + ldif_group("all", list(persons)))
    assert (await sync(empty)).counts == {"planned": 3, "update": 3}
    assert {row.login: row.target_id for row in await log(empty)} == {
        "ada@corp.example": first,
        "bob@corp.example": other,
        "cyd@corp.example": by_name,
    }


async def test_the_first_attribute_that_finds_an_account_rules(scim: ScimEmulator, empty: Installation) -> None:
    await remap(empty, APP, BY_ID, BY_NAME)
    first = scim.people.add({"schemas": [CORE], "userName": "somebody", "externalId": "7"})
    scim.people.add({"schemas": [CORE], "userName": "other", "externalId": "8"})
    await arrive(empty, "ada", employeeNumber="7")
    plan = await provisioning.make_plan(empty, APP)
    [line] = await provisioning.lines(empty, plan.row.cycle.id)
    assert (line.action, line.target_id) == ("Adopt", first)


async def test_the_source_side_may_be_an_expression(scim: ScimEmulator, empty: Installation) -> None:
    name = AttributeMapping("userName", 'Join("", "X-", ToUpper([mailNickname]))', matching_priority=1)
    await remap(empty, APP, name)
    there = scim.people.add({"schemas": [CORE], "userName": "x-ada"})
    await arrive(empty, "ada")
    assert (await sync(empty)).counts == {"planned": 1, "update": 1}
    assert [row.target_id for row in await log(empty)] == [there]


@pytest.mark.parametrize("name", ODD)
async def test_a_name_may_hold_whatever_a_filter_could_stumble_over(
    scim: ScimEmulator, empty: Installation, name: str
) -> None:
    by = AttributeMapping("displayName", "[displayName]", matching_priority=1)
    await remap(empty, APP, by, AttributeMapping("userName", "[userPrincipalName]"))
    there = scim.people.add({"schemas": [CORE], "userName": "somebody", "displayName": name})
    for number in range(150):
        scim.people.add({"schemas": [CORE], "userName": f"stranger{number}", "displayName": f"O{number}"})
    await arrive(empty, "ada", cn=name)
    assert (await sync(empty)).counts == {"planned": 1, "update": 1}
    assert [row.target_id for row in await log(empty)] == [there]


@pytest.mark.parametrize("name", ODD)
async def test_so_it_may_in_gotomeeting(world: World, name: str) -> None:
    name = name[:32]
    await world.import_text(ldif_person("ada", sn=name))
    await world.connect()
    email = AttributeMapping("email", "[mail]")
    await remap(world.installation, GOTO, email, AttributeMapping("lastName", "[surname]", matching_priority=1))
    there = world.emulator.add_user("somebody@corp.example", "Ada", name)
    await world.assign(ADA)
    assert (await world.sync()).counts == {"planned": 1, "update": 1}
    assert world.emulator.user(ADA).key == there.key


# ---- nobody, or too many --------------------------------------------------------------------------------------------


async def test_who_has_no_matching_value_is_skipped_and_says_what_is_empty(
    scim: ScimEmulator, empty: Installation
) -> None:
    await remap(empty, APP, BY_ID, AttributeMapping("userName", "[mail]"))
    await arrive(empty, "ada")
    assert (await sync(empty)).counts == {"skipped": 1}
    [row] = await log(empty)
    assert (row.status, row.reason.code, row.reason.parameters) == (
        "skipped",
        "ImportSkipped",
        {"source": "[employeeId]"},
    )
    assert not scim.users


async def test_a_leaver_whose_matching_value_was_cleared_is_disabled_all_the_same(
    scim: ScimEmulator, empty: Installation
) -> None:
    await remap(empty, APP, BY_ID, AttributeMapping("userName", "[mail]"))
    await arrive(empty, "ada", employeeNumber="7")
    await sync(empty)
    await import_ldif(empty, ldif_person("ada") + ldif_group("all", []))
    await sync(empty)
    assert scim.user(ADA)["active"] is False


async def test_several_accounts_of_one_value_are_an_error_that_names_them(
    scim: ScimEmulator, empty: Installation
) -> None:
    by = AttributeMapping("displayName", "[displayName]", matching_priority=1)
    await remap(empty, APP, by, AttributeMapping("userName", "[userPrincipalName]"))
    both = [scim.people.add({"schemas": [CORE], "userName": one, "displayName": "Ada Example"}) for one in "ab"]
    await arrive(empty, "ada", "bob")
    assert (await sync(empty)).counts == {"planned": 1, "create": 1, "failed": 1}
    [row] = await log(empty, status="failure")
    assert row.reason.code == "DuplicateTargetEntries"
    assert row.reason.parameters["accounts"] == ", ".join(sorted(both))


async def test_two_who_find_one_account_by_different_attributes_are_both_in_error(
    scim: ScimEmulator, empty: Installation
) -> None:
    await remap(empty, APP, BY_ID, BY_NAME)
    there = scim.people.add({"schemas": [CORE], "userName": "bob@corp.example", "externalId": "7"})
    persons = ldif_person("ada", employeeNumber="7") + ldif_person("bob")
    await import_ldif(empty, persons + ldif_group("all", ["ada", "bob"]))
    assert (await sync(empty)).counts == {"failed": 2}
    rows = await log(empty, status="failure")
    assert {row.reason.code for row in rows} == {"DuplicateSourceEntries"}
    assert {row.reason.parameters["value"] for row in rows} == {there}
    assert all(f"{one}@corp.example" in row.reason.parameters["entries"] for row in rows for one in ("ada", "bob"))


# ---- many at once ---------------------------------------------------------------------------------------------------


async def test_unusually_many_accounts_are_taken_over_when_a_person_agrees(
    scim: ScimEmulator, empty: Installation
) -> None:
    first, later = [f"a{number}" for number in range(8)], [f"b{number}" for number in range(6)]
    for uid in (*first, *later):
        scim.people.add({"schemas": [CORE], "userName": f"{uid}@corp.example", "active": True})
    await arrive(empty, *first)
    assert (await sync(empty)).counts == {"planned": 8, "update": 8}, "in the beginning that is what one expects"

    await arrive(empty, *first, *later, "new")
    for _ in range(2):
        row = await sync(empty)
        assert row.counts.get("update", 0) == 0
        assert (await status.show(empty)).apps[0].held == 6
    assert [row.login for row in await log(empty, action="create")] == ["new@corp.example"], "joiners do not wait"
    assert {row.reason.code for row in await log(empty, action="other")} == {"HeldBack"}

    plan = await provisioning.make_plan(empty, APP)
    assert {line.state for line in await provisioning.lines(empty, plan.row.cycle.id)} == {"held"}
    async for row in provisioning.apply_plan(empty, plan.row.cycle.id):
        last = row
    assert last.counts["update"] == 6
    assert (await sync(empty)).counts == {}
    assert (await status.show(empty)).apps[0].held == 0


async def test_a_few_accounts_are_taken_over_in_the_ordinary_course_of_things(
    scim: ScimEmulator, empty: Installation
) -> None:
    await arrive(empty, "ada")
    await sync(empty)
    later = [f"b{number}" for number in range(5)]
    for uid in later:
        scim.people.add({"schemas": [CORE], "userName": f"{uid}@corp.example", "active": True})
    await arrive(empty, "ada", *later)
    assert (await sync(empty)).counts == {"planned": 5, "update": 5}


# ---- rehires --------------------------------------------------------------------------------------------------------


async def test_a_rehire_takes_over_the_account_of_the_entry_in_the_recycle_bin(world: World) -> None:
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign(ADA)
    await world.sync()
    key = world.emulator.user(ADA).key
    (before,) = await people.list_page(world.installation, "User", search="ada")
    await people.act(world.installation, "delete", "User", ADA)
    await world.sync()
    assert world.active() == set()

    await world.import_text(ldif_person("ada2", mail=ADA, givenName="Ada"), source="second")
    (after,) = await people.list_page(world.installation, "User", search="ada2")
    assert after.id != before.id
    await world.assign(after.id)
    plan = await provisioning.make_plan(world.installation, GOTO)
    assert plan.number("Adopt") == 1
    async for _ in provisioning.apply_plan(world.installation, plan.row.cycle.id):
        pass
    assert world.active() == {ADA}
    assert world.emulator.user(ADA).key == key

    await people.act(world.installation, "restore", "User", before.id)
    await world.sync()
    [row] = await world.log(status="failure")
    assert (row.entry_id, row.reason.code) == (before.id, "EntryConflict")
    await assignments.unassign(world.installation, GOTO, "User", before.id, None)
    assert (await world.sync()).cycle.state == "succeeded"
    assert world.active() == {ADA}, "it is no longer the account of the entry that was deleted"


async def test_deleted_and_hired_again_in_one_cycle(world: World) -> None:
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign(ADA)
    await world.sync()
    await people.act(world.installation, "delete", "User", ADA)
    await world.import_text(ldif_person("ada2", mail=ADA), source="second")
    (after,) = await people.list_page(world.installation, "User", search="ada2")
    await world.assign(after.id)
    for _ in range(2):
        await world.sync()
    assert world.active() == {ADA}
    assert (await world.sync()).counts == {}


async def test_who_is_only_disabled_keeps_the_account(world: World) -> None:
    await world.import_text(ldif_person("ada"))
    await world.connect()
    await world.assign(ADA)
    await world.sync()
    await people.act(world.installation, "disable", "User", ADA)
    await world.sync()
    await world.import_text(ldif_person("ada2", mail=ADA), source="second")
    (other,) = await people.list_page(world.installation, "User", search="ada2")
    await world.assign(other.id)
    assert (await world.sync()).counts == {"failed": 1}
    [row] = await world.log(status="failure")
    assert row.reason.code == "EntryConflict"


async def test_people_are_looked_for_only_while_they_are_in_scope(scim: ScimEmulator, empty: Installation) -> None:
    await import_ldif(empty, staff(3).split("dn: cn=all")[0])
    assert (await sync(empty)).counts == {}
    assert not [one for one in scim.requests if one[0] == "GET" and one[1].startswith("/Users")]


async def test_somebody_elses_account_in_another_case_is_not_taken_where_case_counts(
    scim: ScimEmulator, empty: Installation
) -> None:
    exact = AttributeDefinition("externalId", case_exact=True)
    await remap(empty, APP, BY_ID, AttributeMapping("userName", "[mail]"), attributes=[exact])
    other = scim.people.add({"schemas": [CORE], "userName": "somebody-else", "externalId": "ab12"})
    await arrive(empty, "ada", employeeNumber="AB12")
    assert (await sync(empty)).counts == {"planned": 1, "create": 1}
    assert scim.users[other]["userName"] == "somebody-else"


async def test_who_is_deleted_for_good_and_back_in_one_cycle_keeps_the_account(
    scim: ScimEmulator, empty: Installation
) -> None:
    stored = await mappings.get(empty, APP)
    one = mapping_of(stored.schema, "User")
    deleting = replace(one, flow_types=frozenset(("Add", "Update", "Delete")))
    await mappings.save(empty, APP, put(stored.schema, deleting))
    await arrive(empty, "ada")
    await sync(empty)
    before = set(scim.users)
    await people.act(empty, "delete", "User", ADA, purge=True)
    again = read_ldif(BytesIO(ldif_person("ada2", mail=ADA).encode()))
    await take_in(empty.database, empty.directory_id, again, ImportOptions("second"), empty.clock())
    [back] = await people.list_page(empty, "User", search="ada2")
    await assignments.assign(empty, APP, "User", back.id, "user")
    assert (await sync(empty)).counts["update"] == 1
    assert set(scim.users) == before
    assert scim.user(ADA)["active"] is True
    assert scim.count("DELETE") == 0
