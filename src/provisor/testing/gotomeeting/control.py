"""`/_emulator/…`: the test hooks over HTTP, for processes; no sign-in, no rate limit, never counted."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from aiohttp import web

from provisor.testing.gotomeeting.answer import Refused, done, gateway, json
from provisor.testing.gotomeeting.fault import Fault, Faults
from provisor.testing.gotomeeting.options import LIVE, Options

Hook = Callable[..., object]


class Controlled(Protocol):
    """What the control routes need of an emulator."""

    options: Options
    faults: Faults

    def state(self) -> dict[str, object]:
        """Users, licences, mails, journal and counts, ready for JSON."""

    def reset_counters(self) -> None:
        """Forgets counts, mails and journal."""

    def hooks(self) -> Mapping[str, Hook]:
        """What can be done to the account from outside, by name."""


class Control:
    """Answers `/_emulator/`."""

    def __init__(self, emulator: Controlled) -> None:
        self._emulator = emulator

    def routes(self) -> list[web.RouteDef]:
        """The control routes."""
        return [
            web.get("/_emulator/state", self.state, allow_head=False),
            web.get("/_emulator/faults", self.faults, allow_head=False),
            web.post("/_emulator/faults", self.inject),
            web.delete("/_emulator/faults", self.clear),
            web.delete("/_emulator/faults/{id}", self.clear),
            web.post("/_emulator/hooks/{hook}", self.hook),
            web.patch("/_emulator/options", self.switch),
            web.post("/_emulator/reset-counters", self.reset),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Everything the emulator holds and remembers."""
        return json(self._emulator.state())

    async def faults(self, _request: web.Request) -> web.Response:
        """The faults in force, with what they struck."""
        return json(self._emulator.faults.armed)

    async def inject(self, request: web.Request) -> web.Response:
        """Puts the fault in the body in force and answers its id."""
        try:
            body = msgspec.json.decode(await request.read(), type=dict[str, Any])
            unknown = body.keys() - {field.name for field in dataclasses.fields(Fault)}
            if unknown:
                return _wrong(f"no such field: {', '.join(sorted(unknown))}")
            name = self._emulator.faults.inject(msgspec.convert(body, Fault))
        except (msgspec.DecodeError, ValueError) as wrong:
            return _wrong(str(wrong))
        return json({"id": name}, 201)

    async def clear(self, request: web.Request) -> web.Response:
        """Lifts one fault, or all."""
        self._emulator.faults.clear(request.match_info.get("id"))
        return done()

    async def hook(self, request: web.Request) -> web.Response:
        """Calls a hook with the properties of the body as its arguments."""
        hook = self._emulator.hooks().get(request.match_info["hook"])
        if hook is None:
            return gateway(404, "NOT_FOUND", f"hooks: {', '.join(sorted(self._emulator.hooks()))}")
        try:
            arguments = msgspec.json.decode(await request.read() or b"{}", type=dict[str, Any])
            inspect.signature(hook).bind(**arguments)
            result = hook(**arguments)
        except (msgspec.DecodeError, TypeError, LookupError, ValueError) as wrong:
            return _wrong(str(wrong))
        except Refused as refused:
            return _wrong(": ".join(refused.errors[0]))
        return done() if result is None else json(result)

    async def switch(self, request: web.Request) -> web.Response:
        """Changes options that take effect at once."""
        options = self._emulator.options
        try:
            wanted = msgspec.json.decode(await request.read(), type=dict[str, Any])
            barred = wanted.keys() - LIVE
            if barred:
                return _wrong(f"cannot be changed now: {', '.join(sorted(barred))}")
            merged = msgspec.convert({name: getattr(options, name) for name in LIVE} | wanted, Options)
        except (msgspec.DecodeError, ValueError) as wrong:
            return _wrong(str(wrong))
        for name in wanted:
            setattr(options, name, getattr(merged, name))
        return done()

    async def reset(self, _request: web.Request) -> web.Response:
        """Forgets counts, mails and journal."""
        self._emulator.reset_counters()
        return done()


def _wrong(message: str) -> web.Response:
    return gateway(400, "BAD_REQUEST", message)
