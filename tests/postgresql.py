"""A PostgreSQL server for tests: in a temporary folder, on 127.0.0.1, started when the first test needs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

INSTALL = "apt-get install postgresql"
PATIENCE = 60.0  # seconds until it must answer
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@cache
def programs() -> Path | None:
    """The folder with `initdb` and `postgres`; None: they are not installed."""
    places = [Path(one) for one in os.environ.get("PATH", "").split(os.pathsep)]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((one for one in places if (one / "initdb").exists() and (one / "postgres").exists()), None)


class Server:
    """One server; its databases are made for a test and dropped after it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._names = count(1)
        self._template: str | None = None

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def empty(self, options: str = "") -> Iterator[str]:
        """A database with nothing in it; gives its URL."""
        name = f"test_{next(self._names)}"
        self.execute(f"create database {name} {options}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"drop database {name} with (force)")

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """A database with our tables, and those of the workflow engine; gives its URL."""
        if self._template is None:
            self.execute("create database migrated")
            _migrate(self.url("migrated"))
            self._template = "migrated"
        with self.empty("template migrated") as url:
            yield url


def _migrate(url: str) -> None:
    from dbos._migration import ensure_dbos_schema, run_dbos_migrations

    from provisor.store.address import address_of
    from provisor.store.database import Database
    from provisor.store.migrate import migrate
    from provisor.store.workflows import SCHEMA

    database = Database(address_of(url, Path()))
    migrate(database)
    engine = sa.create_engine(database.address, poolclass=sa.pool.NullPool)
    ensure_dbos_schema(engine, SCHEMA)
    run_dbos_migrations(engine, SCHEMA, True)


@contextmanager
def server() -> Iterator[Server]:
    """Skips where PostgreSQL is not installed; on a build server that is a failure."""
    found = programs()
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"PostgreSQL is not installed: {INSTALL}")
    assert found is not None, f"PostgreSQL is not installed: {INSTALL}"
    folder = Path(tempfile.mkdtemp(prefix="provisor-postgresql-"))
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        shutil.chown(folder, "nobody")
        user = {"user": "nobody", "extra_groups": []}
    with (folder / "log").open("wb") as log:
        make: list[Any] = [
            found / "initdb",
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run([*make, "--no-sync"], cwd=folder, stdout=log, stderr=log, check=True, **user)
        with (folder / "data" / "pg_hba.conf").open("r+") as rules:
            others = rules.read()
            rules.seek(0)
            rules.write("host all guarded 127.0.0.1/32 scram-sha-256\n" + others)
        port = _free_port()
        settings = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), **QUICK}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [found / "postgres", "-D", folder / "data", *words], cwd=folder, stdout=log, stderr=log, **user
        )
    try:
        one = Server(port)
        _wait_for(one, process)
        yield one
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            shutil.rmtree(folder, ignore_errors=True)


def _wait_for(one: Server, process: subprocess.Popen[Any]) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return one.execute("select 1")
        except psycopg.OperationalError:
            assert process.poll() is None, "PostgreSQL ended"
            assert time.monotonic() < until, "PostgreSQL never answered"
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
