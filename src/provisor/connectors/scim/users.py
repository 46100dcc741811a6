"""SCIM's calls for users, one method for each that we make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from itertools import count
from urllib.parse import quote

from provisor.connectors.http import Answer, Transport
from provisor.connectors.scim.discovery import Offer, read_offer
from provisor.connectors.scim.paths import Json
from provisor.connectors.scim.profile import LARGEST_PAGE, Profile
from provisor.connectors.scim.wire import Listing, id_in, listing_of, member, object_of, speaks_scim
from provisor.domain.error import Incompatible, NotFound, NotPermitted, ProvisorError, Rejected, RetryLater

USUAL_PAGE = 100
DENIED = (402, 403, 412, 423, 451)  # to one user's request: it may be this user alone, an owner, say
_NO_FILTER = (400, 403, 404, 405, 422, 501)


class Users:
    """The users of one target. What it refuses is raised by the transport's table, unless said otherwise."""

    def __init__(self, transport: Transport, base: str, profile: Profile) -> None:
        self.root = base.rstrip("/")
        self.profile = profile
        self.address = f"{self.root}/Users"
        self.transport = transport
        self.counts = profile.count
        self.put_only = profile.updateMethod == "PUT"
        self._offer: Offer | None = None if profile.discovery else Offer()
        self._lock = asyncio.Lock()
        self._admitted = False  # users can be listed, although something was denied

    async def offer(self) -> Offer:
        """What the target offers, asked for once."""
        async with self._lock:
            if self._offer is None:
                self._offer = await read_offer(self.transport, self.root)
            return self._offer

    @property
    def page_size(self) -> int:
        """Accounts a page: as the profile says, or the target, or usual."""
        said = self._offer.largest_page if self._offer else None
        return self.profile.pageSize or min(said or USUAL_PAGE, LARGEST_PAGE)

    # ---- reading ------------------------------------------------------------------------------------------------

    async def pages(self, filter_: str | None = None) -> AsyncIterator[Listing]:
        """Pages by the number received; ends at the total, or where nobody new is shown.

        A total is not believed after a full page: one request more shows whether that was all. Where the pages
        contradict it, an empty page without a total comes last.
        """
        seen: set[str | None] = set()
        totals: set[int | None] = set()
        received = largest = 0
        for number in count(1):
            asked = self.page_size if self.counts else None
            start = received + 1 if number > 1 or asked else None
            further = number > 1 and received in totals
            page = await (self._further(start, asked, filter_) if further else self.page(start, asked, filter_))
            rows, ids = page.resources, [self.id_of(row) for row in page.resources]
            if not rows and number > 1:
                break
            totals.add(page.total)
            if seen and seen.issuperset(ids):
                if not further and page.total is not None and received < page.total:
                    raise Incompatible(problem="OffsetIgnored", address=self.address)
                totals.add(received + len(rows))
                break
            seen.update(ids)
            received += len(rows)
            largest = max(largest, len(rows))
            yield page
            full = len(rows) >= (largest if filter_ is None else asked or largest + 1)
            if not rows or (page.total is not None and received >= page.total and not full):
                break
        if None not in totals and totals != {len(seen)}:
            yield Listing((), None)

    async def _further(self, start: int | None, size: int | None, filter_: str | None) -> Listing:
        """What is shown after as many as the total says: nobody, a refusal or a failure, where it is right."""
        try:
            answer = await self._listed(start, size, filter_)
        except RetryLater as error:
            if not error.reason.parameters.get("status", "").startswith("5"):
                raise
            return Listing((), None)
        return listing_of(answer) if answer.ok else Listing((), None)

    async def page(self, start: int | None, size: int | None, filter_: str | None = None) -> Listing:
        """One page; a target that fails at `count` is asked without from then on."""
        answer = await self._counted(start, size, filter_)
        if answer.status in _NO_FILTER and not answer.ok:
            if filter_ is not None and answer.status != 404:
                raise FilterRefused(status=answer.status, said=answer.said)
            if filter_ is not None and await self._exists():
                return Listing((), 0)  # some say 404 where they mean nobody
            raise nowhere(answer) if answer.status == 404 else answer.fault() or nowhere(answer)
        return listing_of(answer)

    async def _counted(self, start: int | None, size: int | None, filter_: str | None) -> Answer:
        try:
            return await self._listed(start, size, filter_)
        except RetryLater as error:
            status = error.reason.parameters.get("status", "")
            if size is None or not status.startswith("5"):
                raise
            try:
                answer = await self._listed(None, None, filter_)
            except ProvisorError:
                raise error from None
            self.counts = False
            return answer

    async def _listed(self, start: int | None, size: int | None, filter_: str | None) -> Answer:
        query = {"filter": filter_, "startIndex": start, "count": size}
        asked = "&".join(f"{name}={quote(str(one), safe='')}" for name, one in query.items() if one is not None)
        url = f"{self.address}?{asked}" if asked else self.address
        return await self.transport.call("GET", url, expected=_NO_FILTER)

    async def get(self, key: str) -> Json:
        """One user. Raises NotFound, NotPermitted."""
        answer = await self.transport.call("GET", self._url(key), expected=(404, 410, *DENIED))
        if not answer.ok:
            raise await self._refusal(answer, key)
        user = object_of(answer)
        if user is None or not self.id_of(user):
            raise Incompatible(problem="NoId", address=answer.address, status=answer.status)
        if key.casefold() not in self._names_of(user):
            raise Incompatible(problem="OtherUser", address=answer.address)
        return user

    # ---- writing ------------------------------------------------------------------------------------------------

    async def post(self, body: Json) -> Answer:
        """POST /Users; a refusal of this one user is given back."""
        answer = await self.transport.call("POST", self.address, body=body, expected=(400, 404, 409, *DENIED))
        if answer.status == 404:
            raise nowhere(answer)
        return answer

    async def patch(self, key: str, body: Json) -> Answer:
        """PATCH; where the target has none (405, 501) or misses a value that was to be replaced (400), it is told."""
        told = (400, 405, 501)
        answer = await self.transport.call("PATCH", self._url(key), body=body, expected=(404, 410, *DENIED, *told))
        if not answer.ok and answer.status not in told:
            raise await self._refusal(answer, key)
        return answer

    async def put(self, key: str, body: Json) -> Answer:
        """PUT of the whole user. Raises NotFound, NotPermitted."""
        answer = await self.transport.call("PUT", self._url(key), body=body, expected=(404, 410, *DENIED))
        if not answer.ok:
            raise await self._refusal(answer, key)
        return answer

    async def delete(self, key: str) -> None:
        """Raises NotFound, NotPermitted."""
        answer = await self.transport.call("DELETE", self._url(key), expected=(404, 410, *DENIED))
        if not answer.ok:
            raise await self._refusal(answer, key)

    async def denied(self, answer: Answer, **account: str) -> ProvisorError:
        """What it means that a request for one user is denied: this user, or whatever this connection asks for.

        The list of users tells, which is asked for once: else every denial would cost two requests.
        """
        try:
            async with self._lock:
                if not self._admitted:
                    asked = await self._first()
                    fault = asked.fault()
                    if fault is not None and asked.status == 403:
                        return fault
                    self._admitted = True
        except ProvisorError as error:
            return error
        kind = Rejected if answer.status in (402, 412) else NotPermitted
        return kind(**account, status=answer.status, address=answer.address, said=answer.said)

    # ---- steps --------------------------------------------------------------------------------------------------

    def id_of(self, user: Mapping[str, object]) -> str | None:
        """What names this user in an address."""
        found = member(user, self.profile.idFrom) or member(user, "id")
        if found in (None, ""):
            return id_in(member(member(user, "meta"), "location"))
        return str(found)

    def _names_of(self, user: Mapping[str, object]) -> set[str]:
        """Whatever may stand for this user in an address, case-folded: its id and its name may both do."""
        names = (self.id_of(user), member(user, "id"), id_in(member(member(user, "meta"), "location")))
        return {str(name).casefold() for name in names if name is not None}

    def _url(self, key: str) -> str:
        return f"{self.address}/{quote(key, safe='')}"

    async def _refusal(self, answer: Answer, key: str) -> ProvisorError:
        """What a 404 means: this user is gone, or users do not live at this address at all; or what is denied.

        A 404 is believed where SCIM says so in its own words, or where the list of users is there: a leaver who only
        seems to be gone keeps the account.
        """
        if answer.status in DENIED:
            return await self.denied(answer, account=key)
        if speaks_scim(answer) or await self._exists():
            return NotFound(account=key, said=answer.said)
        return nowhere(answer)

    async def _exists(self) -> bool:
        """Is there a list of users at this address?"""
        answer = await self._first()
        if answer.status == 404:
            return False
        if not answer.ok:
            return True  # it is there, and refuses to be read
        listing_of(answer)
        return True

    async def _first(self) -> Answer:
        """The list of users, as little of it as can be asked for."""
        size = 1 if self.counts else None
        return await self._counted(size, size, None if self.profile.list else 'userName eq "nobody"')


class FilterRefused(Rejected):
    """The target does not take this filter."""


def nowhere(answer: Answer) -> ProvisorError:
    """What answered has no SCIM at this path."""
    return Incompatible(problem="NoSuchPath", address=answer.address, status=answer.status, said=answer.said)
