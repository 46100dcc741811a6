"""`provisor logs`: what was done, and what admins did."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from provisor.cli.run import run
from provisor.cli.show import as_json, difference, difference_json, document, moment, reason_json, say, table
from provisor.text import describe

if TYPE_CHECKING:
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

    found = run(lambda installation: status.log_page(installation, app=app_, before=before, limit=limit, **wanted))
    next_ = found[-1].id if len(found) == limit else None
    if as_json:
        document({"value": [_row_json(row) for row in found], "next": next_})
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
        f"  {row.app_name}  ",
        (f"{row.action} {row.status}", STYLES.get(row.status, "")),
        "  ",
        (row.name, "bold"),
        (f"  {row.login}" if row.login else "", "dim"),
    )
    say(f"    {describe(row.reason)}")
    if row.modified:
        changed = "; ".join(difference(one, created=row.action == "create") for one in row.modified)
        say(("    " + changed, "dim"))


def _row_json(row: LogRow) -> Mapping[str, object]:
    return {
        "id": row.id,
        "activityDateTime": row.at,
        "app": row.app_name,
        "jobId": row.job_id,
        "cycleId": row.cycle_id,
        "changeNumber": row.seq,
        "provisioningAction": row.action,
        "status": row.status,
        "entryId": row.entry_id,
        "displayName": row.name,
        "userPrincipalName": row.login,
        "targetId": row.target_id,
        "durationInMilliseconds": row.duration_ms,
        "reason": reason_json(row.reason),
        "modifiedProperties": [difference_json(one) for one in row.modified],
        "provisioningSteps": [
            {"name": one.name, "type": one.type, "status": one.status, "reason": reason_json(one.reason)}
            for one in row.steps
        ],
    }


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
