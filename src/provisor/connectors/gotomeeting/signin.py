"""Signing in to GoTo as an admin, by the method that was chosen and never by another.

A password goes by RFC 6749 section 4.3, a refresh token by section 6, a personal access token by GoTo's own grant.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from provisor.connector import StoredCredentials
from provisor.connectors.http import Answer, NotReached, Transport, refusal_code, token_of
from provisor.domain.error import (
    Incompatible,
    InsufficientRights,
    Misconfigured,
    SignInMethodRefused,
    Unauthorized,
)

DEFAULT_BASE = "https://api.getgo.com"
DEFAULT_TOKEN_URL = "https://authentication.logmeininc.com/oauth/token"  # noqa: S105 - an address
LABELS = {"Oauth2ClientId": "OAuth client id", "Oauth2ClientSecret": "OAuth client secret"}
METHODS: Mapping[str, Mapping[str, str]] = {
    "password": {"UserName": "Admin User Name", "Password": "Admin Password"},
    "personalAccessToken": {"PersonalAccessToken": "Personal access token"},
    "refreshToken": {"RefreshToken": "Refresh token"},
}
"""What each method needs beside the client."""
_METHOD_REFUSED = frozenset(("unsupported_grant_type", "unauthorized_client"))
_ANSWERS = (400, 401, 403, 404, 405, 410, 422)


@dataclass(frozen=True, slots=True)
class TokenService:
    """One address that gives tokens; `legacy` is GoTo's first form, whose clients show no secret."""

    url: str
    legacy: bool = False


class SignIn:
    """The access token of one connection: made when first asked for, and again when it ends or is refused."""

    def __init__(
        self, transport: Transport, credentials: Mapping[str, str], stored: StoredCredentials | None = None
    ) -> None:
        self.method = credentials.get("SignInMethod") or "password"
        self._transport = transport
        self._credentials = dict(credentials)
        self._stored = stored
        self._lock = asyncio.Lock()
        self._renewals: set[asyncio.Task[str]] = set()
        self._token: str | None = None
        self._ends = float("inf")  # on the loop's clock
        self._refresh: tuple[TokenService, str] | None = None

    @property
    def user(self) -> str:
        """Who signs in; empty where a token says so itself."""
        return self._credentials.get("UserName", "") if self.method == "password" else ""

    async def token(self, stale: str | None = None) -> str:
        """A token that is not `stale`. Raises Unauthorized, SignInMethodRefused, Misconfigured, RetryLater.

        Whoever waits for it may be cancelled; what is asked for is taken all the same, for it may put an end to the
        refresh token that it was asked for with.
        """
        token = self._good(stale)
        if token is None:
            renewal = asyncio.create_task(self._renewed(stale))
            self._renewals.add(renewal)
            renewal.add_done_callback(self._renewals.discard)
            token = await asyncio.shield(renewal)
        return token

    async def settled(self) -> None:
        """No token is on its way any more."""
        if self._renewals:
            await asyncio.wait(self._renewals)

    def _good(self, stale: str | None) -> str | None:
        ended = asyncio.get_running_loop().time() >= self._ends
        return None if self._token == stale or ended else self._token

    async def _renewed(self, stale: str | None) -> str:
        async with self._lock:
            token = self._good(stale)
            if token is None:
                self._token = None
                token = self._token = await self._refreshed() or await self._signed_in()
            return token

    async def _refreshed(self) -> str | None:
        if self._refresh is None:
            return None
        service, secret = self._refresh
        answer = await self._ask(service, {"grant_type": "refresh_token", "refresh_token": secret})
        if not answer.ok:
            self._refresh = None
            return None
        return await self._take(service, answer, secret)

    async def _signed_in(self) -> str:
        try:
            return await self._granted()
        except Unauthorized as refusal:
            if refusal.reason.parameters["problem"] != "invalid_grant" or not await self._given_another():
                raise
            return await self._granted()

    async def _given_another(self) -> bool:
        """Has another connection used our refresh token, and put away the one that it got for it?"""
        if self.method != "refreshToken" or self._stored is None:
            return False
        found = await self._stored.read("RefreshToken")
        if not found or found == self._credentials["RefreshToken"]:
            return False
        self._transport.hide(found)
        self._credentials["RefreshToken"] = found
        return True

    async def _granted(self) -> str:
        for name, label in {**METHODS[self.method], **LABELS}.items():
            if not self._credentials.get(name):
                raise Misconfigured(problem="MissingCredential", credential=label)
        refusals: list[str] = []
        unknown: list[NotReached] = []
        for service in token_services(self._credentials):
            if service.legacy and self.method != "password":
                continue
            try:
                answer = await self._ask(service, self._grant(service))
                if answer.ok:
                    return await self._take(service, answer, self._credentials.get("RefreshToken"))
                refusals.append(f"{service.url}: {_refusal(answer, alone=not refusals)}")
            except NotReached as error:
                if not error.name_unknown:
                    raise
                unknown.append(error)
                refusals.append(f"{service.url}: NameNotResolved")
            except Incompatible:  # the page of a service that is no more says nothing against the one before
                if not refusals:
                    raise
                refusals.append(f"{service.url}: NotJson")
        if len(unknown) == len(refusals):
            raise unknown[0]  # nobody said anything of the method: the network or the address is at fault
        raise SignInMethodRefused(method=self.method, refusals="; ".join(refusals))

    def _grant(self, service: TokenService) -> Mapping[str, str]:
        given = self._credentials
        match self.method:
            case "personalAccessToken":
                return {"grant_type": "personal_access_token", "pat": given["PersonalAccessToken"]}
            case "refreshToken":
                return {"grant_type": "refresh_token", "refresh_token": given["RefreshToken"]}
            case _:
                name = "user_id" if service.legacy else "username"
                return {"grant_type": "password", name: given["UserName"], "password": given["Password"]}

    async def _ask(self, service: TokenService, fields: Mapping[str, str]) -> Answer:
        client, secret = self._credentials["Oauth2ClientId"], self._credentials["Oauth2ClientSecret"]
        if service.legacy:
            return await self._transport.form(
                service.url, {**fields, "client_id": client}, headers={}, expected=_ANSWERS
            )
        basic = b64encode(f"{client}:{secret}".encode()).decode()
        return await self._transport.form(
            service.url, fields, headers={"Authorization": f"Basic {basic}"}, expected=_ANSWERS
        )

    async def _take(self, service: TokenService, answer: Answer, refresh: str | None = None) -> str:
        """Keep what came; without a new refresh token the old one stays good.

        A new one is put away before anything is done with the access token: the old one may be good no more.
        """
        token = token_of(answer)
        kept = token.refresh_token or refresh
        if self.method == "refreshToken" and kept and kept != self._credentials["RefreshToken"]:
            self._transport.hide(kept)
            if self._stored is not None:
                await self._stored.keep("RefreshToken", self._credentials["RefreshToken"], kept)
            self._credentials["RefreshToken"] = kept
        self._refresh = (service, kept) if kept else None
        self._ends = asyncio.get_running_loop().time() + token.life
        return token.access_token


def token_services(credentials: Mapping[str, str]) -> Iterator[TokenService]:
    """Where the password may be sent, in this order: to GoTo's own hosts only when the API is GoTo's as well."""
    base = (credentials.get("BaseAddress") or DEFAULT_BASE).rstrip("/")
    configured = credentials.get("Oauth2TokenExchangeUri") or DEFAULT_TOKEN_URL
    at_goto = base == DEFAULT_BASE
    if not at_goto and configured == DEFAULT_TOKEN_URL:
        configured = f"{base}/oauth/token"
    yield TokenService(configured)
    if at_goto and configured != DEFAULT_TOKEN_URL:
        yield TokenService(DEFAULT_TOKEN_URL)
    yield TokenService(f"{base}/oauth/access_token", legacy=True)


def _refusal(answer: Answer, *, alone: bool) -> str:
    """Why this address gives no token by password, where another may; once one has refused the method (not `alone`),
    only a wrong user name or password counts for more. Raises when none would give one: bad credentials."""
    code = refusal_code(answer)
    if code in _METHOD_REFUSED:
        return code
    if answer.status in (404, 405, 410) or not (alone or code == "invalid_grant"):
        return code or str(answer.status)
    told = {"address": answer.address, "said": answer.said}
    if answer.status == 403 and not code:
        raise InsufficientRights(**told)
    if not code and answer.markup:
        raise Incompatible(problem="NotJson", content_type=answer.content_type, **told)
    if code in ("invalid_request", "invalid_scope"):
        raise Misconfigured(problem=code, **told)
    raise Unauthorized(problem=code or "Refused", **told)
