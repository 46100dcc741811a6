"""The one way to a target: paced, bounded, and repeated where that is safe."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, quote_plus, urlencode

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from provisor.connectors.http.answer import Answer, Request, rate_limited, retry_after
from provisor.connectors.http.throttle import Throttle, throttle_of
from provisor.connectors.http.trouble import NotReached, trouble
from provisor.domain.error import Incompatible, RateLimited, RetryLater, Unavailable

_TICK = 0.001  # seconds: timers are no finer


class Signer(Protocol):
    """Whoever holds the access token of a connection."""

    async def token(self, stale: str | None) -> str:
        """A token that is not `stale`; however many ask at once, one sign-in is made. Raises JobError, RetryLater."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one request may take, how often it is repeated, and how much is read; times in seconds."""

    connect: float = 10.0
    answer: float = 30.0
    tries: int = 8  # the first included
    patience: float = 60.0  # all tries and waits of one request together
    unreached: float = 10.0  # … where no connection is made at all
    first_wait: float = 0.5
    longest_wait: float = 20.0
    size: int = 16 * 2**20  # bytes of one answer, decompressed


class Transport:
    """One session: at most `rate` requests a second, evenly spaced, and `concurrency` at a time.

    All transports to a target share its `Throttle`. 429 is repeated for every method, a 5xx or a lost
    connection only for GET, and any method where no connection was made.
    """

    def __init__(
        self,
        *,
        rate: float,
        concurrency: int,
        limits: Limits | None = None,
        hidden: Collection[str] = (),
        media_type: str = "application/json",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.requests = 0  # sent so far, repetitions and sign-ins included
        self.signer: Signer | None = None
        self.limits = limits or Limits()
        self._hidden: tuple[str, ...] = ()
        for secret in hidden:
            self.hide(secret)
        self._media_type = media_type
        self._usual_time = aiohttp.ClientTimeout(total=self.limits.answer, sock_connect=self.limits.connect)
        self._token: str | None = None
        self._signed: dict[bool, CIMultiDict[str]] = {}  # the headers with that token, without and with a body
        self._chance = chance
        self._distance = 1 / rate  # seconds to the next request
        self._concurrency = concurrency
        self._throttles: dict[str, Throttle] = {}  # by the beginning of an address
        self._stopping = asyncio.Event()
        self._waits: set[asyncio.Timeout] = set()  # for a lane
        self._session: aiohttp.ClientSession | None = None

    def hide(self, secret: str) -> None:
        """Strike this out of whatever the target says."""
        if secret:
            self._hidden += (secret, quote(secret, safe=""), quote_plus(secret))

    def __repr__(self) -> str:
        return f"Transport(rate={1 / self._distance:g}, concurrency={self._concurrency}, requests={self.requests})"

    async def call(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        expected: Collection[int] = (),
        within: float | None = None,
    ) -> Answer:
        """One request with a JSON body; a status in `expected` is given back, every other fault is raised.

        A 401 is answered by one fresh token and one repetition. `within`: for one that takes longer than others.
        """
        content = None if body is None else msgspec.json.encode(body)
        if self.signer is None:
            headers = self._headers(None, content is not None)
            return _judged(await self._persist(Request(method, url, headers, content, within)), expected)
        token: str | None = None
        for _ in range(2):
            token = await self.signer.token(token)
            headers = self._headers(token, content is not None)
            answer = await self._persist(Request(method, url, headers, content, within))
            if answer.status != 401:
                break
        return _judged(answer, expected)

    async def form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str], expected: Collection[int] = ()
    ) -> Answer:
        """One unsigned POST of a form, as token endpoints take it (RFC 6749 section 4)."""
        head = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", **headers}
        return _judged(await self._persist(Request("POST", url, head, urlencode(fields).encode())), expected)

    def stop(self) -> None:
        """Send nothing more: waiting and later requests raise Unavailable, those in flight finish."""
        self._stopping.set()
        for waits in self._waits:
            waits.reschedule(0)

    async def close(self) -> None:
        self.stop()
        if self._session is not None:
            await self._session.close()

    def _headers(self, token: str | None, content: bool) -> CIMultiDict[str]:
        """The same for every request with that token, as aiohttp takes them without making them anew."""
        if token != self._token:
            self._token, self._signed = token, {}
        headers = self._signed.get(content)
        if headers is None:
            headers = self._signed[content] = CIMultiDict(Accept=self._media_type)
            if content:
                headers["Content-Type"] = self._media_type
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
        return headers

    async def _persist(self, request: Request) -> Answer:
        """Send until there is an answer that repeating would not better."""
        limits, throttle = self.limits, self._throttle(request)
        spent = 0.0  # seconds; to wait for a turn costs no patience
        for attempt in itertools.count(1):
            sent = await self._turn(throttle, request)
            try:
                answer, failure = await self._outcome(request)
            finally:
                throttle.lanes.release()
            if answer is not None and answer.status == 503 and answer.wait:
                throttle.pause(asyncio.get_running_loop().time(), answer.wait)  # it is out of service, for everybody
            if failure is None:
                assert answer is not None
                if throttle.gap:
                    throttle.speed_up()
                return answer
            now, wait = asyncio.get_running_loop().time(), self._wait(attempt, failure.wait)
            if isinstance(failure, RateLimited):
                throttle.slow_down(now, sent, self._distance, limits.longest_wait)
                throttle.pause(now, wait)
            spent += now - sent + wait
            if attempt >= limits.tries or spent > _patience(limits, failure):
                raise failure
            if not isinstance(failure, RateLimited):
                await self._rest(request, wait)
        raise AssertionError  # pragma: no cover - count() does not end

    async def _outcome(self, request: Request) -> tuple[Answer | None, RetryLater | None]:
        """The answer, and the failure that repeating this request might mend."""
        try:
            answer = await self._send(request)
        except NotReached as failure:
            return None, failure
        except Unavailable as failure:
            if request.method != "GET" or self._stopping.is_set():
                raise
            return None, failure
        fault = answer.fault() if answer.status >= 400 else None
        if isinstance(fault, RateLimited) or (isinstance(fault, Unavailable) and request.method == "GET"):
            return answer, fault
        return answer, None

    async def _send(self, request: Request) -> Answer:
        self.requests += 1
        try:
            async with self._open().request(
                request.method,
                URL(request.url, encoded=True),
                data=request.content,
                headers=request.headers,
                allow_redirects=False,
                timeout=self._time(request),
            ) as response:
                return Answer(
                    request,
                    response.status,
                    response.headers.get("Content-Type", "").lower()[:80],
                    retry_after(response.headers.get("Retry-After")),
                    await self._read(request, response),
                    self._hidden,
                    response.headers.get("Location", ""),
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise trouble(error, request) from None

    async def _read(self, request: Request, response: aiohttp.ClientResponse) -> bytes:
        content = response.content
        chunk = await content.readany()
        if content.at_eof() and len(chunk) <= self.limits.size:
            return chunk  # most often that was all
        body = bytearray()
        while chunk:
            body += chunk
            if len(body) > self.limits.size:
                raise Incompatible(problem="TooLarge", address=request.address, limit=self.limits.size)
            chunk = await content.readany()
        return bytes(body)

    def _throttle(self, request: Request) -> Throttle:
        start = request.url[: request.url.find("/", len("https://"))]
        throttle = self._throttles.get(start)
        if throttle is None:
            try:
                throttle = self._throttles[start] = throttle_of(request.url, self._concurrency)
            except ValueError as error:
                raise trouble(error, request) from None
        return throttle

    async def _turn(self, throttle: Throttle, request: Request) -> float:
        """Wait for a lane, and for this request's turn in it; gives back when that came. The lane is the caller's.

        Nobody holds a lane during a pause. Raises RateLimited where that is too long.
        """
        clock = asyncio.get_running_loop().time
        while True:
            while (pause := throttle.resume - clock()) > 0:
                if pause > self.limits.patience:
                    raise rate_limited(pause, method=request.method, address=request.address)
                await self._rest(request, max(pause, _TICK))
            await self._lane(throttle, request)
            try:
                now, rounds = clock(), throttle.rounds
                if throttle.resume <= now:
                    delay = throttle.take(now, self._distance) - now
                    if delay <= _TICK and not self._stopping.is_set():
                        return now
                    await self._rest(request, delay)
                    if throttle.rounds == rounds:
                        return clock()
            except BaseException:
                throttle.lanes.release()
                raise
            throttle.lanes.release()

    async def _lane(self, throttle: Throttle, request: Request) -> None:
        """Wait for a lane, but not beyond `stop`. Raises Unavailable then."""
        if not throttle.lanes.locked():
            await throttle.lanes.acquire()  # at once
            return
        waits = asyncio.timeout(None)
        try:
            async with waits:
                self._waits.add(waits)
                await throttle.lanes.acquire()
        except TimeoutError:
            await self._rest(request, 0)  # stopping
        finally:
            self._waits.discard(waits)

    async def _rest(self, request: Request, seconds: float) -> None:
        """Wait, but not beyond `stop`. Raises Unavailable then."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)
        if self._stopping.is_set():
            raise Unavailable(problem="Stopping", method=request.method, address=request.address)

    def _wait(self, attempt: int, asked: float | None) -> float:
        """Exponential back-off with jitter, and never less than the target asked for."""
        limits = self.limits
        backoff: float = min(limits.longest_wait, limits.first_wait * 2 ** (attempt - 1)) * (0.5 + self._chance() / 2)
        return backoff if asked is None else asked + min(backoff, 0.1) * self._chance()

    def _time(self, request: Request) -> aiohttp.ClientTimeout:
        if request.within is None:
            return self._usual_time
        return aiohttp.ClientTimeout(total=request.within, sock_connect=self.limits.connect)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),  # the lanes of each target are limit enough
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Provisor"},
            )
        return self._session


def _patience(limits: Limits, failure: RetryLater) -> float:
    return limits.unreached if isinstance(failure, NotReached) else limits.patience


def _judged(answer: Answer, expected: Collection[int]) -> Answer:
    fault = None if answer.status in expected and answer.status >= 300 else answer.fault()
    if fault is not None:
        raise fault
    return answer
