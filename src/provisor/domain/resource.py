"""What a directory and a target hold, in RFC 7643 terms: entry, account, and the link between them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct, field

Value: TypeAlias = str | bool | int | list[str] | None
Attributes: TypeAlias = Mapping[str, Value]
ResourceType: TypeAlias = Literal["User", "Group"]


class Entry(Struct, frozen=True):
    """A user or group as the directory holds it; attributes carry Microsoft Graph's property names."""

    id: str
    type: ResourceType
    attributes: Attributes
    change_no: int = 0
    deleted_at: datetime | None = None  # in the recycle bin since
    purged: bool = False  # hard-deleted: only id and names are left
    source: str = ""  # who brought it

    @property
    def enabled(self) -> bool:
        """May this person hold an account at all? Blocked, recycled and purged people may not."""
        return self.deleted_at is None and not self.purged and self.attributes.get("accountEnabled") is not False

    @property
    def display_name(self) -> str:
        name = self.attributes.get("displayName") or self.attributes.get("userPrincipalName")
        return str(name) if name else self.id

    @property
    def login(self) -> str | None:
        """Its userPrincipalName."""
        name = self.attributes.get("userPrincipalName")
        return str(name) if name else None


class Membership(Struct, frozen=True):
    """One of the groups that an entry is a direct member of."""

    group_id: str
    name: str


class Account(Struct, frozen=True):
    """A user or group as the target holds it."""

    id: str
    attributes: Attributes
    active: bool = True
    grants: Attributes = field(default_factory=dict)  # the connector's own note: which licence it gave
    holds: Attributes = field(default_factory=dict)  # the same of all that the account has, whoever gave it
    privileged: bool = False  # holds a role that a person must agree to take over
    elsewhere: bool = False  # its owner has still to leave another tenant, and cannot use it before


class Link(Struct, frozen=True):
    """ "This account is ours": the licence to update, disable or delete it.

    `sent` is what we last sent, `seen` what we last saw (None while it equals `sent`).
    """

    entry_id: str
    target_id: str
    sent: Attributes
    seen: Attributes | None
    believed_active: bool
    grants: Attributes
    since: datetime
    version: int = 1
