"""What the SCIM connector sends, and how it takes the answers of apps that lie."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import pytest
from tests.contract.scim_bench import (
    CORE,
    DEPARTMENT,
    ENTERPRISE,
    MOBILE,
    WORK,
    complaints,
    oauth,
    opened,
    person,
)
from tests.contract.stub import Script, says, sends, serving

from provisor.connector import Page
from provisor.connectors.http import Limits
from provisor.connectors.scim import Scim
from provisor.domain.change import Difference
from provisor.domain.error import (
    AlreadyThere,
    Conflict,
    DuplicateTargetEntries,
    Incompatible,
    InsufficientRights,
    InvalidValue,
    Misconfigured,
    NotFound,
    NotPermitted,
    ProvisorError,
    RateLimited,
    Rejected,
    StillActive,
    Unauthorized,
    Unavailable,
)
from provisor.domain.resource import Account, Value
from provisor.testing.contract import link
from provisor.testing.scim import Fault, Options, ScimEmulator


def changes(account: Account, **wanted: Value) -> list[Difference]:
    return [Difference(name, account.attributes.get(name), value) for name, value in wanted.items()]


async def change(target: Scim, account: Account, wanted: Mapping[str, Value]) -> Account:
    return await target.update(link(account, {}), changes(account, **wanted))


async def everybody(target: Scim) -> list[str]:
    return [account.id async for page in target.list() for account in page.accounts]


# ---- what is sent -------------------------------------------------------------------------------------------------


async def test_a_new_user_is_one_request_with_everything_in_its_place() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        scim.remember = True
        await target.create(person(1, roles=["admin", "editor"]))
        assert scim.requests == {("POST", "/Users"): 1}
    [(_, body)] = scim.bodies
    assert body == {
        "schemas": [CORE, ENTERPRISE],
        "userName": "Person1@Example.com",
        "active": True,
        "externalId": "ext-1",
        "displayName": "Ada Byron 1",
        "title": "Engineer",
        "name": {"givenName": "Ada", "familyName": "Byron 1"},
        "emails": [{"type": "work", "value": "person1@example.com", "primary": True}],
        "phoneNumbers": [{"type": "mobile", "value": "+44 20 7946 0001"}],
        "addresses": [{"type": "work", "locality": "London", "postalCode": "W1"}],
        "roles": [{"value": "admin"}, {"value": "editor"}],
        ENTERPRISE: {"department": "Research"},
    }
    assert complaints(scim.bodies) == []


async def test_any_extension_is_sent_under_its_own_name_and_shown_again() -> None:
    cost = "urn:example:params:scim:schemas:extension:acme:1.0:User:costCentre"
    async with ScimEmulator() as scim, opened(scim.url) as target:
        made = await target.create({"userName": "ada", cost: "42", "active": True})
        assert scim.user("ada")[cost.rpartition(":")[0]] == {"costCentre": "42"}
        assert cost.rpartition(":")[0] in scim.user("ada")["schemas"]
        assert made.attributes[cost] == "42"
        assert (await change(target, made, {cost: "43"})).attributes[cost] == "43"


async def test_a_change_is_one_patch_with_one_operation_for_each_attribute() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        made = await target.create({"userName": "ada", "active": True, WORK: "ada@example.com", "title": "Countess"})
        scim.remember = True
        fax = 'phoneNumbers[type eq "fax"].value'
        wanted: dict[str, Value] = {
            "name.familyName": "King",
            WORK: "king@example.com",
            MOBILE: "1",
            fax: "2",
            'addresses[type eq "work"].locality': "London",
            'addresses[type eq "work"].country': "GB",
            DEPARTMENT: "Analysis",
            "title": None,
        }
        changed = await change(target, made, wanted)
        assert {name: changed.attributes.get(name) for name in wanted} == wanted
    [(method, body)] = scim.bodies
    assert method == "PATCH"
    assert body["Operations"] == [
        {"op": "replace", "path": "name.familyName", "value": "King"},
        {"op": "replace", "path": WORK, "value": "king@example.com"},
        {"op": "replace", "path": DEPARTMENT, "value": "Analysis"},
        {"op": "remove", "path": "title"},
        {
            "op": "add",
            "path": "phoneNumbers",
            "value": [{"type": "mobile", "value": "1"}, {"type": "fax", "value": "2"}],
        },
        {"op": "add", "path": "addresses", "value": [{"type": "work", "locality": "London", "country": "GB"}]},
    ]
    assert complaints(scim.bodies) == []


@pytest.mark.parametrize("updates", ["PATCH", "PUT"])
async def test_what_the_mapping_does_not_know_stays(updates: Any) -> None:
    async with ScimEmulator(Options(updates=updates)) as scim, opened(scim.url) as target:
        made = await target.create({"userName": "ada", "active": True, WORK: "ada@work.example"})
        user = scim.user("ada")
        user["emails"].append({"type": "home", "value": "ada@home.example"})
        user |= {"nickName": "Countess", "urn:example:1.0": {"shoe": 37}}
        await change(target, made, {WORK: "king@work.example", "title": "Analyst"})
        await target.disable(link(made, {}))
        user = scim.user("ada")
        assert {email["type"]: email["value"] for email in user["emails"]} == {
            "work": "king@work.example",
            "home": "ada@home.example",
        }
        assert (user["nickName"], user["urn:example:1.0"], user["active"]) == ("Countess", {"shoe": 37}, False)
        cleared = await change(target, made, {WORK: None})
        assert cleared.attributes["emails"] == ["ada@home.example"]


@pytest.mark.parametrize("updates", ["PATCH", "PUT"])
async def test_an_address_shown_without_its_type_is_replaced_and_gets_no_second_one(updates: Any) -> None:
    async with ScimEmulator(Options(updates=updates)) as scim, opened(scim.url) as target:
        made = await target.create({"userName": "ada", "active": True, WORK: "ada@example.com"})
        del scim.user("ada")["emails"][0]["type"]
        for mail in ("new1@example.com", "new2@example.com"):
            assert (await change(target, made, {WORK: mail})).attributes[WORK] == mail
        assert [email["value"] for email in scim.user("ada")["emails"]] == ["new2@example.com"]
        assert WORK not in (await change(target, made, {WORK: None})).attributes


@pytest.mark.parametrize("updates", ["PATCH", "PUT"])
async def test_plain_values_replace_all_that_were_there(updates: Any) -> None:
    async with ScimEmulator(Options(updates=updates)) as scim, opened(scim.url) as target:
        made = await target.create({"userName": "ada", "active": True, "roles": ["admin", "editor"]})
        assert made.attributes["roles"] == ["admin", "editor"]
        assert (await change(target, made, {"roles": ["viewer"]})).attributes["roles"] == ["viewer"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "emails[type eq work].value",
        'emails[type eq "work"]',
        "id",
        "meta",
        "Schemas",
        "a.b.c",
        "Emails.value",
    ],
)
async def test_a_name_that_means_no_place_is_refused_before_anything_is_sent(name: str) -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        with pytest.raises(InvalidValue):
            await target.create({"userName": "ada", name: "x"})
        assert not scim.requests


async def test_a_filter_is_escaped() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        for name in ('O"Hara', "back\\slash", "tab\there", "plus+and&amp", "Żółć ✓"):
            made = await target.create({"userName": name, "active": True})
            assert [one.id for one in await target.find("userName", name)] == [made.id]


async def test_users_are_found_by_what_tells_several_values_apart() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        made = await target.create(person(1))
        await target.create(person(2))
        for name in (WORK, DEPARTMENT, "externalId"):
            assert made.id in [one.id for one in await target.find(name, str(person(1)[name]).upper())]


# ---- who is there already -------------------------------------------------------------------------------------------


async def test_who_is_there_and_can_be_found_is_for_the_next_cycle_to_take_over() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        made = await target.create(person(1))
        with pytest.raises(AlreadyThere) as caught:
            await target.create(person(1, title="Other"))
        assert caught.value.reason.parameters == {"account": made.id, "attribute": "userName"}
        assert caught.value.retry == "next cycle"
        assert scim.user("person1@example.com")["title"] == "Engineer"


async def test_who_is_there_and_cannot_be_found_waits_for_a_person() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        made = await target.create(person(1))
        scim.people.hidden.add(made.id)
        with pytest.raises(Conflict) as caught:
            await target.create(person(1))
        assert caught.value.reason.parameters["problem"] == "HiddenAccount"
        assert caught.value.retry == "back off"


async def test_who_is_there_by_another_value_than_the_matching_one_waits_for_a_person() -> None:
    async with ScimEmulator() as scim, opened(scim.url, matching=("externalId",)) as target:
        made = await target.create(person(1))
        with pytest.raises(Conflict) as caught:
            await target.create(person(1, externalId="another"))
        assert caught.value.reason.parameters["account"] == made.id
        assert caught.value.retry == "back off"


async def test_several_who_are_there_are_named() -> None:
    users = [{"id": key, "userName": "ada", "active": True} for key in ("1", "2")]
    listing = says(200, {"totalResults": 2, "Resources": users})
    async with serving(Script(says(409, {"detail": "no"}), says(404), listing)) as url, opened(url) as target:
        with pytest.raises(DuplicateTargetEntries) as caught:
            await target.create({"userName": "ada", "active": True})
        assert caught.value.reason.parameters["accounts"] == "1, 2"


async def test_a_unique_value_in_use_is_a_conflict_also_as_400() -> None:
    refusal = {"scimType": "uniqueness", "detail": "taken"}
    async with (
        serving(Script(says(400, refusal), says(404), says(200, {"totalResults": 0}))) as url,
        opened(url) as target,
    ):
        with pytest.raises(Conflict):
            await target.create({"userName": "ada", "active": True})


# ---- answers ----------------------------------------------------------------------------------------------------


async def test_a_filter_that_is_ignored_finds_whom_was_asked_for_and_is_not_relied_on_any_more() -> None:
    async with ScimEmulator(Options(filter="ignored", max_results=5)) as scim, opened(scim.url) as target:
        for number in range(12):
            await target.create(person(number))
        assert target.capabilities.filter
        [found] = await target.find("userName", "person11@example.com")
        assert found.attributes["externalId"] == "ext-11"
        assert list(await target.find("userName", "nobody")) == []
        assert not target.capabilities.filter


async def test_a_filter_that_finds_two_gives_both_back() -> None:
    users = [{"id": key, "userName": name} for key, name in (("1", "ada"), ("2", "ADA"), ("3", "adam"))]
    async with (
        serving(Script(says(404), says(200, {"totalResults": 3, "Resources": users}))) as url,
        opened(url) as target,
    ):
        assert [one.id for one in await target.find("userName", "Ada")] == ["1", "2"]


async def test_a_filter_that_finds_others_only_is_not_believed() -> None:
    other, ada = ({"id": key, "userName": name} for key, name in (("1", "adam"), ("2", "ada")))
    wrong = says(200, {"totalResults": 1, "Resources": [other]})
    whole = says(200, {"totalResults": 2, "Resources": [other, ada]})
    async with serving(Script(says(404), wrong, whole)) as url, opened(url) as target:
        assert [one.id for one in await target.find("userName", "Ada")] == ["2"]


async def test_a_user_that_was_made_and_cannot_be_seen_yet_is_ours() -> None:
    async with ScimEmulator(Options(creates="location")) as scim, opened(scim.url) as target:
        scim.inject(Fault(kind="server-error", method="GET", path="/Users/", status=404))
        with pytest.raises(NotFound) as caught:
            await target.create(person(1))
        assert caught.value.account is not None
        assert caught.value.account.id in scim.users


async def test_a_user_without_an_id_is_named_by_the_check() -> None:
    answer = says(200, {"totalResults": 1, "Resources": [{"userName": "ada"}]})
    async with serving(answer) as url, opened(url) as target:
        steps = [step async for step in target.check()]
        assert (steps[-1].status, steps[-1].reason.parameters["problem"]) == ("failure", "NoId")


async def test_another_user_than_the_one_asked_for_is_not_taken_for_that_one() -> None:
    other = {"id": "8", "userName": "boss", "active": False}
    async with serving(Script(says(200, other))) as url, opened(url) as target:
        with pytest.raises(Incompatible) as caught:
            await target.get("7")
        assert caught.value.reason.parameters == {"problem": "OtherUser", "address": f"{url}/Users/7"}


@pytest.mark.parametrize(
    ("user", "key"), [({"id": "ABC-1"}, "abc-1"), ({"id": "1", "userName": "Ada"}, "ada"), ({"id": 5}, "5")]
)
async def test_a_user_is_known_by_its_id_in_any_case_and_by_the_name_that_is_its_id(user: Any, key: str) -> None:
    async with serving(Script(says(200, user))) as url, opened(url, {"idFrom": "userName"}) as target:
        assert (await target.get(key)).id


async def test_pages_are_counted_by_what_came() -> None:
    async with (
        ScimEmulator(Options(max_results=50, config="missing")) as scim,
        opened(scim.url, {"pageSize": 1000}) as target,
    ):
        for number in range(120):
            scim.people.add({"schemas": [CORE], "userName": f"p{number}"})
        assert len(set(await everybody(target))) == 120
        assert scim.requests["GET", "/Users"] == 3


def slices(*pages: tuple[list[str], int]) -> Script:
    """No ServiceProviderConfig, then these pages."""
    bodies = [
        {"totalResults": total, "Resources": [{"id": one, "userName": one} for one in ids]} for ids, total in pages
    ]
    return Script(says(404), *(says(200, body) for body in bodies))


@pytest.mark.parametrize(
    ("pages", "ids"),
    [
        ([("ab", 2), ("cd", 2), ("e", 1)], "abcde"),  # the total is what is on the page
        ([("ab", 2), ("cd", 2), ("", 0)], "abcd"),
        ([("ab", 4), ("", 4)], "ab"),  # an empty page before the total
        ([("ab", 4), ("bc", 4), ("", 4)], "abc"),  # a repeated row
        ([("ab", 4), ("cd", 5), ("", 5)], "abcd"),  # it changed meanwhile
        ([("ab", 2), ("ab", 2)], "ab"),  # the same again, beyond the total
    ],
)
async def test_pages_that_contradict_the_total_end_without_one(pages: list[tuple[str, int]], ids: str) -> None:
    script = slices(*((list(rows), total) for rows, total in pages))
    async with serving(script) as url, opened(url) as target:
        listing = [page async for page in target.list()]
        assert {account.id for page in listing for account in page.accounts} == set(ids)
        assert listing[-1].total is None
        assert len(script.seen) == 1 + len(pages)


@pytest.mark.parametrize("beyond", [says(200, {"totalResults": 2}), says(400), says(404)])
async def test_a_total_that_is_reached_by_full_pages_costs_one_request_more(beyond: Any) -> None:
    script = slices((["a", "b"], 2))
    script.handlers = (*script.handlers, beyond)
    async with serving(script) as url, opened(url) as target:
        assert [page.total async for page in target.list()] == [2]
        assert len(script.seen) == 3


async def test_the_page_is_as_large_as_the_app_says() -> None:
    async with ScimEmulator(Options(max_results=7)) as scim, opened(scim.url) as target:
        await everybody(target)
        assert target.capabilities.page_size == 7


async def test_an_app_that_sends_the_same_page_for_ever_is_found_out() -> None:
    async with ScimEmulator(Options(max_results=5, start_index="ignored")) as scim, opened(scim.url) as target:
        for number in range(12):
            await target.create(person(number))
        with pytest.raises(Incompatible) as caught:
            await everybody(target)
        assert caught.value.reason.parameters["problem"] == "OffsetIgnored"


async def test_count_that_is_answered_by_500_is_left_out_from_then_on() -> None:
    async with ScimEmulator(Options(count="fails", default_page=5)) as scim, opened(scim.url) as target:
        for number in range(12):
            await target.create(person(number))
        assert len(await everybody(target)) == 12
        scim.reset_counters()
        assert len(await everybody(target)) == 12
        assert scim.requests["GET", "/Users"] == 3


async def test_values_rewritten_in_the_answer_are_shown_as_the_target_holds_them() -> None:
    async with ScimEmulator(Options(normalises=True, extra_members=True)) as scim, opened(scim.url) as target:
        made = await target.create(person(1, title="Principal engineer"))
        assert (made.attributes["userName"], made.attributes["title"]) == ("person1@example.com", "Principa")
        assert len(await target.find("userName", "PERSON1@example.com")) == 1
        again = await change(target, made, {"title": "Principal engineer"})
        assert again.attributes["title"] == "Principa"


async def test_names_are_read_in_any_case() -> None:
    user = {
        "ID": "7",
        "username": "ada",
        "Active": "False",
        "Name": {"FamilyName": "King"},
        "EMAILS": [{"Value": "a@b"}],
    }
    async with serving(Script(says(200, user))) as url, opened(url) as target:
        account = await target.get("7")
        assert account.attributes == {
            "userName": "ada",
            "active": False,
            "name.familyName": "King",
            "emails": ["a@b"],
            WORK: "a@b",
        }
        assert (account.id, account.active) == ("7", False)


@pytest.mark.parametrize("body", [[{"id": "1", "userName": "a"}], {"resources": [{"id": "1"}], "totalresults": "1"}])
async def test_a_list_in_another_form_is_a_list(body: object) -> None:
    async with serving(Script(says(404), says(200, body), says(200, []))) as url, opened(url) as target:
        assert await everybody(target) == ["1"]


async def test_saying_yes_and_staying_active_is_not_believed() -> None:
    async with ScimEmulator(Options(ignores_active=True)) as scim, opened(scim.url) as target:
        made = await target.create(person(1))
        with pytest.raises(StillActive):
            await target.disable(link(made, {}))


async def test_who_is_not_shown_any_more_once_disabled_is_disabled() -> None:
    async with ScimEmulator(Options(inactive="hidden", update_answer="empty")) as scim, opened(scim.url) as target:
        made = await target.create(person(1))
        gone = await target.disable(link(made, {}))
        assert (gone.id, gone.active) == (made.id, False)
        with pytest.raises(NotFound):
            await target.disable(link(made, {}))


async def test_a_renamed_account_is_followed_where_its_name_is_its_id() -> None:
    async with ScimEmulator(Options(id_from="userName")) as scim, opened(scim.url, {"idFrom": "userName"}) as target:
        made = await target.create(person(1))
        renamed = await change(target, made, {"userName": "lovelace"})
        assert (made.id, renamed.id) == ("Person1@Example.com", "lovelace")
        assert (await target.get("lovelace")).attributes["externalId"] == "ext-1"


# ---- many at once -------------------------------------------------------------------------------------------------


async def ready(target: Scim) -> Page:
    return await anext(aiter(target.list()))


async def test_bulk_stays_within_the_limits_and_joins_answers_by_their_ids() -> None:
    options = Options(max_operations=4, bulk_order="reversed")
    async with ScimEmulator(options) as scim, opened(scim.url) as target:
        scim.remember = True
        await ready(target)
        assert target.capabilities.create_many == 4
        made = await target.create_many([person(number) for number in range(10)])
        assert [scim.users[str(key)]["externalId"] for key in made] == [f"ext-{number}" for number in range(10)]
        assert [len(body["Operations"]) for _, body in scim.bodies] == [4, 4, 2]
        assert scim.count("POST", "/Users") == 0
        assert complaints(scim.bodies) == []


async def test_bulk_stays_within_the_size_that_the_app_takes() -> None:
    async with ScimEmulator(Options(max_payload=4000)) as scim, opened(scim.url) as target:
        await ready(target)
        made = await target.create_many([person(number) for number in range(20)])
        assert len(scim.users) == len({str(key) for key in made}) == 20
        assert scim.count("POST", "/Bulk") > 1


async def test_a_bulk_request_that_is_too_large_after_all_is_halved() -> None:
    async with ScimEmulator(Options(max_operations=3, bulk_limits=False)) as scim, opened(scim.url) as target:
        await ready(target)
        assert target.capabilities.create_many == 100
        made = await target.create_many([person(number) for number in range(10)])
        assert len(scim.users) == len({str(key) for key in made}) == 10


async def test_of_many_only_those_are_refused_that_cannot_be() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        first = await target.create(person(1))
        await ready(target)
        answers = await target.create_many([person(1), person(2), {"displayName": "x"}, person(3, active="maybe")])
        assert isinstance(answers[0], AlreadyThere)
        assert answers[0].reason.parameters["account"] == first.id
        assert [getattr(one, "code", "made") for one in answers[1:]] == ["made", "MissingValues", "UnprocessableEntity"]


async def test_an_operation_that_is_not_answered_is_in_doubt() -> None:
    made_one = {"bulkId": "n1", "status": {"code": 201}, "location": "https://x.example/v2/Users/7"}
    answer = {"Operations": [made_one, {"bulkId": "n2", "status": "?"}]}
    config = {"bulk": {"supported": "true"}}
    empty = {"totalResults": 0}
    async with serving(Script(says(200, config), says(200, empty), says(200, answer))) as url, opened(url) as target:
        await ready(target)
        lost, made, unclear = await target.create_many([person(0), person(1), person(2)])
        assert (type(lost), made, type(unclear)) == (Unavailable, "7", Unavailable)


async def test_a_bulk_request_may_take_longer_than_others() -> None:
    limits = Limits(answer=1.0, tries=1)
    async with ScimEmulator() as scim, opened(scim.url, limits=limits) as target:
        await ready(target)
        scim.options.latency = 1.2
        assert [type(one) for one in await target.create_many([person(number) for number in range(9)])] == [str] * 9


async def test_where_bulk_is_refused_after_all_users_are_made_one_by_one() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        await ready(target)
        scim.options.bulk = False
        made = await target.create_many([person(number) for number in range(3)])
        assert [key in scim.users for key in made] == [True] * 3
        assert target.capabilities.create_many == 0


async def test_bulk_is_not_used_where_the_profile_says_so() -> None:
    async with ScimEmulator() as scim, opened(scim.url, {"bulk": False}) as target:
        await ready(target)
        assert target.capabilities.create_many == 0


# ---- the way there --------------------------------------------------------------------------------------------------


async def test_a_page_for_people_is_no_scim() -> None:
    async with serving(sends(200, "<html>Welcome</html>")) as url, opened(url) as target:
        for doing in (target.get("1"), target.create(person(1)), target.find("userName", "a")):
            with pytest.raises(Incompatible) as caught:
                await doing
            assert caught.value.reason.parameters["problem"] == "NotJson"
            assert caught.value.reason.parameters["address"].startswith(f"{url}/Users")


@pytest.mark.parametrize("answer", [says(404, {"message": "no route"}), sends(404, "<h1>Not found</h1>")])
async def test_an_address_without_users_makes_nobody_a_leaver(answer: Any) -> None:
    async with serving(answer) as url, opened(url) as target:
        account = Account("1", {})
        for doing in (target.get("1"), target.create(person(1)), target.disable(link(account, {})), ready(target)):
            with pytest.raises(Incompatible) as caught:
                await doing
            assert caught.value.reason.parameters["problem"] == "NoSuchPath"
        steps = [step async for step in target.check()]
        assert (steps[-1].name, steps[-1].status, steps[-1].reason.code) == ("users", "failure", "ServiceIncompatible")
        assert steps[-1].reason.parameters["address"] == f"{url}/Users"


async def test_json_that_is_no_scim_is_named() -> None:
    async with serving(says(200, {"hello": "world"})) as url, opened(url) as target:
        with pytest.raises(Incompatible) as caught:
            await ready(target)
        assert caught.value.reason.parameters["problem"] == "NoList"


async def test_a_redirect_is_not_followed() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        scim.inject(Fault(kind="redirect"))
        with pytest.raises(Incompatible) as caught:
            await target.get("1")
        assert caught.value.reason.parameters["problem"] == "Redirected"


async def test_a_server_without_tls_is_named() -> None:
    async with ScimEmulator() as scim, opened(scim.url.replace("http://", "https://")) as target:
        with pytest.raises(Incompatible) as caught:
            await target.get("1")
        assert caught.value.reason.parameters["problem"] == "TlsFailed"


async def test_a_name_that_does_not_exist_and_a_closed_port_are_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    async with opened(url, limits=Limits(tries=1, unreached=0.1)) as target:
        with pytest.raises(Unavailable):
            await target.get("1")


@pytest.mark.parametrize("wait", ["7", None])
async def test_slowing_down_is_asked_for_with_and_without_a_wait(wait: str | None) -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        scim.inject(Fault(kind="rate-limited", retry_after=wait))
        with pytest.raises(RateLimited) as caught:
            await target.create(person(1))
        assert caught.value.wait == (7.0 if wait else None)


# ---- what is denied -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [(402, Rejected), (403, NotPermitted), (412, Rejected), (423, NotPermitted), (451, NotPermitted)],
)
@pytest.mark.parametrize("updates", ["PATCH", "PUT"])
async def test_what_is_denied_for_one_user_is_an_error_of_that_one(
    updates: Any, status: int, kind: type[ProvisorError]
) -> None:
    async with ScimEmulator(Options(updates=updates)) as scim, opened(scim.url, {"updateMethod": updates}) as target:
        owner = await target.create(person(1))
        for method in ("PUT", "PATCH", "POST", "DELETE"):
            scim.inject(Fault(kind="server-error", method=method, path="/Users", status=status))
        for wanted in (target.disable(link(owner, {})), target.delete(link(owner, {})), target.create(person(2))):
            with pytest.raises(kind) as caught:
                await wanted
            assert caught.value.reason.parameters["said"].endswith("out of order")
        assert scim.requests["GET", "/Users"] == 1, "whether users can be read at all is asked once"


async def test_a_user_that_may_not_be_read_is_an_error_of_that_one() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        owner = await target.create(person(1))
        scim.inject(Fault(kind="server-error", method="GET", path="/Users/", status=403))
        with pytest.raises(NotPermitted) as caught:
            await change(target, owner, {WORK: "new@example.com"})
        assert caught.value.reason.parameters["account"] == owner.id


@pytest.mark.parametrize(("status", "kind"), [(403, InsufficientRights), (401, Unauthorized)])
async def test_who_may_not_even_read_users_has_no_rights(status: int, kind: type[ProvisorError]) -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        made = await target.create(person(1))
        scim.inject(Fault(kind="server-error", method="PATCH", status=403))
        scim.inject(Fault(kind="server-error", method="GET", path="/Users", status=status))
        with pytest.raises(kind):
            await target.disable(link(made, {}))


async def test_of_many_who_is_denied_is_an_error_of_that_one() -> None:
    operations = [{"bulkId": f"n{n}", "status": status} for n, status in enumerate(("403", "423", {"code": 402}))]
    said = {"bulk": {"supported": True, "maxOperations": 10}}
    nobody, answer = {"totalResults": 0, "Resources": []}, {"Operations": operations}
    script = Script(says(200, said), says(200, nobody), says(200, answer), says(200, nobody))
    async with serving(script) as url, opened(url) as target:
        await ready(target)
        answers = await target.create_many([person(number) for number in range(3)])
        assert [type(one) for one in answers] == [NotPermitted, NotPermitted, Rejected]
        assert script.seen == ["GET", "GET", "POST", "GET"]


# ---- signing in -----------------------------------------------------------------------------------------------------


async def test_a_secret_token_that_is_refused_is_not_tried_again() -> None:
    async with ScimEmulator() as scim, opened(scim.url, token="old") as target:
        with pytest.raises(Unauthorized) as caught:
            await target.create(person(1))
        assert caught.value.reason.parameters["problem"] == "TokenRefused"
        assert scim.requests == {("POST", "/Users"): 1}


async def test_an_access_token_that_ends_midway_is_got_anew_and_nothing_is_lost() -> None:
    async with ScimEmulator() as scim, opened(scim.url, credentials=oauth(scim)) as target:
        await target.create(person(1))
        scim.expire_tokens()
        await target.create(person(2))
        assert len(scim.users) == 2
        assert scim.count("POST", "/token") == 2


async def test_a_secret_that_is_wrong_and_one_that_is_missing_are_named() -> None:
    async with ScimEmulator() as scim:
        async with opened(scim.url, credentials={**oauth(scim), "Oauth2ClientSecret": "wrong"}) as target:
            with pytest.raises(Unauthorized) as refused:
                await target.get("1")
            assert refused.value.reason.parameters["problem"] == "invalid_client"
        async with opened(scim.url, credentials={**oauth(scim), "Oauth2ClientId": ""}) as target:
            with pytest.raises(Misconfigured) as missing:
                await target.get("1")
            assert missing.value.reason.parameters["credential"] == "OAuth client id"
        async with opened(scim.url, token="") as target:
            [step] = [step async for step in target.check()]
            assert (step.status, step.reason.parameters["problem"]) == ("failure", "NoSignIn")
            assert step.reason.parameters["field"] == "Secret Token"
            assert "OAuth client id" in step.reason.parameters["other"]


# ---- Test Connection ------------------------------------------------------------------------------------------------


async def checked(options: Options) -> dict[str, tuple[str, str]]:
    async with ScimEmulator(options) as scim, opened(scim.url) as target:
        scim.people.add({"schemas": [CORE], "userName": "ada"})
        steps: dict[str, tuple[str, str]] = {}
        async for step in target.check():
            steps[step.name] = (step.status, step.reason.code)
        assert scim.writes == 0
        return steps


async def test_the_check_shows_what_the_app_says_of_itself() -> None:
    async with ScimEmulator() as scim, opened(scim.url) as target:
        told = {step.name: step.reason.parameters async for step in target.check()}
    assert told["serviceProviderConfig"] == {"offers": "patch, bulk, filter", "bulk": "1000 a request"}
    assert told["resourceTypes"] == {"names": "User"}
    assert told["schemas"] == {"names": "User, EnterpriseUser"}
    assert told["users"] == {"total": "0"}


async def test_the_check_warns_of_what_is_missing_and_of_a_filter_that_lies() -> None:
    assert await checked(Options(config="broken", filter="ignored")) == {
        "signIn": ("success", "TokenReady"),
        "users": ("success", "UsersReadable"),
        "serviceProviderConfig": ("warning", "ServiceProviderConfigMissing"),
        "resourceTypes": ("warning", "ResourceTypesMissing"),
        "schemas": ("warning", "SchemasMissing"),
        "filter": ("warning", "FilterIgnored"),
    }
    assert (await checked(Options(filter="refused")))["filter"] == ("warning", "FilterNotTaken")
    assert (await checked(Options(count="fails")))["users"] == ("success", "UsersReadable")


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        ({"colour": "red"}, "UnknownSwitch"),
        ({"filter": "no"}, "SwitchInvalid"),
        ({"updateMethod": "POST"}, "SwitchInvalid"),
        ({"pageSize": 100_000}, "SwitchInvalid"),
        ({"bulkOperations": 0}, "SwitchInvalid"),
    ],
)
async def test_a_profile_that_is_wrong_is_refused(profile: Mapping[str, Value], problem: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        async with opened("http://127.0.0.1:1", profile):
            pass
    assert caught.value.reason.parameters["problem"] == problem


async def test_a_setting_overrides_the_profile() -> None:
    async with (
        ScimEmulator() as scim,
        opened(scim.url, {"filter": True}, settings={"filter": False, "pageSize": 3, "other": 1}) as target,
    ):
        assert not target.capabilities.filter
        assert target.capabilities.page_size == 3
