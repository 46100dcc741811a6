"""A scripted HTTP server on loopback, and a hasty transport to it, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from provisor.connectors.http import Limits, Transport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HASTY = Limits(connect=2, answer=10, tries=3, patience=5, first_wait=0.01, longest_wait=0.02)


class Script:
    """Answers each request by the next of its handlers, the last one for ever."""

    def __init__(self, *handlers: Handler) -> None:
        self.handlers = handlers
        self.seen: list[str] = []
        self.at: list[float] = []
        self.headers: list[str] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(request.method)
        self.headers.append(request.headers.get("Authorization", ""))
        self.at.append(asyncio.get_running_loop().time())
        return await self.handlers[min(len(self.seen), len(self.handlers)) - 1](request)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def transport(limits: Limits = HASTY, **how: Any) -> AsyncIterator[Transport]:
    made = Transport(**{"rate": 10_000, "concurrency": 8, "limits": limits, **how})
    try:
        yield made
    finally:
        await made.close()


def says(status: int, body: object = None, **headers: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def sends(status: int, text: str, content_type: str = "text/html") -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=content_type)

    return answer


async def drops(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def truncates(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'{"a":')
    assert request.transport is not None
    request.transport.close()
    return answer
