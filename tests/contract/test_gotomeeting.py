"""GoToMeeting keeps what every connector promises, and what is particular to GoTo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.contract.gotomeeting_bench import ROLES, GoToMeetingBench, credentials, opened, options, person

from provisor.connector import Connection
from provisor.connectors.gotomeeting import GoToMeeting, open_gotomeeting
from provisor.connectors.http import Limits
from provisor.domain.assignment import AppRole
from provisor.domain.change import Difference
from provisor.domain.error import (
    Conflict,
    Incompatible,
    InvalidValue,
    LicenseLimitExceeded,
    NotFound,
    NotPermitted,
    Rejected,
    RetryLater,
    StillActive,
    Unavailable,
)
from provisor.domain.resource import Account, Value
from provisor.testing.contract import Bench, TargetContract, differences, link
from provisor.testing.gotomeeting import Fault, GoToMeetingEmulator


class TestGoToMeeting(TargetContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        async with GoToMeetingEmulator(options()) as goto, opened(goto) as target:
            yield GoToMeetingBench(goto, target)


@pytest.fixture
async def goto() -> AsyncIterator[GoToMeetingEmulator]:
    async with GoToMeetingEmulator(options(seats={"G2M": 3, "G2W": 2, "OPENVOICE": 1})) as emulator:
        yield emulator


@pytest.fixture
async def target(goto: GoToMeetingEmulator) -> AsyncIterator[GoToMeeting]:
    async with opened(goto) as connected:
        yield connected


def seeded(goto: GoToMeetingEmulator, number: int, *products: str, admin_roles: tuple[str, ...] = ()) -> str:
    """Somebody who is in GoTo already, named as `person(number)`."""
    return goto.add_user(
        f"Person{number}@Example.com", "Ada", f"Byron {number}", products=products, admin_roles=admin_roles
    ).key


def licences_of(goto: GoToMeetingEmulator, number: int) -> list[str]:
    """The first product of each licence that a person holds."""
    keys = goto.user(f"Person{number}@Example.com").license_keys
    return [goto.tenant.licences[key].products[0] for key in keys]


def effects(goto: GoToMeetingEmulator) -> list[str]:
    return [write.effect for write in goto.journal]


def roles_become(account: Account, *roles: str) -> list[Difference]:
    return [Difference("appRoles", account.attributes["appRoles"], list(roles))]


# ---- create -------------------------------------------------------------------------------------------------------


async def test_a_create_is_one_post_and_one_look(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1))
    assert made.grants == {"licenseKeys": [goto.licence("G2M").key], "adminRoles": []}
    assert not made.privileged
    before = target.transport.requests
    await target.create(person(2))
    assert target.transport.requests - before == 2
    assert effects(goto) == ["user.created", "user.created"]
    assert [mail.kind for mail in goto.mails] == ["invitation", "invitation"]


async def test_the_setting_suppresses_every_mail(goto: GoToMeetingEmulator) -> None:
    async with opened(goto, settings={"suppressEmail": True}) as target:
        made = await target.create(person(1))
        await target.update(link(made, person(1)), roles_become(made, "webinarOrganizer"))
        await target.disable(link(made, person(1)))
    assert goto.mails == []


@pytest.mark.parametrize(
    "roles",
    [
        ("organizer",),
        ("webinarOrganizer",),
        ("organizer", "openVoice"),
        ("openVoice", "webinarOrganizer"),
        ("manager",),
        ("superAdmin",),
        ("manager", "organizer"),
    ],
)
async def test_roles_read_back_as_they_were_asked_for(target: GoToMeeting, roles: tuple[str, ...]) -> None:
    made = await target.create(person(1, *roles))
    read = await target.get(made.id)
    listed = [account async for page in target.list() for account in page.accounts if account.id == made.id]
    for account in (made, read, *listed):
        held = account.attributes["appRoles"]
        assert isinstance(held, list)
        assert sorted(held) == sorted(roles)
    assert made.privileged == any(role in ("manager", "superAdmin") for role in roles)
    assert made.attributes == read.attributes == listed[0].attributes


async def test_webinar_and_meeting_need_one_licence_that_covers_both(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    made = await target.create(person(1, "organizer", "webinarOrganizer"))
    assert licences_of(goto, 1) == ["G2W"]
    writes = len(goto.journal)
    again = await target.update(link(made, person(1)), roles_become(made, "organizer", "webinarOrganizer"))
    assert len(goto.journal) == writes
    assert again.attributes == made.attributes


async def test_a_repeated_create_after_a_lost_reply_takes_no_second_seat_and_invites_once(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.seats("G2M", 1)
    goto.inject(Fault(kind="lost-reply", method="POST", path="/users", times=1))
    with pytest.raises(Unavailable):
        await target.create(person(1))
    made = await target.create(person(1))  # the only seat is his already
    assert made.attributes["appRoles"] == ["organizer"]
    assert made.grants["licenseKeys"] == [goto.licence("G2M").key]
    assert [mail.kind for mail in goto.mails] == ["invitation"]
    assert effects(goto).count("user.created") == 1


async def test_somebody_who_is_there_already_is_brought_to_what_is_wanted(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    key = goto.add_user("person1@example.com", "Augusta", "King", products=()).key
    made = await target.create(person(1))
    assert (made.id, made.active) == (key, True)
    assert (made.attributes["firstName"], made.attributes["lastName"]) == ("Ada", "Byron 1")
    assert made.attributes["appRoles"] == ["organizer"]
    assert [mail.kind for mail in goto.mails] == ["product"]


async def test_without_a_free_seat_nobody_is_invited(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    goto.seats("OPENVOICE", 0)
    with pytest.raises(LicenseLimitExceeded) as refusal:
        await target.create(person(1, "organizer", "openVoice"))
    assert refusal.value.reason.parameters == {"product": "OPENVOICE", "seats": "0"}
    assert effects(goto) == []


async def test_a_seat_bought_meanwhile_is_found(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    goto.seats("OPENVOICE", 0)
    with pytest.raises(LicenseLimitExceeded):
        await target.create(person(1, "openVoice"))
    goto.seats("OPENVOICE", 1)
    assert (await target.create(person(1, "openVoice"))).active


async def test_seats_taken_by_others_since_we_read_them_lead_to_another_licence(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    await target.get(seeded(goto, 9))
    goto.seats("G2M", 0)
    made = await target.create(person(1))  # a webinar licence has GoToMeeting in it
    assert licences_of(goto, 1) == ["G2W"]
    assert made.active


async def test_a_refused_seat_is_an_error_that_names_the_product(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.inject(Fault(kind="no-seat"))
    with pytest.raises(LicenseLimitExceeded) as refusal:
        await target.create(person(1))
    assert refusal.value.reason.parameters["product"] == "G2M"
    key = seeded(goto, 2)
    with pytest.raises(LicenseLimitExceeded):
        await target.update(link(await target.get(key), {}), differences(await target.get(key), person(2)))
    assert effects(goto) == []


async def test_many_creates_at_once_do_not_fight_for_seats(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    goto.seats("G2M", 20)
    goto.seats("G2W", 20)
    made = await asyncio.gather(*(target.create(person(number)) for number in range(40)))
    assert all(account.active for account in made)
    assert goto.count("POST", "/users") == 40
    with pytest.raises(LicenseLimitExceeded):
        await target.create(person(99))


async def test_an_address_of_another_account_is_an_error_until_the_transfer_is_accepted(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.known_elsewhere("person1@example.com")
    for _ in range(2):
        with pytest.raises(Conflict) as refusal:
            await target.create(person(1))
        assert refusal.value.reason.parameters["problem"] == "TransferPending"
    goto.decline("person1@example.com")
    with pytest.raises(Conflict):
        await target.create(person(1))
    goto.accept("person1@example.com")
    assert (await target.create(person(1))).active
    assert [mail.kind for mail in goto.mails] == ["transfer"]


async def test_what_goto_does_not_know_is_refused_before_it_is_asked(target: GoToMeeting) -> None:
    for desired in (person(1, "janitor"), person(1, shoeSize=44), person(1, "")):
        with pytest.raises(InvalidValue):
            await target.create(desired)
    assert target.transport.requests == 0


async def test_a_refusal_quotes_goto(target: GoToMeeting) -> None:
    with pytest.raises(Rejected) as refusal:
        await target.create({**person(1), "email": "nobody"})
    assert refusal.value.reason.parameters["said"] == "email.invalid: nobody"


# ---- update -------------------------------------------------------------------------------------------------------


async def test_an_update_sends_only_what_differs(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1))
    goto.journal.clear()
    wanted: dict[str, Value] = {"lastName": "King", "firstName": "Ada", "email": "ada@example.com"}
    updated = await target.update(link(made, person(1)), [Difference(name, None, new) for name, new in wanted.items()])
    assert effects(goto) == ["user.updated email,lastName"]
    assert updated.attributes == {**made.attributes, **wanted}
    assert updated.grants == made.grants


async def test_nothing_is_sent_when_goto_holds_it_already(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1))
    before = target.transport.requests
    await target.update(
        link(made, person(1)), [Difference("lastName", "x", "Byron 1"), *roles_become(made, "organizer")]
    )
    assert target.transport.requests - before == 1


async def test_a_mover_gets_the_new_licence_before_the_old_one_goes(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    made = await target.create(person(1, "webinarOrganizer"))
    goto.journal.clear()
    moved = await target.update(link(made, person(1)), roles_become(made, "organizer"))
    assert effects(goto) == ["license.added G2M", "license.removed G2W"]
    assert moved.attributes["appRoles"] == ["organizer"]
    assert moved.grants["licenseKeys"] == [goto.licence("G2M").key]


async def test_a_mover_who_cannot_get_the_new_licence_keeps_the_old_one(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.seats("OPENVOICE", 0)
    made = await target.create(person(1))
    with pytest.raises(LicenseLimitExceeded):
        await target.update(link(made, person(1)), roles_become(made, "openVoice"))
    assert licences_of(goto, 1) == ["G2M"]


async def test_a_licence_of_nobodys_role_stays(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    key = seeded(goto, 1, "G2M", "OPENVOICE", admin_roles=("RUN_REPORTS",))
    taken = await target.update(link(Account(key, {}), {}), [Difference("appRoles", ["organizer"], ["manager"])])
    assert licences_of(goto, 1) == ["OPENVOICE"]
    assert goto.user("person1@example.com").admin_roles == ["MANAGE_USERS", "MANAGE_SEATS", "RUN_REPORTS"]
    assert taken.grants == {"licenseKeys": [], "adminRoles": ["MANAGE_SEATS", "MANAGE_USERS"]}
    back = await target.update(link(taken, {}), [Difference("appRoles", ["manager"], ["openVoice"])])
    assert goto.user("person1@example.com").admin_roles == ["RUN_REPORTS"]
    assert licences_of(goto, 1) == ["OPENVOICE"]
    assert back.attributes["appRoles"] == ["openVoice"]


async def test_the_licence_we_gave_goes_with_its_role(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1, "organizer", "openVoice"))
    less = await target.update(link(made, person(1)), roles_become(made, "organizer"))
    assert licences_of(goto, 1) == ["G2M"]
    assert less.grants["licenseKeys"] == [goto.licence("G2M").key]


@pytest.mark.parametrize("attribute", ["firstName", "email", "locale"])
async def test_what_another_account_owns_is_not_changed(
    goto: GoToMeetingEmulator, target: GoToMeeting, attribute: str
) -> None:
    made = await target.create(person(1))
    goto.identity_read_only("person1@example.com")
    writes = len(goto.journal)
    with pytest.raises(NotPermitted) as refusal:
        await target.update(link(made, person(1)), [Difference(attribute, None, "x@example.com")])
    assert refusal.value.reason.parameters["attribute"] == attribute
    assert len(goto.journal) == writes
    await target.update(link(made, person(1)), [Difference("timeZone", None, "Europe/Paris")])


async def test_a_locked_name_and_address_are_not_changed(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1))
    goto.lock("person1@example.com")
    with pytest.raises(NotPermitted) as refusal:
        await target.update(link(made, {}), [Difference(name, None, "y@x.org") for name in ("email", "lastName")])
    assert refusal.value.reason.parameters["attribute"] == "email, lastName"


async def test_the_verb_that_goto_knows_is_found_once(goto: GoToMeetingEmulator) -> None:
    goto.options.assign_methods = ("POST",)
    keys = [seeded(goto, number) for number in range(2)]
    async with opened(goto) as target:
        for number, key in enumerate(keys):
            account = await target.get(key)
            assert (await target.update(link(account, {}), differences(account, person(number)))).active
    assert (goto.count("PUT", "/users/{userKey}"), goto.count("POST", "/users/{userKey}")) == (1, 2)


async def test_a_role_may_put_people_into_a_group(goto: GoToMeetingEmulator) -> None:
    group = goto.add_group("Sales")
    sales = AppRole("s", "sales", "Sales", grant={"products": ["G2M"], "groupKey": group.key, "locale": "fr_FR"})
    async with opened(goto, roles=[*ROLES, sales]) as target:
        made = await target.create(person(1, "sales", "openVoice"))
        assert goto.user("person1@example.com").group_key == group.key
        assert made.attributes["locale"] == "fr_FR"
        other = await target.create(person(2))
        await target.update(link(other, {}), roles_become(other, "sales"))
    assert goto.user("person2@example.com").group_key == group.key


async def test_a_reply_lost_to_an_update_is_unavailable_and_repeating_it_is_harmless(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    made = await target.create(person(1))
    goto.inject(Fault(kind="server-error", method="PUT", times=1, carried_out=True))
    wanted = [Difference("lastName", None, "King"), *roles_become(made, "organizer", "openVoice")]
    with pytest.raises(RetryLater):
        await target.update(link(made, {}), wanted)
    again = await target.update(link(made, {}), wanted)
    assert (again.attributes["lastName"], again.attributes["appRoles"]) == ("King", ["openVoice", "organizer"])
    assert effects(goto).count("license.added OPENVOICE") == 1


# ---- disable, delete ----------------------------------------------------------------------------------------------


async def test_disable_takes_everything_licences_first(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    key = seeded(goto, 1, "G2M", "OPENVOICE", admin_roles=("RUN_REPORTS",))
    disabled = await target.disable(link(await target.get(key), {}))
    assert effects(goto)[:2] == ["license.removed G2M", "license.removed OPENVOICE"]
    assert "adminRoles" in effects(goto)[2]
    assert goto.status("person1@example.com") == "SUSPENDED"
    assert (disabled.active, disabled.attributes["appRoles"]) == (False, [])
    before = target.transport.requests
    await target.disable(link(disabled, {}))
    assert target.transport.requests - before == 1


async def test_disable_takes_a_role_set_too(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    key = seeded(goto, 1)
    role_set = next(iter(goto.tenant.role_sets.values()))
    goto.tenant.set_role_set(goto.user("person1@example.com"), role_set)
    account = await target.get(key)
    assert (account.active, account.privileged) == (True, True)
    assert not (await target.disable(link(account, {}))).active


async def test_disable_may_be_set_to_take_only_ours(goto: GoToMeetingEmulator) -> None:
    key = seeded(goto, 1, "OPENVOICE", admin_roles=("RUN_REPORTS",))
    async with opened(goto, settings={"disableRemoves": "ours"}) as target:
        ours = await target.update(link(await target.get(key), {}), [Difference("appRoles", [], ["organizer"])])
        with pytest.raises(StillActive) as refusal:
            await target.disable(link(ours, {}))
        assert licences_of(goto, 1) == ["OPENVOICE"]
        assert refusal.value.reason.parameters == {
            "account": key,
            "licenses": f"{goto.licence('OPENVOICE').key} (OPENVOICE)",
            "adminRoles": "RUN_REPORTS",
        }
        made = await target.create(person(2))
        assert not (await target.disable(link(made, {}))).active


async def test_a_licence_that_would_not_go_is_named(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1))
    goto.inject(Fault(kind="licence-kept"))
    with pytest.raises(StillActive) as refusal:
        await target.disable(link(made, {}))
    assert "G2M" in refusal.value.reason.parameters["licenses"]


async def test_a_rehire_holds_again_what_the_roles_give(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    desired = person(1, "organizer", "manager")
    made = await target.create(desired)
    disabled = await target.disable(link(made, desired))
    assert disabled.grants == {"licenseKeys": [], "adminRoles": []}
    back = await target.update(link(disabled, desired), [Difference("active", False, True)])
    assert (back.active, back.attributes) == (True, made.attributes)
    assert back.grants == made.grants
    assert [mail.kind for mail in goto.mails].count("invitation") == 1


async def test_people_who_have_not_signed_in_for_long_are_not_disabled(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    key = seeded(goto, 1, "G2M")
    goto.age(400)
    assert goto.status("person1@example.com") == "INACTIVE"
    assert (await target.get(key)).active


async def test_the_connections_own_user_is_never_touched(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    own = await target.own_account()
    assert own == goto.user("admin@example.com").key
    account = await target.get(own)
    for doing in (
        target.disable(link(account, {})),
        target.delete(link(account, {})),
        target.update(link(account, {}), [Difference("lastName", "Admin", "Leaver")]),
        target.create({**person(1), "email": "Admin@example.com"}),
    ):
        with pytest.raises(NotPermitted):
            await doing
    assert [effect for effect in effects(goto) if effect != "user.existing"] == []


async def test_the_last_super_admin_stays_one(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    key = seeded(goto, 1, admin_roles=("SUPER_USER",))
    goto.user("admin@example.com").admin_roles[:] = ["MANAGE_USERS", "MANAGE_SEATS"]
    account = await target.get(key)
    for doing in (
        target.disable(link(account, {})),
        target.delete(link(account, {})),
        target.update(link(account, {}), [Difference("appRoles", ["superAdmin"], ["organizer"])]),
    ):
        with pytest.raises(NotPermitted) as refusal:
            await doing
        assert refusal.value.reason.parameters["problem"] == "LastSuperUser"
    assert effects(goto) == []


async def test_a_deleted_account_is_gone(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    made = await target.create(person(1))
    await target.delete(link(made, {}))
    for doing in (target.get(made.id), target.disable(link(made, {})), target.delete(link(made, {}))):
        with pytest.raises(NotFound):
            await doing
    assert (await target.create(person(1))).id == made.id  # GoTo gives the old key back


# ---- reading ------------------------------------------------------------------------------------------------------


async def test_where_large_pages_are_refused_smaller_ones_are_read(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.options.max_page_size = 200
    for number in range(450):
        seeded(goto, number)
    pages = [page async for page in target.list()]
    assert [len(page.accounts) for page in pages] == [200, 200, 51]
    assert sorted(one.id for page in pages for one in page.accounts) == sorted(user.key for user in goto.users)
    assert {page.total for page in pages} == {451}


async def test_a_token_that_ends_between_two_pages_is_renewed_once(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.options.max_page_size = 200
    for number in range(450):
        seeded(goto, number)
    goto.inject(Fault(kind="expired-token", path="/users", after=2, times=1))
    assert sum([len(page.accounts) async for page in target.list()]) == 451
    assert goto.count("POST", "/oauth/token") == 2


async def test_many_requests_share_one_renewed_token(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    keys = [seeded(goto, number) for number in range(8)]
    await target.own_account()
    goto.expire_tokens()
    await asyncio.gather(*(target.get(key) for key in keys))
    assert goto.count("POST", "/oauth/token") == 2


async def test_an_address_is_found_whatever_its_case_and_its_characters(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    goto.options.email_filter_ignores_case = False
    for email in ("o'neil+test@example.com", "a\\b@example.com", "x&y=z@example.com", "Größe@example.com"):
        key = goto.add_user(email.lower(), products=()).key
        assert [found.id for found in await target.find("email", email.title())] == [key]
    assert await target.find("email", 'nobody" or email sw "a') == []


async def test_a_page_for_people_is_no_answer(goto: GoToMeetingEmulator, target: GoToMeeting) -> None:
    key = seeded(goto, 1, "G2M")
    goto.inject(Fault(kind="html"))
    for doing in (target.get(key), target.disable(link(Account(key, {}), {}))):
        with pytest.raises(Incompatible) as refusal:
            await doing
        assert "html" in refusal.value.reason.parameters["content_type"]
        assert refusal.value.reason.parameters["address"].startswith(goto.url)


async def test_an_address_without_the_admin_api_is_not_a_missing_user(goto: GoToMeetingEmulator) -> None:
    async with opened(goto, BaseAddress=f"{goto.url}/somewhere") as target:
        with pytest.raises((Incompatible, NotFound)) as refusal:
            await target.get("1")
        assert refusal.type is Incompatible


async def test_an_outage_is_unavailable_and_over_when_it_is_over(
    goto: GoToMeetingEmulator, target: GoToMeeting
) -> None:
    made = await target.create(person(1))
    port = int(goto.url.rpartition(":")[2])
    await goto.stop()
    with pytest.raises(Unavailable):
        await target.disable(link(made, {}))
    await goto.start(port)
    assert not (await target.disable(link(made, {}))).active


async def test_a_rate_below_ours_is_kept_to_and_nobody_is_lost(goto: GoToMeetingEmulator) -> None:
    goto.options.rate_limit = 40
    keys = [seeded(goto, number) for number in range(30)]
    patient = Limits(tries=12, patience=60, first_wait=0.02, longest_wait=0.5)
    async with opened(goto, limits=patient) as target:
        got = await asyncio.gather(*(target.get(key) for key in keys))
    assert [account.id for account in got] == keys


async def test_our_own_pace_never_meets_gotos_limit(goto: GoToMeetingEmulator) -> None:
    goto.options.rate_limit = 10
    key = seeded(goto, 1)
    given = Connection(credentials(goto), roles=ROLES, rate_limit=8, concurrency=16)
    target = open_gotomeeting(given)
    await asyncio.gather(*(target.get(key) for _ in range(20)))
    await target.close()
    assert [status for (_, _, status) in goto.gate.answers if status == 429] == []
