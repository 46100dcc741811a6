"""`provisor logs`: what was done, and what admins did."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from provisor.cli.run import run
from provisor.cli.show import as_json, difference, document, moment, say, table
from provisor.text import describe

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.store.logs import AuditRow, LogRow

STYLES = {"success": "green", "failure": "bold red", "skipped": "dim", "warning": "yellow"}


@click.command()
@click.argument("app_", metavar="[APP]", required=False)
@click.option("--user", help="Only what concerns this user.")
@click.option("--status", type=click.Choice(["success", "failure", "skipped", "warning"]))
@click.option("--action", type=click.Choice(["create", "update", "disable", "delete", "stagedDelete", "other"]))
@click.option("--cycle", "cycle_id", metavar="ID", help="Only one cycle.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--before", type=click.IntRange(1), metavar="NUMBER", help="Go on with what is older than this row.")
@click.option("--audit", is_flag=True, help="What admins did, instead of what was provisioned.")
@as_json
def logs(app_: str | None, limit: int, before: int | None, audit: bool, as_json: bool, **wanted: str | None) -> None:
    """Show the provisioning log, newest first; with --audit the audit log."""
    filtered = any(wanted.values())
    if audit:
        if app_ or filtered:
            raise click.UsageError("The audit log is shown whole: --audit goes with --limit, --before and --json only.")
        _audit(limit, before, as_json=as_json)
        return
    from provisor.app import status
    from provisor.app.summary import provisioning_object_summary

    async def read(installation: Installation) -> tuple[Sequence[LogRow], Sequence[Mapping[str, object]]]:
        rows = await status.log_page(installation, app=app_, before=before, limit=limit, **wanted)
        return rows, [provisioning_object_summary(row, installation.tenant_id) for row in rows]

    found, summaries = run(read)
    next_ = found[-1].id if len(found) == limit else None
    if as_json:
        document({"value": summaries, "next": next_})
        return
    for row in found:
        _say_row(row)
    if not found:
        say("Nothing in the log fits." if filtered or before else "Nothing was provisioned yet. See: provisor status")
    elif next_ is not None:
        say(f"Older ones: the same command with --before {next_}")


def _say_row(row: LogRow) -> None:
    say(
        (moment(row.at), "dim"),
        f"  {row.app_name or '(removed app)'}  ",
        (f"{row.action} {row.status}", STYLES.get(row.status, "")),
        "  ",
        (row.name, "bold"),
        (f"  {row.login}" if row.login else "", "dim"),
    )
    say(f"    {describe(row.reason)}")
    if row.modified:
        changed = "; ".join(difference(one, created=row.action == "create") for one in row.modified)
        say(("    " + changed, "dim"))


def _audit(limit: int, before: int | None, *, as_json: bool) -> None:
    from provisor.app import status

    found = run(lambda installation: status.audit_page(installation, before=before, limit=limit))
    if as_json:
        document({"value": [_audit_json(row) for row in found]})
    elif found:
        rows = [(moment(one.at), one.actor, one.activity, f"{one.target_type} {one.target_name}") for one in found]
        table(("At", "By", "What", "On"), rows)
    else:
        say("Nobody changed anything yet.")


def _audit_json(row: AuditRow) -> Mapping[str, object]:
    return {
        "activityDateTime": row.at,
        "initiatedBy": row.actor,
        "activityDisplayName": row.activity,
        "target": {"type": row.target_type, "id": row.target_id, "displayName": row.target_name},
        "before": json.loads(row.before) if row.before else None,
        "after": json.loads(row.after) if row.after else None,
    }
