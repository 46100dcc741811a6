"""What GoTo may leave out, spell otherwise or answer unexpectedly, and is understood all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from tests.contract.gotomeeting_bench import HASTY, ROLES, person
from tests.contract.stub import Handler, says, serving

from provisor.connector import Connection
from provisor.connectors.gotomeeting import GoToMeeting, open_gotomeeting
from provisor.domain.error import Conflict, Incompatible, Rejected, Unavailable
from provisor.testing.contract import link

HOME = "/admin/rest/v1/accounts/3573263565346546368"
KEY = 12345678901234567890123  # beyond 64 bits, as one of GoTo's own examples is
LICENCE = 1355534416108530190
GIVEN = {"UserName": "who", "Password": "hush-hush", "Oauth2ClientId": "client", "Oauth2ClientSecret": "shush-shush"}
USER = {
    "key": KEY,
    "email": "person1@example.com",
    "firstName": "Ada",
    "lastName": "Byron 1",
    "status": "INVITED",
    "licenseKeys": [LICENCE],
    "adminRoles": None,
    "settings": {"G2M": {"tollEnabled": True}},
}
ANSWERS: Mapping[str, Handler] = {
    "POST /oauth/token": says(200, {"access_token": "the-token", "expires_in": "3600"}),
    "GET /admin/rest/v1/me": says(200, {"key": 5, "accountKey": 3573263565346546368, "adminRoles": ["SUPER_USER"]}),
    f"GET {HOME}/licenses?offset=0": says(200, {"results": [{"key": LICENCE, "seats": 5, "products": ["G2M"]}]}),
    f"GET {HOME}/licenses?offset=1": says(200, {"total": 1}),
    f"POST {HOME}/users": says(200, {"key": KEY}),
    f"GET {HOME}/users/{KEY}": says(200, USER),
    f"GET {HOME}/users?offset=0": says(200, {"results": [USER]}),
    f"GET {HOME}/users?offset=1": says(200, {}),
}


@asynccontextmanager
async def goto(answers: Mapping[str, Handler]) -> AsyncIterator[GoToMeeting]:
    """The connector in front of a server that answers by the table, and 404 as GoTo's gateway does to the rest."""

    async def answer(request: web.Request) -> web.StreamResponse:
        asked = f"{request.method} {request.path}"
        offset = f"{asked}?offset={request.query.get('offset')}"
        unknown = says(404, {"errorCode": "NOT_FOUND", "message": "no such path"})
        return await answers.get(offset, answers.get(asked, unknown))(request)

    async with serving(answer) as url:
        given = {**GIVEN, "BaseAddress": url}
        target = open_gotomeeting(Connection(given, roles=ROLES, rate_limit=10_000), HASTY)
        try:
            yield target
        finally:
            await target.close()


async def test_bare_numbers_as_keys_lose_no_digit_and_what_is_left_out_is_empty() -> None:
    async with goto(ANSWERS) as target:
        made = await target.create(person(1))
        assert made.id == str(KEY)
        assert made.grants == {"licenseKeys": [str(LICENCE)], "adminRoles": []}
        assert made.attributes["appRoles"] == ["organizer"]
        assert made.active
        assert [one.id async for page in target.list() for one in page.accounts] == [str(KEY)]
        assert [page.total async for page in target.list()] == [None]
        assert [one.id for one in await target.find("email", "Person1@example.com")] == [str(KEY)]
        assert await target.own_account() == "5"


async def test_a_listing_that_minds_no_offset_is_no_endless_loop() -> None:
    again = {f"GET {HOME}/users?offset={offset}": says(200, {"results": [USER]}) for offset in range(3)}
    async with goto({**ANSWERS, **again}) as target:
        with pytest.raises(Incompatible):
            _ = [page async for page in target.list()]


async def test_a_path_that_goto_does_not_serve_is_not_a_missing_user() -> None:
    async with goto({one: reply for one, reply in ANSWERS.items() if not one.endswith(str(KEY))}) as target:
        for doing in (target.get(str(KEY)), target.create(person(1))):
            with pytest.raises(Incompatible) as refusal:
                await doing
            assert refusal.value.reason.parameters["problem"] == "NoSuchPath"


async def test_an_invitation_that_leaves_no_trace_is_an_error() -> None:
    none = {f"POST {HOME}/users": says(200, []), f"GET {HOME}/users?offset=0": says(200, {"total": 0})}
    async with goto({**ANSWERS, **none}) as target:
        with pytest.raises(Rejected):
            await target.create(person(1))


async def test_a_seat_that_goto_promised_and_did_not_give_is_an_error() -> None:
    bare = {name: value for name, value in USER.items() if name != "licenseKeys"} | {"adminRoles": ["RUN_REPORTS"]}
    seat = f"PUT {HOME}/licenses/{LICENCE}/users/{KEY}"
    async with goto({**ANSWERS, f"GET {HOME}/users/{KEY}": says(200, bare), seat: says(204)}) as target:
        with pytest.raises(Rejected) as refusal:
            await target.create(person(1))
        assert refusal.value.reason.parameters["missing"] == "G2M"


async def test_an_answer_about_somebody_else_is_a_conflict() -> None:
    other = {f"GET {HOME}/users/{KEY}": says(200, {**USER, "email": "other@example.com"})}
    async with goto({**ANSWERS, **other}) as target:
        with pytest.raises(Conflict):
            await target.create(person(1))


async def test_a_name_that_is_taken_is_a_conflict_in_gotos_words() -> None:
    taken = says(409, {"incidentId": "1", "errors": [{"code": "user.name.conflict", "value": "x"}]})
    async with goto({**ANSWERS, f"POST {HOME}/users": taken}) as target:
        with pytest.raises(Conflict) as refusal:
            await target.create(person(1))
        assert refusal.value.reason.parameters["said"] == "user.name.conflict: x"


async def test_an_account_that_holds_nothing_is_inactive_though_its_status_lags() -> None:
    bare = {name: value for name, value in USER.items() if name != "licenseKeys"} | {"status": "ACTIVE"}
    async with goto({**ANSWERS, f"GET {HOME}/users/{KEY}": says(200, bare)}) as target:
        account = await target.get(str(KEY))
        assert not account.active
        assert (await target.disable(link(account, {}))).id == str(KEY)


async def test_json_of_another_shape_is_incompatible_and_half_of_it_unavailable() -> None:
    for body, kind in (({"key": {}}, Incompatible), ([1], Incompatible)):
        async with goto({**ANSWERS, f"GET {HOME}/users/{KEY}": says(200, body)}) as target:
            with pytest.raises(kind):
                await target.get(str(KEY))

    async def half(_request: web.Request) -> web.Response:
        return web.Response(text='{"key": "1', content_type="application/json")

    async with goto({**ANSWERS, f"GET {HOME}/users/{KEY}": half}) as target:
        with pytest.raises(Unavailable):
            await target.get(str(KEY))
