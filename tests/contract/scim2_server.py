"""The real scim2-server, served by a thread, and a proxy in front of it in which things go wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import aiohttp
import msgspec
from aiohttp import web
from scim2_models import ScimProvider
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BEARER_TOKEN_SCHEME, BearerTokenApplication
from scim2_server.testserver.cli import ThreadingWSGIServer
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)

from provisor.testing.scim import Fault

TOKEN = "scim2-server-token"
HOP_BY_HOP = {"transfer-encoding", "connection", "content-length", "date", "server"}


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are not printed."""


class _Server(ThreadingWSGIServer):
    request_queue_size = 128


@contextmanager
def scim2_server() -> Iterator[str]:
    """The address of a fresh scim2-server."""
    config = load_default_service_provider_config()
    config.authentication_schemes = [BEARER_TOKEN_SCHEME]
    provider = ScimProvider.from_discovery(
        load_default_schemas().values(), load_default_resource_types().values(), config=config
    )
    service = ScimService(provider, secret="a secret of the tests")
    application = BearerTokenApplication(InMemoryStorage(), provider, service=service, bearer_tokens=[TOKEN])
    with make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v2"
        finally:
            server.shutdown()
            thread.join()


class Proxy:
    """Passes everything on, remembers what was sent, and lets faults strike."""

    def __init__(self, behind: str) -> None:
        self.url = ""
        self.faults: list[Fault] = []
        self.bodies: list[tuple[str, dict[str, object]]] = []
        self.sent: list[str] = []  # the methods, in order
        self.behind = behind.removesuffix("/v2")
        self._session: aiohttp.ClientSession | None = None

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        self.sent.append(request.method)
        if content:
            self.bodies.append((request.method, msgspec.json.decode(content)))
        fault = next((one for one in self.faults if one.strikes(request.method, request.path)), None)
        match fault.kind if fault else None:
            case "unauthorized":
                return web.json_response({"detail": "no"}, status=401)
            case "rate-limited":
                return web.json_response({"detail": "slow"}, status=429, headers={"Retry-After": "7"})
            case "server-error":
                return web.json_response({"detail": "broken"}, status=500)
            case "dropped":
                return self._drop(request)
            case _:
                answer = await self._ask(request, content)
                return self._drop(request) if fault else answer

    async def _ask(self, request: web.Request, content: bytes) -> web.Response:
        assert self._session is not None
        headers = {key: value for key, value in request.headers.items() if key.lower() not in ("host", "connection")}
        async with self._session.request(
            request.method, f"{self.behind}{request.raw_path}", data=content, headers=headers
        ) as answer:
            kept = {key: value for key, value in answer.headers.items() if key.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    def _drop(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


@asynccontextmanager
async def proxied() -> AsyncIterator[Proxy]:
    """scim2-server behind a proxy."""
    with scim2_server() as behind:
        proxy = Proxy(behind)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", proxy.pass_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v2"
        try:
            async with aiohttp.ClientSession(auto_decompress=False) as proxy._session:
                yield proxy
        finally:
            await runner.cleanup()
            await asyncio.sleep(0)
