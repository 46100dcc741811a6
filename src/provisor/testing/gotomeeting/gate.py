"""What every request passes on its way to the service and back: counts, rate limit, faults, error bodies."""

import asyncio
import time
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from provisor.testing.gotomeeting.answer import OAuthRefused, Refused, done, gateway, oauth_refusal, page, refusal
from provisor.testing.gotomeeting.fault import Fault, Faults
from provisor.testing.gotomeeting.options import Options
from provisor.testing.gotomeeting.session import Sessions

CONTROL: Final = "/_emulator/"
UNROUTED: Final = "*"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Template = tuple[str, str]


class Limit:
    """At most so many requests in any one second for each API; what is refused does not count."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = {}

    def admits(self, api: str, rate: float | None) -> bool:
        """Is one more request to `api` within `rate` a second? Below 1 it is one in 1/rate seconds; 0 is no limit."""
        if not rate:
            return True
        now, room = time.monotonic(), max(int(rate), 1)
        passed = self._passed.setdefault(api, deque())
        while passed and now - passed[0] >= room / rate:
            passed.popleft()
        if len(passed) >= room:
            return False
        passed.append(now)
        return True


class Gate:
    """The middleware around the service, and its counts by (method, route template)."""

    def __init__(self, options: Options, sessions: Sessions, faults: Faults) -> None:
        self.requests: Counter[Template] = Counter()
        self.answers: Counter[tuple[str, str, int]] = Counter()
        self._options = options
        self._sessions = sessions
        self._faults = faults
        self._limit = Limit()

    def middleware(self) -> Middleware:
        """What aiohttp wants of a middleware."""

        @web.middleware
        async def passage(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith(CONTROL):
                return await handler(request)
            resource = request.match_info.route.resource
            template = UNROUTED if resource is None else resource.canonical
            self.requests[request.method, template] += 1
            answer = await self._pass(request, handler)
            self.answers[request.method, template, answer.status] += 1
            return answer

        return passage

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._limit.admits(request.path.split("/", 2)[1], self._options.rate_limit):
            return _too_many()
        wait, fault = self._faults.strike(request)
        if wait + self._options.latency:
            await asyncio.sleep(wait + self._options.latency)
        if fault is None:
            return await _served(request, handler)
        return await self._struck(request, handler, fault)

    async def _struck(self, request: web.Request, handler: Handler, fault: Fault) -> web.StreamResponse:
        match fault.kind:
            case "too-many-requests":
                return _too_many()
            case "html":
                return page(200, "We will be right back")
            case "no-seat":
                return refusal(Refused(409, "license.seats.exceeded"), _incident())
            case "licence-kept":
                refused = fault.status is not None
                return (
                    refusal(Refused(fault.status or 500, "license.removal.failed"), _incident()) if refused else done()
                )
            case "expired-token":
                self._sessions.expire(request)
                return await _served(request, handler)
            case "server-error":
                if fault.carried_out:
                    await _served(request, handler)
                if fault.body is not None:
                    return web.Response(text=fault.body, status=fault.status or 502, content_type="application/json")
                return page(fault.status or 502, "Bad gateway")
            case "lost-reply":
                answer = await _served(request, handler)
                if request.transport is not None:
                    request.transport.abort()
                return answer
            case "slow":
                return await _served(request, handler)


async def _served(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refusal(refused, _incident())
    except OAuthRefused as refused:
        return oauth_refusal(refused)
    except web.HTTPMethodNotAllowed as refused:
        answer = gateway(405, "METHOD_NOT_ALLOWED", "The method is not allowed for this resource")
        answer.headers["Allow"] = refused.headers["Allow"]
        return answer
    except web.HTTPNotFound:
        return gateway(404, "NOT_FOUND", "The requested resource does not exist")


def _too_many() -> web.Response:
    return gateway(429, "TOO_MANY_REQUESTS", "Request rate limit exceeded")


def _incident() -> str:
    return str(uuid.uuid4().int)[:19]
