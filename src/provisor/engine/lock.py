"""One service a home: an operating system lock, which a crash gives back."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from provisor.domain.error import Refused

SERVICE = "the service"
PATIENCE = 10  # tries: whoever only looks holds the lock for an instant
PAUSE = 0.05  # seconds


@contextmanager
def home_lock(home: Path, now: datetime, purpose: str) -> Iterator[None]:
    """Hold the home. Refused (AlreadyRunning) with the holder's pid and start where somebody else does."""
    path = home / "provisor.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        if not _taken(file):
            raise Refused("AlreadyRunning", **_holder(path))
        file.truncate(0)
        json.dump({"pid": os.getpid(), "since": now.isoformat(timespec="seconds"), "purpose": purpose}, file)
        file.flush()
        yield


def _taken(file: IO[str]) -> bool:
    for _ in range(PATIENCE):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(PAUSE)
        else:
            return True
    return False


def running(home: Path) -> dict[str, str] | None:
    """Who holds the home, if anybody does."""
    path = home / "provisor.lock"
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return _holder(path)
    return None


def _holder(path: Path) -> dict[str, str]:
    """What the holder wrote, which it may be just about to write."""
    try:
        said = json.loads(path.read_text())
    except ValueError:
        said = {}
    return {"pid": "?", "since": "?", "purpose": "?", **{name: str(value) for name, value in said.items()}}
