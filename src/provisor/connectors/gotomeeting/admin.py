"""GoTo's Admin API v1, one method for each call that we make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from provisor.connectors.gotomeeting.roles import SUPER_USER
from provisor.connectors.gotomeeting.signin import DEFAULT_BASE
from provisor.connectors.gotomeeting.wire import (
    Account,
    Errors,
    Gateway,
    Invited,
    Licence,
    LicencePage,
    Me,
    User,
    UserPage,
)
from provisor.connectors.http import Answer, Transport
from provisor.domain.error import Incompatible, Misconfigured, NotFound, ProvisorError, Rejected

LARGE_PAGE, SMALL_PAGE = 1000, 200  # users a page: what one client calls the limit, and what others use
_REFUSED = (400, 403, 409, 422)


@dataclass(frozen=True, slots=True)
class Home:
    """The account we provision, and who we are in it."""

    account: str
    name: str
    own_key: str
    admin_roles: frozenset[str]

    @property
    def team_admin(self) -> bool:
        """May this admin manage users and seats? ("Team Admin" in Microsoft's tutorial.)"""
        return SUPER_USER in self.admin_roles or {"MANAGE_USERS", "MANAGE_SEATS"} <= self.admin_roles


class Admin:
    """The calls, for one account. What GoTo refuses is raised by the transport's table, unless said otherwise."""

    def __init__(self, transport: Transport, base: str, account_key: str, *, suppress_email: bool, verb: str) -> None:
        self.suppress_email = suppress_email
        self._transport = transport
        self.root = f"{(base or DEFAULT_BASE).rstrip('/')}/admin/rest/v1"
        self._wanted = account_key.strip()
        self._verb = verb
        self._page = LARGE_PAGE
        self._home: Home | None = None
        self._lock = asyncio.Lock()

    async def me(self) -> Me:
        answer = await self._transport.call("GET", f"{self.root}/me", expected=(404,))
        if not answer.ok:
            raise await self._missing(answer, None)
        return answer.decode(Me)

    async def home(self) -> Home:
        """The account of this connection, asked for once. Raises Misconfigured where it is unclear which."""
        async with self._lock:
            if self._home is None:
                self._home = choose_account(await self.me(), self._wanted)
            return self._home

    async def users(self, filter_: str | None = None) -> AsyncIterator[UserPage]:
        """Pages of users by offset and number received; ends at the total, or at an empty page."""
        offset, first = 0, None
        while True:
            page = await self.user_page(offset, self._page, filter_)
            rows = page.results or []
            if rows and rows[0].id == first:
                raise Incompatible(problem="OffsetIgnored", address=f"{self.root}/accounts")
            first = first or (rows[0].id if rows else None)
            offset += len(rows)
            if rows or offset == 0:
                yield page
            if not rows or (page.total is not None and offset >= page.total):
                return

    async def user_page(self, offset: int, size: int, filter_: str | None = None) -> UserPage:
        """One page; where GoTo refuses one so large, smaller ones from now on."""
        query = {"offset": str(offset), "pageSize": str(size)} | ({} if filter_ is None else {"filter": filter_})
        answer = await self._ask("GET", "users", query=query, expected=(400,))
        if answer.status == 400 and size > SMALL_PAGE:
            self._page = SMALL_PAGE
            return await self.user_page(offset, SMALL_PAGE, filter_)
        return _granted(answer).decode(UserPage)

    async def user(self, key: str) -> User:
        """One user. Raises NotFound."""
        return (await self._ask("GET", "users", key, user=key)).decode(User)

    async def invite(self, body: Mapping[str, object]) -> tuple[Answer, Sequence[Invited]]:
        """POST users: who is there already comes back in the same list. A refusal for want of seats is given back."""
        body = dict(body, suppressEmail=self.suppress_email)
        answer = await self._ask("POST", "users", query={"allOrNothing": "false"}, body=body, expected=_REFUSED)
        if answer.ok:
            single = answer.body.lstrip()[:1] == b"{"
            return answer, [answer.decode(Invited)] if single else answer.decode(list[Invited])
        return (answer if seat_refused(answer) else _granted(answer)), ()

    async def change(self, key: str, body: Mapping[str, object]) -> None:
        """PUT of the named properties only. Raises NotFound."""
        await self._ask("PUT", "users", key, body=body, user=key)

    async def remove(self, key: str) -> None:
        """Takes the user out of the account. Raises NotFound."""
        await self._ask("DELETE", "users", key, user=key)

    async def licences(self) -> Sequence[Licence]:
        """Every licence of the account."""
        found: list[Licence] = []
        while True:
            query = {"offset": str(len(found)), "pageSize": str(SMALL_PAGE)}
            page = (await self._ask("GET", "licenses", query=query)).decode(LicencePage)
            found += page.results or []
            if not page.results or (page.total is not None and len(found) >= page.total):
                return found

    async def assign(self, licence: str, key: str) -> bool:
        """Gives a seat; False where there is none. The verb is not documented: the other one is tried once."""
        answer = await self._seat(self._verb, licence, key, expected=(*_REFUSED, 404, 405))
        if answer.status in (404, 405) and not code_of(answer):
            other = "POST" if self._verb == "PUT" else "PUT"
            answer = await self._seat(other, licence, key, expected=(*_REFUSED, 404))
            self._verb = other if answer.ok or code_of(answer) else self._verb
        if seat_refused(answer):
            return False
        if answer.status == 404:
            raise await self._missing(answer, key)
        return _granted(answer).ok

    async def unassign(self, licence: str, key: str) -> None:
        """Takes a seat back; one that is not held is no error. Raises NotFound."""
        answer = await self._seat("DELETE", licence, key, expected=(404,))
        if answer.status == 404 and not code_of(answer) and licence in (await self.user(key)).licences:
            raise _nowhere(answer)

    async def join_group(self, group: str, key: str) -> None:
        """Moves a user into a group, out of any other."""
        await self._ask("PUT", "groups", group, "users", key, user=key)

    async def drop_role_sets(self, email: str) -> None:
        """Takes every role set from the user of this address."""
        await self._ask("DELETE", "users", "rolesets", query={"filter": equals("email", email)})

    async def _seat(self, verb: str, licence: str, key: str, *, expected: Collection[int]) -> Answer:
        query = {"suppressEmail": str(self.suppress_email).lower()}
        return await self._ask(verb, "licenses", licence, "users", key, query=query, expected=expected)

    async def _ask(
        self,
        method: str,
        *parts: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        expected: Collection[int] = (),
        user: str | None = None,
    ) -> Answer:
        """A call within the account; a 404 means `user`, where one is named and nothing else says it is missing."""
        url = await self._url(*parts, query=query)
        answer = await self._transport.call(method, url, body=body, expected=(404, *expected))
        if answer.status == 404 and 404 not in expected:
            raise await self._missing(answer, user)
        return answer

    async def _missing(self, answer: Answer, user: str | None) -> ProvisorError:
        """What a 404 means: this user, something else that was named, or an address where GoTo does not live.

        That a user is gone is believed if GoTo says so in its own words, or if the listing shows nobody of that key: a
        leaver who only seems to be gone keeps the account.
        """
        code = code_of(answer)
        if code and not (user and code.startswith("user")):
            return Rejected(address=answer.address, said=answer.said)
        if user and (code or (not _foreign(answer) and not await self._listed(user))):
            return NotFound(account=user, said=answer.said)
        return _nowhere(answer)

    async def _listed(self, key: str) -> bool:
        async for page in self.users():
            if any(user.id == key for user in page.results or ()):
                return True
        return False

    async def _url(self, *parts: str, query: Mapping[str, str] | None = None) -> str:
        """Spaces as %20: GoTo's filter does not read a plus sign as one."""
        path = "/".join(quote(part, safe="") for part in ("accounts", (await self.home()).account, *parts))
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in (query or {}).items())
        return f"{self.root}/{path}" + (f"?{asked}" if asked else "")


def choose_account(me: Me, wanted: str) -> Home:
    """The account that is meant. Raises Misconfigured: AccountNotFound, or SeveralAccounts where none is named."""
    default = str(me.account_key or "")
    accounts = me.accounts or ([Account(default, admin_roles=me.admin_roles)] if default else [])
    listed = ", ".join(f"{account.key} ({account.name})" if account.name else str(account.key) for account in accounts)
    found = [account for account in accounts if not wanted or str(account.key) == wanted]
    if not found:
        raise Misconfigured(problem="AccountNotFound", account=wanted, accounts=listed)
    if len(found) > 1:
        raise Misconfigured(problem="SeveralAccounts", accounts=listed)
    account = found[0]
    inherited = me.admin_roles if str(account.key) == default or len(accounts) == 1 else None
    roles = account.admin_roles if account.admin_roles is not None else inherited
    return Home(str(account.key), account.name or "", str(me.key), frozenset(roles or ()))


def equals(attribute: str, value: str) -> str:
    """GoTo's filter for one value, quotes and backslashes escaped."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{attribute} eq "{escaped}"'


def code_of(answer: Answer) -> str:
    """The Admin API's own error codes; empty where something else answered."""
    try:
        found = msgspec.json.decode(answer.body, type=Errors)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    return ", ".join(error.code for error in found.errors or () if error.code)


def seat_refused(answer: Answer) -> bool:
    """Is this 4xx about seats? The code itself is not documented."""
    code = code_of(answer).lower()
    return 400 <= answer.status < 500 and any(word in code for word in ("seat", "license", "licence"))


def _nowhere(answer: Answer) -> Incompatible:
    problem = "NotJson" if answer.markup else "NoSuchPath"
    return Incompatible(problem=problem, address=answer.address, content_type=answer.content_type, said=answer.said)


def _foreign(answer: Answer) -> bool:
    """Did somebody else answer: a page for people, or GoTo's gateway, for want of a service at this path?"""
    try:
        return answer.markup or bool(msgspec.json.decode(answer.body, type=Gateway).error_code)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _granted(answer: Answer) -> Answer:
    """The answer, if it is no error."""
    if (fault := answer.fault()) is not None:
        raise fault
    return answer
