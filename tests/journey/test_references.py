"""Members and managers, whichever arrives first, whichever file brings it, and whoever holds the name by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import sqlalchemy as sa
from tests.world import World, ldif_group, ldif_person

from provisor.app import people
from provisor.domain.error import Refused
from provisor.store.tables import entry, membership, reference

ADA, BOB, CYD = (ldif_person(name) for name in ("ada", "bob", "cyd"))
OTHERS = "".join(ldif_person(f"other{number}") for number in range(10))  # so that one who is missing is no half file
CREW = ldif_group("crew", ["ada", "bob"])
OLD_ADA = ldif_person("ada", entryUUID="00000000-0000-4000-8000-000000000001", mail="ada.old@corp.example")
NEW_ADA = ldif_person("ada", entryUUID="00000000-0000-4000-8000-000000000002", mail="ada.new@corp.example")


def dn(uid: str) -> str:
    return f"uid={uid},ou=people,dc=corp,dc=example"


def posix_group(name: str, uids: Sequence[str]) -> str:
    lines = [f"dn: cn={name},ou=groups,dc=corp,dc=example", "objectClass: posixGroup", f"cn: {name}"]
    return "\n".join([*lines, *(f"memberUid: {uid}" for uid in uids)]) + "\n\n"


def moved(record: str, uid: str, parent: str) -> str:
    """The same person under another name."""
    return record.replace(f"dn: {dn(uid)}\n", f"dn: uid={uid},{parent}\n")


async def members(world: World, group: str = "crew") -> list[str]:
    return sorted(str(one.attributes["mail"]) for one in (await people.show(world.installation, group)).members)


async def groups(world: World, name: str) -> list[str]:
    return [one.display_name for one in (await people.show(world.installation, name)).groups]


async def manager(world: World, name: str) -> object:
    """The manager's mail address, or None."""
    found = (await people.show(world.installation, name)).entry.attributes.get("manager")
    return found and (await people.show(world.installation, str(found))).entry.attributes["mail"]


async def change_numbers(world: World) -> Mapping[str, int]:
    """By mail address, or name of a group."""
    async with world.installation.database.read() as connection:
        query = sa.select(entry.c.name, entry.c.login, entry.c.change_no).where(~entry.c.purged)
        rows = (await connection.execute(query)).all()
    return {row.login or row.name: row.change_no for row in rows}


async def looked_at_again(world: World, before: Mapping[str, int]) -> set[str]:
    """Who has another change number than before."""
    return {name for name, change_no in (await change_numbers(world)).items() if before.get(name) != change_no}


# ---- whichever arrives first ----------------------------------------------------------------------------------


async def test_people_who_arrive_after_their_posix_group_become_its_members(world: World) -> None:
    summary = await world.import_text(posix_group("crew", ["ada", "bob"]))
    assert summary.waiting == 2
    await world.connect()
    await world.assign_group("crew")
    assert (await world.import_text(ADA + BOB + CYD)).waiting == 0
    assert await members(world) == ["ada@corp.example", "bob@corp.example"]
    assert await groups(world, "ada@corp.example") == ["crew"]
    await world.sync()
    assert world.active() == {"ada@corp.example", "bob@corp.example"}


async def test_a_uid_means_nobody_of_another_source(world: World) -> None:
    await world.import_text(posix_group("crew", ["ada", "bob"]), source="unix")
    await world.import_text(ADA, source="hr")
    assert await members(world) == []
    assert (await world.import_text(BOB, source="unix")).waiting == 1
    assert await members(world) == ["bob@corp.example"]


async def test_a_distinguished_name_means_the_person_whichever_source_brings_them(world: World) -> None:
    await world.import_text(CREW, source="groups")
    await world.import_text(ADA + BOB, source="hr")
    assert await members(world) == ["ada@corp.example", "bob@corp.example"]


async def test_one_whom_a_group_names_in_two_ways_is_a_member_once_and_until_both_are_gone(world: World) -> None:
    both = CREW.replace("groupOfNames", "posixGroup").rstrip("\n") + "\nmemberUid: ada\n\n"
    await world.import_text(both + ADA + BOB)
    assert await members(world) == ["ada@corp.example", "bob@corp.example"]
    before = await change_numbers(world)
    await world.import_text(posix_group("crew", ["ada"]))
    assert await members(world) == ["ada@corp.example"]
    assert await looked_at_again(world, before) == {"crew", "bob@corp.example"}
    await world.import_text(posix_group("crew", ["cyd"]))
    assert await members(world) == []


async def test_many_who_arrive_late_all_become_members(world: World) -> None:
    names = [f"p{number}" for number in range(1200)]
    await world.import_text(ldif_group("crew", names) + posix_group("unix", names))
    summary = await world.import_text("".join(ldif_person(name) for name in names[:1100]))
    assert summary.waiting == 2 * 100
    async with world.installation.database.read() as connection:
        counted = sa.select(sa.func.count()).select_from(membership)
        assert (await connection.execute(counted)).scalar_one() == 2 * 1100


# ---- a name that passes to somebody else ----------------------------------------------------------------------


async def test_a_name_that_a_new_person_has_now_gives_them_the_membership(world: World) -> None:
    await world.import_text(OLD_ADA + BOB + OTHERS + CREW)
    await world.connect()
    await world.assign_group("crew")
    await world.sync()
    assert world.active() == {"ada.old@corp.example", "bob@corp.example"}
    before = await change_numbers(world)
    await world.import_text(NEW_ADA + BOB + OTHERS + CREW, full=True)
    assert await members(world) == ["ada.new@corp.example", "bob@corp.example"]
    assert await looked_at_again(world, before) == {"ada.old@corp.example", "ada.new@corp.example"}
    await world.sync()
    assert world.active() == {"ada.new@corp.example", "bob@corp.example"}


async def test_the_newest_holder_of_a_name_rules_where_an_export_never_says_who_left(world: World) -> None:
    await world.import_text(OLD_ADA + BOB + CREW)
    await world.import_text(NEW_ADA)
    assert await members(world) == ["ada.new@corp.example", "bob@corp.example"]
    assert await groups(world, "ada.old@corp.example") == []


async def test_the_name_of_one_who_moved_passes_to_the_next_though_another_source_brought_the_group(
    world: World,
) -> None:
    await world.import_text(OLD_ADA + BOB, source="hr")
    await world.import_text(CREW, source="groups")
    await world.import_text(moved(OLD_ADA, "ada", "ou=alumni,dc=corp,dc=example") + NEW_ADA, source="hr")
    assert await members(world) == ["ada.new@corp.example", "bob@corp.example"]


async def test_two_who_swap_their_names_swap_their_groups(world: World) -> None:
    bob = ldif_person("bob", entryUUID="00000000-0000-4000-8000-00000000000b", mail="bob@corp.example")
    ada = ldif_person("ada", entryUUID="00000000-0000-4000-8000-00000000000a", mail="ada@corp.example")
    one, other = ldif_group("one", ["ada"]), ldif_group("other", ["bob"])
    await world.import_text(ada + bob + one + other)
    swapped = ada.replace(dn("ada"), dn("tmp")) + bob.replace(dn("bob"), dn("ada"))
    await world.import_text(swapped.replace(dn("tmp"), dn("bob")) + one + other)
    assert (await members(world, "one"), await members(world, "other")) == (["bob@corp.example"], ["ada@corp.example"])


async def test_a_name_that_nobody_has_any_longer_waits(world: World) -> None:
    await world.import_text(ADA + BOB + CREW)
    away = moved(ADA, "ada", "ou=staff,dc=corp,dc=example")
    assert (await world.import_text(away)).waiting == 1
    assert await members(world) == ["bob@corp.example"]
    before = await change_numbers(world)
    await world.import_text(away + CREW.replace(dn("ada"), "uid=ada,ou=staff,dc=corp,dc=example"))
    assert await members(world) == ["ada@corp.example", "bob@corp.example"]
    assert await looked_at_again(world, before) == {"crew", "ada@corp.example"}


async def test_a_member_who_moves_together_with_the_name_in_the_group_is_the_only_one_concerned(world: World) -> None:
    await world.import_text(ADA + BOB + CREW)
    before = await change_numbers(world)
    staff = "ou=staff,dc=corp,dc=example"
    await world.import_text(moved(ADA, "ada", staff) + CREW.replace(dn("ada"), f"uid=ada,{staff}"))
    assert await members(world) == ["ada@corp.example", "bob@corp.example"]
    assert await looked_at_again(world, before) == {"crew", "ada@corp.example"}


# ---- whom a name means, of several ----------------------------------------------------------------------------


async def test_who_is_not_deleted_comes_before_the_own_source_and_the_own_source_before_others(world: World) -> None:
    ours, theirs = (ldif_person("ada", mail=f"ada@{name}.example") for name in ("ours", "theirs"))
    await world.import_text(theirs, source="theirs")
    await world.import_text(ours + BOB + OTHERS + CREW, source="ours")
    assert await members(world) == ["ada@ours.example", "bob@corp.example"]
    await world.import_text(ldif_person("ada", mail="ada@theirs.example", title="Analyst"), source="theirs")
    assert await members(world) == ["ada@ours.example", "bob@corp.example"]
    await world.import_text(BOB + OTHERS + CREW, source="ours", full=True)
    assert await members(world) == ["ada@theirs.example", "bob@corp.example"]
    await world.import_text(ours + BOB + OTHERS + CREW, source="ours", full=True)
    assert await members(world) == ["ada@ours.example", "bob@corp.example"]


async def test_the_only_holder_of_a_name_stays_a_member_in_the_recycle_bin(world: World) -> None:
    await world.import_text(ADA + BOB + OTHERS + CREW)
    await world.connect()
    await world.assign_group("crew")
    await world.sync()
    await world.import_text(BOB + OTHERS + CREW, full=True)
    await world.sync()
    assert world.active() == {"bob@corp.example"}
    assert (await world.import_text(ADA + BOB + OTHERS + CREW, full=True)).restored == 1
    await world.sync()
    assert world.active() == {"ada@corp.example", "bob@corp.example"}


async def test_a_group_that_comes_back_has_the_members_that_its_names_mean_by_then(world: World) -> None:
    await world.import_text(OLD_ADA + BOB + OTHERS + CREW)
    await world.connect()
    await world.assign_group("crew")
    await world.sync()
    await world.import_text(NEW_ADA + BOB + OTHERS, full=True, confirm_missing=True)
    await world.sync()
    assert world.active() == set()
    await world.import_text(NEW_ADA + BOB + OTHERS + CREW, full=True)
    await world.sync()
    assert world.active() == {"ada.new@corp.example", "bob@corp.example"}


async def test_one_who_was_purged_and_comes_again_is_a_member_again(world: World) -> None:
    await world.import_text(ADA + BOB + CREW)
    await people.act(world.installation, "delete", "User", "ada@corp.example", purge=True)
    assert await members(world) == ["bob@corp.example"]
    assert (await world.import_text(ADA + BOB + CREW)).added == 1
    assert await members(world) == ["ada@corp.example", "bob@corp.example"]


# ---- managers -------------------------------------------------------------------------------------------------


async def test_a_manager_who_arrives_later_has_exactly_the_reports_looked_at_again(world: World) -> None:
    await world.import_text(ldif_person("ada", manager=dn("bob")) + CYD)
    assert await manager(world, "ada@corp.example") is None
    before = await change_numbers(world)
    await world.import_text(BOB, source="second")
    assert await manager(world, "ada@corp.example") == "bob@corp.example"
    assert await looked_at_again(world, before) == {"ada@corp.example", "bob@corp.example"}


async def test_a_manager_who_is_no_longer_named_is_forgotten(world: World) -> None:
    await world.import_text(ldif_person("ada", manager=dn("bob")) + BOB)
    await world.import_text(ADA + BOB)
    assert await manager(world, "ada@corp.example") is None


async def test_another_manager_takes_the_place_of_the_first(world: World) -> None:
    await world.import_text(ldif_person("ada", manager=dn("bob")) + BOB + CYD)
    before = await change_numbers(world)
    await world.import_text(ldif_person("ada", manager=dn("cyd")) + BOB + CYD)
    assert await manager(world, "ada@corp.example") == "cyd@corp.example"
    assert await looked_at_again(world, before) == {"ada@corp.example"}


async def test_reports_follow_their_managers_name_to_its_new_holder(world: World) -> None:
    cyd = ldif_person("cyd", manager=dn("ada"))
    await world.import_text(OLD_ADA + BOB + cyd)
    before = await change_numbers(world)
    await world.import_text(moved(OLD_ADA, "ada", "ou=alumni,dc=corp,dc=example") + NEW_ADA)
    assert await manager(world, "cyd@corp.example") == "ada.new@corp.example"
    assert await looked_at_again(world, before) == {"ada.old@corp.example", "ada.new@corp.example", "cyd@corp.example"}


async def test_a_purged_manager_is_nobodys_manager_until_they_come_again(world: World) -> None:
    ada = ldif_person("ada", manager=dn("bob"))
    await world.import_text(ada + BOB)
    before = await change_numbers(world)
    await people.act(world.installation, "delete", "User", "bob@corp.example", purge=True)
    assert await manager(world, "ada@corp.example") is None
    assert await looked_at_again(world, before) == {"ada@corp.example"}
    await world.import_text(ada + BOB)
    assert await manager(world, "ada@corp.example") == "bob@corp.example"


# ---- nothing more than that -----------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
async def test_the_same_import_again_concerns_nobody(world: World, full: bool) -> None:
    everything = ldif_person("ada", manager=dn("bob")) + BOB + CYD + CREW + posix_group("unix", ["ada", "nobody"])
    await world.import_text(everything)
    before, stored = await change_numbers(world), await everything_stored(world)
    summary = await world.import_text(everything, full=full)
    assert (summary.unchanged, summary.waiting) == (5, 1)
    assert await looked_at_again(world, before) == set()
    assert await everything_stored(world) == stored


async def test_a_member_with_another_title_leaves_the_rest_of_the_group_alone(world: World) -> None:
    everything = BOB + CREW + posix_group("unix", ["ada", "bob"]) + ldif_person("cyd", manager=dn("ada"))
    await world.import_text(ADA + everything)
    before = await change_numbers(world)
    await world.import_text(ldif_person("ada", title="Analyst") + everything)
    assert await looked_at_again(world, before) == {"ada@corp.example"}


async def test_a_dry_run_moves_no_reference(world: World) -> None:
    await world.import_text(ldif_person("cyd", manager=dn("ada")) + OLD_ADA + BOB + OTHERS + CREW)
    before, stored = await change_numbers(world), await everything_stored(world)
    summary = await world.import_text(NEW_ADA + BOB + CYD + OTHERS, full=True, confirm_missing=True, dry_run=True)
    assert (summary.added, summary.updated, summary.removed) == (1, 1, 2)
    assert await looked_at_again(world, before) == set()
    assert await everything_stored(world) == stored
    with pytest.raises(Refused):
        await people.show(world.installation, "ada.new@corp.example")


async def everything_stored(world: World) -> list[list[tuple[object, ...]]]:
    async with world.installation.database.read() as connection:
        return [[tuple(row) for row in await connection.execute(sa.select(one))] for one in (membership, reference)]
