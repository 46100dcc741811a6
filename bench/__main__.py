"""Runs it all, each part in a process of its own, and says what it cost: a table, and the same as JSON.

    make bench [PEOPLE=10000] [ENTRIES=1000000]

Figures of one machine are no promise for another, and a machine that is busy with something else shows nothing at all;
that is why the bare loop runs in between, and why the ratios to it are what to look at.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from bench.report import Found, table
from provisor.connector import Connection
from provisor.flow.push import Pace

PEOPLE = int(os.environ.get("PEOPLE") or 10_000)
ENTRIES = int(os.environ.get("ENTRIES") or 1_000_000)
LATENCIES = (0.0, 0.02)  # seconds
LIMIT = 240  # seconds that one part may take
RESULT = Path("build/bench.json")


def concurrency() -> int:
    """How many requests the engine has under way at the most."""
    places = next(field.default for field in fields(Connection) if field.name == "concurrency")
    return min(Pace().concurrency, int(str(places)))


@contextmanager
def stub(*words: str) -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "bench.stub", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def part(name: str, *words: object, given: bytes | None = None) -> dict[str, Any]:
    """What a process found out; of one that took too long or failed, only that."""
    shown = [str(word) for word in words if not str(word).startswith(("/", "http"))]
    print("…", name, *shown, file=sys.stderr)
    command = [sys.executable, "-m", f"bench.{name}", *(str(word) for word in words)]
    try:
        done = subprocess.run(command, input=given, stdout=subprocess.PIPE, timeout=LIMIT, check=True)
    except subprocess.TimeoutExpired:
        return {"problem": f"longer than {LIMIT} s"}
    except subprocess.CalledProcessError:
        return {"problem": "failed"}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bare(address: str) -> dict[str, Any]:
    """The bodies that were posted, posted again to an empty app."""
    bodies = subprocess.run(fetch(address, "bodies"), stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(fetch(address, "empty"), stdout=subprocess.DEVNULL, check=True)
    return part("bare", address, concurrency(), given=bodies)


def fetch(address: str, what: str) -> list[str]:
    url = f"{address.removesuffix('/scim/v2')}/_/{what}"
    script = "import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())"
    return [sys.executable, "-c", script, url]


def whole_app(folder: Path, latency: float) -> dict[str, Any]:
    """Cycles with single requests and with Bulk, and the bare loop between them."""
    found: dict[str, Any] = {}
    with stub("--latency", str(latency)) as address:
        found["single"] = part("cycles", folder / f"single-{latency}", address, PEOPLE)
        found["bare"] = [bare(address), bare(address)]
    with stub("--latency", str(latency), "--bulk") as address:
        found["bulk"] = part("cycles", folder / f"bulk-{latency}", address, PEOPLE)
    return found


def many_entries(folder: Path, count: int) -> dict[str, Any]:
    home = folder / f"home-{count}"
    with stub() as address:
        found = {"fill": part("scale", "fill", home, address, count)}
        for what in ("unchanged", "changes", "full"):
            found[what] = part("scale", what, home, address)
    return found


def main() -> None:
    found: Found = {
        "machine": f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores",
        "people": PEOPLE,
        "concurrency": concurrency(),
        "expressions": part("expressions"),
        "app": {},
        "entries": {},
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for latency in LATENCIES:
            found["app"][f"{latency * 1000:g} ms"] = whole_app(folder, latency)
        for count in (ENTRIES // 10, ENTRIES):
            found["entries"][str(count)] = many_entries(folder, count)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    print("\n".join(table(found)))
    print(f"\nWritten to {RESULT}")


if __name__ == "__main__":
    main()
