"""Signing in: a secret token as it is, or OAuth client credentials (RFC 6749 section 4.4)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote_plus

from provisor.connectors.http import Answer, Signer, Token, Transport, refusal_code, token_of
from provisor.domain.error import Incompatible, InsufficientRights, Misconfigured, Unauthorized

LABELS = {
    "Oauth2TokenExchangeUri": "Token address",
    "Oauth2ClientId": "OAuth client id",
    "Oauth2ClientSecret": "OAuth client secret",
}
_ANSWERS = (400, 401, 403, 404, 405, 410, 422)


def signer(transport: Transport, credentials: Mapping[str, str]) -> SecretToken | ClientCredentials:
    """What the credentials allow: the secret token where there is one."""
    if credentials.get("SecretToken") or not any(credentials.get(name) for name in LABELS):
        return SecretToken(credentials.get("SecretToken", ""))
    return ClientCredentials(transport, credentials)


class SecretToken(Signer):
    """A token that the app gave once; there is no other to be had."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._sendable = token.isascii() and token.isprintable()

    async def token(self, stale: str | None = None) -> str:
        """Raises Misconfigured where there is none, and Unauthorized where it was refused."""
        if not self._token:
            raise Misconfigured(problem="NoSignIn", field="Secret Token", other=", ".join(LABELS.values()))
        if not self._sendable:
            raise Misconfigured(problem="SwitchInvalid", field="Secret Token", value="•••", known="printable ASCII")
        if stale == self._token:
            raise Unauthorized(problem="TokenRefused")
        return self._token


class ClientCredentials(Signer):
    """An access token: made when first asked for, and again when it ends or is refused; one sign-in for all who ask."""

    def __init__(self, transport: Transport, credentials: Mapping[str, str]) -> None:
        self._transport = transport
        self._credentials = credentials
        self._lock = asyncio.Lock()
        self._token: str | None = None
        self._ends = 0.0  # on the loop's clock
        self._in_body = False  # this service takes the client's secret in the form only

    async def token(self, stale: str | None = None) -> str:
        """A token that is not `stale`. Raises Misconfigured, Unauthorized, InsufficientRights, RetryLater."""
        async with self._lock:
            clock = asyncio.get_running_loop().time
            if self._token is None or self._token == stale or clock() >= self._ends:
                self._token = None
                token = await self._sign_in()
                self._ends = clock() + token.life
                self._token = token.access_token
            return self._token

    async def _sign_in(self) -> Token:
        for name, label in LABELS.items():
            if not self._credentials.get(name):
                raise Misconfigured(problem="MissingCredential", credential=label)
        answer = await self._ask()
        if not answer.ok and not self._in_body and refusal_code(answer) in ("invalid_client", "invalid_request"):
            self._in_body = True
            answer = await self._ask()
        if not answer.ok:
            self._in_body = False
            raise _refusal(answer)
        return token_of(answer)

    async def _ask(self) -> Answer:
        given = self._credentials
        client, secret = given["Oauth2ClientId"], given["Oauth2ClientSecret"]
        fields = {"grant_type": "client_credentials"}
        if given.get("Oauth2Scope"):
            fields["scope"] = given["Oauth2Scope"]
        headers: dict[str, str] = {}
        if self._in_body:
            fields |= {"client_id": client, "client_secret": secret}
        else:
            pair = f"{quote_plus(client)}:{quote_plus(secret)}"  # RFC 6749 section 2.3.1
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        return await self._transport.form(given["Oauth2TokenExchangeUri"], fields, headers=headers, expected=_ANSWERS)


def _refusal(answer: Answer) -> Exception:
    code, told = refusal_code(answer), {"address": answer.address, "said": answer.said}
    if not code and (answer.markup or answer.status in (404, 405, 410)):
        return Incompatible(problem="NotJson" if answer.markup else "NoSuchPath", **told)
    if answer.status == 403 and not code:
        return InsufficientRights(**told)
    if code in ("invalid_request", "invalid_scope", "unsupported_grant_type", "unauthorized_client"):
        return Misconfigured(problem=code, **told)
    return Unauthorized(problem=code or "Refused", **told)
