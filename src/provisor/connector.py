"""What a target is: one Protocol and what it declares of itself.

A connector knows this file and the nouns, and nothing else of ours. It raises only the children of
`RetryLater`, `EntryError` and `JobError`; it does not retry, sleep, log or catch.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from provisor.domain.assignment import AppRole
from provisor.domain.change import Difference, Reason
from provisor.domain.error import ProvisorError
from provisor.domain.resource import Account, Attributes, Link, Value
from provisor.domain.schema import AttributeDefinition


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can do, as ServiceProviderConfig of RFC 7643 section 5 does for SCIM."""

    filter: bool = True  # find() asks the target; otherwise only list() is used
    list: bool = True
    disable: bool = True
    delete: bool = False
    create_many: int = 0  # accounts that one create_many() makes, at the most; 0: the target is no CreatesMany
    page_size: int = 100  # accounts a page of list(), at the most
    describe: bool = False  # it can be asked which attributes its accounts have: the target is one that Describes


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing. `total` is what the target says it holds, where it says so."""

    accounts: Sequence[Account]
    total: int | None


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of Test Connection. A failed step is the last one."""

    name: str
    status: Literal["success", "warning", "failure"]
    reason: Reason


class Target(Protocol):
    """An application that holds accounts.

    `update`, `disable` and `delete` act on linked accounts only; `create` may return an account that was
    there already, and then leaves it as it found it, except for what `desired` names.
    """

    capabilities: Capabilities

    def check(self) -> AsyncIterator[CheckStep]:
        """Test Connection, step by step; writes nothing and raises only for faults of our own."""
        ...

    async def own_account(self) -> str | None:
        """The id of the account the connection itself signs in with, which is never touched."""
        ...

    async def get(self, target_id: str) -> Account:
        """One account. Raises NotFound."""
        ...

    async def find(self, attribute: str, value: str) -> Sequence[Account]:
        """Every account whose attribute equals the value, case-folded and verified on our side."""
        ...

    def list(self) -> AsyncIterator[Page]:
        """Every account, page by page."""
        ...

    async def create(self, desired: Attributes) -> Account:
        """A new account. An EntryError after something was made carries it: `error.account`."""
        ...

    async def update(self, link: Link, differences: Sequence[Difference]) -> Account:
        """Write the differences, and only them. Gives back the account as it then is."""
        ...

    async def disable(self, link: Link) -> Account:
        """Take away all that makes the account active. Raises StillActive where that did not work."""
        ...

    async def delete(self, link: Link) -> None: ...

    def stop(self) -> None:
        """Send nothing more: requests in flight end, the next one raises a RetryLater."""
        ...

    async def close(self) -> None: ...


Made: TypeAlias = str | Account | ProvisorError | None
"""What became of one of many."""


class CreatesMany(Protocol):
    """The optional ability behind `Capabilities.create_many`."""

    async def create_many(self, desired: Sequence[Attributes]) -> Sequence[Made]:
        """New accounts with few requests, for people who have none: a listing has just shown that.

        One answer for each, in the same order: the account's id, which is still to be read back, or as much of the
        account as the connector has to note, such as what it gave; an EntryError where
        the target refused this one; None where it passed over this one without a word; a RetryLater where nobody
        knows. Raises RetryLater where nobody knows of any.
        """
        ...


class Describes(Protocol):
    """The optional ability behind `Capabilities.describe`."""

    async def describe(self) -> Sequence[AttributeDefinition]:
        """The attributes of its users, by the names that a mapping has for them; none where it does not say."""
        ...


class StoredCredentials(Protocol):
    """Where the secrets lie that a connection was opened with, for a target that changes them by itself.

    Raises Misconfigured where they are for another connection by now: another address, another way of signing in.
    """

    async def read(self, key: str) -> str | None:
        """What lies there now: another connection may have changed it."""
        ...

    async def keep(self, key: str, old: str, new: str) -> None:
        """Put a credential away in the place of the one it follows; Misconfigured as well where another lies there."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """What a connector is opened with: the gallery's credential and setting fields by key, and the app's roles."""

    credentials: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, Value] = field(default_factory=dict)
    roles: Sequence[AppRole] = ()
    rate_limit: float = 8.0  # requests a second, at the most
    concurrency: int = 32  # requests at a time
    stored: StoredCredentials | None = None
    profile: Mapping[str, Value] = field(default_factory=dict)  # how the app departs from the connector's protocol
    matching: Sequence[str] = ()  # the attributes that accounts are found by, in order of precedence
