from urllib.parse import quote

from tests.contract.emulator.raw import Raw


async def test_a_group_is_created_as_a_bare_key_renamed_and_deleted(raw: Raw) -> None:
    status, key = await raw.send("POST", "groups", {"name": "Paris"})
    assert status == 201
    assert isinstance(key, str)
    shape = {"key": key, "keyPath": [key], "memberCount": 0, "totalMemberCount": 0}
    assert await raw.get("groups/" + key) == shape | {"name": "Paris", "namePath": ["Paris"]}
    assert (await raw.send("PUT", "groups/" + key, {"name": "Lyon"}))[0] == 204
    assert [row["name"] for row in (await raw.get("groups"))["results"]] == ["Lyon"]
    assert (await raw.send("DELETE", "groups/" + key))[0] == 204
    assert await raw.code("GET", "groups/" + key) == (404, "group.not.found")
    assert [write.effect for write in raw.goto.journal] == [
        "group.created Paris",
        "group.renamed Lyon",
        "group.deleted Lyon",
    ]


async def test_a_group_needs_a_name_of_its_own(raw: Raw) -> None:
    raw.goto.add_group("Paris")
    key = raw.goto.add_group("Lyon").key
    assert await raw.code("POST", "groups", {}) == (400, "group.name.required")
    assert await raw.code("POST", "groups", {"name": "paris"}) == (409, "group.name.conflict")
    assert await raw.code("PUT", "groups/" + key, {"name": "Paris"}) == (409, "group.name.conflict")
    assert (await raw.send("PUT", "groups/" + key, {"name": "LYON"}))[0] == 204


async def test_a_user_moves_between_groups_and_out_of_all(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com", group="Paris")
    paris = raw.goto.user("ada@example.com").group_key
    lyon = raw.goto.add_group("Lyon").key
    assert (await raw.send("PUT", f"groups/{lyon}/users/{user.key}"))[0] == 204
    assert (await raw.get("groups/" + lyon))["userKeys"] == [user.key]
    assert (await raw.get("groups/" + paris))["memberCount"] == 0
    shown = await raw.find("ada@example.com")
    assert (shown["groupKey"], shown["groupName"], shown["groupKeyPath"]) == (lyon, "Lyon", [lyon])
    for _ in range(2):
        assert (await raw.send("DELETE", f"users/{user.key}/groups"))[0] == 204
    assert "groupKey" not in await raw.find("ada@example.com")
    assert [write.effect for write in raw.goto.journal] == ["group.joined Lyon", "group.left", "unchanged"]


async def test_members_outlive_their_group(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com", group="Paris")
    await raw.send("DELETE", "groups/" + user.group_key)
    shown = await raw.find("ada@example.com")
    assert (shown["status"], "groupKey" in shown) == ("ACTIVE", False)


async def test_a_role_set_and_admin_roles_exclude_each_other(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com", products=(), admin_roles=["MANAGE_USERS"])
    role_set = (await raw.get("rolesets"))["results"][0]
    chosen = "?filter=" + quote('email eq "ada@example.com"')
    assert (await raw.send("PUT", f"rolesets/{role_set['id']}/users{chosen}"))[0] == 204
    shown = await raw.find("ada@example.com")
    assert (shown["roleSets"], "adminRoles" in shown, shown["status"]) == ([role_set["id"]], False, "ACTIVE")
    await raw.send("PUT", "users/" + user.key, {"adminRoles": ["MANAGE_USERS"]})
    assert "roleSets" not in await raw.find("ada@example.com")
    await raw.send("PUT", f"rolesets/{role_set['id']}/users{chosen}")
    assert (await raw.send("DELETE", "users/rolesets" + chosen))[0] == 204
    assert (await raw.find("ada@example.com"))["status"] == "SUSPENDED"


async def test_a_role_set_is_never_given_to_everyone_or_to_the_last_super_user(raw: Raw) -> None:
    role_set = (await raw.get("rolesets"))["results"][0]["id"]
    assert await raw.code("PUT", f"rolesets/{role_set}/users") == (400, "filter.required")
    assert await raw.code("DELETE", "users/rolesets") == (400, "filter.required")
    chosen = "?filter=" + quote('email eq "admin@example.com"')
    assert await raw.code("PUT", f"rolesets/{role_set}/users{chosen}") == (400, "account.super.user.required")
    assert await raw.code("PUT", "rolesets/none/users" + chosen) == (404, "roleset.not.found")
