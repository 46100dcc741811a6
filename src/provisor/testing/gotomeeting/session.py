"""Tokens: who holds which, what it allows, and when it ends."""

import secrets
import time
from dataclasses import dataclass

from aiohttp import web

from provisor.testing.gotomeeting.answer import OAuthRefused, Refused
from provisor.testing.gotomeeting.options import SUPER_USER
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User

NOT_AUTHENTICATED = "not.authenticated"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for; `expires` is on the monotonic clock."""

    user_key: str
    client_id: str
    scopes: tuple[str, ...]
    expires: float


class Sessions:
    """Every token in force."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}

    def issue(self, user: User, client_id: str, scopes: tuple[str, ...]) -> str:
        """A new access token."""
        now = time.monotonic()
        self._access = {token: grant for token, grant in self._access.items() if grant.expires > now}
        token = secrets.token_urlsafe(48)
        self._access[token] = Grant(user.key, client_id, scopes, now + self._tenant.options.token_life)
        return token

    def issue_refresh(self, user: User, client_id: str, scopes: tuple[str, ...]) -> str:
        """A new refresh token."""
        token = secrets.token_urlsafe(48)
        ends = time.monotonic() + self._tenant.options.refresh_token_life
        self._refresh[token] = Grant(user.key, client_id, scopes, ends)
        return token

    def refresh(self, token: str, client_id: str) -> tuple[User, Grant]:
        """Whom a refresh token stands for; with rotation on, it is spent by this."""
        grant = self._refresh.get(token)
        if grant is None or grant.client_id != client_id or grant.expires <= time.monotonic():
            raise OAuthRefused(400, "invalid_grant", "refresh token is invalid or expired")
        user = self._tenant.users.get(grant.user_key)
        if user is None:
            raise OAuthRefused(400, "invalid_grant", "user no longer exists")
        if self._tenant.options.rotate_refresh_tokens:
            del self._refresh[token]
        return user, grant

    def expire(self, request: web.Request | None = None) -> None:
        """Ends the access token of `request`, or every one; refresh tokens live on."""
        if request is None:
            self._access.clear()
        else:
            self._access.pop(_token(request), None)

    def expire_refresh(self) -> None:
        """Ends every refresh token."""
        self._refresh.clear()

    def caller(self, request: web.Request) -> User:
        """The user behind the request; refuses a missing, ended or too narrow token."""
        grant = self._access.get(_token(request))
        if grant is None or grant.expires <= time.monotonic() or "identity:" not in grant.scopes:
            raise Refused(401, NOT_AUTHENTICATED)
        user = self._tenant.users.get(grant.user_key)
        if user is None or self._tenant.status(user) == "SUSPENDED":
            raise Refused(401, NOT_AUTHENTICATED)
        return user

    def check(self, request: web.Request, *roles: str) -> User:
        """The caller, who must belong to the account in the path and hold every one of `roles`, or SUPER_USER."""
        user = self.caller(request)
        if request.match_info["accountKey"] != self._tenant.options.account_key:
            raise Refused(403, "not.authorized", request.match_info["accountKey"])
        require(user, *roles)
        return user


def require(user: User, *roles: str) -> None:
    """Refuses unless `user` holds every one of `roles`, or SUPER_USER."""
    if SUPER_USER in user.admin_roles:
        return
    for role in roles:
        if role not in user.admin_roles:
            raise Refused(403, "not.authorized", role)


def _token(request: web.Request) -> str:
    header = request.headers.get("Authorization", "").strip()
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "oauth":
        return rest.strip().removeprefix("oauth_token=")
    return header
