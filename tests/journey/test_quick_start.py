"""The quick start works as it is written: its commands are taken from the page and run in order."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from tests import preloaded
from tests.processes import SHARED

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "quick-start.md"
BLOCK = re.compile(r"^```console (run|stay)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EMULATED = "http://127.0.0.1:8410"
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
SHELL = set("|<>&;$`#")  # what only a shell understands
LONG = 120  # seconds: nobody waits so long, unless something hangs


def blocks() -> list[tuple[str, list[str]]]:
    """What is to be typed, block by block: `run` here, `stay` in a terminal of its own."""
    return [(kind, text.splitlines()) for kind, text in BLOCK.findall(PAGE.read_text("utf-8"))]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_") or name in SHARED}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return kept | {"PATH": path, "PROVISOR_HOME": str(home), "PROVISOR_PORT": "0", "COLUMNS": "200"}


@contextmanager
def staying(line: str, folder: Path, environ: dict[str, str]) -> Iterator[str]:
    """Runs a command that stays, on a port of its own; gives the address that it says it answers at."""
    command = shlex.split(line) + (["--port", "0"] if "emulate" in line else [])
    with (folder / f"{command[1]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            address = ADDRESS.search(said)
            assert address, f"{line}: {said!r}"
            yield address[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=LONG)
    assert process.returncode == 0, f"{line} ended with {process.returncode}"


def run(typed: str, folder: Path, environ: dict[str, str]) -> str:
    """What a command that succeeds prints. On SQLite from the very beginning, as a person's shell does it."""
    words = shlex.split(typed)
    if "PROVISOR_DATABASE_URL" in environ and words[0] == "provisor" and not SHELL.intersection(typed):
        with TemporaryFile("w+") as out, open(os.devnull) as nothing:
            streams = (nothing.fileno(), out.fileno(), out.fileno())
            code = preloaded.start(words[1:], environ, *streams, folder=str(folder)).wait(LONG)
            out.seek(0)
            printed = out.read()
        assert code == 0, f"{typed}\n{printed}"
        return printed
    done = subprocess.run(
        ["bash", "-c", typed], check=False, cwd=folder, env=environ, capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, f"{typed}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_command_of_the_quick_start_works(tmp_path: Path) -> None:
    environ = environment(tmp_path / "home")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    said: dict[str, str] = {}
    emulator = EMULATED
    with ExitStack() as terminals:
        for kind, lines in blocks():
            for line in lines:
                if kind == "stay":
                    address = terminals.enter_context(staying(line, tmp_path, environ))
                    emulator = address if "emulate" in line else emulator
                    continue
                typed = line.replace(EMULATED, emulator)
                said[line] = run(typed, tmp_path, environ)
    assert "1 create" in said["provisor plan gotomeeting"]
    assert said["provisor logs gotomeeting"].count("create success") == 1
    assert "disable success" in said["provisor logs gotomeeting --user hamza.holloway@larkspur.example"]
    assert not list(tmp_path.glob("*.txt")), "a secret was left lying about"
