"""`provisor provision`: some people now, step by step."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from provisor.cli.cycle import code_of, say_held, watch
from provisor.cli.failure import INCOMPLETE, tell_reason
from provisor.cli.run import run
from provisor.cli.show import as_json, cycle_json, difference, document, err, quoted, say
from provisor.cli.steps import MARKS, log_json, read_lines, say_step, scoping_lines, step_json
from provisor.text import remedy

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.on_demand import Chosen, Provisioned
    from provisor.app.provisioning import Plan
    from provisor.domain.log import LogEntry, Step
    from provisor.store.jobs import CycleRow

DONE = {
    "create": "created",
    "update": "updated",
    "disable": "disabled",
    "delete": "deleted",
    "stagedDelete": "held back",
}
MEANT = {
    "create": "would create it",
    "update": "would change it",
    "disable": "would disable it",
    "delete": "would delete it",
    "stagedDelete": "would hold it back",
}
"""What a cycle does to the account, or would do."""


@click.command()
@click.argument("app_", metavar="APP")
@click.argument("users", metavar="USER…", nargs=-1, required=True)
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done, and write nothing.")
@click.option("--allow", type=click.IntRange(0), metavar="N", help="Agree to exactly this many disables and deletes.")
@as_json
@click.pass_context
def provision(
    context: click.Context, app_: str, users: Sequence[str], only_plan: bool, allow: int | None, as_json: bool
) -> None:
    """Provision some people in an app now, and show how it went, step by step.

    They go the way that they go in a cycle, and nothing happens that would not happen there; an account of theirs
    that has vanished from the target is noticed, too. Exit code 3: the target failed. Exit code 5: somebody is in
    error or held back.
    """
    from provisor.app import on_demand

    chosen = run(lambda installation: on_demand.choose(installation, app_, users))
    if only_plan:
        with err().status("Reading the directory and the target…"):
            found = run(lambda installation: on_demand.preview(installation, chosen))
        _tell(chosen, found, None, as_json=as_json)
        return

    def rows(installation: Installation) -> AsyncGenerator[CycleRow]:
        return on_demand.provision(installation, chosen, allow)

    async def outcome(installation: Installation, plans: Sequence[Plan]) -> tuple[Plan, Sequence[Provisioned]]:
        *_, last = plans
        return last, await on_demand.outcome(installation, chosen, last.row.cycle.id)

    ended, done = watch(rows, " ".join(["provisor provision", quoted(app_), *map(quoted, users)]), outcome)
    _tell(chosen, done, ended, as_json=as_json)
    failed = any(one.log is None or one.log.status == "failure" for one in done)
    context.exit(code_of(ended) or (INCOMPLETE if failed else 0))


def _tell(chosen: Chosen, found: Sequence[Provisioned], plan: Plan | None, *, as_json: bool) -> None:
    if as_json:
        document(
            {
                "app": {"id": chosen.app.id, "name": chosen.app.name},
                "planned": plan is None,
                "cycle": cycle_json(plan.row) if plan is not None else None,
                "value": [_json(one, sent=plan is not None) for one in found],
            }
        )
        return
    if plan is not None and plan.row.error is not None:
        tell_reason(plan.row.error, code_of(plan))
    for one in found:
        _say(one, sent=plan is not None)
    if len(found) > 1:
        say(_summary(found, sent=plan is not None))
    if plan is None:
        say("Nothing was written.")
    else:
        say_held(plan, quoted(plan.app.name))


def _say(one: Provisioned, *, sent: bool) -> None:
    login = one.entry.attributes.get("userPrincipalName")
    who = ((one.entry.display_name, "bold"), (f"  {login}" if login else "", "dim"))
    if one.log is None:
        say(("· ", "dim"), *who, "  changed meanwhile, or was not reached; the next cycle has it")
        return
    say(MARKS[one.log.status], " ", *who, f"  {_fate(one.log, sent=sent)}")
    for number, step in enumerate(_steps(one.log, sent=sent), 1):
        match step.type:
            case "import":
                more = read_lines(one.read)
            case "scoping":
                more = scoping_lines(one.log.detail.scoping)
            case "processing":
                more = [difference(each, created=one.log.detail.created is not None) for each in one.log.modified]
            case _:
                more = []
        say_step(number, step, more=more)
    if one.log.status == "failure" and (help_ := remedy(one.log.reason.code)):
        say("  ", help_)


def _fate(log: LogEntry, *, sent: bool) -> str:
    if log.status == "failure":
        return "in error"
    if log.action not in DONE:
        return "nothing done" if sent else "nothing to do"
    return DONE[log.action] if sent else f"would be {DONE[log.action]}"


def _summary(found: Sequence[Provisioned], *, sent: bool) -> str:
    fates = Counter(_fate(one.log, sent=sent) if one.log else "not reached" for one in found)
    return ", ".join(f"{count:,} {fate}" for fate, count in fates.items()) + "."


def _steps(log: LogEntry, *, sent: bool) -> Sequence[Step]:
    """What is only planned is not sent."""
    return log.steps if sent else [step for step in log.steps if step.type != "export"]


def _json(one: Provisioned, *, sent: bool) -> Mapping[str, object]:
    told: dict[str, object] = {
        "id": one.entry.id,
        "displayName": one.entry.display_name,
        "userPrincipalName": one.entry.attributes.get("userPrincipalName"),
        "read": dict(one.read),
        "log": None,
    }
    if one.log is not None:
        logged = dict(log_json(one.log))
        logged["steps"] = [step_json(step) for step in _steps(one.log, sent=sent)]
        told["log"] = logged
    return told
