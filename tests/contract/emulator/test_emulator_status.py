from tests.contract.emulator.raw import Raw, Start

from provisor.testing.gotomeeting import Options


async def test_accepting_the_invitation_makes_a_user_active(raw: Raw) -> None:
    await raw.create("ada@example.com", "G2M")
    raw.goto.accept("ada@example.com")
    user = await raw.find("ada@example.com")
    assert (user["status"], user["passwordCreated"], user["canAuthenticate"]) == ("ACTIVE", True, True)


async def test_a_long_absent_user_is_inactive_and_keeps_the_seat(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com")
    raw.goto.age(89, "ada@example.com")
    assert (await raw.find("ada@example.com"))["status"] == "ACTIVE"
    raw.goto.age(2, "ada@example.com")
    assert (await raw.find("ada@example.com"))["status"] == "INACTIVE"
    assert len(raw.goto.licence("G2M").holders) == 1
    raw.goto.sign_in("ada@example.com")
    assert (await raw.find("ada@example.com"))["status"] == "ACTIVE"


async def test_the_days_until_inactive_are_a_setting(start: Start) -> None:
    made = await start(Options(inactive_after_days=30))
    made.goto.add_user("ada@example.com")
    made.goto.age(31)
    assert made.goto.status("ada@example.com") == "INACTIVE"


async def test_no_seat_and_no_role_is_suspended_whatever_the_group(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com", group="Paris")
    await raw.send("DELETE", f"licenses/{raw.goto.licence('G2M').key}/users/{user.key}")
    after = await raw.find("ada@example.com")
    assert (after["status"], after["groupName"], after["canAuthenticate"]) == ("SUSPENDED", "Paris", False)


async def test_a_seat_given_back_restores_what_the_user_was(raw: Raw) -> None:
    known = raw.goto.add_user("ada@example.com", products=())
    fresh = raw.goto.add_user("bob@example.com", products=(), accepted=False)
    for user in (known, fresh):
        await raw.send("PUT", f"licenses/{raw.goto.licence('G2M').key}/users/{user.key}")
    assert [raw.goto.status(user.email) for user in (known, fresh)] == ["ACTIVE", "INVITED"]


async def test_a_declined_invitation_suspends_and_keeps_the_seat_but_shows_no_product(raw: Raw) -> None:
    await raw.create("ada@example.com", "G2M")
    raw.goto.decline("ada@example.com")
    user = await raw.find("ada@example.com")
    assert (user["status"], "products" in user) == ("SUSPENDED", False)
    assert raw.goto.licence("G2M").free == 49
    await raw.send("DELETE", "users/" + user["key"])
    assert raw.goto.licence("G2M").free == 50


async def test_an_address_of_another_account_gets_a_transfer_mail_and_a_read_only_identity(raw: Raw) -> None:
    raw.goto.known_elsewhere("Ada@example.com")
    await raw.create("ada@example.com", "G2M")
    assert [mail.kind for mail in raw.goto.mails] == ["transfer"]
    user = await raw.find("ada@example.com")
    assert (user["status"], user["identityReadOnly"]) == ("INVITED", True)
    raw.goto.accept("ada@example.com")
    user = await raw.find("ada@example.com")
    assert (user["status"], user["identityReadOnly"]) == ("ACTIVE", False)


async def test_a_user_transferred_to_another_account_is_suspended_here(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com")
    raw.goto.leave("ada@example.com")
    assert (await raw.find("ada@example.com"))["status"] == "SUSPENDED"
