"""The SCIM connector in front of scim2-server and of the emulator with its bad habits, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from scim_sanity.validator import SCIMValidator
from tests.contract.scim2_server import TOKEN, Proxy

from provisor.connector import Connection
from provisor.connectors.http import Limits
from provisor.connectors.scim import Scim, open_scim
from provisor.domain.resource import Attributes, Value
from provisor.testing.contract import Trouble
from provisor.testing.scim import Fault, ScimEmulator

HASTY = Limits(connect=2, answer=10, tries=2, patience=5, first_wait=0.01, longest_wait=0.02)
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK = 'emails[type eq "work"].value'
MOBILE = 'phoneNumbers[type eq "mobile"].value'
DEPARTMENT = f"{ENTERPRISE}:department"
RETRY_AFTER = 7.0


def connect(url: str, profile: Mapping[str, Value] | None = None, **how: Any) -> Scim:
    """The connector, as fast as the machine allows."""
    given = {"BaseAddress": url, "SecretToken": how.pop("token", "emulator-token"), **how.pop("credentials", {})}
    limits = how.pop("limits", HASTY)
    connection = Connection(given, profile=profile or {}, rate_limit=10_000, concurrency=8, **how)
    return open_scim(connection, limits)


def oauth(scim: ScimEmulator) -> dict[str, str]:
    return {
        "SecretToken": "",
        "Oauth2TokenExchangeUri": scim.token_url,
        "Oauth2ClientId": "emulator-client",
        "Oauth2ClientSecret": "emulator-secret",
    }


@asynccontextmanager
async def opened(url: str, profile: Mapping[str, Value] | None = None, **how: Any) -> AsyncIterator[Scim]:
    target = connect(url, profile, **how)
    try:
        yield target
    finally:
        await target.close()


def person(number: int = 1, **others: Value) -> dict[str, Value]:
    return {
        "userName": f"Person{number}@Example.com",
        "active": True,
        "externalId": f"ext-{number}",
        "displayName": f"Ada Byron {number}",
        "title": "Engineer",
        "name.givenName": "Ada",
        "name.familyName": f"Byron {number}",
        WORK: f"person{number}@example.com",
        MOBILE: f"+44 20 7946 {number:04}",
        'addresses[type eq "work"].locality': "London",
        'addresses[type eq "work"].postalCode': "W1",
        DEPARTMENT: "Research",
        **others,
    }


def complaints(bodies: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """What scim-sanity's payload lint says of the bodies that were sent."""
    said: list[str] = []
    for method, body in bodies:
        whole = [one["data"] for one in body["Operations"]] if "Request" in str(body["schemas"]) else [body]
        for one in whole:
            _, errors = SCIMValidator().validate(one, "patch" if method == "PATCH" else "full")
            said += [f"{method}: {error}" for error in errors]
    return said


@dataclass
class ScimBench:
    """What the connector contract asks for, with the emulator."""

    scim: ScimEmulator
    target: Scim
    matching: str = "userName"
    changed: Attributes = field(default_factory=lambda: {"name.familyName": "King", DEPARTMENT: "Analysis"})
    missing_id: str = "no-such-user"
    retry_after: float | None = RETRY_AFTER
    secrets: Sequence[str] = ("emulator-token", "emulator-secret")

    def person(self, number: int) -> Attributes:
        return person(number)

    async def seed(self, count: int) -> None:
        text = self.scim.options.booleans == "text"
        for number in range(count):
            active = str(number % 2 == 0) if text else number % 2 == 0
            self.scim.people.add({"schemas": [CORE], "userName": f"seeded{number}@example.com", "active": active})

    async def trouble(self, kind: Trouble) -> None:
        self.scim.inject(Fault(kind=kind, path="/scim/", retry_after=f"{RETRY_AFTER:g}"))

    async def lose_reply_to_create(self) -> None:
        self.scim.inject(Fault(kind="lost-reply", method="POST", path="/Users", times=1))

    async def clear(self) -> None:
        self.scim.clear_faults()

    async def ids(self) -> Sequence[str]:
        return list(self.scim.users)


@dataclass
class Scim2ServerBench:
    """The same, with scim2-server behind a proxy."""

    proxy: Proxy
    target: Scim
    matching: str = "userName"
    changed: Attributes = field(default_factory=lambda: {"name.familyName": "King", DEPARTMENT: "Analysis"})
    missing_id: str = "no-such-user"
    retry_after: float | None = RETRY_AFTER
    secrets: Sequence[str] = (TOKEN,)

    def person(self, number: int) -> Attributes:
        return person(number)

    async def seed(self, count: int) -> None:
        bodies = [{"schemas": [CORE], "userName": f"seeded{n}@example.com", "active": n % 2 == 0} for n in range(count)]
        for start in range(0, count, 500):
            operations = [
                {"method": "POST", "path": "/Users", "bulkId": str(n), "data": body}
                for n, body in enumerate(bodies[start : start + 500])
            ]
            request = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
            await self.call("POST", "/Bulk", request)

    async def trouble(self, kind: Trouble) -> None:
        self.proxy.faults.append(Fault(kind=kind))

    async def lose_reply_to_create(self) -> None:
        self.proxy.faults.append(Fault(kind="lost-reply", method="POST", path="/Users", times=1))

    async def clear(self) -> None:
        self.proxy.faults.clear()

    async def ids(self) -> Sequence[str]:
        found: list[str] = []
        while True:
            page = await self.call("GET", f"/Users?startIndex={len(found) + 1}&count=1000")
            found += [user["id"] for user in page.get("Resources") or ()]
            if len(found) >= page["totalResults"]:
                return found

    async def call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Past the proxy, so that no fault strikes."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{self.proxy.behind}/v2{path}", json=body) as answer,
        ):
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json(content_type=None)
            return found
