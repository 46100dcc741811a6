"""The SCIM emulator: one app with users, on a loopback port."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Final

import msgspec
from aiohttp import web

from provisor.testing.scim import documents
from provisor.testing.scim.fault import Fault
from provisor.testing.scim.gate import ROOT, Gate, json
from provisor.testing.scim.options import Options
from provisor.testing.scim.people import People
from provisor.testing.scim.places import CORE, Resource
from provisor.testing.scim.refusal import Refusal

HOST: Final = "127.0.0.1"
LARGEST_BODY: Final = 16 * 2**20
BULK_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


class ScimEmulator:
    """One emulated app; its users outlive `stop`, so that an outage can be played."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.people = People(self.options)
        self.bodies: list[tuple[str, Resource]] = []  # everything that was sent, if `remember`
        self.remember = False
        self.before: dict[str, Callable[[], object]] = {}  # done once, before the next request of that method
        self.url = self._users = ""
        self.gate = Gate(self.options)
        self._runner: web.AppRunner | None = None

    # ---- running ------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> str:
        """Listens on 127.0.0.1 and answers the address; port 0 takes a free one."""
        app = web.Application(middlewares=[self.gate.middleware()], client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                web.get(f"{ROOT}/Users", self._list),
                web.post(f"{ROOT}/Users", self._create),
                web.get(f"{ROOT}/Users/{{id}}", self._get),
                web.put(f"{ROOT}/Users/{{id}}", self._put),
                web.patch(f"{ROOT}/Users/{{id}}", self._patch),
                web.delete(f"{ROOT}/Users/{{id}}", self._delete),
                web.post(f"{ROOT}/Bulk", self._bulk),
                web.get(f"{ROOT}/ServiceProviderConfig", self._document),
                web.get(f"{ROOT}/ResourceTypes", self._document),
                web.get(f"{ROOT}/Schemas", self._document),
                web.post("/oauth/token", self.gate.token),
                web.get("/_emulator/state", self._state),
                web.get("/_emulator/counts", self._counts),
                web.post("/_emulator/reset-counters", self._reset),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, port).start()
        self.url = f"http://{HOST}:{runner.addresses[0][1]}{ROOT}"
        self._users = f"{self.url}/Users"
        return self.url

    async def stop(self) -> None:
        """Stops listening; may be started again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> ScimEmulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # ---- from outside -------------------------------------------------------------------------------------------

    @property
    def users(self) -> dict[str, Resource]:
        """Every user by id, the hidden included."""
        return self.people.users

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How many requests came, by method and path below the root; ids are {id}."""
        return self.gate.requests

    @property
    def token_url(self) -> str:
        return self.url.removesuffix(ROOT) + "/oauth/token"

    def user(self, user_name: str) -> Resource:
        """The user of that name."""
        return next(user for user in self.users.values() if user["userName"].casefold() == user_name.casefold())

    def count(self, method: str, path: str = "") -> int:
        """How many requests of that method came, below a path such as /Users."""
        return sum(number for (verb, asked), number in self.requests.items() if verb == method and path in asked)

    @property
    def writes(self) -> int:
        """How many requests came that may change something."""
        return sum(number for (verb, asked), number in self.requests.items() if verb != "GET" and asked != "/token")

    def inject(self, fault: Fault) -> None:
        """Puts a fault in force."""
        self.gate.faults.append(fault)

    def clear_faults(self) -> None:
        self.gate.faults.clear()

    def expire_tokens(self) -> None:
        """Every access token that was given is good no more."""
        self.gate.tokens.clear()

    def reset_counters(self) -> None:
        self.requests.clear()
        self.bodies.clear()

    async def _body(self, request: web.Request) -> Resource:
        if meanwhile := self.before.pop(request.method, None):
            meanwhile()
        try:
            body = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            raise Refusal(400, "not JSON", "invalidSyntax") from None
        if not isinstance(body, dict):
            raise Refusal(400, "not an object", "invalidSyntax")
        if self.remember:
            self.bodies.append((request.method, msgspec.json.decode(msgspec.json.encode(body))))
        return body

    # ---- users --------------------------------------------------------------------------------------------------

    async def _list(self, request: web.Request) -> web.Response:
        options, query = self.options, request.query
        if "count" in query and options.count == "fails":
            raise Refusal(500, "count is too much for me")
        found = self.people.found(query.get("filter"))
        if not found and "filter" in query and options.nobody == "404":
            raise Refusal(404, "nobody is called that")
        start = max(1, int(query.get("startIndex", 1))) if options.start_index == "taken" else 1
        size = min(int(query.get("count", options.default_page)), options.max_results)
        page: list[Resource] | None = [
            self.people.show(key, self._users) for key in found[start - 1 : start - 1 + size]
        ]
        body: Resource = {"schemas": [documents.LIST], "startIndex": start, "itemsPerPage": len(page or ())}
        if not found and options.nobody == "null":
            page = None
        body["Resources"] = page
        if options.totals != "missing":
            body["totalResults"] = str(len(found)) if options.totals == "text" else len(found)
        if options.extra_members:
            body |= {"nextCursor": None, "x-took": 12}
        return json(body)

    async def _create(self, request: web.Request) -> web.Response:
        key = self.people.add(await self._body(request))
        location = {"Location": f"{self._users}/{key}"}
        match self.options.creates:
            case "body":
                return json(self.people.show(key, self._users), 201, location)
            case "location":
                return web.Response(status=201, headers=location)
            case "nothing":
                return web.Response(status=201)

    async def _get(self, request: web.Request) -> web.Response:
        key = request.match_info["id"]
        self.people.get(key)
        return json(self.people.show(key, self._users))

    async def _put(self, request: web.Request) -> web.Response:
        if self.options.updates == "PATCH":
            raise Refusal(405, "there is no PUT here")
        return self._changed(self.people.replace(request.match_info["id"], await self._body(request)))

    async def _patch(self, request: web.Request) -> web.Response:
        if self.options.updates == "PUT":
            raise Refusal(405, "there is no PATCH here")
        return self._changed(self.people.patch(request.match_info["id"], await self._body(request)))

    def _changed(self, key: str) -> web.Response:
        match self.options.update_answer:
            case "body":
                return json(self.people.show(key, self._users))
            case "part":
                return json({"id": key, "schemas": [CORE]})
            case "empty":
                return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        self.people.remove(request.match_info["id"])
        return web.Response(status=204)

    async def _bulk(self, request: web.Request) -> web.Response:
        if not self.options.bulk:
            raise Refusal(404, "there is no /Bulk here")
        if int(request.content_length or 0) > self.options.max_payload:
            raise Refusal(413, "too large")
        operations = (await self._body(request)).get("Operations") or []
        if len(operations) > self.options.max_operations:
            raise Refusal(413, "too many operations", "tooMany")
        done = [self._one_of_many(operation) for operation in operations]
        if self.options.bulk_order == "reversed":
            done.reverse()
        return json({"schemas": [BULK_RESPONSE], "Operations": done})

    def _one_of_many(self, operation: Resource) -> Resource:
        told = {"method": operation.get("method"), "bulkId": operation.get("bulkId")}
        try:
            if (operation.get("method"), operation.get("path")) != ("POST", "/Users"):
                raise Refusal(400, "only new users in bulk", "invalidPath")
            key = self.people.add(operation["data"])
        except Refusal as refusal:
            return {**told, "status": str(refusal.status), "response": refusal.body}
        return {**told, "status": "201", "location": f"{self._users}/{key}"}

    # ---- the rest -----------------------------------------------------------------------------------------------

    async def _document(self, request: web.Request) -> web.Response:
        if self.options.config == "missing":
            raise Refusal(404, "nothing is said here")
        if self.options.config == "broken":
            return web.Response(text="<html>It works!</html>", content_type="text/html")
        match request.path.rpartition("/")[2]:
            case "ServiceProviderConfig":
                return json(documents.config(self.options))
            case "ResourceTypes":
                return json(documents.resource_types())
            case _:
                return json(documents.schemas())

    async def _state(self, _request: web.Request) -> web.Response:
        shown = [self.people.show(key, self._users) for key in self.users]
        return json({"users": shown, "requests": self._counted()})

    async def _counts(self, _request: web.Request) -> web.Response:
        return json({"users": len(self.users), "requests": self._counted()})

    async def _reset(self, _request: web.Request) -> web.Response:
        self.reset_counters()
        return web.Response(status=204)

    def _counted(self) -> list[Resource]:
        return [{"method": verb, "path": path, "count": n} for (verb, path), n in self.requests.items()]


async def run(
    options: Options, port: int, until: asyncio.Event, started: Callable[[ScimEmulator], None] | None = None
) -> None:
    """Serves until `until` is set; `started` is told once it listens. Raises OSError when the port is taken."""
    emulator = ScimEmulator(options)
    try:
        await emulator.start(port)
        if started is not None:
            started(emulator)
        await until.wait()
    finally:
        await emulator.stop()
