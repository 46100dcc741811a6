"""`provisor app credentials | settings | notify | test-connection`: the way to a target."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisor.cli.app import details_json, given, say_credentials
from provisor.cli.failure import TARGET
from provisor.cli.run import run
from provisor.cli.show import as_json, document, interactive, note, quoted, reason_json, say, table, value
from provisor.domain.error import Refused
from provisor.text import describe, plain, remedy

if TYPE_CHECKING:
    from provisor.app.apps import AppDetails
    from provisor.app.installation import Installation
    from provisor.connector import CheckStep
    from provisor.gallery import CredentialField

MARKS = {"success": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "bold red")}
PLAIN_OPTIONS = {
    "user_name": "UserName",
    "client_id": "Oauth2ClientId",
    "base_address": "BaseAddress",
    "token_address": "Oauth2TokenExchangeUri",
    "account_key": "AccountKey",
}
FILE_OPTIONS = {
    "password_file": "Password",
    "client_secret_file": "Oauth2ClientSecret",
    "secret_token_file": "SecretToken",
}
file_type = click.Path(path_type=Path, allow_dash=True)


@click.command()
@click.argument("app_", metavar="APP")
@click.option("--user-name", help="Who signs in to the target (UserName).")
@click.option("--password-file", type=file_type, help="A file with the password; - is standard input.")
@click.option("--client-id", help="The OAuth client (Oauth2ClientId).")
@click.option("--client-secret-file", type=file_type, help="A file with its secret; - is standard input.")
@click.option("--secret-token-file", type=file_type, help="A file with the app's secret token; - is standard input.")
@click.option("--base-address", metavar="URL", help="Where the API is. A change clears the secrets.")
@click.option("--token-address", metavar="URL", help="Where to sign in. A change clears the secrets.")
@click.option("--account-key", help="Which of the admin's accounts (AccountKey).")
@click.option("--set", "others", multiple=True, metavar="KEY=VALUE", help="Any other credential that is no secret.")
@click.option("--set-file", "files", multiple=True, metavar="KEY=FILE", help="Any other secret, from a file or -.")
@as_json
def credentials(app_: str, others: Sequence[str], files: Sequence[str], as_json: bool, **named: Any) -> None:
    """Set an app's credentials; those not given stay. Without options, show what is set.

    Secrets are never taken from the command line, where other people can read them: they come from a file, or from a
    person, who is asked for those that are missing.
    """
    from provisor.app import apps

    details = run(lambda installation: apps.show(installation, app_))
    fields = {field.key: field for field in details.manifest.credentials}
    plain_values = {key: named[option] for option, key in PLAIN_OPTIONS.items() if named[option] is not None}
    plain_values |= dict(map(_pair, others))
    secret_files = {key: named[option] for option, key in FILE_OPTIONS.items() if named[option] is not None}
    secret_files |= {key: Path(text) for key, text in map(_pair, files)}
    for key in plain_values:
        if key in fields and fields[key].secret:
            raise click.UsageError(f"{key} is a secret: give it with --set-file {key}=FILE, never on the command line.")
    values = {**plain_values, **_read_all(secret_files)}
    cleared: Sequence[str] = ()
    if values:
        cleared = run(lambda installation: apps.set_credentials(installation, details.app.id, values))
    if cleared:
        names = ", ".join(fields[key].label for key in cleared)
        why = "The address or the way of signing in changed, so these were cleared and are needed anew: "
        note((why, "yellow"), names)
    asked = _ask(run(lambda installation: apps.show(installation, details.app.id)), everything=not values)
    if asked:
        run(lambda installation: apps.set_credentials(installation, details.app.id, asked))
    now = run(lambda installation: apps.show(installation, details.app.id))
    if as_json:
        document({"credentials": details_json(now)["credentials"], "cleared": list(cleared)})
    else:
        _say_saved(now, saved=bool(values or asked))


def _ask(details: AppDetails, *, everything: bool) -> Mapping[str, str]:
    """What a person at the terminal gives: of all fields, or of required ones that are missing."""
    if not interactive():
        return {}
    fields: Sequence[CredentialField] = details.credentials if everything else details.missing
    if fields:
        note("Enter leaves a value as it is.")
    answers: dict[str, str] = {}
    for field in fields:
        shown = given(details, field.key)
        label = plain(f"{field.label} [{shown}]" if shown else field.label)
        answer: str = click.prompt(label, default="", show_default=False, hide_input=field.secret, err=True)
        if answer:
            answers[field.key] = answer
    return answers


def _say_saved(details: AppDetails, *, saved: bool) -> None:
    if saved:
        say(f"Saved the credentials of {details.app.name}.")
    say_credentials(details)
    if details.missing:
        say(f"Still needed: {', '.join(field.label for field in details.missing)}.")
    elif saved:
        say(f"Next: provisor app test-connection {quoted(details.app.name)}")


def _pair(text: str) -> tuple[str, str]:
    key, found, value_ = text.partition("=")
    if not found or not key.strip():
        raise click.UsageError("Write KEY=VALUE.")
    return key.strip(), value_


def _read_all(paths: Mapping[str, Path]) -> Mapping[str, str]:
    if sum(str(path) == "-" for path in paths.values()) > 1:
        raise click.UsageError("Only one secret can come from standard input.")
    return {key: _read(path) for key, path in paths.items()}


def _read(path: Path) -> str:
    """A secret without the line end that an editor puts behind it."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
    except OSError as error:
        raise Refused("FileUnreadable", file=path, because=error.strerror or "it cannot be opened") from None
    except UnicodeDecodeError:
        raise Refused("FileUnreadable", file=path, because="it is not UTF-8 text") from None
    secret = text.rstrip("\r\n")
    if not secret:
        raise click.UsageError(f"{path}: there is nothing in it.")
    return secret


@click.command()
@click.argument("app_", metavar="APP")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@as_json
def settings(app_: str, pairs: Sequence[str], as_json: bool) -> None:
    """Change an app's settings; without any, list them with their choices.

    Every app has interval (seconds between cycles), scope (assigned, or all), skipOutOfScopeDeletions and rateLimit
    (requests a second); others are the connector's.
    """
    from provisor.app import apps

    wanted = dict(map(_pair, pairs))
    if wanted:
        details = run(lambda installation: apps.set_settings(installation, app_, wanted))
    else:
        details = run(lambda installation: apps.show(installation, app_))
    rows = _settings(details)
    if as_json:
        keys = ("key", "value", "choices", "label")
        document({"value": [dict(zip(keys, row, strict=True)) for row in rows]})
    else:
        table(("Setting", "Value", "Takes", "Meaning"), [(row[0], value(row[1]), row[2], row[3]) for row in rows])


def _settings(details: AppDetails) -> Sequence[tuple[str, Any, str, str]]:
    from provisor.app import job_settings

    limit = details.manifest.rate_limit
    rows: list[tuple[str, Any, str, str]] = [
        ("interval", int(details.job.interval.total_seconds()), "10 to 86400", "Seconds between cycles"),
        (
            "rateLimit",
            details.app.settings.get("rateLimit", limit.default),
            f"up to {limit.hard:g}",
            "Requests a second, at the most",
        ),
    ]
    kinds = {"boolean": "true, false", "integer": "a whole number", "string": "text"}
    values = {**details.app.settings, **job_settings.shown(details.job, job_settings.KEYS)}
    for field in (*job_settings.FIELDS, *details.manifest.settings):
        choices = ", ".join(field.choices) or kinds[field.type]
        rows.append((field.key, values.get(field.key, field.default), choices, field.label))
    return rows


@click.command()
@click.argument("app_", metavar="APP")
@click.option("--email", help="Who is told when something needs a person.")
@click.option("--on/--off", "enabled", default=None, help="Whether to tell them at all.")
@as_json
def notify(app_: str, email: str | None, enabled: bool | None, as_json: bool) -> None:
    """Set the notification address of an app; without options, show it."""
    from provisor.app import apps

    if email is None and enabled is None:
        details = run(lambda installation: apps.show(installation, app_))
        saved, changed = details.app, False
    else:
        on = True if enabled is None else enabled
        saved = run(lambda installation: apps.set_notification(installation, app_, email, enabled=on))
        changed = True
    address = saved.notification.get("email")
    if as_json:
        document({"email": address, "enabled": bool(saved.notification.get("enabled"))})
        return
    if not address:
        say(f"Nobody is notified of {saved.name}. Set an address: provisor app notify {quoted(saved.name)} --email …")
        return
    say(f"{'Saved: ' if changed else ''}{address} ({'on' if saved.notification.get('enabled') else 'off'}).")
    say("This version keeps the address, and does not send mail yet.")


@click.command("test-connection")
@click.argument("app_", metavar="APP")
@as_json
@click.pass_context
def test_connection(context: click.Context, app_: str, as_json: bool) -> None:
    """Test the connection, step by step; writes nothing to the target. Exit code 3 where it fails."""
    from provisor.app import connections

    async def steps(installation: Installation) -> Sequence[CheckStep]:
        found = []
        async for step in connections.test(installation, app_):
            found.append(step)
            if not as_json:
                _say_step(step)
        return found

    found = run(steps)
    failed = any(step.status == "failure" for step in found)
    if as_json:
        listed = [{"name": one.name, "status": one.status, "reason": reason_json(one.reason)} for one in found]
        document({"result": "failure" if failed else "success", "steps": listed})
    elif failed:
        note(("The connection test failed.", "bold red"))
    else:
        say("The connection works. What would be done: provisor plan " + quoted(app_))
    context.exit(TARGET if failed else 0)


def _say_step(step: CheckStep) -> None:
    say(MARKS[step.status], f" {describe(step.reason)}")
    help_ = remedy(step.reason.code) if step.status != "success" else None
    if help_:
        say(("  " + help_, "dim"))


COMMANDS = (credentials, settings, notify, test_connection)
