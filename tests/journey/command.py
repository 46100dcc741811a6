"""The command line as a person runs it: a process of its own, in a home of its own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from tests import preloaded
from tests.processes import SHARED

from provisor.app import apps, assignments, people
from provisor.app.compose import opened
from provisor.app.installation import Installation
from provisor.directory.importing import Options as ImportOptions
from provisor.settings import Settings
from provisor.testing.gotomeeting import GoToMeetingEmulator, Options

EXAMPLES = Path(__file__).parents[2] / "examples"
GOTO = "Citrix GoToMeeting"


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """`provisor` in a home."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISOR_") or name in SHARED}
        return kept | {"PROVISOR_HOME": str(self.home), "PYTHONUTF8": "1", "COLUMNS": "80"}

    async def start(self, *words: str, **others: str) -> asyncio.subprocess.Process:
        """From the very beginning, as a person's shell does it."""
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "provisor", *words),
            env=self.environment | others,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
        )

    async def __call__(self, *words: str, typed: str = "", **others: str) -> Result:
        """Run to the end; `others` go into the environment."""
        result = await asyncio.to_thread(self._run, words, typed, self.environment | others)
        assert "Traceback" not in result.err, result.err
        return result

    def _run(self, words: Sequence[str], typed: str, environ: Mapping[str, str]) -> Result:
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(typed.encode())
            given.seek(0)
            code = preloaded.start(words, environ, given.fileno(), out.fileno(), err.fileno()).wait(120)
            out.seek(0)
            err.seek(0)
            return Result(code, out.read().decode(), err.read().decode())

    async def done(self, *words: str, typed: str = "") -> Result:
        """Run to the end, which must be a good one."""
        result = await self(*words, typed=typed)
        assert result.code == 0, f"{words}: {result}"
        return result

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Installation]:
        """The same home from the inside, to set up quickly what a test is not about."""
        async with opened(Settings(home=self.home), "a test") as installation:
            yield installation

    async def connect(self, goto: GoToMeetingEmulator, *groups: str, rate: float = 5000) -> None:
        """GoToMeeting added and connected, with `hard.ldif` imported and these groups assigned."""
        async with self.opened() as installation:
            await people.import_file(installation, EXAMPLES / "hard.ldif", ImportOptions("ldif"))
            await apps.add(installation, GOTO)
            admin, options = goto.options.admins[0], goto.options
            given = {
                "UserName": admin.email,
                "Password": admin.password,
                "Oauth2ClientId": options.client_id,
                "Oauth2ClientSecret": options.client_secret,
                "BaseAddress": goto.url,
                "Oauth2TokenExchangeUri": f"{goto.url}/oauth/token",
            }
            await apps.set_credentials(installation, GOTO, given)
            await apps.set_settings(installation, GOTO, {"rateLimit": str(rate)})
            for group in groups:
                await assignments.assign(installation, GOTO, "Group", group, "organizer")


def emulated(**others: Any) -> GoToMeetingEmulator:
    """An emulator that answers as fast as it can."""
    seats = {"G2M": 500, "G2W": 10, "G2T": 10, "OPENVOICE": 10}
    return GoToMeetingEmulator(Options(**{"rate_limit": None, "seats": seats, **others}))


def write_people(path: Path, count: int) -> Path:
    """A directory of that many people, in one group called `everybody`."""
    names = [f"person{number}" for number in range(count)]
    records = [
        f"dn: uid={name},dc=test\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name.title()}\ngivenName: Pat\n"
        f"sn: {name.title()}\nmail: {name}@test.example\n"
        for name in names
    ]
    members = "".join(f"member: uid={name},dc=test\n" for name in names)
    records.append(f"dn: cn=everybody,dc=test\nobjectClass: groupOfNames\ncn: everybody\n{members}")
    path.write_text("version: 1\n\n" + "\n".join(records), "utf-8")
    return path
