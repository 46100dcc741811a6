"""How everything is, and what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from provisor.app import apps as app_cases
from provisor.app.apps import AppDetails
from provisor.app.installation import Installation
from provisor.app.people import known_as
from provisor.domain.error import Refused
from provisor.engine.lock import running
from provisor.store import apps, default_domain, directories, jobs, logs
from provisor.store.jobs import CycleRow
from provisor.store.logs import AuditRow, LogRow

AT_ONCE = 500  # rows in memory


@dataclass(frozen=True, slots=True)
class AppStatus:
    details: AppDetails
    running: CycleRow | None
    last: CycleRow | None
    held: int  # changes that wait for a person
    retried: Mapping[str, int]  # entries that are tried again, by reason code

    @property
    def code(self) -> str:
        """Graph's synchronizationStatusCode."""
        if self.details.missing and self.last is None:
            return "NotConfigured"
        if self.details.job.schedule != "Active":
            return "Paused" if self.last is not None else "NotRun"
        return "NotRun" if self.details.job.watermark is None else "Active"


@dataclass(frozen=True, slots=True)
class Status:
    service: Mapping[str, str] | None  # pid and start, where it runs
    entries: Mapping[str, int]
    default_domain: str | None
    apps: Sequence[AppStatus]


async def show(installation: Installation) -> Status:
    service = running(installation.home)
    async with installation.database.read() as connection:
        entries = await directories.count_entries(connection, installation.directory_id)
        domain = await default_domain.default_domain(connection, installation.directory_id)
        found = [await app_cases.details(connection, installation, app) for app in await apps.list_apps(connection)]
        statuses = []
        for details in found:
            unfinished = await jobs.unfinished(connection, details.job.id)
            ended = [row for row in await jobs.last_cycles(connection, details.job.id, 2) if row.ended]
            statuses.append(
                AppStatus(
                    details=details,
                    running=unfinished[0] if unfinished else None,
                    last=ended[0] if ended else None,
                    held=await jobs.count_held(connection, details.job.id),
                    retried=await jobs.count_escrows(connection, details.job.id),
                )
            )
    return Status(service, entries, domain, statuses)


async def log_page(
    installation: Installation,
    *,
    app: str | None = None,
    user: str | None = None,
    cycle_id: str | None = None,
    status: str | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[LogRow]:
    """A page of the provisioning log, newest first.

    `user` is somebody of the directory, or a login that was somebody's when the row was written. Refused where it is
    neither.
    """
    async with installation.database.read() as connection:
        app_id = (await app_cases.find(connection, app)).id if app else None
        ids = await known_as(connection, installation, user) if user else ()
        rows = await logs.provisioning_rows(
            connection,
            app_id=app_id,
            user=(ids, user) if user else None,
            cycle_id=cycle_id,
            status=status,
            action=action,
            before=before,
            limit=limit,
        )
    if user and not ids and not rows and before is None:
        raise Refused("UnknownEntry", name=user)
    return rows


async def log_rows(
    installation: Installation, *, before: int | None = None, limit: int | None = None, **wanted: str | None
) -> AsyncIterator[LogRow]:
    """The provisioning log as `log_page` tells it, all of it or the newest so many, a page in memory at a time."""
    told = 0
    while limit is None or told < limit:
        size = AT_ONCE if limit is None else min(AT_ONCE, limit - told)
        page = await log_page(installation, before=before, limit=size, **wanted)
        for row in page:
            yield row
        if len(page) < size:
            return
        told, before = told + len(page), page[-1].id


async def audit_log(
    installation: Installation, *, before: int | None = None, limit: int | None = None
) -> AsyncIterator[AuditRow]:
    """The audit log, all of it or the newest so many, a page in memory at a time."""
    told = 0
    while limit is None or told < limit:
        size = AT_ONCE if limit is None else min(AT_ONCE, limit - told)
        page = await audit_page(installation, before=before, limit=size)
        for row in page:
            yield row
        if len(page) < size:
            return
        told, before = told + len(page), page[-1].id


async def audit_page(installation: Installation, *, before: int | None = None, limit: int = 50) -> Sequence[AuditRow]:
    """A page of the audit log, newest first."""
    async with installation.database.read() as connection:
        return await logs.audit_rows(connection, before=before, limit=limit)
