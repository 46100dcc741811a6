"""GoTo's objects as they travel: keys are text or bare integers, and what is empty is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

Key: TypeAlias = str | int  # 18 or 19 digits, more than a float holds


class Account(msgspec.Struct, rename="camel"):
    """One of the accounts a person belongs to."""

    key: Key
    name: str | None = None
    admin_roles: list[str] | None = None


class Me(msgspec.Struct, rename="camel"):
    """`GET /me`: `accountKey` and `adminRoles` belong to the default account."""

    key: Key
    email: str | None = None
    account_key: Key | None = None
    admin_roles: list[str] | None = None
    accounts: list[Account] | None = None


class User(msgspec.Struct, rename="camel"):
    """A user of the account. `status`: ACTIVE, INVITED, INACTIVE or SUSPENDED."""

    key: Key
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    status: str | None = None
    license_keys: list[Key] | None = None
    products: list[str] | None = None
    admin_roles: list[str] | None = None
    role_sets: list[Key] | None = None
    group_key: Key | None = None
    identity_read_only: bool | None = None
    name_locked: bool | None = None
    email_locked: bool | None = None

    @property
    def id(self) -> str:
        return str(self.key)

    @property
    def licences(self) -> tuple[str, ...]:
        return tuple(str(key) for key in self.license_keys or ())

    @property
    def suspended(self) -> bool:
        return (self.status or "").upper() == "SUSPENDED"

    @property
    def held(self) -> Mapping[str, str]:
        """All that keeps this user active, by kind; empty for one who holds nothing."""
        kinds = {"licenses": self.licences, "adminRoles": self.admin_roles, "roleSets": self.role_sets}
        return {kind: ", ".join(map(str, values)) for kind, values in kinds.items() if values}

    @property
    def active(self) -> bool:
        """Holds a licence or an admin role; one who has not signed in yet, or for long, is active too."""
        return bool(self.held) and not self.suspended


class UserPage(msgspec.Struct):
    results: list[User] | None = None
    total: int | None = None


class LicencePage(msgspec.Struct):
    results: list[Licence] | None = None
    total: int | None = None


class Licence(msgspec.Struct, rename="camel"):
    """A number of seats for one or more products."""

    key: Key
    seats: int | None = None
    user_count: int | None = None
    enabled: bool | None = None
    products: list[str] | None = None
    user_keys: list[Key] | None = None
    invited_user_keys: list[Key] | None = None
    devices_only: bool | None = None

    @property
    def id(self) -> str:
        return str(self.key)

    @property
    def used(self) -> int:
        """Seats taken; whether `userCount` has the invited in it is not documented, the keys are counted once."""
        holders = {str(key) for key in (*(self.user_keys or ()), *(self.invited_user_keys or ()))}
        return max(self.user_count or 0, len(holders))

    @property
    def free(self) -> int | None:
        """Seats left; None where their number is not limited."""
        return None if self.seats is None else max(0, self.seats - self.used)


class Invited(msgspec.Struct):
    """One line of the answer to `POST users`."""

    key: Key
    email: str | None = None


class Gateway(msgspec.Struct, rename="camel"):
    """What GoTo's gateway says where no service answers."""

    error_code: str


class ErrorCode(msgspec.Struct):
    code: str | None = None


class Errors(msgspec.Struct):
    errors: list[ErrorCode] | None = None
