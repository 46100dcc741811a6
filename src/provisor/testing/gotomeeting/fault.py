"""Misbehaviour on demand: what goes wrong, for which requests, and how often."""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from aiohttp import web

FaultKind = Literal[
    "too-many-requests", "server-error", "slow", "lost-reply", "html", "expired-token", "no-seat", "licence-kept"
]
_ADMIN: Final = "^/admin/"
_METHOD: Final[dict[FaultKind, str]] = {"no-seat": "POST|PUT", "licence-kept": "DELETE"}
_PATH: Final[dict[FaultKind, str]] = {"no-seat": r"/licenses/|/users$|/users\?", "licence-kept": "/licenses/"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    It concerns requests whose method wholly matches `method` and whose decoded path, with or without its query,
    contains a match of `path` (default: the Admin API; name `^/oauth/` for the token endpoints). Of those the first
    `after` are spared, then every `every`-th is struck, `times` in all (None: always). `status` is what
    `server-error` (default 502) and `licence-kept` (default: a 204 that did nothing) answer; `body` is the JSON text
    that `server-error` answers in place of a page; `seconds` is how long `slow` waits; `carried_out` lets a
    `server-error` come after the write was done, as `lost-reply` always does.
    """

    kind: FaultKind
    method: str | None = None
    path: str | None = None
    times: int | None = None
    every: int = 1
    after: int = 0
    status: int | None = None
    seconds: float = 1
    body: str | None = None
    carried_out: bool = False


@dataclass(slots=True)
class Armed:
    """A fault in force, with what it met and struck so far."""

    id: str
    fault: Fault
    met: int = 0
    struck: int = 0

    def strikes(self, request: web.Request) -> bool:
        """Whether this request is one of those concerned; counts it."""
        fault = self.fault
        method, path = fault.method or _METHOD.get(fault.kind, ".*"), fault.path or _PATH.get(fault.kind, _ADMIN)
        if not re.fullmatch(method, request.method):
            return False
        if not (re.search(path, request.path) or re.search(path, unquote(request.raw_path))):
            return False
        self.met += 1
        due = self.met > fault.after and (self.met - fault.after) % max(fault.every, 1) == 0
        if not due or (fault.times is not None and self.struck >= fault.times):
            return False
        self.struck += 1
        return True


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self.armed: list[Armed] = []
        self._count = 0

    def inject(self, fault: Fault) -> str:
        """Puts `fault` in force and names it; raises ValueError on a pattern that is none."""
        for pattern in (fault.method, fault.path):
            try:
                re.compile(pattern or "")
            except re.error as broken:
                raise ValueError(f"not a regular expression: {pattern}") from broken
        self._count += 1
        self.armed.append(Armed(f"fault-{self._count}", fault))
        return self.armed[-1].id

    def clear(self, fault_id: str | None = None) -> None:
        """Lifts one fault, or all."""
        self.armed = [armed for armed in self.armed if fault_id is not None and armed.id != fault_id]

    def strike(self, request: web.Request) -> tuple[float, Fault | None]:
        """How long to wait, and the first other fault that strikes this request."""
        wait = 0.0
        for armed in self.armed:
            if not armed.strikes(request):
                continue
            if armed.fault.kind != "slow":
                return wait, armed.fault
            wait += armed.fault.seconds
        return wait, None
