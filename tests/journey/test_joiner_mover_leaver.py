"""A person's way through a company, seen from GoToMeeting."""

from __future__ import annotations

import pytest
from tests.world import World, ldif_group, ldif_person

from provisor.app import people
from provisor.domain.error import Refused

CREW = [ldif_person(name) for name in ("ada", "bob", "cyd")]


@pytest.fixture
async def crew(world: World) -> World:
    """Three people, two of them in a group that is assigned, all provisioned."""
    await world.import_text("".join(CREW) + ldif_group("crew", ["ada", "bob"]))
    await world.connect()
    await world.assign_group("crew")
    row = await world.sync()
    assert row.counts == {"planned": 2, "create": 2}
    world.emulator.reset_counters()
    return world


async def test_joiners_get_an_account_and_one_invitation(crew: World) -> None:
    assert crew.active() == {"ada@corp.example", "bob@corp.example"}
    rows = await crew.log()
    assert {(row.name, row.action, row.status) for row in rows} == {
        ("Ada Example", "create", "success"),
        ("Bob Example", "create", "success"),
    }
    assert [step.type for step in rows[0].steps] == ["import", "scoping", "matching", "processing", "export"]
    assert {d.attribute: d.new for d in rows[0].modified}["active"] is True


async def test_a_second_cycle_sends_no_request(crew: World) -> None:
    row = await crew.sync()
    assert row.cycle.state == "succeeded"
    assert row.counts == {}
    assert not crew.emulator.requests


async def test_a_rename_is_one_update(crew: World) -> None:
    renamed = ldif_person("ada", givenName="Augusta")
    await crew.import_text(renamed + "".join(CREW[1:]) + ldif_group("crew", ["ada", "bob"]))
    row = await crew.sync()
    assert row.counts == {"planned": 1, "update": 1}
    assert crew.sent() == ["user.updated firstName ada@corp.example"]


async def test_a_new_mail_keeps_the_account(crew: World) -> None:
    user = crew.emulator.user("bob@corp.example")
    assert user is not None
    await crew.import_text(CREW[0] + ldif_person("bob", mail="robert@corp.example") + CREW[2])
    await crew.sync()
    moved = crew.emulator.user("robert@corp.example")
    assert moved is not None
    assert moved.key == user.key


async def test_one_who_leaves_the_group_is_the_only_one_who_changes(crew: World) -> None:
    await crew.import_text("".join(CREW) + ldif_group("crew", ["ada"]))
    row = await crew.sync()
    assert row.counts == {"planned": 1, "disable": 1}
    assert crew.active() == {"ada@corp.example"}
    assert {line.split()[-1] for line in crew.sent()} == {"bob@corp.example"}


@pytest.mark.parametrize("act", ["disable", "delete"])
async def test_a_leaver_loses_the_account_and_a_rehire_gets_it_back(crew: World, act: people.Act) -> None:
    before = crew.emulator.user("ada@corp.example")
    assert before is not None
    await people.act(crew.installation, act, "User", "ada@corp.example")
    assert (await crew.sync()).counts == {"planned": 1, "disable": 1}
    assert crew.emulator.status("ada@corp.example") == "SUSPENDED"
    await people.act(crew.installation, "restore", "User", "ada@corp.example")
    assert (await crew.sync()).counts == {"planned": 1, "update": 1}
    after = crew.emulator.user("ada@corp.example")
    assert after is not None
    assert after.key == before.key
    assert "ada@corp.example" in crew.active()


async def test_a_purged_leaver_loses_the_account_all_the_same(crew: World) -> None:
    await people.act(crew.installation, "delete", "User", "ada@corp.example", purge=True)
    assert (await crew.sync()).counts == {"planned": 1, "disable": 1}
    assert crew.emulator.status("ada@corp.example") == "SUSPENDED"
    with pytest.raises(Refused):
        await people.show(crew.installation, "ada@corp.example")


async def test_an_import_does_not_bring_back_whom_an_admin_disabled(crew: World) -> None:
    await people.act(crew.installation, "disable", "User", "ada@corp.example")
    await crew.import_text(ldif_person("ada", givenName="Augusta") + "".join(CREW[1:]))
    await crew.sync()
    assert "ada@corp.example" not in crew.active()


async def test_members_of_a_deleted_group_leave(crew: World) -> None:
    await people.act(crew.installation, "delete", "Group", "crew")
    await crew.sync()
    assert crew.active() == set()


async def test_members_of_a_nested_group_are_not_provisioned(world: World) -> None:
    nested = "dn: cn=all,dc=corp,dc=example\nobjectClass: groupOfNames\ncn: all\n"
    nested += "member: cn=crew,ou=groups,dc=corp,dc=example\nmember: uid=cyd,ou=people,dc=corp,dc=example\n\n"
    await world.import_text("".join(CREW) + ldif_group("crew", ["ada", "bob"]) + nested)
    await world.connect()
    await world.assign_group("all")
    await world.sync()
    assert world.active() == {"cyd@corp.example"}


async def test_a_member_who_arrives_later_is_provisioned_then(world: World) -> None:
    await world.import_text(ldif_group("crew", ["ada", "bob"]) + CREW[0])
    await world.connect()
    await world.assign_group("crew")
    await world.sync()
    assert world.active() == {"ada@corp.example"}
    await world.import_text(CREW[1], source="second")
    await world.sync()
    assert world.active() == {"ada@corp.example", "bob@corp.example"}


async def test_a_change_of_role_changes_the_licences_and_nothing_else(crew: World) -> None:
    crew.emulator.seats("G2W", 1)
    await crew.assign("ada@corp.example", role="webinarOrganizer")
    row = await crew.sync()
    assert row.counts == {"planned": 1, "update": 1}
    assert crew.sent() == ["license.added G2W ada@corp.example"]


async def test_an_existing_account_is_taken_over_and_kept(world: World) -> None:
    await world.import_text("".join(CREW))
    await world.connect()
    there = world.emulator.add_user("ada@corp.example", "A.", "Example")
    await world.assign("ada@corp.example")
    assert (await world.sync()).counts == {"planned": 1, "update": 1}
    taken = world.emulator.user("ada@corp.example")
    assert taken is not None
    assert (taken.key, taken.first_name) == (there.key, "Ada")
    assert [row.reason.code for row in await world.log()] == ["AccountFound"]


async def test_a_vanished_account_is_made_again(crew: World) -> None:
    user = crew.emulator.user("ada@corp.example")
    assert user is not None
    crew.emulator.forget("ada@corp.example")
    await crew.import_text(ldif_person("ada", givenName="Augusta"))
    assert (await crew.sync()).counts == {"planned": 1, "failed": 1}
    assert (await crew.sync()).counts == {"planned": 1, "create": 1}
    assert "ada@corp.example" in crew.active()


async def test_an_address_goes_from_one_to_the_next_as_it_becomes_free(crew: World) -> None:
    moved = {"eve": "ada", "ada": "bob", "bob": "new"}
    people = "".join(ldif_person(name, mail=f"{mail}@corp.example") for name, mail in moved.items())
    await crew.import_text(people + ldif_group("crew", list(moved)))
    for _ in moved:
        await crew.sync()
    assert {user.first_name: user.email for user in crew.emulator.users if user.email in crew.active()} == {
        name.capitalize(): f"{mail}@corp.example" for name, mail in moved.items()
    }
    assert (await crew.sync()).counts == {}


async def test_two_who_swap_addresses_are_told_whose_they_are(crew: World) -> None:
    await crew.import_text(ldif_person("ada", mail="bob@corp.example") + ldif_person("bob", mail="ada@corp.example"))
    assert (await crew.sync()).counts == {"planned": 2, "failed": 2}
    assert {row.reason.code for row in await crew.log(status="failure")} == {"EntryConflict"}
    assert crew.active() == {"ada@corp.example", "bob@corp.example"}
    await crew.import_text(ldif_person("ada", mail="lovelace@corp.example"))
    await crew.sync()
    await crew.sync()
    assert crew.active() == {"ada@corp.example", "lovelace@corp.example"}
