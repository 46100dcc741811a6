"""A small world for tests: a home, the emulator, and GoToMeeting connected to it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from msgspec.structs import replace

from provisor.app import apps, assignments, compose, people, provisioning, status
from provisor.app.installation import Installation
from provisor.directory.importing import Options as ImportOptions
from provisor.directory.importing import Summary, take_in
from provisor.directory.ldif import read_ldif
from provisor.domain.job import Cycle, CycleKind
from provisor.domain.schema import AttributeDefinition, AttributeMapping
from provisor.settings import Settings
from provisor.store import jobs
from provisor.store.jobs import CycleRow
from provisor.store.logs import LogRow
from provisor.testing.gotomeeting import GoToMeetingEmulator, Options, Status

EXAMPLES = Path(__file__).parents[1] / "examples"
APP = "Citrix GoToMeeting"
PASSWORD = "admin-password"
CLIENT_SECRET = "emulator-secret"


def ldif_person(uid: str, **attributes: str | Sequence[str]) -> str:
    """One inetOrgPerson; `cn`, `givenName`, `sn` and `mail` come from the uid where they are not given."""
    values: dict[str, str | Sequence[str]] = {
        "objectClass": "inetOrgPerson",
        "uid": uid,
        "cn": f"{uid.capitalize()} Example",
        "givenName": uid.capitalize(),
        "sn": "Example",
        "mail": f"{uid}@corp.example",
        **attributes,
    }
    lines = [f"dn: uid={uid},ou=people,dc=corp,dc=example"]
    for name, value in values.items():
        lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value) if one]
    return "\n".join(lines) + "\n\n"


def ldif_group(name: str, members: Sequence[str]) -> str:
    lines = [f"dn: cn={name},ou=groups,dc=corp,dc=example", "objectClass: groupOfNames", f"cn: {name}"]
    return "\n".join([*lines, *(f"member: uid={one},ou=people,dc=corp,dc=example" for one in members)]) + "\n\n"


async def remap(
    installation: Installation, app: str, *changed: AttributeMapping, attributes: Sequence[AttributeDefinition] = ()
) -> None:
    """Put these mappings, and what is known of their attributes, in the place of those of the same name."""
    async with installation.database.transaction() as connection:
        job = (await apps.details(connection, installation, await apps.find(connection, app))).job
        schema = await jobs.load_schema(connection, job.id, job.schema_version)
        (mapping,) = schema.object_mappings
        targets, names = {one.target for one in changed}, {one.name for one in attributes}
        mapping = replace(
            mapping,
            mappings=(*(one for one in mapping.mappings if one.target not in targets), *changed),
            attributes=(*(one for one in mapping.attributes if one.name not in names), *attributes),
        )
        saved = replace(schema, object_mappings=(mapping,), version=schema.version + 1)
        await jobs.save_schema(connection, job.id, saved, "tester", installation.clock())
        await jobs.set_watermark(connection, job.id, None)


@dataclass
class World:
    installation: Installation
    emulator: GoToMeetingEmulator

    async def import_file(self, name: str, **options: object) -> Summary:
        path = EXAMPLES / name
        return await people.import_file(self.installation, path, ImportOptions(path.stem, **options))  # type: ignore[arg-type]

    async def import_text(self, text: str, source: str = "hr", **options: bool) -> Summary:
        records = read_ldif(BytesIO(text.encode()))
        now = self.installation.clock()
        directory = self.installation.directory_id
        return await take_in(self.installation.database, directory, records, ImportOptions(source, **options), now)

    async def connect(self) -> None:
        """Add GoToMeeting and connect it to the emulator, which answers as fast as it can."""
        await apps.add(self.installation, APP)
        addresses = {
            "BaseAddress": self.emulator.url,
            "Oauth2TokenExchangeUri": f"{self.emulator.url}/oauth/token",
            "UserName": "admin@example.com",
            "Password": PASSWORD,
            "Oauth2ClientId": "emulator-client",
            "Oauth2ClientSecret": CLIENT_SECRET,
        }
        await apps.set_credentials(self.installation, APP, addresses)
        await apps.set_settings(self.installation, APP, {"rateLimit": "5000"})

    async def assign(self, *users: str, role: str = "organizer") -> None:
        for user in users:
            await assignments.assign(self.installation, APP, "User", user, role)

    async def assign_group(self, *groups: str, role: str = "organizer") -> None:
        for group in groups:
            await assignments.assign(self.installation, APP, "Group", group, role)

    async def sync(self, allow: int | None = None) -> CycleRow:
        """One cycle, to its end."""
        last: CycleRow | None = None
        async for row in provisioning.sync(self.installation, APP, allow):
            last = row
        assert last is not None
        return last

    async def open_cycle(self) -> Cycle:
        """A cycle that is claimed, and that nobody runs yet."""
        async with self.installation.database.transaction() as connection:
            job = (await apps.details(connection, self.installation, await apps.find(connection, APP))).job
            kind: CycleKind = "initial" if job.watermark is None else "incremental"
            return await jobs.open_cycle(connection, job, str(uuid.uuid4()), kind, "test", self.installation.clock())

    async def cycle(self, cycle_id: str) -> CycleRow:
        async with self.installation.database.read() as connection:
            row = await jobs.get_cycle(connection, cycle_id)
        assert row is not None
        return row

    async def log(self, **wanted: str) -> Sequence[LogRow]:
        return await status.log_page(self.installation, limit=1000, **wanted)  # type: ignore[arg-type]

    def active(self) -> set[str]:
        """Mail addresses of everybody but the admin who may sign in to the emulator."""
        return {
            user.email
            for user in self.emulator.users
            if self.emulator.status(user.email) != "SUSPENDED" and user.email != "admin@example.com"
        }

    def sent(self) -> list[str]:
        """What was written, in words, since the counters were reset."""
        return [f"{write.effect} {write.email}" for write in self.emulator.journal]


@asynccontextmanager
async def world(home: Path, seats: int = 50, webinars: int = 0, **others: bool) -> AsyncIterator[World]:
    options = Options(seats={"G2M": seats, "G2W": webinars}, rate_limit=None, **others)  # type: ignore[arg-type]
    async with GoToMeetingEmulator(options) as emulator, compose.opened(Settings(home=home), "tester") as installation:
        yield World(installation, emulator)


__all__ = ["APP", "Status", "World", "ldif_group", "ldif_person", "world"]
