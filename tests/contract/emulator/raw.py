"""A bare HTTP client for the emulator's own tests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from provisor.testing.gotomeeting import GoToMeetingEmulator, Options

Answer = tuple[int, Any]
PASSWORD = {"grant_type": "password", "username": "admin@example.com", "password": "admin-password"}


@dataclass
class Raw:
    """Sends what it is told, adding only the token; paths are below the account, or absolute."""

    goto: GoToMeetingEmulator
    session: aiohttp.ClientSession
    token: str = ""

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Status and decoded JSON (None for an empty body, text for another type)."""
        prefix = "" if path.startswith("/") else f"/admin/rest/v1/accounts/{self.goto.options.account_key}/"
        url = URL(self.goto.url + prefix + path, encoded=True)
        sent = {"Authorization": f"Bearer {self.token}"} | headers
        async with self.session.request(method, url, json=body, headers=sent) as answer:
            if answer.content_type == "application/json":
                return answer.status, await answer.json()
            return answer.status, await answer.text() or None

    async def get(self, path: str) -> Any:
        """The body of a 200."""
        status, body = await self.send("GET", path)
        assert status == 200, body
        return body

    async def code(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Status and first code of a refusal."""
        status, answer = await self.send(method, path, body)
        assert answer["incidentId"]
        return status, answer["errors"][0]["code"]

    async def find(self, email: str) -> dict[str, Any]:
        """The one user with this address."""
        page = await self.get("users?filter=" + quote(f'email eq "{email}"', safe=""))
        assert page["total"] == 1
        user: dict[str, Any] = page["results"][0]
        return user

    async def create(self, email: str, *products: str, **more: object) -> Answer:
        """Creates one user with the licences of `products`."""
        keys = [self.goto.licence(product).key for product in products]
        user = {"email": email, "firstName": "Ada", "lastName": "Byron"}
        return await self.send("POST", "users", {"users": [user], "licenseKeys": keys, **more})

    async def form(self, path: str, fields: dict[str, str], client: tuple[str, str] | None = None) -> Answer:
        """Posts a form to a token endpoint, with Basic authentication where a client is given."""
        headers = {"Authorization": aiohttp.encode_basic_auth(*client)} if client else {}
        async with self.session.post(self.goto.url + path, data=fields, headers=headers) as answer:
            return answer.status, await answer.json()

    async def sign_in(self, email: str = "admin@example.com", password: str = "admin-password") -> None:
        """Takes a token by the password grant."""
        client = (self.goto.options.client_id, self.goto.options.client_secret)
        fields = PASSWORD | {"username": email, "password": password}
        status, body = await self.form("/oauth/v2/token", fields, client)
        assert status == 200, body
        self.token = body["access_token"]


@asynccontextmanager
async def signed_in(options: Options | None = None) -> AsyncIterator[Raw]:
    """An emulator without a rate limit (unless `options` say otherwise) and a client signed in to it."""
    async with GoToMeetingEmulator(options or Options(rate_limit=None)) as goto, aiohttp.ClientSession() as session:
        raw = Raw(goto, session)
        if goto.options.password_sign_in == "enabled":
            await raw.sign_in()
            goto.reset_counters()
        yield raw


Start = Callable[..., Awaitable[Raw]]
