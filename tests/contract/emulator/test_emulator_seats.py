from typing import Any

import pytest
from tests.contract.emulator.raw import Raw, Start

from provisor.testing.gotomeeting import Options


async def licence(raw: Raw, product: str = "G2M") -> dict[str, Any]:
    rows = (await raw.get("licenses"))["results"]
    found: dict[str, Any] = next(row for row in rows if row["products"][0] == product)
    return found


def seat(raw: Raw, email: str, product: str = "G2M") -> str:
    return f"licenses/{raw.goto.licence(product).key}/users/{raw.goto.user(email).key}"


async def test_a_licence_counts_invited_and_accepted_holders_apart(raw: Raw) -> None:
    ada = raw.goto.add_user("ada@example.com")
    await raw.create("bob@example.com", "G2M")
    bob = raw.goto.user("bob@example.com")
    before = await licence(raw)
    assert (before["seats"], before["userCount"]) == (50, 1)
    assert (before["userKeys"], before["invitedUserKeys"]) == ([ada.key], [bob.key])
    raw.goto.accept("bob@example.com")
    after = await licence(raw)
    assert (after["userCount"], "invitedUserKeys" in after) == (2, False)
    raw.goto.options.user_count_includes_invited = True
    await raw.create("eve@example.com", "G2M")
    assert (await licence(raw))["userCount"] == 3


async def test_webinar_and_training_licences_include_meetings(raw: Raw) -> None:
    assert (await licence(raw, "G2W"))["products"] == ["G2W", "G2M"]
    assert (await licence(raw, "G2T"))["products"] == ["G2T", "G2M"]
    assert (await licence(raw, "OPENVOICE"))["products"] == ["OPENVOICE"]


async def test_key_lists_are_left_out_when_not_asked_for(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com")
    page = await raw.get("licenses?attributes=key,seats&pageSize=1")
    assert (page["total"], page["toIndex"]) == (4, 1)
    assert page["results"] == [{"key": raw.goto.licence("G2M").key, "seats": 50}]


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_seat_is_given_once_with_one_mail(raw: Raw, method: str) -> None:
    raw.goto.add_user("ada@example.com", products=())
    assert await raw.send(method, seat(raw, "ada@example.com")) == (204, None)
    assert (await raw.send(method, seat(raw, "ada@example.com")))[0] == 204
    assert (await raw.find("ada@example.com"))["products"] == ["G2M"]
    assert [(mail.to, mail.kind) for mail in raw.goto.mails] == [("ada@example.com", "product")]
    assert [write.effect for write in raw.goto.journal] == ["license.added G2M", "unchanged"]


async def test_seat_changes_are_silent_when_the_mail_is_suppressed(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com", products=())
    await raw.send("PUT", seat(raw, "ada@example.com") + "?suppressEmail=true")
    await raw.send("DELETE", seat(raw, "ada@example.com") + "?suppressEmail=TRUE")
    assert raw.goto.mails == []
    assert (await raw.find("ada@example.com"))["status"] == "SUSPENDED"


async def test_a_seat_nobody_holds_cannot_be_taken(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com", products=())
    assert await raw.code("DELETE", seat(raw, "ada@example.com")) == (404, "license.user.not.found")
    raw.goto.options.unassign_refuses_unassigned = False
    assert (await raw.send("DELETE", seat(raw, "ada@example.com")))[0] == 204


async def test_a_full_licence_refuses_and_a_freed_seat_is_there_at_once(raw: Raw) -> None:
    raw.goto.seats("G2M", 1)
    raw.goto.add_user("ada@example.com")
    raw.goto.add_user("bob@example.com", products=())
    refusal = (409, "license.seats.exceeded")
    assert await raw.code("PUT", seat(raw, "bob@example.com")) == refusal
    assert (await raw.create("eve@example.com", "G2M"))[0] == 409
    key = raw.goto.user("bob@example.com").key
    assert await raw.code("PUT", "users/" + key, {"licenseKeys": [raw.goto.licence("G2M").key]}) == refusal
    await raw.send("DELETE", seat(raw, "ada@example.com"))
    assert (await raw.send("PUT", seat(raw, "bob@example.com")))[0] == 204
    assert raw.goto.licence("G2M").free == 0


async def test_the_licences_of_an_update_replace_those_held(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com")
    await raw.send("PUT", "users/" + user.key, {"licenseKeys": [raw.goto.licence("G2W").key]})
    assert (await raw.find("ada@example.com"))["products"] == ["G2W", "G2M"]
    assert (raw.goto.licence("G2M").free, raw.goto.licence("G2W").free) == (50, 9)


async def test_a_disabled_licence_gives_no_seat(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com", products=())
    raw.goto.licence("G2M").enabled = False
    assert await raw.code("PUT", seat(raw, "ada@example.com")) == (400, "license.disabled")
    assert (await licence(raw))["enabled"] is False


async def test_unknown_licences_and_users_are_told_apart(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com")
    assert await raw.code("PUT", f"licenses/7/users/{user.key}") == (404, "license.not.found")
    assert await raw.code("PUT", f"licenses/{raw.goto.licence('G2M').key}/users/7") == (404, "user.not.found")


async def test_the_verb_that_assigns_can_be_narrowed(start: Start) -> None:
    made = await start(Options(assign_methods=("POST",)))
    made.goto.add_user("ada@example.com", products=())
    status, body = await made.send("PUT", seat(made, "ada@example.com"))
    assert (status, body["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    assert (await made.send("POST", seat(made, "ada@example.com")))[0] == 204
