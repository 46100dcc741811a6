"""The directory's default domain: what DefaultDomain() gives in the mappings of every app."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.app.installation import Installation
from provisor.domain.error import Refused
from provisor.expression import ExpressionError, compile_expression
from provisor.store import apps, attributes, default_domain, jobs, scoping
from provisor.store.apps import App
from provisor.store.database import Connection

LONGEST: Final = 253  # characters
_LABEL: Final = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")  # an address of four numbers is none


@dataclass(frozen=True, slots=True)
class DefaultDomain:
    """The domain, None where there is none, and the apps whose mappings ask for it."""

    domain: str | None
    apps: Sequence[App]
    changed: bool = False


def asked_for(expressions: Iterable[str]) -> bool:
    """Does any of these call DefaultDomain()?"""
    return any(_calls(one) for one in expressions)


def _calls(expression: str) -> bool:
    try:
        return "DefaultDomain" in compile_expression(expression).functions
    except ExpressionError:
        return False


async def show(installation: Installation) -> DefaultDomain:
    async with installation.database.read() as connection:
        domain = await default_domain.default_domain(connection, installation.directory_id)
        return DefaultDomain(domain, [app for app, _ in await _askers(connection, installation)])


async def change(installation: Installation, domain: str | None) -> DefaultDomain:
    """Set it, or clear it (None). The next cycle of the apps that ask for it looks at everybody."""
    wanted = None if domain is None else _checked(domain)
    directory = installation.directory_id
    async with installation.database.transaction() as connection:
        before = await default_domain.default_domain(connection, directory)
        found = await _askers(connection, installation)
        if wanted != before:
            await default_domain.set_default_domain(connection, directory, wanted)
            for _, job_id in found:
                await scoping.start_over(connection, job_id, installation.clock())
            target = ("Directory", directory, await attributes.directory_name(connection, directory))
            await installation.audit(
                connection, "Set default domain", target, {"defaultDomain": before}, {"defaultDomain": wanted}
            )
    return DefaultDomain(wanted, [app for app, _ in found], changed=wanted != before)


def _checked(domain: str) -> str:
    """In lower case. Refused where no domain can be called so."""
    name = domain.strip().lower() if domain.isascii() else domain
    if len(name) > LONGEST or not _DOMAIN.fullmatch(name):
        raise Refused("DomainInvalid", domain=domain[:80])
    return name


async def _askers(connection: Connection, installation: Installation) -> Sequence[tuple[App, str]]:
    """The apps whose saved mappings ask for the domain, with the ids of their jobs, by name."""
    found = []
    for job in await jobs.jobs_reading(connection, installation.directory_id):
        schema = await jobs.load_schema(connection, job.id, job.schema_version)
        if asked_for(one.source or "" for mapping in schema.object_mappings for one in mapping.mappings):
            app = await apps.get_app(connection, job.app_id)
            assert app is not None, "a job goes with its app"
            found.append((app, job.id))
    return sorted(found, key=lambda each: each[0].name.casefold())
