"""Signing in to GoTo and Test Connection: what is wrong is said, and nothing is sent where it does not belong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.contract.gotomeeting_bench import HASTY, ROLES, credentials, opened, options
from tests.contract.stub import Handler, Script, says, sends, serving, transport

from provisor.connector import CheckStep, Connection
from provisor.connectors.gotomeeting import GoToMeeting, open_gotomeeting
from provisor.connectors.gotomeeting.signin import SignIn, TokenService, token_services
from provisor.domain.error import Misconfigured, ProvisorError, SignInMethodRefused, Unauthorized, Unavailable
from provisor.testing.gotomeeting import Admin, Fault, GoToMeetingEmulator, OtherAccount

STEPS = ["signIn", "adminCenter", "account", "rights", "users", "licenses"]
GIVEN = {"UserName": "who", "Password": "hush-hush", "Oauth2ClientId": "client", "Oauth2ClientSecret": "shush-shush"}
GOTO = "https://authentication.logmeininc.com/oauth/token"


async def checked(target: GoToMeeting) -> list[CheckStep]:
    return [step async for step in target.check()]


async def last_step(goto_options: dict[str, Any] | None = None, **credentials: str) -> tuple[str, str, str]:
    """Name, status and code of the last step of a check, and that all before it passed."""
    async with GoToMeetingEmulator(options(**(goto_options or {}))) as goto, opened(goto, **credentials) as target:
        steps = await checked(target)
        assert [step.name for step in steps] == STEPS[: len(steps)]
        assert {step.status for step in steps[:-1]} <= {"success"}
        assert goto.journal == []
        return steps[-1].name, steps[-1].status, steps[-1].reason.code


async def test_a_good_connection_passes_every_step() -> None:
    async with GoToMeetingEmulator(options(seats={"G2M": 3, "G2W": 1})) as goto, opened(goto) as target:
        steps = await checked(target)
    assert [(step.name, step.status) for step in steps] == [(name, "success") for name in STEPS]
    assert steps[0].reason.parameters == {"user": "admin@example.com"}
    assert steps[2].reason.parameters == {"account": "3573263565346546368", "name": "Example Ltd"}
    assert steps[5].reason.parameters == {"licenses": "2", "free": "G2M: 4, G2W: 1"}


@pytest.mark.parametrize(
    ("how", "credentials", "expected"),
    [
        ({}, {"Password": "wrong"}, ("signIn", "failure", "Unauthorized")),
        ({}, {"Password": ""}, ("signIn", "failure", "Misconfigured")),
        ({}, {"Oauth2ClientId": "unknown"}, ("signIn", "failure", "Unauthorized")),
        ({}, {"BaseAddress": "nowhere", "Oauth2TokenExchangeUri": "nowhere"}, ("signIn", "failure", "Misconfigured")),
        ({"password_sign_in": "client-not-allowed"}, {}, ("signIn", "failure", "SignInMethodRefused")),
        ({"password_sign_in": "decommissioned"}, {}, ("signIn", "failure", "SignInMethodRefused")),
        ({"admins": (Admin(mfa=True),)}, {}, ("signIn", "failure", "Unauthorized")),
        ({"scopes": ("collab:",)}, {}, ("adminCenter", "failure", "AdminCenterScopeMissing")),
        ({"other_accounts": (OtherAccount(key="5", name="Other"),)}, {}, ("account", "failure", "SeveralAccounts")),
        ({}, {"AccountKey": "5"}, ("account", "failure", "AccountNotFound")),
        ({"admins": (Admin(roles=("MANAGE_USERS",)),)}, {}, ("rights", "failure", "NotTeamAdmin")),
        ({"admins": (Admin(roles=("MANAGE_USERS", "MANAGE_SEATS")),)}, {}, ("licenses", "success", "LicensesReadable")),
        ({"seats": {"G2M": 0}}, {}, ("licenses", "warning", "NoFreeSeats")),
        ({"seats": {}}, {}, ("licenses", "warning", "NoLicense")),
    ],
)
async def test_what_is_wrong_is_the_last_step(
    how: dict[str, Any], credentials: dict[str, str], expected: tuple[str, str, str]
) -> None:
    assert await last_step(how, **credentials) == expected


@pytest.mark.parametrize(("path", "step"), [("/me$", "adminCenter"), ("/users", "users"), ("/licenses", "licenses")])
@pytest.mark.parametrize(
    ("kind", "code"),
    [("html", "ServiceIncompatible"), ("server-error", "Unavailable"), ("too-many-requests", "TooManyRequests")],
)
async def test_trouble_half_way_fails_that_step(path: str, step: str, kind: Any, code: str) -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto) as target:
        goto.inject(Fault(kind=kind, path=path))
        steps = await checked(target)
    assert (steps[-1].name, steps[-1].status, steps[-1].reason.code) == (step, "failure", code)


async def test_the_account_key_chooses_among_several() -> None:
    others = (OtherAccount(key="5", name="Other", admin_roles=()),)
    async with GoToMeetingEmulator(options(other_accounts=others)) as goto:
        async with opened(goto, AccountKey=goto.options.account_key) as target:
            assert (await checked(target))[-1].status == "success"
            assert [page.total async for page in target.list()] == [1]
        async with opened(goto) as target:
            with pytest.raises(Misconfigured) as refusal:
                await target.get("1")
            assert refusal.value.reason.parameters["problem"] == "SeveralAccounts"
            assert "5 (Other)" in refusal.value.reason.parameters["accounts"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("UserName", "Admin User Name"),
        ("Password", "Admin Password"),
        ("Oauth2ClientId", "OAuth client id"),
        ("Oauth2ClientSecret", "OAuth client secret"),
    ],
)
async def test_a_missing_credential_is_named_as_on_the_form(name: str, label: str) -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto, **{name: ""}) as target:
        with pytest.raises(Misconfigured) as refusal:
            await target.own_account()
        assert refusal.value.reason.parameters["credential"] == label
        assert target.transport.requests == 0


async def test_a_wrong_password_is_tried_once_only() -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto, Password="not-it") as target:
        with pytest.raises(Unauthorized) as refusal:
            await target.own_account()
        assert target.transport.requests == 1
        assert refusal.value.reason.parameters["problem"] == "invalid_grant"
        assert "not-it" not in str(refusal.value)


async def test_a_refused_method_says_what_each_address_said() -> None:
    async with GoToMeetingEmulator(options(password_sign_in="decommissioned")) as goto, opened(goto) as target:
        with pytest.raises(SignInMethodRefused) as refusal:
            await target.own_account()
        assert refusal.value.reason.parameters == {
            "method": "password",
            "refusals": f"{goto.url}/oauth/token: unsupported_grant_type; {goto.url}/oauth/access_token: 410",
        }


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/v2/token", "/nothing/here"])
async def test_every_form_of_password_sign_in_works(path: str) -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto) as target:
        await target.close()
        async with opened(goto, Oauth2TokenExchangeUri=goto.url + path) as other:
            assert await other.own_account() == goto.user("admin@example.com").key


async def test_a_refresh_token_is_used_and_the_password_again_when_it_has_ended() -> None:
    async with GoToMeetingEmulator(options(rotate_refresh_tokens=True)) as goto, opened(goto) as target:
        own = await target.own_account()
        assert own is not None
        for refresh_tokens, posts in ((False, 2), (False, 3), (True, 5)):
            goto.expire_tokens(refresh_tokens=refresh_tokens)
            await target.get(own)
            assert goto.count("POST", "/oauth/token") == posts


async def test_a_refresh_token_that_is_not_sent_again_stays_good() -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto) as target:
        own = await target.own_account()
        assert own is not None
        for posts in (2, 3, 4):
            goto.expire_tokens()
            await target.get(own)
            assert goto.count("POST", "/oauth/token") == posts


async def test_a_personal_access_token_signs_in_and_again_when_the_token_has_ended() -> None:
    pat = {"SignInMethod": "personalAccessToken", "PersonalAccessToken": "admin-pat", "Password": ""}
    async with GoToMeetingEmulator(options(password_sign_in="decommissioned")) as goto, opened(goto, **pat) as target:
        steps = await checked(target)
        assert [(step.name, step.status) for step in steps] == [(name, "success") for name in STEPS]
        assert steps[0].reason.parameters == {"method": "personalAccessToken"}
        goto.expire_tokens(refresh_tokens=True)
        await target.get(goto.user("admin@example.com").key)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"SignInMethod": "personalAccessToken", "PersonalAccessToken": "wrong"}, "Unauthorized"),
        ({"SignInMethod": "refreshToken", "RefreshToken": "wrong"}, "Unauthorized"),
        ({"SignInMethod": "personalAccessToken"}, "Misconfigured"),
        ({"SignInMethod": "refreshToken"}, "Misconfigured"),
    ],
)
async def test_no_other_method_is_tried_than_the_chosen_one(given: dict[str, str], problem: str) -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto, **given) as target:
        steps = await checked(target)
        assert (steps[-1].status, steps[-1].reason.code) == ("failure", problem)
        assert goto.count("POST", "/oauth/token") <= 1
        assert not [one for one in given.values() if one in str(steps) and one == "wrong"]


class Stored:
    """A place for one refresh token of the admin."""

    def __init__(self, goto: GoToMeetingEmulator) -> None:
        self.token = goto.refresh_token("admin@example.com")
        self.kept: list[str] = []
        self.seen: list[int] = []  # how often the API had been asked by then
        self._goto = goto

    def opened(self) -> GoToMeeting:
        given = credentials(self._goto, SignInMethod="refreshToken", RefreshToken=self.token, Password="")
        return open_gotomeeting(Connection(given, roles=ROLES, rate_limit=10_000, stored=self), HASTY)

    async def read(self, key: str) -> str:
        assert key == "RefreshToken"
        return self.token

    async def keep(self, key: str, old: str, new: str) -> None:
        assert (key, old) == ("RefreshToken", self.token)
        self.token = new
        self.kept.append(new)
        self.seen.append(self._goto.count("GET", "/me"))


async def test_a_refresh_token_that_rotates_is_put_away_before_the_access_token_is_used() -> None:
    async with GoToMeetingEmulator(options(rotate_refresh_tokens=True)) as goto:
        stored = Stored(goto)
        first = stored.token
        target = stored.opened()
        own = await target.own_account()
        assert own is not None
        assert stored.seen == [0]
        goto.expire_tokens()
        await target.get(own)
        assert len({first, *stored.kept}) == 3
        await target.close()
        other = stored.opened()
        assert await other.own_account() == own
        await other.close()


async def test_of_two_connections_by_one_refresh_token_each_goes_on_with_what_the_other_put_away() -> None:
    async with GoToMeetingEmulator(options(rotate_refresh_tokens=True)) as goto:
        stored = Stored(goto)
        targets = [stored.opened(), stored.opened()]
        for _ in range(2):
            for target in targets:
                assert await target.own_account() == goto.user("admin@example.com").key
            goto.expire_tokens()
        for target in targets:
            await target.close()


async def test_a_refresh_token_that_ended_is_tried_once_where_there_is_no_other() -> None:
    async with GoToMeetingEmulator(options()) as goto:
        stored = Stored(goto)
        target = stored.opened()
        goto.expire_tokens(refresh_tokens=True)
        with pytest.raises(Unauthorized):
            await target.own_account()
        assert goto.count("POST", "/oauth/token") == 1
        await target.close()


async def test_a_refresh_token_that_came_is_put_away_though_nobody_waits_for_it_any_more() -> None:
    async with GoToMeetingEmulator(options(rotate_refresh_tokens=True, latency=0.05)) as goto:
        stored = Stored(goto)
        target = stored.opened()
        asking = asyncio.create_task(target.own_account())
        while not goto.count("POST", "/oauth/token"):
            await asyncio.sleep(0.001)
        asking.cancel()
        await target.close()
        assert len(stored.kept) == 1
        assert asking.cancelled()


async def test_a_token_that_never_works_is_unauthorized_and_no_loop() -> None:
    async with GoToMeetingEmulator(options(token_life=0)) as goto, opened(goto) as target:
        with pytest.raises(Unauthorized):
            await target.own_account()
        assert goto.count("POST", "/oauth/token") == 2


@pytest.mark.parametrize(("life", "signed_in"), [(0, 2), ("0", 2), (3600, 1), ("3600", 1), (None, 1), ("soon", 1)])
async def test_a_token_is_renewed_when_its_time_is_up(life: object, signed_in: int) -> None:
    script = Script(says(200, {"access_token": "one", "expires_in": life}))
    async with serving(script) as url, transport() as sender:
        sign_in = SignIn(sender, {**GIVEN, "BaseAddress": url})
        assert [await sign_in.token(), await sign_in.token()] == ["one", "one"]
    assert len(script.seen) == signed_in


async def test_an_outage_of_the_token_service_is_no_refusal() -> None:
    async with GoToMeetingEmulator(options()) as goto, opened(goto) as target:
        goto.inject(Fault(kind="server-error", path="^/oauth/", times=1))
        steps = await checked(target)
        assert (steps[-1].status, steps[-1].reason.code) == ("failure", "Unavailable")
        assert target.transport.requests == 1
        assert (await checked(target))[-1].status == "success"


@pytest.mark.parametrize(
    ("credentials", "services"),
    [
        ({}, [TokenService(GOTO), TokenService("https://api.getgo.com/oauth/access_token", legacy=True)]),
        (
            {"BaseAddress": "https://api.getgo.com/", "Oauth2TokenExchangeUri": "https://api.getgo.com/oauth/v2/token"},
            [
                TokenService("https://api.getgo.com/oauth/v2/token"),
                TokenService(GOTO),
                TokenService("https://api.getgo.com/oauth/access_token", legacy=True),
            ],
        ),
        (
            {"BaseAddress": "https://goto.example", "Oauth2TokenExchangeUri": GOTO},
            [
                TokenService("https://goto.example/oauth/token"),
                TokenService("https://goto.example/oauth/access_token", legacy=True),
            ],
        ),
        (
            {"BaseAddress": "https://goto.example", "Oauth2TokenExchangeUri": "https://login.example/token"},
            [
                TokenService("https://login.example/token"),
                TokenService("https://goto.example/oauth/access_token", legacy=True),
            ],
        ),
    ],
)
def test_the_password_goes_nowhere_but_where_it_belongs(
    credentials: dict[str, str], services: list[TokenService]
) -> None:
    assert list(token_services(credentials)) == services


@pytest.mark.parametrize(
    ("legacy", "kind"),
    [
        (sends(200, "<html>We have moved</html>"), SignInMethodRefused),
        (says(302, Location="https://www.goto.com/"), SignInMethodRefused),
        (says(401, {"error": "invalid_client"}), SignInMethodRefused),
        (says(403, {"int_err_code": "InvalidClient", "msg": "no"}), SignInMethodRefused),
        (says(400, {"error": "invalid_grant"}), Unauthorized),
        (says(503), Unavailable),
    ],
)
async def test_once_the_method_is_refused_an_older_service_can_only_confirm_it(
    legacy: Handler, kind: type[ProvisorError]
) -> None:
    script = Script(says(400, {"error": "unsupported_grant_type"}), legacy)
    async with serving(script) as url, transport() as sender:
        sign_in = SignIn(sender, {**GIVEN, "BaseAddress": url})
        with pytest.raises(ProvisorError) as refusal:
            await sign_in.token()
    assert type(refusal.value) is kind
    assert script.seen == ["POST", "POST"]


async def test_an_address_that_does_not_exist_says_nothing_of_the_method() -> None:
    async with transport() as sender:
        with pytest.raises(Unavailable) as refusal:
            await SignIn(sender, {**GIVEN, "BaseAddress": "http://no-such-host.invalid"}).token()
        assert refusal.value.reason.parameters["problem"] == "NameNotResolved"
