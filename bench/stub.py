"""A SCIM target that costs next to nothing, in a process of its own: it counts requests and keeps the bodies.

python -m bench.stub [--latency SECONDS] [--bulk]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ROOT = "/scim/v2"
PAGE = 1000
LIST = b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],'
NAME = re.compile(rb'"userName":\s*"([^"]*)"')
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
REASONS = {200: b"OK", 201: b"Created", 404: b"Not Found", 409: b"Conflict"}


class App:
    """The users, and what was asked."""

    def __init__(self, *, bulk: bool) -> None:
        self.users: list[bytes] = []
        self.numbers: dict[bytes, int] = {}  # by userName
        self.bodies: list[bytes] = []
        self.counts: Counter[str] = Counter()
        self._bulk = bulk

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        if method == "POST" and target == f"{ROOT}/Users":
            self.counts["POST /Users"] += 1
            return self.create(body)
        path, _, query = target.partition("?")
        if path.startswith("/_/"):
            return self._aside(path)
        self.counts[f"{method} {path.removeprefix(ROOT).split('/u')[0]}"] += 1
        match method, path.removeprefix(ROOT):
            case "GET", "/ServiceProviderConfig":
                bulk = {"supported": self._bulk, "maxOperations": 1000, "maxPayloadSize": 2**20}
                return 200, json.dumps({"bulk": bulk, "filter": {"supported": True, "maxResults": PAGE}}).encode()
            case "GET", "/Users":
                return self._list(query)
            case "POST", "/Bulk":
                return 200, self._many(json.loads(body))
            case "GET", one:
                return 200, self._user(_number(one))
            case "PATCH", one:
                return self._change(_number(one), json.loads(body))
        return 404, b"{}"

    def create(self, body: bytes) -> tuple[int, bytes]:
        found = NAME.search(body)
        name = found.group(1) if found else b""
        if name in self.numbers:
            return 409, b'{"scimType":"uniqueness"}'
        number = self.numbers[name] = len(self.users)
        user = b'{"id":"u%d",' % number + body[1:]
        self.users.append(user)
        self.bodies.append(body)
        return 201, user

    def _list(self, query: str) -> tuple[int, bytes]:
        asked = parse_qs(query)
        start, count = int(asked.get("startIndex", ["1"])[0]), min(PAGE, int(asked.get("count", ["100"])[0]))
        found = self.users[start - 1 : start - 1 + count]
        total = len(self.users)
        if "filter" in asked:
            name = unquote(asked["filter"][0]).split('"')[1].encode()
            found = [self.users[self.numbers[name]]] if name in self.numbers else []
            total = len(found)
        said = b'"totalResults":%d,"itemsPerPage":%d,"startIndex":%d,' % (total, len(found), start)
        return 200, LIST + said + b'"Resources":[' + b",".join(found) + b"]}"

    def _many(self, asked: dict[str, Any]) -> bytes:
        done = []
        for one in asked["Operations"]:
            status, user = self.create(json.dumps(one["data"]).encode())
            location = f"{ROOT}/Users/{json.loads(user).get('id')}"
            done.append({"bulkId": one["bulkId"], "method": "POST", "status": str(status), "location": location})
        return json.dumps({"schemas": [], "Operations": done}).encode()

    def _change(self, number: int, asked: dict[str, Any]) -> tuple[int, bytes]:
        user = json.loads(self._user(number))
        for one in asked["Operations"]:
            values = {one["path"]: one["value"]} if "path" in one else one["value"]
            for name, value in values.items():
                outer, _, inner = name.partition(".")
                if inner and ":" not in name and "[" not in name:
                    user.setdefault(outer, {})[inner] = value
                else:
                    user[name] = value
        said = json.dumps(user).encode()
        if number < len(self.users):
            self.users[number] = said
        return 200, said

    def _user(self, number: int) -> bytes:
        """One that was made here, or one that is only said to have been."""
        return self.users[number] if number < len(self.users) else b'{"id":"u%d","active":true}' % number

    def _aside(self, path: str) -> tuple[int, bytes]:
        """What is not counted: the counts, the bodies, and an empty app."""
        match path:
            case "/_/counts":
                return 200, json.dumps(self.counts).encode()
            case "/_/bodies":
                return 200, b"[" + b",".join(self.bodies) + b"]"
            case "/_/reset":
                self.counts.clear()
            case "/_/empty":
                self.__init__(bulk=self._bulk)  # type: ignore[misc]
        return 200, b"{}"


class Wire(asyncio.Protocol):
    """HTTP/1.1 with kept connections, one request after the other, and not a byte more than needed."""

    def __init__(self, app: App, latency: float) -> None:
        self._app = app
        self._latency = latency
        self._read = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._write = transport.write

    def data_received(self, data: bytes) -> None:
        self._read += data
        for method, target, body in self._requests():
            status, said = self._app.answer(method, target, body)
            head = b"HTTP/1.1 %d %s\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n"
            answer = head % (status, REASONS[status], len(said)) + said
            if self._latency and not target.startswith("/_/"):
                self._loop.call_later(self._latency, self._write, answer)
            else:
                self._write(answer)

    def _requests(self) -> Iterator[tuple[str, str, bytes]]:
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end]
            found = LENGTH.search(head)
            whole = end + 4 + (int(found.group(1)) if found else 0)
            if len(self._read) < whole:
                return
            method, target, _ = head[: head.index(b"\r\n")].decode("ascii").split(" ")
            body, self._read = self._read[end + 4 : whole], self._read[whole:]
            yield method, urlsplit(target)._replace(scheme="", netloc="").geturl(), body


def _number(path: str) -> int:
    return int(path.rpartition("/u")[2])


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--bulk", action="store_true")
    asked = parser.parse_args()
    app = App(bulk=asked.bulk)
    server = await asyncio.get_running_loop().create_server(lambda: Wire(app, asked.latency), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{ROOT}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
