"""`provisor status`: how everything is."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from provisor.cli.app import assigned, say_no_apps
from provisor.cli.run import run
from provisor.cli.show import as_json, cycle_json, document, moment, number, quoted, say, table
from provisor.text import describe, remedy

if TYPE_CHECKING:
    from provisor.app.status import AppStatus, Status

WORDS = {
    "NotConfigured": ("not connected", "yellow"),
    "NotRun": ("not run yet", ""),
    "Paused": ("off", "dim"),
    "Active": ("on", "green"),
}


@click.command()
@as_json
def status(as_json: bool) -> None:
    """Show the service, the directory, and every app: its last cycle, what waits and what failed."""
    from provisor.app import status as cases

    found = run(cases.show)
    if as_json:
        document(_status_json(found))
        return
    service = found.service
    if service is None:
        say("Service: not running. Start it: provisor serve")
    else:
        say(
            f"Running: {service.get('purpose', '?')}, process {service.get('pid', '?')},"
            f" since {service.get('since', '?')}"
        )
    users, groups = found.entries.get("User", 0), found.entries.get("Group", 0)
    if users or groups:
        domain = f" Default domain: {found.default_domain}." if found.default_domain else ""
        say(f"Directory: {number(users, 'user')}, {number(groups, 'group')}.{domain}")
    else:
        say("The directory is empty. Fill it: provisor directory import FILE.ldif")
    if not found.apps:
        say_no_apps()
        return
    say()
    served = service is not None
    table(("App", "State", "Last cycle", "Assigned", "Accounts"), [_row(one, served) for one in found.apps])
    for one in found.apps:
        _say_troubles(one, served)


def _row(one: AppStatus, served: bool) -> tuple[str, tuple[str, str], str, str, str]:
    last = ""
    if one.last is not None:
        last = f"{moment(one.last.ended)} {one.last.cycle.state}"
    state = ("manual", "dim") if one.details.app.mode == "Manual" else WORDS[one.code]
    if one.running:
        state = ("running", "green") if served else ("stopped half-way", "yellow")
    return one.details.app.name, state, last, assigned(one.details), f"{one.details.active_accounts:,}"


def _say_troubles(one: AppStatus, served: bool) -> None:
    name = one.details.app.name
    if one.running and not served:
        say(
            (f"{name}: ", "bold"),
            f"a cycle stopped half-way. It goes on with provisor sync {quoted(name)}, or a service.",
        )
    if one.details.missing:
        needed = ", ".join(field.label for field in one.details.missing)
        say((f"{name}: ", "bold"), f"still needs {needed}. Give them: provisor app credentials {quoted(name)}")
    if one.last is not None and one.last.error is not None:
        say((f"{name}: ", "bold"), ("the last cycle failed. ", "red"), describe(one.last.error))
        help_ = remedy(one.last.error.code)
        if help_:
            say("  " + help_)
    if one.held:
        say((f"{name}: ", "bold"), f"{number(one.held, 'change')} held back. Look: provisor plan {quoted(name)}")
    counts = ", ".join(f"{count:,} {code}" for code, count in sorted(one.retried.items()))
    if counts:
        say((f"{name}: ", "bold"), f"tried again later: {counts}. See: provisor logs {quoted(name)} --status failure")


def _status_json(found: Status) -> Mapping[str, object]:
    return {
        "service": dict(found.service) if found.service is not None else None,
        "directory": {
            "users": found.entries.get("User", 0),
            "groups": found.entries.get("Group", 0),
            "defaultDomain": found.default_domain,
        },
        "apps": [
            {
                "id": one.details.app.id,
                "name": one.details.app.name,
                "jobId": one.details.job.id,
                "code": one.code,
                "schedule": one.details.job.schedule,
                "nextCycleDateTime": one.details.next_cycle_at,
                "running": cycle_json(one.running),
                "lastCycle": cycle_json(one.last),
                "activeAccounts": one.details.active_accounts,
                "held": one.held,
                "retried": dict(one.retried),
                "missingCredentials": [field.key for field in one.details.missing],
            }
            for one in found.apps
        ],
    }
