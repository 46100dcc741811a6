"""What every request passes on its way: counts, latency, faults, sign-in."""

from __future__ import annotations

import asyncio
import secrets
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import unquote_plus

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from provisor.testing.scim.fault import Fault
from provisor.testing.scim.options import Options
from provisor.testing.scim.refusal import Refusal

ROOT: Final = "/scim/v2"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Gate:
    """The middleware around the app, and its counts by method and path."""

    def __init__(self, options: Options) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.faults: list[Fault] = []
        self.tokens: dict[str, float] = {}  # that were given, and until when they are good
        self._options = options

    def middleware(self) -> Middleware:
        """What aiohttp wants of a middleware."""

        @web.middleware
        async def passage(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith("/_emulator/"):
                return await handler(request)
            resource = request.match_info.route.resource
            template = request.path if resource is None else resource.canonical
            self.requests[request.method, template.removeprefix(ROOT).removeprefix("/oauth")] += 1
            if self._options.latency:
                await asyncio.sleep(self._options.latency)
            fault = next((one for one in self.faults if one.strikes(request.method, request.path)), None)
            if fault is not None:
                return await self._struck(request, handler, fault)
            return await self._served(request, handler)

        return passage

    async def _served(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if not request.path.startswith("/oauth/"):
                self._admit(request)
            return await handler(request)
        except Refusal as refusal:
            return json(refusal.body, refusal.status)
        except web.HTTPException as refused:
            return json(Refusal(refused.status, refused.reason).body, refused.status)

    async def _struck(self, request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "unauthorized":
                return json(Refusal(401, "the token is not good").body, 401)
            case "rate-limited":
                answer = json(Refusal(429, "slow down").body, 429)
                if fault.retry_after is not None:
                    answer.headers["Retry-After"] = fault.retry_after
                return answer
            case "server-error":
                return json(Refusal(fault.status, "out of order").body, fault.status)
            case "html":
                return web.Response(text="<!doctype html><title>Sign in</title>", content_type="text/html")
            case "redirect":
                return web.Response(status=302, headers={"Location": "https://login.example.com/"})
            case "lost-reply":
                await self._served(request, handler)
            case "dropped":
                pass
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _admit(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not (
            token == self._options.token or self.tokens.get(token, 0) > time.monotonic()
        ):
            raise Refusal(401, "the token is not good")

    async def token(self, request: web.Request) -> web.Response:
        """The token endpoint: OAuth client credentials."""
        form = await request.post()
        pair = request.headers.get("Authorization", "").removeprefix("Basic ")
        client, _, secret = b64decode(pair).decode().partition(":") if pair else ("", "", "")
        if (unquote_plus(client), unquote_plus(secret)) != (self._options.client_id, self._options.client_secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + self._options.token_life
        return web.json_response(
            {"access_token": token, "token_type": "Bearer", "expires_in": self._options.token_life}
        )


def json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An answer in SCIM's media type."""
    return web.Response(
        body=msgspec.json.encode(body), status=status, content_type="application/scim+json", headers=headers
    )
