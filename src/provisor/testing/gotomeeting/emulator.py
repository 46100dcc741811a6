"""The GoToMeeting emulator: GoTo's Admin API v1 and token endpoints on a loopback port."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final

from aiohttp import web

from provisor.testing.gotomeeting.archive import Archive, restore
from provisor.testing.gotomeeting.control import Control
from provisor.testing.gotomeeting.fault import Fault, Faults
from provisor.testing.gotomeeting.gate import Gate, Template
from provisor.testing.gotomeeting.groups import GroupsApi
from provisor.testing.gotomeeting.oauth import OAuthApi
from provisor.testing.gotomeeting.options import Options
from provisor.testing.gotomeeting.record import Mail, Write
from provisor.testing.gotomeeting.seats import SeatsApi
from provisor.testing.gotomeeting.session import Sessions
from provisor.testing.gotomeeting.stage import Stage
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User
from provisor.testing.gotomeeting.users import UsersApi
from provisor.testing.gotomeeting.view import show_group, show_licence, show_user

HOST: Final = "127.0.0.1"
LARGEST_BODY: Final = 16 * 2**20


class GoToMeetingEmulator(Stage):
    """One emulated account; people, mails and journal outlive `stop`, so that an outage can be played."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        tenant = Tenant(self.options)
        super().__init__(tenant, Sessions(tenant))
        self.faults = Faults()
        self.gate = Gate(self.options, self.sessions, self.faults)
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._archive: Archive | None = None
        for name in ("Meeting manager", "Report reader"):
            self.add_role_set(name)
        if self.options.state_file:
            path = Path(self.options.state_file)
            restore(self.tenant, path)
            self._archive = Archive(path)
            self.tenant.keep = self._archive.keep
        for admin in self.options.admins:
            if self.tenant.find(admin.email) is None:
                self.add_user(admin.email, admin.first_name, admin.last_name, products=(), admin_roles=admin.roles)

    # Running

    async def start(self, port: int = 0) -> str:
        """Listens on 127.0.0.1 and answers the address; port 0 takes a free one."""
        app = web.Application(middlewares=[self.gate.middleware()], client_max_size=LARGEST_BODY)
        # `users/rolesets` must stand before `users/{userKey}`.
        for part in (GroupsApi, UsersApi, SeatsApi, OAuthApi):
            app.add_routes(part(self.tenant, self.sessions).routes())
        app.add_routes(Control(self).routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, port).start()
        self.url = f"http://{HOST}:{runner.addresses[0][1]}"
        return self.url

    async def stop(self) -> None:
        """Stops listening; may be started again."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def close(self) -> None:
        """Stops listening for good."""
        await self.stop()
        if self._archive is not None:
            self._archive.close()

    async def __aenter__(self) -> "GoToMeetingEmulator":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # Reading

    @property
    def users(self) -> list[User]:
        """Every user of the account, the admins included."""
        return list(self.tenant.users.values())

    @property
    def mails(self) -> list[Mail]:
        """The mails that would have gone out."""
        return self.tenant.mails

    @property
    def journal(self) -> list[Write]:
        """Every write that was carried out."""
        return self.tenant.journal

    @property
    def requests(self) -> Counter[Template]:
        """How many requests came, by (method, route template)."""
        return self.gate.requests

    def count(self, method: str, path: str) -> int:
        """How many requests of `method` came whose route template ends with `path`."""
        return sum(
            number for (verb, template), number in self.requests.items() if verb == method and template.endswith(path)
        )

    def state(self) -> dict[str, object]:
        """Users, licences, mails, journal and counts, ready for JSON."""
        return {
            "users": [show_user(self.tenant, user) for user in self.users],
            "licenses": [show_licence(self.tenant, licence) for licence in self.tenant.licences.values()],
            "groups": [show_group(self.tenant, group) for group in self.tenant.groups.values()],
            "mails": self.mails,
            "journal": self.journal,
            "requests": [{"method": m, "path": p, "count": n} for (m, p), n in self.requests.items()],
            "answers": [
                {"method": m, "path": p, "status": s, "count": n} for (m, p, s), n in self.gate.answers.items()
            ],
            "faults": self.faults.armed,
        }

    def inject(self, fault: Fault) -> str:
        """Puts a fault in force and names it."""
        return self.faults.inject(fault)

    def clear_faults(self) -> None:
        """Lifts every fault."""
        self.faults.clear()

    def reset_counters(self) -> None:
        """Forgets counts, mails and journal."""
        self.gate.requests.clear()
        self.gate.answers.clear()
        self.mails.clear()
        self.journal.clear()
        self.tenant.keep("reset", None)


async def run(
    options: Options, port: int, until: asyncio.Event, started: Callable[[GoToMeetingEmulator], None] | None = None
) -> None:
    """Serves until `until` is set; `started` is told once it listens. Raises OSError when the port is taken."""
    emulator = GoToMeetingEmulator(dataclasses.replace(options))
    try:
        await emulator.start(port)
        if started is not None:
            started(emulator)
        await until.wait()
    finally:
        await emulator.close()
