"""Real processes for journeys: started on 127.0.0.1, stopped by pid."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from tests import preloaded

SHARED = ("PROVISOR_DATABASE_URL",)  # what a test sets for all its processes
PATIENCE = 60.0  # seconds until a process must have said that it is ready


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_") or name in SHARED}
    return {**kept, "PROVISOR_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "120", **more}


def run(home: Path, *words: str, given: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    with TemporaryFile("w+") as typed, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        typed.write(given or "")
        typed.seek(0)
        streams = (typed.fileno(), out.fileno(), err.fileno())
        code = preloaded.start(words, environment(home, **more), *streams).wait(120)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def start(home: Path, *words: str, log: IO[str] | None = None) -> preloaded.Process:
    """A command that stays; its standard output can be read."""
    read, write = os.pipe()
    with open(os.devnull, "r+") as nothing, open(write, "w") as out:
        streams = (nothing.fileno(), out.fileno(), (log or nothing).fileno())
        return preloaded.start(words, environment(home), *streams, read=open(read))


def address_of(process: preloaded.Process) -> str:
    """The address that a process prints once it answers."""
    assert process.stdout is not None
    said, until = "", time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if select.select([process.stdout], [], [], 0.1)[0]:
            said += os.read(process.stdout.fileno(), 65536).decode()
        if found := re.search(r"http://127\.0\.0\.1:\d+", said):
            return found.group()
    raise AssertionError(f"never ready: {said!r}, exit {process.poll()}")


def stop(process: preloaded.Process, within: float = 20.0) -> int:
    process.terminate()
    try:
        return process.wait(within)
    finally:
        process.kill()


@contextmanager
def emulator(home: Path, *words: str) -> Iterator[str]:
    """The emulator as a process of its own; gives its address."""
    process = start(home, "emulate", "gotomeeting", "--port", "0", *words)
    try:
        yield address_of(process)
    finally:
        stop(process)


def credentials(address: str) -> Mapping[str, str]:
    """What connects GoToMeeting to an emulator at that address."""
    return {
        "BaseAddress": address,
        "Oauth2TokenExchangeUri": f"{address}/oauth/token",
        "UserName": "admin@example.com",
        "Password": "admin-password",
        "Oauth2ClientId": "emulator-client",
        "Oauth2ClientSecret": "emulator-secret",
    }
