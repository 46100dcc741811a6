"""A SCIM app as a target: an account is a user, active while its `active` says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from provisor.connector import Capabilities, CheckStep, Connection, Page
from provisor.connectors.http import Answer, Limits, Transport
from provisor.connectors.scim import bulk
from provisor.connectors.scim.bodies import Added, NewUsers, looks_first, patch, whole_user
from provisor.connectors.scim.check import Check
from provisor.connectors.scim.discovery import read_attributes
from provisor.connectors.scim.paths import Json, flat, path_of
from provisor.connectors.scim.profile import read_profile
from provisor.connectors.scim.signin import signer
from provisor.connectors.scim.users import DENIED, USUAL_PAGE, FilterRefused, Users
from provisor.connectors.scim.wire import id_in, object_of, scim_type
from provisor.domain.change import Difference
from provisor.domain.error import (
    AlreadyThere,
    Conflict,
    DuplicateTargetEntries,
    EntryError,
    Incompatible,
    Misconfigured,
    MissingValue,
    NotFound,
    ProvisorError,
    StillActive,
    Unavailable,
)
from provisor.domain.resource import Account, Attributes, Link, Value
from provisor.domain.schema import AttributeDefinition


def open_scim(connection: Connection, limits: Limits | None = None) -> Scim:
    """A connection to one SCIM app; nothing is sent before it is used. Raises Misconfigured for a wrong profile."""
    profile = read_profile(connection.profile, connection.settings)
    given = connection.credentials
    if not given.get("BaseAddress"):
        raise Misconfigured(field="Tenant URL", problem="is not set")
    transport = Transport(
        rate=connection.rate_limit,
        concurrency=connection.concurrency,
        limits=limits,
        hidden=[given.get("SecretToken", ""), given.get("Oauth2ClientSecret", "")],
        media_type=profile.mediaType,
    )
    transport.signer = signer(transport, given)
    return Scim(Users(transport, given["BaseAddress"], profile), connection.matching)


class Scim:
    """One SCIM app. Every method raises RetryLater, EntryError or JobError and nothing else."""

    def __init__(self, users: Users, matching: Sequence[str] = ()) -> None:
        self._users = users
        self._matching = matching
        self._profile = users.profile
        self._new = NewUsers(users.profile)
        self._learned = False
        self.capabilities = Capabilities(
            filter=self._profile.filter,
            list=self._profile.list,
            disable=True,
            delete=True,
            page_size=self._profile.pageSize or USUAL_PAGE,
            describe=True,
        )
        self.transport = users.transport

    def __repr__(self) -> str:
        return f"Scim({self._users.root!r})"

    # ---- reading ------------------------------------------------------------------------------------------------

    def check(self) -> AsyncIterator[CheckStep]:
        """Test Connection: step by step, stops after a failure, writes nothing."""
        return Check(self._users, self._matching).steps()

    async def describe(self) -> Sequence[AttributeDefinition]:
        """The attributes that /Schemas gives its users."""
        return await read_attributes(self.transport, self._users.root)

    async def own_account(self) -> str | None:
        """A token does not say whose it is."""
        return None

    async def get(self, target_id: str) -> Account:
        """One user. Raises NotFound."""
        return self._account(await self._users.get(target_id))

    async def find(self, attribute: str, value: str) -> Sequence[Account]:
        """Every user whose attribute equals the value, case-folded and verified on our side."""
        name = path_of(attribute).text
        await self._learn()
        found: dict[str, Account] = {}
        if self.capabilities.filter:
            strangers = False
            try:
                async for page in self._users.pages(equals(name, value)):
                    for account in map(self._account, page.resources):
                        if _holds(account, attribute, value):
                            found[account.id] = account
                        else:
                            strangers = True
            except FilterRefused:
                if not self.capabilities.list:
                    raise
                self._filters_not()
            else:
                if not strangers or not self.capabilities.list:
                    return [*found.values()]
                self._filters_not()
        async for page in self._users.pages():
            accounts = map(self._account, page.resources)
            found |= {account.id: account for account in accounts if _holds(account, attribute, value)}
        return [*found.values()]

    async def list(self) -> AsyncIterator[Page]:
        """Every user, the inactive included."""
        await self._learn()
        async for page in self._users.pages():
            yield Page([self._account(user) for user in page.resources], page.total)

    # ---- writing ------------------------------------------------------------------------------------------------

    async def create(self, desired: Attributes) -> Account:
        """A new user. Raises AlreadyThere or Conflict where there is one, and then leaves it as it is."""
        answer = await self._users.post(self._body(desired))
        if not answer.ok:
            raise await self._refused(answer, desired)
        user = object_of(answer)
        if user is not None and (key := self._users.id_of(user)):
            return _account(key, user)
        return await self._made(answer, desired)

    async def create_many(self, desired: Sequence[Attributes]) -> Sequence[str | ProvisorError]:
        """New users by /Bulk; one by one where it is refused after all."""
        offer = await self._users.offer()
        limits = bulk.Limits(max(1, self.capabilities.create_many), offer.bulk_size)

        async def refused(answer: Answer, n: int) -> ProvisorError:
            return await self._refused(answer, desired[n])

        bodies: dict[int, Json] = {}
        made: dict[int, str | ProvisorError] = {}
        for n, one in enumerate(desired):
            try:
                bodies[n] = self._body(one)
            except EntryError as error:
                made[n] = error
        try:
            made |= await bulk.create_many(self._users, bodies, limits, refused)
        except bulk.BulkRefused:
            self.capabilities = replace(self.capabilities, create_many=0)
            singly = await asyncio.gather(*(self._create_one(desired[n]) for n in bodies))
            made |= dict(zip(bodies, singly, strict=True))
        return [made[n] for n in range(len(desired))]

    async def update(self, link: Link, differences: Sequence[Difference]) -> Account:
        """Write the differences, and only them, together. Raises NotFound."""
        wanted = {one.attribute: Added(one.added) if one.adds else one.new for one in differences}
        return await self._change(link.target_id, wanted)

    async def disable(self, link: Link) -> Account:
        """`active` false, and read back. Raises StillActive, NotFound."""
        account = await self._change(link.target_id, {"active": False})
        if account.active:
            raise StillActive(account=account.id)
        return account

    async def delete(self, link: Link) -> None:
        """Delete the user. Raises NotFound."""
        await self._users.delete(link.target_id)

    def stop(self) -> None:
        self.transport.stop()

    async def close(self) -> None:
        await self.transport.close()

    # ---- steps --------------------------------------------------------------------------------------------------

    async def _learn(self) -> None:
        """What the target offers, before it is made use of; asked for once."""
        if self._learned:
            return
        offer = await self._users.offer()
        many = 0
        if offer.bulk and self._profile.bulk and self._profile.list:
            many = min(self._profile.bulkOperations, offer.bulk_operations or self._profile.bulkOperations)
        self.capabilities = replace(
            self.capabilities,
            filter=self._profile.filter and (offer.filter or not self._profile.list),
            create_many=many,
            page_size=self._users.page_size,
        )
        self._learned = True

    def _filters_not(self) -> None:
        self.capabilities = replace(self.capabilities, filter=False)

    def _body(self, desired: Attributes) -> Json:
        if not desired.get("userName"):
            raise MissingValue(attribute="userName")
        return self._new.body(desired)

    async def _create_one(self, desired: Attributes) -> str | ProvisorError:
        try:
            return (await self.create(desired)).id
        except ProvisorError as error:
            return error

    async def _made(self, answer: Answer, desired: Attributes) -> Account:
        """The account that an answer without a body tells of, or not even that."""
        named = desired.get(self._profile.idFrom)
        if key := str(named) if named else id_in(answer.location):
            try:
                return self._account(await self._users.get(key))
            except NotFound as error:
                error.account = Account(key, {})  # made a moment ago, and not to be seen yet
                raise
        _, found = await self._look(desired)
        if found is not None:
            return found
        raise Unavailable(problem="NotShown", address=answer.address)  # made, perhaps: it is looked for again

    async def _refused(self, answer: Answer, desired: Attributes) -> ProvisorError:
        """Why there is no new user. One that is there, and can be found, is taken over by the next cycle."""
        if answer.status in DENIED:
            return await self._users.denied(answer)
        if answer.status != 409 and scim_type(answer) != "uniqueness":
            return answer.fault() or Incompatible(problem="UnexpectedJson", address=answer.address)
        try:
            name, found = await self._look(desired)
        except DuplicateTargetEntries as error:
            return error
        if found is None:
            return Conflict(problem="HiddenAccount", said=answer.said)
        if name in (self._matching or ("userName",)):
            return AlreadyThere(account=found.id, attribute=name)
        return Conflict(account=found.id, holds=f"{name} {desired[name]}", said=answer.said)

    async def _look(self, desired: Attributes) -> tuple[str, Account | None]:
        """The user that is told from others by these values, and by which of them; matching attributes come first."""
        for name in dict.fromkeys((*self._matching, "userName", "externalId")):
            if not desired.get(name):
                continue
            with suppress(FilterRefused):
                found = await self.find(name, str(desired[name]))
                if len(found) > 1:
                    raise DuplicateTargetEntries(accounts=", ".join(account.id for account in found))
                if found:
                    return name, found[0]
        return "", None

    async def _change(self, key: str, wanted: Mapping[str, Value]) -> Account:
        try:
            return self._account(await self._write(key, wanted))
        except _Hidden:
            if wanted.get("active") is not False:
                raise
            return Account(key, {"active": False}, active=False)  # some show their inactive users no more

    async def _write(self, key: str, wanted: Mapping[str, Value]) -> Json:
        """Change a user by PATCH, or by PUT where there is no other way; gives back the user as it then is."""
        for name in wanted:
            path_of(name)
        if await self._patches():
            held = await self._users.get(key) if looks_first(wanted) else {}
            body = patch(wanted, held, self._profile)
            if body is None:
                return held or await self._users.get(key)
            answer = await self._users.patch(key, body)
            if answer.ok:
                return await self._written(key, answer, wanted)
            if answer.status not in (405, 501) or self._profile.updateMethod == "PATCH":
                raise answer.fault() or Incompatible(problem="UnexpectedJson", address=answer.address)
            self._users.put_only = True
        held = await self._users.get(key)
        answer = await self._users.put(key, whole_user(held, wanted, self._profile))
        return await self._written(key, answer, wanted)

    async def _patches(self) -> bool:
        if self._profile.updateMethod == "auto":
            return not self._users.put_only and (await self._users.offer()).patch
        return self._profile.updateMethod == "PATCH"

    async def _written(self, key: str, answer: Answer, wanted: Mapping[str, Value]) -> Json:
        """The user in the answer to a change, if all that was changed can be seen in it; else it is read."""
        user = object_of(answer)
        renamed = wanted.get(self._profile.idFrom)  # where an account is named by an attribute
        key = str(renamed) if renamed else key
        if user is not None and self._users.id_of(user) == key and flat(user).keys() >= _shown(wanted):
            return user
        try:
            return await self._users.get(key)
        except NotFound as error:
            raise _Hidden(**error.reason.parameters) from None

    def _account(self, user: Json) -> Account:
        key = self._users.id_of(user)
        if key is None:
            raise Incompatible(problem="NoId", address=self._users.address)
        return _account(key, user)


class _Hidden(NotFound):
    """The user was changed, and is not shown afterwards."""


def equals(name: str, value: str) -> str:
    """SCIM's filter for one value, escaped as in JSON (RFC 7644 section 3.4.2.2)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 32 else c for c in escaped)
    return f'{name} eq "{escaped}"'


def _account(key: str, user: Json) -> Account:
    attributes = flat(user)
    return Account(key, attributes, attributes.get("active") is not False)


def _holds(account: Account, attribute: str, value: str) -> bool:
    held = account.attributes.get(attribute)
    values = held if isinstance(held, list) else [] if held is None else [str(held)]
    return any(one.casefold() == value.casefold() for one in values)


def _shown(wanted: Mapping[str, Value]) -> set[str]:
    return {path_of(name).text for name, value in wanted.items() if value is not None}
