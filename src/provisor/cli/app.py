"""`provisor app`: apps added from the gallery, looked at, switched on and off, and removed."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import click

from provisor.cli.export import Form, give_out, listed
from provisor.cli.run import run
from provisor.cli.show import Styled, agreed, as_json, document, facts, moment, number, quoted, say, table
from provisor.text import duration

if TYPE_CHECKING:
    from provisor.app.apps import AppDetails
    from provisor.app.installation import Installation


LISTED = (
    *("id", "name", "galleryId", "mode", "createdDateTime", "job.id", "job.schedule", "job.intervalSeconds"),
    *("job.nextCycleDateTime", "assigned.users", "assigned.groups", "activeAccounts"),
)
"""The columns of the list of apps."""


@click.group()
def app() -> None:
    """Apps: add them from the gallery, connect them, say who is assigned, switch them on."""


@app.command()
@click.argument("app_", metavar="APP")
@click.option("--name", help="What to call it here; else what the gallery calls it.")
@as_json
def add(app_: str, name: str | None, as_json: bool) -> None:
    """Add an app of the gallery, by its name or id there."""
    from provisor.app import apps

    added = run(lambda installation: apps.add(installation, app_, name))
    if as_json:
        document({"id": added.id, "name": added.name, "galleryId": added.manifest_id})
        return
    say("Added ", (added.name, "bold"), f" ({added.id}).")
    say(f"Next: provisor app credentials {quoted(added.name)}")


@app.command("list")
@listed
def list_(form: Form) -> None:
    """List the apps."""
    from provisor.app import apps

    found = run(apps.list_all)
    if form.kind != "text":
        give_out(form, found, details_json, LISTED)
    elif found:
        rows = [
            (one.app.name, switched(one), assigned(one), f"{one.active_accounts:,}", moment(one.next_cycle_at))
            for one in found
        ]
        table(("App", "Provisioning", "Assigned", "Accounts", "Next cycle"), rows)
    else:
        say_no_apps()


def say_no_apps() -> None:
    say("No apps yet. Add one: provisor app add 'Citrix GoToMeeting'")
    say("What there is: provisor gallery search")


@app.command()
@click.argument("app_", metavar="APP")
@as_json
def show(app_: str, as_json: bool) -> None:
    """Show an app: its state, credentials, settings and roles. Secrets are never shown."""
    from provisor.app import apps

    details = run(lambda installation: apps.show(installation, app_))
    if as_json:
        document(details_json(details))
        return
    notified = details.app.notification
    say((details.app.name, "bold"), f"  ({details.manifest.publisher})")
    facts(
        [
            ("id", details.app.id),
            ("job", details.job.id),
            ("provisioning", switched(details)),
            ("mode", details.app.mode.lower()),
            ("every", duration(details.job.interval.total_seconds())),
            ("next cycle", moment(details.next_cycle_at)),
            ("scope", "all: everybody" if details.job.scope == "all" else "who is assigned"),
            ("assigned", assigned(details)),
            ("active accounts", f"{details.active_accounts:,}"),
            ("notifies", f"{notified.get('email')} ({'on' if notified.get('enabled') else 'off'})" if notified else ""),
        ]
    )
    say_credentials(details)
    say()
    table(
        ("Role", "--role", "Gives"),
        [(r.display_name, r.value or quoted(r.display_name), r.description) for r in details.roles],
    )


def say_credentials(details: AppDetails) -> None:
    say()
    rows: list[list[Styled]] = []
    for field in details.credentials:
        absent = ("missing", "yellow") if field.required else (field.help, "dim")
        rows.append([field.label, field.key, given(details, field.key) or absent])
    table(("Credential", "Key", "Value"), rows)


def given(details: AppDetails, key: str) -> str:
    """A credential as it may be shown: of a secret only that it is set."""
    field = next(one for one in details.manifest.credentials if one.key == key)
    if key in details.secrets:
        return "(set)"
    return "" if field.secret else details.app.credentials.get(key) or field.default or ""


def switched(details: AppDetails) -> str:
    return {"Active": "on", "Paused": "off (paused)", "Disabled": "off"}[details.job.schedule]


def assigned(details: AppDetails) -> str:
    users, groups = details.assigned.get("User", 0), details.assigned.get("Group", 0)
    return f"{number(users, 'user')}, {number(groups, 'group')}"


@app.command()
@click.argument("app_", metavar="APP")
@click.argument("mode_", metavar="automatic|manual", type=click.Choice(["automatic", "manual"], case_sensitive=False))
def mode(app_: str, mode_: str) -> None:
    """Automatic: cycles run. Manual: nothing runs, and provisioning is switched off."""
    from provisor.app import apps

    wanted: Literal["Automatic", "Manual"] = "Manual" if mode_ == "manual" else "Automatic"
    changed = run(lambda installation: apps.set_mode(installation, app_, wanted))
    say(f"{changed.name} is in {changed.mode.lower()} mode.")


@app.command()
@click.argument("app_", metavar="APP")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(app_: str, yes: bool) -> None:
    """Remove an app and all that Provisor knows of it; accounts in the target stay as they are."""
    from provisor.app import apps

    details = run(lambda installation: apps.show(installation, app_))
    accounts = number(details.active_accounts, "active account")
    agreed(
        f"Remove {details.app.name}, its assignments and its links? {accounts} in the target stay, and are not "
        "looked after any more.",
        yes=yes,
    )
    removed = run(lambda installation: apps.remove(installation, details.app.id))
    say(f"Removed {removed.name}.")


@app.command()
@click.argument("app_", metavar="APP")
def on(app_: str) -> None:
    """Provisioning Status On: the service runs cycles by itself."""
    from provisor.app import provisioning
    from provisor.engine.lock import running

    async def switch(installation: Installation) -> tuple[str, bool]:
        switched_on = await provisioning.switch_on(installation, app_)
        return switched_on.name, running(installation.home) is not None

    name, served = run(switch)
    say(f"Provisioning to {name} is on.")
    if not served:
        say(f"No service is running: start it with provisor serve, or run one cycle: provisor sync {quoted(name)}")


@app.command()
@click.argument("app_", metavar="APP")
def off(app_: str) -> None:
    """Provisioning Status Off: a running cycle ends, no other begins, and nothing is forgotten."""
    from provisor.app import provisioning

    changed = run(lambda installation: provisioning.switch_off(installation, app_))
    say(f"Provisioning to {changed.name} is off.")


# ---- JSON -----------------------------------------------------------------------------------------------------------


def details_json(details: AppDetails) -> Mapping[str, object]:
    return {
        "id": details.app.id,
        "name": details.app.name,
        "galleryId": details.app.manifest_id,
        "mode": details.app.mode,
        "createdDateTime": details.app.created_at,
        "job": {
            "id": details.job.id,
            "schedule": details.job.schedule,
            "intervalSeconds": int(details.job.interval.total_seconds()),
            "watermark": details.job.watermark,
            "schemaVersion": details.job.schema_version,
            "scope": details.job.scope,
            "skipOutOfScopeDeletions": details.job.skip_out_of_scope,
            "nextCycleDateTime": details.next_cycle_at,
        },
        "credentials": [
            {
                "key": field.key,
                "label": field.label,
                "required": field.required,
                "secret": field.secret,
                "isSet": bool(given(details, field.key)),
                "value": None if field.secret else details.app.credentials.get(field.key) or field.default,
            }
            for field in details.credentials
        ],
        "settings": dict(details.app.settings),
        "notification": {
            "email": details.app.notification.get("email"),
            "enabled": bool(details.app.notification.get("enabled")),
        },
        "roles": [
            {
                "id": role.id,
                "value": role.value,
                "displayName": role.display_name,
                "description": role.description,
                "enabled": role.enabled,
                "provisions": role.provisions,
            }
            for role in details.roles
        ],
        "assigned": {"users": details.assigned.get("User", 0), "groups": details.assigned.get("Group", 0)},
        "activeAccounts": details.active_accounts,
    }
