"""What is asked of a target and what it answers, and the one table that makes an error of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, TypeVar

import msgspec

from provisor.domain.error import (
    Conflict,
    Incompatible,
    InsufficientRights,
    Misconfigured,
    NotFound,
    ProvisorError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from provisor.text.time import moment

T = TypeVar("T")

_FAULTS: Mapping[int, type[ProvisorError]] = {
    400: Rejected,
    401: Unauthorized,
    403: InsufficientRights,
    404: NotFound,
    407: Misconfigured,  # a proxy asks who we are
    409: Conflict,
    410: NotFound,
    413: Rejected,
    422: Rejected,
}
_WORDS = frozenset(
    ("error", "error_description", "code", "errorCode", "int_err_code", "detail", "message", "msg", "value", "title")
)
_LONGEST = 86_400.0  # seconds that a target may ask us to wait; then it is asked again
_NOTICED = 60.0  # seconds
_SAID = 300  # characters of a target's own words that we pass on


@dataclass(slots=True)  # not frozen, nor is the answer: one of each is made for every request, in a third of the time
class Request:
    """One request as it is sent, once or several times."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    within: float | None = None  # seconds that this one may take; None: as every other

    @property
    def address(self) -> str:
        """The URL without its query and without what could be a password in it."""
        head, _, rest = self.url.partition("://")
        return f"{head}://{rest.split('?')[0].rpartition('@')[2]}"

    @property
    def token(self) -> str:
        """What it is signed with; empty where it is not."""
        return self.headers.get("Authorization", "").rpartition(" ")[2]


@dataclass(slots=True)
class Answer:
    """What came back. `wait` is Retry-After in seconds (RFC 9110 section 10.2.3), None where it was not said."""

    request: Request = field(repr=False)
    status: int
    content_type: str
    wait: float | None
    body: bytes = field(repr=False)
    hidden: Collection[str] = field(default=(), repr=False)  # beside the token of the request
    location: str = ""  # of what was made (RFC 9110 section 10.2.2)

    @property
    def address(self) -> str:
        return self.request.address

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def markup(self) -> bool:
        """Is this a page for people (a login page, a proxy's notice) rather than an answer for us?"""
        return "html" in self.content_type or self.body[:100].lstrip()[:1] == b"<"

    @property
    def said(self) -> str:
        """The target's own words: at most 300 printable characters, our secrets struck out."""
        text = ": ".join(_words(self.body))
        for secret in sorted(filter(None, (*self.hidden, self.request.token)), key=len, reverse=True):
            text = text.replace(secret, "•••")
        return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SAID]

    def decode(self, shape: type[T]) -> T:
        """The body as JSON of that shape. Raises Incompatible, or Unavailable where the body was cut off."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            told: dict[str, Any] = {"address": self.address, "status": self.status, "content_type": self.content_type}
            if self.body and str(error) == "Input data was truncated":
                raise Unavailable(problem="Truncated", **told) from None
            raise Incompatible(problem="NotJson" if self.markup else "UnexpectedJson", **told) from None

    def fault(self) -> ProvisorError | None:
        """The error that this answer amounts to, by table; None for one that is no error."""
        if 200 <= self.status < 300 and not self.markup:
            return None
        told: dict[str, Any] = {"method": self.request.method, "address": self.address, "status": self.status}
        if self.status == 429:
            return rate_limited(self.wait, **told)
        if (self.status >= 500 and self.status != 501) or self.status == 408:
            return Unavailable(wait=self.wait, **told)
        if 300 <= self.status < 400:
            return Incompatible(problem="Redirected", **told)
        if self.markup and self.status != 401:
            return Incompatible(problem="NotJson", content_type=self.content_type, **told)
        return _FAULTS.get(self.status, Incompatible)(said=self.said, **told)


def rate_limited(wait: float | None, **told: Any) -> RateLimited:
    """A wait that somebody might notice says its end, too."""
    if wait is not None and wait >= _NOTICED:
        told["until"] = moment(datetime.now(UTC) + timedelta(seconds=wait))
    return RateLimited(wait=wait, **told)


def retry_after(said: str | None) -> float | None:
    """Seconds, fractions of them, or an HTTP date, a day at the most; None for anything else."""
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            date: datetime = parsedate_to_datetime(said)
        except (ValueError, OverflowError):
            return None
        seconds = max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return min(seconds, _LONGEST) if isfinite(seconds) and seconds >= 0 else None


def _words(body: bytes) -> list[str]:
    try:
        return list(_leaves(msgspec.json.decode(body), named=False))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [] if body.lstrip()[:1] == b"<" else [body.decode(errors="replace")]


def _leaves(node: object, *, named: bool) -> Iterator[str]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _leaves(inner, named=name in _WORDS)
    elif isinstance(node, list):
        for inner in node:
            yield from _leaves(inner, named=named)
    elif named and isinstance(node, str | int) and not isinstance(node, bool):
        yield str(node)
