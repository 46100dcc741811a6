"""The GoToMeeting connector in front of the emulator, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tomllib import loads
from typing import Any

import provisor.gallery
from provisor.connector import Connection
from provisor.connectors.gotomeeting import GoToMeeting, open_gotomeeting
from provisor.connectors.http import Limits
from provisor.domain.assignment import AppRole
from provisor.domain.resource import Attributes, Value
from provisor.testing.contract import Trouble
from provisor.testing.gotomeeting import Fault, GoToMeetingEmulator, Options

HASTY = Limits(connect=2, answer=10, tries=2, patience=5, first_wait=0.01, longest_wait=0.02)


def gallery_roles() -> tuple[AppRole, ...]:
    """The roles that the gallery ships for GoToMeeting."""
    app = loads((Path(provisor.gallery.__file__).parent / "citrix-gotomeeting.toml").read_text("utf-8"))
    return tuple(
        AppRole(
            id=role["id"],
            value=role["value"],
            display_name=role["name"],
            provisions=role.get("provisions", True),
            privileged=role.get("privileged", False),
            priority=role.get("priority", 0),
            grant=role.get("grant", {}),
        )
        for role in app["app_role"]
    )


ROLES = gallery_roles()


def credentials(goto: GoToMeetingEmulator, **others: str) -> dict[str, str]:
    return {
        "UserName": "admin@example.com",
        "Password": "admin-password",
        "Oauth2ClientId": "emulator-client",
        "Oauth2ClientSecret": "emulator-secret",
        "BaseAddress": goto.url,
        "Oauth2TokenExchangeUri": f"{goto.url}/oauth/token",
        **others,
    }


def connect(
    goto: GoToMeetingEmulator,
    *,
    settings: Mapping[str, Value] | None = None,
    limits: Limits = HASTY,
    roles: Sequence[AppRole] = ROLES,
    **others: str,
) -> GoToMeeting:
    """The connector, as fast as the machine allows."""
    connection = Connection(credentials(goto, **others), settings or {}, roles, rate_limit=10_000, concurrency=8)
    return open_gotomeeting(connection, limits)


@asynccontextmanager
async def opened(goto: GoToMeetingEmulator, **how: Any) -> AsyncIterator[GoToMeeting]:
    target = connect(goto, **how)
    try:
        yield target
    finally:
        await target.close()


def person(number: int = 1, *roles: str, **others: Value) -> dict[str, Value]:
    return {
        "email": f"Person{number}@Example.com",
        "firstName": "Ada",
        "lastName": f"Byron {number}",
        "active": True,
        "appRoles": list(roles or ("organizer",)),
        **others,
    }


@dataclass
class GoToMeetingBench:
    """What the connector contract asks for."""

    goto: GoToMeetingEmulator
    target: GoToMeeting
    matching: str = "email"
    changed: Attributes = field(default_factory=lambda: {"lastName": "King"})
    missing_id: str = "7999999999999999999"
    retry_after: float | None = None  # GoTo names none
    secrets: Sequence[str] = ("admin-password", "emulator-secret")

    def person(self, number: int) -> Attributes:
        return person(number)

    async def seed(self, count: int) -> None:
        for number in range(count):
            self.goto.add_user(f"seeded{number}@example.com", products=("G2M",) if number % 2 else ())

    async def trouble(self, kind: Trouble) -> None:
        match kind:
            case "unauthorized":
                self.goto.inject(Fault(kind="expired-token"))
            case "rate-limited":
                self.goto.inject(Fault(kind="too-many-requests", path="."))
            case "server-error":
                self.goto.inject(Fault(kind="server-error", path="."))
            case "dropped":
                self.goto.inject(Fault(kind="lost-reply", path="."))

    async def lose_reply_to_create(self) -> None:
        self.goto.inject(Fault(kind="lost-reply", method="POST", path="/users", times=1))

    async def clear(self) -> None:
        self.goto.clear_faults()

    async def ids(self) -> Sequence[str]:
        return [user.key for user in self.goto.users]


def options(**others: Any) -> Options:
    return Options(**{"rate_limit": None, "seats": {"G2M": 2000, "G2W": 10, "G2T": 10, "OPENVOICE": 10}, **others})
