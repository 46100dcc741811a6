"""`provisor logs`: what was done, and what admins did."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from provisor.cli.export import Form, Sheet, listed, writing
from provisor.cli.run import run
from provisor.cli.show import difference, document, moment, say, table
from provisor.text import describe, remedy

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.store.logs import AuditRow, LogRow

PAGE = 50
STYLES = {"success": "green", "failure": "bold red", "skipped": "dim", "warning": "yellow"}


@click.command()
@click.argument("app_", metavar="[APP]", required=False)
@click.option("--user", help="Only what concerns this user.")
@click.option("--status", type=click.Choice(["success", "failure", "skipped", "warning"]))
@click.option("--action", type=click.Choice(["create", "update", "disable", "delete", "stagedDelete", "other"]))
@click.option("--cycle", "cycle_id", metavar="ID", help="Only one cycle.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    help=f"At most so many, the newest.  [default: {PAGE}; with --csv or --output, all]",
)
@click.option("--before", type=click.IntRange(1), metavar="NUMBER", help="Go on with what is older than this row.")
@click.option("--audit", is_flag=True, help="What admins did, instead of what was provisioned.")
@listed
def logs(
    app_: str | None, form: Form, limit: int | None, before: int | None, audit: bool, **wanted: str | None
) -> None:
    """Show the provisioning log, newest first; with --audit the audit log.

    As CSV, --output log.csv makes three files: log.csv, log.steps.csv and log.modified.csv, joined by change id.
    """
    filtered = any(wanted.values())
    if audit:
        if app_ or filtered:
            raise click.UsageError("The audit log is shown whole: --audit goes with no app and no filter.")
        _audit(form, limit, before)
        return
    from provisor.app import status
    from provisor.app.summary import provisioning_object_summary

    async def export(installation: Installation) -> None:
        def as_json(row: LogRow) -> Mapping[str, Any]:
            return provisioning_object_summary(row, installation.tenant_id)

        with writing(form, as_json, *sheets(installation.tenant_id)) as add:
            async for row in status.log_rows(installation, app=app_, before=before, limit=limit, **wanted):
                add(row)

    async def read(installation: Installation) -> tuple[Sequence[LogRow], Sequence[Mapping[str, object]]]:
        rows = await status.log_page(installation, app=app_, before=before, limit=limit or PAGE, **wanted)
        return rows, [provisioning_object_summary(row, installation.tenant_id) for row in rows]

    if form.whole:
        run(export)
        return
    found, summaries = run(read)
    next_ = found[-1].id if len(found) == (limit or PAGE) else None
    if form.kind == "json":
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


def _audit(form: Form, limit: int | None, before: int | None) -> None:
    from provisor.app import status

    async def export(installation: Installation) -> None:
        with writing(form, _audit_json, AUDIT) as add:
            async for row in status.audit_log(installation, before=before, limit=limit):
                add(row)

    if form.whole:
        run(export)
        return
    found = run(lambda installation: status.audit_page(installation, before=before, limit=limit or PAGE))
    next_ = found[-1].id if len(found) == (limit or PAGE) else None
    if form.kind == "json":
        document({"value": [_audit_json(row) for row in found], "next": next_})
    elif found:
        rows = [(moment(one.at), one.actor, one.activity, f"{one.target_type} {one.target_name}") for one in found]
        table(("At", "By", "What", "On"), rows)
        if next_ is not None:
            say(f"Older ones: the same command with --before {next_}")
    else:
        say("Nobody changed anything yet.")


def _audit_json(row: AuditRow) -> Mapping[str, object]:
    return {
        "id": str(row.id),
        "activityDateTime": row.at,
        "initiatedBy": row.actor,
        "activityDisplayName": row.activity,
        "target": {"type": row.target_type, "id": row.target_id, "displayName": row.target_name},
        "before": json.loads(row.before) if row.before else None,
        "after": json.loads(row.after) if row.after else None,
    }


# ---- CSV ----------------------------------------------------------------------------------------------------------

AUDIT: Sheet[AuditRow] = Sheet(
    (
        *("id", "activityDateTime", "initiatedBy", "activityDisplayName"),
        *("targetType", "targetId", "targetDisplayName", "before", "after"),
    ),
    lambda row: [
        (
            *(row.id, row.at, row.actor, row.activity),
            *(row.target_type, row.target_id, row.target_name, row.before, row.after),
        )
    ],
)
COLUMNS = (
    *("changeId", "id", "activityDateTime", "tenantId", "jobId", "cycleId", "servicePrincipalId"),
    *("servicePrincipalName", "provisioningAction", "status", "errorCode", "reason", "recommendedAction"),
    *("sourceIdentityId", "sourceIdentityName", "userPrincipalName", "targetIdentityId"),
    *("sourceSystemName", "targetSystemName", "initiatedBy", "durationInMilliseconds"),
)
STEPS = ("changeId", "id", "number", "name", "provisioningStepType", "status", "description", "details")
MODIFIED = ("changeId", "id", "displayName", "oldValue", "newValue")


def sheets(tenant_id: str) -> Sequence[Sheet[LogRow]]:
    """The log, the steps and the modified properties: three files, joined by `changeId`, and by `id` row for row."""
    from provisor.app.summary import change_id, property_text

    def row(one: LogRow) -> Sequence[object]:
        return [
            *(change_id(one), one.id, one.at, tenant_id, one.job_id, one.cycle_id, one.app_id, one.app_name),
            *(one.action, one.status, one.reason.code, describe(one.reason)),
            remedy(one.reason.code) if one.status != "success" else None,
            *(one.entry_id, one.name, one.login, one.target_id),
            *(one.directory_name, one.app_name, one.initiated_by, one.duration_ms),
        ]

    def steps(one: LogRow) -> Iterable[Sequence[object]]:
        for number, step in enumerate(one.steps, 1):
            details = json.dumps(dict(step.details), ensure_ascii=False) if step.details else None
            yield change_id(one), one.id, number, step.name, step.type, step.status, describe(step.reason), details

    def modified(one: LogRow) -> Iterable[Sequence[object]]:
        for each in one.modified:
            yield change_id(one), one.id, each.attribute, property_text(each.old), property_text(each.new)

    return Sheet(COLUMNS, lambda one: [row(one)]), Sheet(STEPS, steps, "steps"), Sheet(MODIFIED, modified, "modified")
