"""Commands as processes of their own, without the second that each would spend on reading Provisor from the disk.

A server reads everything once and forks a child for each command. The child has the command's own arguments,
environment, streams and signals, and ends as any process does.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from typing import IO

MODULES = (
    *("provisor.__main__", "provisor.api.application", "provisor.app.compose", "provisor.app.serving"),
    *("provisor.cli.service", "provisor.store.postgresql", "provisor.testing.gotomeeting", "provisor.gallery"),
    *("alembic.command", "alembic.config", "alembic.script", "alembic.runtime.migration", "rich.console", "rich.live"),
    *("psycopg", "getpass", "sqlalchemy.dialects.sqlite.pysqlite", "uvicorn.protocols.http.h11_impl"),
)


class Process:
    """A started command; what `subprocess.Popen` offers of it."""

    def __init__(self, pid: int, ended: socket.socket, stdout: IO[str] | None) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("provisor", timeout or 0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._ended.settimeout(timeout)
            try:
                said = self._ended.recv(64)
            except (BlockingIOError, TimeoutError):
                return None
            self.returncode = int(said or b"-9")
            self._ended.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    words: Sequence[str],
    environ: Mapping[str, str],
    stdin: int,
    stdout: int,
    stderr: int,
    *,
    read: IO[str] | None = None,
    folder: str | None = None,
) -> Process:
    """Run `provisor` with these words on these streams. `read`: where its output can be read."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = json.dumps([list(words), dict(environ), folder or os.getcwd()]).encode()
    with theirs:
        socket.send_fds(_server(), [order], [theirs.fileno(), stdin, stdout, stderr])
    return Process(int(ours.recv(64)), ours, read)


@cache
def _server() -> socket.socket:
    """Started with the first command, and gone with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_")}
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded", str(theirs.fileno())],
            env=environ | {"PYTHONUTF8": "1"},
            cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    return ours


# ---- the server -----------------------------------------------------------------------------------------------------


def serve(orders: socket.socket) -> Sequence[str]:
    """Wait for orders. Returns in the children alone: with the words of the command that each is to be."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, streams, *_ = socket.recv_fds(orders, 1 << 20, 4)
        if not order:
            os._exit(0)
        if os.fork() == 0:
            return _keep(orders, order, streams)
        for one in streams:
            os.close(one)


def _keep(orders: socket.socket, order: bytes, streams: Sequence[int]) -> Sequence[str]:
    """Start the command, and say how it ends."""
    orders.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    told = socket.socket(fileno=streams[0])
    ready, begin = os.pipe()
    child = os.fork()
    if child:
        for one in (*streams[1:], ready):
            os.close(one)
        told.send(str(child).encode())
        os.write(begin, b"!")
        os.close(begin)
        told.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())
        os._exit(0)
    told.close()
    os.close(begin)
    os.read(ready, 1)
    os.close(ready)
    return _become(order, streams[1:])


def _become(order: bytes, streams: Sequence[int]) -> Sequence[str]:
    words, environ, folder = json.loads(order)
    for number, one in enumerate(streams):
        os.dup2(one, number)
        os.close(one)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    random.seed()
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False)
    found: list[str] = words
    return found


def main() -> None:
    import importlib

    for name in MODULES:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a process with threads cannot be forked"
    gc.collect()
    gc.freeze()
    sys.argv = ["provisor", *serve(socket.socket(fileno=int(sys.argv[1])))]
    importlib.import_module("provisor.__main__").main()


if __name__ == "__main__":
    main()
