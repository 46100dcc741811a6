"""Real processes for journeys: started on 127.0.0.1, stopped by pid."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PROVISOR = str(Path(sys.executable).parent / "provisor")
PATIENCE = 60.0  # seconds until a process must have said that it is ready


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    return {**kept, "PROVISOR_HOME": str(home), "NO_COLOR": "1", "COLUMNS": "120", **more}


def run(home: Path, *words: str, given: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        [PROVISOR, *words],
        env=environment(home, **more),
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(home: Path, *words: str, log: IO[str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROVISOR, *words], env=environment(home), stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL, text=True
    )


def address_of(process: subprocess.Popen[str]) -> str:
    """The address that a process prints once it answers."""
    assert process.stdout is not None
    said, until = "", time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        if select.select([process.stdout], [], [], 0.1)[0]:
            said += os.read(process.stdout.fileno(), 65536).decode()
        if found := re.search(r"http://127\.0\.0\.1:\d+", said):
            return found.group()
    raise AssertionError(f"never ready: {said!r}, exit {process.poll()}")


def stop(process: subprocess.Popen[str], within: float = 20.0) -> int:
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
