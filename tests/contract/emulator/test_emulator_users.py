from typing import Any
from urllib.parse import quote

import pytest
from tests.contract.emulator.raw import Raw, Start

from provisor.testing.gotomeeting import Admin, Options


def kinds(raw: Raw, email: str) -> list[str]:
    return [mail.kind for mail in raw.goto.mails if mail.to == email]


async def test_a_created_user_is_invited_holds_a_seat_and_gets_one_mail(raw: Raw) -> None:
    status, body = await raw.create("ada@example.com", "G2M", groupKey=raw.goto.add_group("Paris").key)
    user = await raw.find("ada@example.com")
    assert status == 201
    assert body == [{"key": user["key"], "email": "ada@example.com"}]
    assert isinstance(user["key"], str)
    assert len(user["key"]) in (18, 19)
    assert (user["status"], user["products"], user["groupName"]) == ("INVITED", ["G2M"], "Paris")
    assert (user["inviteCount"], user["passwordCreated"], user["canAuthenticate"]) == (1, False, False)
    assert kinds(raw, "ada@example.com") == ["invitation"]
    assert await raw.get("users/" + user["key"]) == user


async def test_suppress_email_sends_nothing(raw: Raw) -> None:
    await raw.create("ada@example.com", "G2M", suppressEmail=True)
    user = await raw.find("ada@example.com")
    assert (user["status"], user["inviteCount"], "invitedDate" in user) == ("INVITED", 0, False)
    assert raw.goto.mails == []


async def test_an_existing_user_is_returned_untouched_and_not_invited_again(raw: Raw) -> None:
    _, first = await raw.create("ada@example.com", "G2M")
    status, second = await raw.create("ADA@example.com", "G2M", "G2W", adminRoles=["MANAGE_USERS"])
    assert status == 201
    assert second == first
    user = await raw.find("ada@example.com")
    assert user["licenseKeys"] == [raw.goto.licence("G2M").key]
    assert "adminRoles" not in user
    assert kinds(raw, "ada@example.com") == ["invitation"]
    assert [write.effect for write in raw.goto.journal] == ["user.created", "user.existing"]


async def test_empty_properties_are_left_out(raw: Raw) -> None:
    await raw.create("ada@example.com")
    user = await raw.find("ada@example.com")
    assert user["status"] == "SUSPENDED"
    missing = {"licenseKeys", "products", "adminRoles", "groupKey", "locale", "roleSets", "managedGroupKeys"}
    assert not missing & user.keys()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"firstName": "x" * 33}, "firstName.too.long"),
        ({"lastName": "x" * 33}, "lastName.too.long"),
        ({"lastName": " "}, "lastName.required"),
        ({"email": "x" * 117 + "@example.com"}, "email.too.long"),
        ({"email": "nobody"}, "email.invalid"),
        ({"email": ""}, "email.required"),
        ({"key": "1"}, "property.unknown"),
        ({"firstName": None}, "property.invalid"),
    ],
)
async def test_a_user_out_of_bounds_is_refused(raw: Raw, change: dict[str, object], code: str) -> None:
    user = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"} | change
    assert await raw.code("POST", "users", {"users": [user]}) == (400, code)
    assert len(raw.goto.users) == 1


async def test_names_and_addresses_of_the_longest_length_are_taken(raw: Raw) -> None:
    email = "x" * 116 + "@example.com"
    user = {"email": email, "firstName": "é" * 32, "lastName": "y" * 32}
    assert (await raw.send("POST", "users", {"users": [user]}))[0] == 201


async def test_unknown_licences_groups_and_roles_are_refused(raw: Raw) -> None:
    user = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"}
    assert await raw.code("POST", "users", {"users": [user], "licenseKeys": [7]}) == (404, "license.not.found")
    assert await raw.code("POST", "users", {"users": [user], "groupKey": 7}) == (404, "group.not.found")
    assert await raw.code("POST", "users", {"users": [user], "adminRoles": ["BOSS"]}) == (400, "admin.role.invalid")
    assert await raw.code("POST", "users", {"users": []}) == (400, "users.required")


async def test_licence_keys_may_be_numbers(raw: Raw) -> None:
    key = raw.goto.licence("G2M").key
    user = {"email": "ada@example.com", "firstName": "Ada", "lastName": "Byron"}
    await raw.send("POST", "users", {"users": [user], "licenseKeys": [int(key)]})
    assert (await raw.find("ada@example.com"))["licenseKeys"] == [key]


async def test_all_or_nothing_is_atomic_and_without_it_the_good_ones_are_created(raw: Raw) -> None:
    users = [{"email": f"u{n}@example.com", "firstName": "A", "lastName": "B" * (33 if n else 1)} for n in range(2)]
    assert await raw.code("POST", "users?allOrNothing=true", {"users": users}) == (400, "lastName.too.long")
    assert len(raw.goto.users) == 1
    status, body = await raw.send("POST", "users", {"users": users})
    assert (status, [row["email"] for row in body]) == (201, ["u0@example.com"])


async def test_all_or_nothing_needs_room_for_everyone(raw: Raw) -> None:
    raw.goto.seats("G2M", 1)
    users = [{"email": f"u{n}@example.com", "firstName": "A", "lastName": "B"} for n in range(2)]
    body = {"users": users, "licenseKeys": [raw.goto.licence("G2M").key]}
    assert await raw.code("POST", "users?allOrNothing=true", body) == (409, "license.seats.exceeded")
    status, made = await raw.send("POST", "users", body)
    assert (status, len(made)) == (201, 1)


async def test_an_update_changes_what_it_names(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com")
    patch = {"firstName": "Augusta", "email": "augusta@example.com", "locale": "fr_FR", "timeZone": "Europe/Paris"}
    status, body = await raw.send("PUT", "users/" + user.key, patch)
    assert (status, body) == (204, None)
    after = await raw.find("augusta@example.com")
    assert {name: after[name] for name in patch} == patch
    assert after["lastName"] == "Byron"
    assert (await raw.get("users?filter=" + quote('email eq "ada@example.com"')))["total"] == 0
    assert raw.goto.journal[-1].effect == "user.updated email,firstName,locale,timeZone"


async def test_an_update_with_the_same_values_is_journaled_as_unchanged(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com")
    await raw.send("PUT", "users/" + user.key, {"firstName": "Ada"})
    assert raw.goto.journal[-1].effect == "unchanged"


async def test_a_wrong_update_changes_nothing(raw: Raw) -> None:
    key = raw.goto.add_user("ada@example.com").key
    raw.goto.add_user("bob@example.com")
    before = await raw.find("ada@example.com")
    wrong: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"key": key, "firstName": "X"}, (400, "property.unknown")),
        ({"firstName": "X", "lastName": "x" * 33}, (400, "lastName.too.long")),
        ({"firstName": "X", "lastName": ""}, (400, "lastName.required")),
        ({"firstName": "X", "email": "BOB@example.com"}, (409, "user.name.conflict")),
        ({"firstName": "X", "adminRoles": ["BOSS"]}, (400, "admin.role.invalid")),
        ({"firstName": "X", "licenseKeys": ["1"]}, (404, "license.not.found")),
        ({"firstName": "X", "managedGroupKeys": ["1"]}, (404, "group.not.found")),
    ]
    for patch, refusal in wrong:
        assert await raw.code("PUT", "users/" + key, patch) == refusal
    assert await raw.find("ada@example.com") == before
    assert raw.goto.journal == []


async def test_a_body_must_be_json(raw: Raw) -> None:
    key = raw.goto.add_user("ada@example.com").key
    assert await raw.code("PUT", "users/" + key) == (415, "content.type.unsupported")
    assert await raw.code("PUT", "users/" + key, [1]) == (400, "property.invalid")


async def test_identity_owned_elsewhere_can_be_repeated_but_not_changed(raw: Raw) -> None:
    key = raw.goto.add_user("ada@example.com").key
    raw.goto.identity_read_only("ada@example.com")
    assert (await raw.find("ada@example.com"))["identityReadOnly"] is True
    assert await raw.code("PUT", "users/" + key, {"lastName": "King"}) == (403, "user.identity.read.only")
    assert (await raw.send("PUT", "users/" + key, {"lastName": "Byron", "timeZone": "Europe/Paris"}))[0] == 204


async def test_a_locked_name_and_a_locked_address_stay(raw: Raw) -> None:
    key = raw.goto.add_user("ada@example.com").key
    raw.goto.lock("ada@example.com", address=False)
    assert await raw.code("PUT", "users/" + key, {"lastName": "King"}) == (400, "user.name.locked")
    raw.goto.lock("ada@example.com", name=False)
    assert await raw.code("PUT", "users/" + key, {"email": "a@example.com"}) == (400, "user.email.locked")


async def test_roles_are_replaced_and_emptied(raw: Raw) -> None:
    key = raw.goto.add_user("ada@example.com", products=()).key
    assert raw.goto.status("ada@example.com") == "SUSPENDED"
    await raw.send("PUT", "users/" + key, {"adminRoles": ["MANAGE_USERS", "MANAGE_SEATS"]})
    after = await raw.find("ada@example.com")
    assert (after["adminRoles"], after["admin"], after["status"]) == (["MANAGE_USERS", "MANAGE_SEATS"], True, "ACTIVE")
    await raw.send("PUT", "users/" + key, {"adminRoles": []})
    assert (await raw.find("ada@example.com"))["status"] == "SUSPENDED"


async def test_the_last_super_user_keeps_the_role_and_the_account(raw: Raw) -> None:
    key = raw.goto.user("admin@example.com").key
    refusal = (400, "account.super.user.required")
    assert await raw.code("PUT", "users/" + key, {"adminRoles": []}) == refusal
    assert await raw.code("DELETE", "users/" + key) == refusal
    raw.goto.add_user("second@example.com", admin_roles=["SUPER_USER"])
    assert (await raw.send("DELETE", "users/" + key))[0] == 204


async def test_a_deleted_user_is_gone_and_comes_back_under_the_old_key(raw: Raw) -> None:
    key = raw.goto.add_user("ada@example.com").key
    held = len(raw.goto.licence("G2M").holders)
    assert await raw.send("DELETE", "users/" + key) == (204, None)
    assert await raw.code("GET", "users/" + key) == (404, "user.not.found")
    assert await raw.code("DELETE", "users/" + key) == (404, "user.not.found")
    assert len(raw.goto.licence("G2M").holders) == held - 1
    _, body = await raw.create("ada@example.com", "G2M")
    assert body[0]["key"] == key
    assert raw.goto.status("ada@example.com") == "INVITED"


@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        (("MANAGE_USERS",), {"users"}),
        (("MANAGE_SEATS",), {"licenses"}),
        (("MANAGE_GROUPS",), {"groups"}),
        (("RUN_REPORTS",), set()),
        (("SUPER_USER",), {"users", "licenses", "groups", "rolesets"}),
    ],
)
async def test_each_resource_needs_its_admin_role(start: Start, roles: tuple[str, ...], allowed: set[str]) -> None:
    made = await start(Options(rate_limit=None, admins=(Admin(roles=roles),)))
    for resource in ("users", "licenses", "groups", "rolesets"):
        status, body = await made.send("GET", resource)
        if resource in allowed:
            assert status == 200
        else:
            assert (status, body["errors"][0]["code"]) == (403, "not.authorized")
    assert (await made.get("/admin/rest/v1/me"))["adminRoles"] == list(roles)


async def test_a_user_manager_gives_no_seats_and_no_super_user(start: Start) -> None:
    made = await start(Options(rate_limit=None, admins=(Admin(roles=("MANAGE_USERS",)),)))
    boss = made.goto.add_user("boss@example.com", admin_roles=["SUPER_USER"])
    assert (await made.create("ada@example.com", "G2M"))[0] == 403
    assert (await made.create("ada@example.com", adminRoles=["SUPER_USER"]))[0] == 403
    assert (await made.create("ada@example.com", adminRoles=["RUN_REPORTS"]))[0] == 201
    assert await made.code("PUT", "users/" + boss.key, {"adminRoles": []}) == (403, "not.authorized")
    assert await made.code("DELETE", "users/" + boss.key) == (403, "not.authorized")


async def test_an_admin_who_lost_everything_is_no_longer_let_in(raw: Raw) -> None:
    raw.goto.add_user("second@example.com", admin_roles=["SUPER_USER"])
    await raw.send("PUT", "users/" + raw.goto.user("admin@example.com").key, {"adminRoles": []})
    assert await raw.code("GET", "users") == (401, "not.authenticated")


async def test_unrouted_paths_and_methods_are_answered_by_the_gateway(raw: Raw) -> None:
    status, body = await raw.send("GET", "/admin/rest/v1/nothing")
    assert (status, body["errorCode"]) == (404, "NOT_FOUND")
    status, body = await raw.send("PATCH", "users")
    assert (status, body["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
