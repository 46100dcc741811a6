"""The token endpoints: today's, the second and the first legacy form."""

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Literal

from aiohttp import web

from provisor.testing.gotomeeting.answer import OAuthRefused, gateway, json
from provisor.testing.gotomeeting.options import GRANTS, Admin, Client
from provisor.testing.gotomeeting.session import Sessions
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User

Shape = Literal["today", "v2", "v1"]
Form = Mapping[str, str]


class OAuthApi:
    """Answers `/oauth/token`, `/oauth/v2/token` and `/oauth/access_token`."""

    def __init__(self, tenant: Tenant, sessions: Sessions) -> None:
        self._tenant = tenant
        self._sessions = sessions
        self._clients = tenant.options.all_clients()
        self._admins = {admin.email.casefold(): admin for admin in tenant.options.admins}

    def routes(self) -> list[web.RouteDef]:
        """The routes of the token service."""
        return [
            web.post("/oauth/token", self.token),
            web.post("/oauth/v2/token", self.token_v2),
            web.post("/oauth/access_token", self.token_v1),
            web.get("/oauth/access_token", self.token_v1, allow_head=False),
        ]

    async def token(self, request: web.Request) -> web.Response:
        """Today's endpoint."""
        form = await _form(request)
        return self._grant(self._client(request, form), form, "today")

    async def token_v2(self, request: web.Request) -> web.Response:
        """The second legacy endpoint: the same grants, the account in the answer."""
        if self._gone():
            return self._decommissioned()
        form = await _form(request)
        return self._grant(self._client(request, form), form, "v2")

    async def token_v1(self, request: web.Request) -> web.Response:
        """The first legacy endpoint: the client gives no secret, and `user_id` stands for `username`."""
        if self._gone():
            return self._decommissioned()
        form = request.query if request.method == "GET" else await _form(request)
        client = self._clients.get(form.get("client_id", ""))
        if client is None:
            raise OAuthRefused(401, "invalid_client", "client not found")
        if form.get("grant_type") != "password":
            raise OAuthRefused(400, "unsupported_grant_type", "only password is served here")
        return self._grant(client, form, "v1")

    def _gone(self) -> bool:
        return self._tenant.options.password_sign_in == "decommissioned"  # noqa: S105

    def _decommissioned(self) -> web.Response:
        status = self._tenant.options.decommissioned_status
        return gateway(status, "GONE" if status == 410 else "NOT_FOUND", "This endpoint has been decommissioned.")

    def _client(self, request: web.Request, form: Form) -> Client:
        found = _basic(request.headers.get("Authorization", "")) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        client = self._clients.get(found[0])
        if client is None:
            raise OAuthRefused(401, "invalid_client", "client not found")
        if client.secret != found[1]:
            raise OAuthRefused(401, "invalid_client", "client authentication failed")
        return client

    def _grant(self, client: Client, form: Form, shape: Shape) -> web.Response:
        grant_type = _field(form, "grant_type")
        if grant_type not in GRANTS or (grant_type == "password" and self._gone()):
            raise OAuthRefused(400, "unsupported_grant_type", grant_type)
        barred = grant_type == "password" and self._tenant.options.password_sign_in == "client-not-allowed"  # noqa: S105
        if grant_type not in client.grants or barred:
            raise OAuthRefused(400, "unauthorized_client", f"client may not use the grant {grant_type}")
        if grant_type == "refresh_token":
            user, grant = self._sessions.refresh(_field(form, "refresh_token"), client.id)
            renew = self._tenant.options.rotate_refresh_tokens
            return self._issue(user, client, _narrowed(form, grant.scopes), shape, renew=renew)
        if grant_type == "personal_access_token":
            user = self._by_pat(_field(form, "pat"))
        else:
            user = self._by_password(_field(form, "user_id" if shape == "v1" else "username"), _field(form, "password"))
        return self._issue(user, client, _narrowed(form, self._scopes(client)), shape, renew=True)

    def _scopes(self, client: Client) -> tuple[str, ...]:
        options = self._tenant.options
        return options.scopes if client.id == options.client_id else client.scopes

    def _by_pat(self, pat: str) -> User:
        for admin in self._admins.values():
            if admin.personal_access_token == pat:
                return self._user(admin)
        raise OAuthRefused(400, "invalid_grant", "personal access token is invalid")

    def _by_password(self, name: str, password: str) -> User:
        admin = self._admins.get(name.casefold())
        if admin is None or admin.password != password:
            raise OAuthRefused(400, "invalid_grant", "invalid user name or password")
        if admin.mfa:
            raise OAuthRefused(400, "invalid_grant", "multi-factor authentication required")
        user = self._user(admin)
        user.last_sign_in = time.time()
        self._tenant.changed(user)
        return user

    def _user(self, admin: Admin) -> User:
        user = self._tenant.find(admin.email)
        if user is None or self._tenant.status(user) in ("SUSPENDED", "INVITED"):
            raise OAuthRefused(400, "invalid_grant", "user cannot sign in")
        return user

    def _issue(self, user: User, client: Client, scopes: tuple[str, ...], shape: Shape, *, renew: bool) -> web.Response:
        life = int(self._tenant.options.token_life)
        body: dict[str, object] = {"access_token": self._sessions.issue(user, client.id, scopes)}
        if renew:
            body["refresh_token"] = self._sessions.issue_refresh(user, client.id, scopes)
        body["expires_in"] = str(life) if shape == "v1" else life
        if shape != "v1":
            body |= {"token_type": "Bearer"}
        if shape == "today":
            body |= {"scope": " ".join(scopes), "principal": user.email}
        else:
            body |= {
                "organizer_key": user.key,
                "account_key": self._tenant.options.account_key,
                "account_type": "corporate",
                "firstName": user.first_name,
                "lastName": user.last_name,
                "email": user.email,
                "platform": "GLOBAL",
                "version": "2" if shape == "v1" else "3",
            }
        answer = json(body)
        answer.headers["Cache-Control"] = "no-store"
        return answer


async def _form(request: web.Request) -> Form:
    if request.content_type != "application/x-www-form-urlencoded":
        raise OAuthRefused(400, "invalid_request", "the body must be application/x-www-form-urlencoded")
    posted = await request.post()
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _field(form: Form, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise OAuthRefused(400, "invalid_request", f"{name} is missing")
    return value


def _narrowed(form: Form, allowed: tuple[str, ...]) -> tuple[str, ...]:
    wanted = tuple(form.get("scope", "").split())
    if any(scope not in allowed for scope in wanted):
        raise OAuthRefused(400, "invalid_scope", "the client does not have this scope")
    return wanted or allowed


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return name, secret
