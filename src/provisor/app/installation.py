"""What every use case works on: one home, opened by one person or process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from provisor.engine.lock import home_lock
from provisor.secret import Vault
from provisor.settings import Settings
from provisor.store import logs
from provisor.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Installation:
    """Opened by `compose.opened`; `actor` is who did it, in the audit log."""

    settings: Settings
    database: Database
    vault: Vault
    tenant_id: str
    directory_id: str
    actor: str
    clock: Callable[[], datetime]

    @property
    def home(self) -> Path:
        return self.settings.home

    @asynccontextmanager
    async def held(self, purpose: str, stop: asyncio.Event) -> AsyncIterator[None]:
        """Run cycles: one process at a time does, of a home and of a database. `stop` is set where another does now."""
        with home_lock(self.home, self.clock(), purpose):
            async with self.database.held(stop):
                yield

    async def audit(
        self,
        connection: Connection,
        activity: str,
        target: tuple[str, str, str],
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """One administrative act, in the transaction that carries it out; secrets are not handed in."""
        await logs.write_audit(connection, self.clock(), self.actor, activity, target, before, after)
