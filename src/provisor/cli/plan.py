"""`provisor plan`: what a cycle would do, before it is done."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from provisor.cli.cycle import follow, nothing_to_do
from provisor.cli.export import Form, Sheet, give_out, listed, writing, writing_document
from provisor.cli.run import run
from provisor.cli.show import (
    as_json,
    cycle_json,
    difference,
    difference_json,
    err,
    moment,
    number,
    quoted,
    reason_json,
    say,
    table,
)
from provisor.text import describe, duration

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.provisioning import Plan
    from provisor.store.plans import Shown

MAKE = "APP"  # the command that an app's name stands for; nobody can type it
ACTIONS = ("Create", "Update", "Adopt", "Disable", "Delete", "Skip")
MARKS = {
    "Create": ("+", "green"),
    "Update": ("~", "yellow"),
    "Adopt": ("⊙", "cyan"),
    "Disable": ("−", "red"),
    "Delete": ("−", "bold red"),
    "Skip": ("·", "dim"),
}
FAILED = ("✗", "bold red")
LINES = 50
AT_ONCE = 500

action_option = click.option(
    "--action", type=click.Choice([one.lower() for one in ACTIONS], case_sensitive=False), help="Only these lines."
)
all_option = click.option("--all", "everything", is_flag=True, help=f"Every line, not only the first {LINES}.")


class _Plans(click.Group):
    """A first word that names no command is taken as the name of an app."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands and args[0] != MAKE)
        if args and not named and args[0] not in ctx.help_option_names:
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Plans, subcommand_metavar="APP [OPTIONS] | COMMAND …")
def plan() -> None:
    """Show what the next cycle of an app would do, and why: provisor plan APP.

    \b
      provisor plan APP          show it, and forget it
      provisor plan APP --save   keep it, to be applied exactly as it was shown
      provisor plan APP --help   the other options

    Nothing is written to the target. An app that is called as one of these commands is named by its id.
    """


@plan.command(MAKE, hidden=True, options_metavar="[OPTIONS]")
@click.argument("app_", metavar="")
@click.option("--save", is_flag=True, help="Keep the plan, to be applied exactly as it was shown.")
@all_option
@action_option
@listed
def make(app_: str, save: bool, everything: bool, action: str | None, form: Form) -> None:
    """Show what the next cycle would do, and why; writes nothing to the target."""
    from provisor.app import provisioning

    async def work(installation: Installation) -> None:
        with err().status("Reading the directory and the target…"):
            made = await provisioning.make_plan(installation, app_)
        try:
            await _show(installation, made, action, form, everything=everything, saved=save)
        finally:
            if not save:
                await provisioning.discard(installation, made.row.cycle.id)

    run(work)


@plan.command()
@click.argument("id_", metavar="ID")
@all_option
@action_option
@listed
def show(id_: str, everything: bool, action: str | None, form: Form) -> None:
    """Show a saved plan, or what became of the lines of a cycle."""
    from provisor.app import provisioning

    async def work(installation: Installation) -> None:
        stored = await provisioning.show_plan(installation, id_)
        saved = stored.row.cycle.state == "planned"
        await _show(installation, stored, action, form, everything=everything, saved=saved)

    run(work)


@plan.command("list")
@click.argument("app_", metavar="APP")
@listed
def list_(app_: str, form: Form) -> None:
    """List an app's saved plans."""
    from provisor.app import provisioning

    found = run(lambda installation: provisioning.saved_plans(installation, app_))
    if form.kind != "text":
        give_out(form, found, lambda row: cycle_json(row) or {}, ("id", "state", "beganDateTime", "requestedBy"))
    elif found:
        rows = [(row.cycle.id, moment(row.cycle.began), row.requested_by) for row in found]
        table(("Plan", "Made", "By"), rows)
        say(f"Apply one: provisor plan apply {found[0].cycle.id}")
    else:
        say(f"No saved plans. Make one: provisor plan {quoted(app_)} --save")


@plan.command()
@click.argument("id_", metavar="ID")
def discard(id_: str) -> None:
    """Throw a saved plan away."""
    from provisor.app import provisioning

    run(lambda installation: provisioning.discard_saved(installation, id_))
    say("Discarded.")


@plan.command()
@click.argument("id_", metavar="ID")
@click.option("--allow", type=click.IntRange(0), metavar="N", help="Agree to exactly this many disables and deletes.")
@as_json
@click.pass_context
def apply(context: click.Context, id_: str, allow: int | None, as_json: bool) -> None:
    """Carry a saved plan out, exactly as it was shown; refused once anything in it has changed.

    Exit code 5: done, but entries are in error or held back.
    """
    from provisor.app import provisioning

    again = f"provisor plan apply {id_}"
    rows = lambda installation: provisioning.apply_plan(installation, id_, allow)  # noqa: E731
    context.exit(follow(rows, again, as_json=as_json))


# ---- showing ----------------------------------------------------------------------------------------------------


async def _show(
    installation: Installation, plan_: Plan, action: str | None, form: Form, *, everything: bool, saved: bool
) -> None:
    wanted = action.capitalize() if action else None
    if form.kind == "json":
        lines = [line async for line in _lines(installation, plan_, wanted, None)]
        with writing_document(form) as write:
            write(_plan_json(plan_, lines, saved=saved))
        return
    if form.kind == "csv":
        with writing(form, line_json, LINES_SHEET, MODIFIED_SHEET) as add:
            async for line in _lines(installation, plan_, wanted, None):
                add(line)
        return
    lines = [line async for line in _lines(installation, plan_, wanted, None if everything else LINES)]
    _say_counts(plan_)
    for line in lines:
        say_line(line)
    total = plan_.number(wanted) if wanted else sum(plan_.counts.values())
    if len(lines) < total:
        word = f"show {plan_.row.cycle.id}" if saved else quoted(plan_.app.name)
        more = f" --action {action}" if action else ""
        say()
        say(f"{number(total - len(lines), 'more line')}: provisor plan {word}{more} --all")
    _say_guard(plan_, saved=saved)
    if saved:
        agreed = f" --allow {plan_.verdict.destructive}" if plan_.verdict.held else ""
        say(f"Saved. Apply it: provisor plan apply {plan_.row.cycle.id}{agreed}")


async def _lines(
    installation: Installation, plan_: Plan, action: str | None, limit: int | None
) -> AsyncIterator[Shown]:
    from provisor.app import provisioning

    told = 0
    while limit is None or told < limit:
        size = AT_ONCE if limit is None else min(AT_ONCE, limit - told)
        page = await provisioning.lines(installation, plan_.row.cycle.id, action=action, after=told, limit=size)
        for line in page:
            yield line
        told += len(page)
        if len(page) < size:
            break


def counted(plan_: Plan) -> Mapping[str, int]:
    """Lines by what is meant for them."""
    counts = {one.lower(): plan_.number(one) for one in ACTIONS[:-1]}
    held = sum(lines for (_, state), lines in plan_.counts.items() if state == "held")
    return {**counts, "failed": plan_.failing, "skipped": plan_.number("Skip") - plan_.failing, "held": held}


def _say_counts(plan_: Plan) -> None:
    counts = counted(plan_)
    if not any(counts.values()):
        say(nothing_to_do(plan_))
        return
    kind = "everybody" if plan_.row.cycle.since is None else "what changed since the last cycle"
    say((f"Plan for {plan_.app.name}", "bold"), f" ({kind}):")
    words = (("create", "Create"), ("update", "Update"), ("adopt", "Adopt"), ("disable", "Disable"))
    parts = [(MARKS[name], f" {counts[word]:,} {word}") for word, name in words]
    if counts["delete"]:
        parts.append((MARKS["Delete"], f" {counts['delete']:,} delete"))
    parts.append((FAILED, f" {counts['failed']:,} failed"))
    parts.append((MARKS["Skip"], f" {counts['skipped']:,} skipped"))
    say("  ", *(piece for mark, words_ in parts for piece in (mark, words_ + "  ")))
    if plan_.seconds:
        say(f"  It takes {duration(plan_.seconds)} at the target's rate.")
    say()


def say_line(line: Shown) -> None:
    mark = FAILED if line.failed or line.state == "failed" else MARKS[line.action]
    state = "" if line.state in ("planned", "done") else f"  [{line.state}]"
    login = f"  {line.login}" if line.login else ""
    say(mark, " ", (line.name, "bold"), (login, "dim"), (state, "yellow"))
    if line.action == "Create":
        say("    " + ", ".join(difference(one, created=True) for one in line.modified))
    else:
        for one in line.modified:
            say("    " + difference(one))
    say("    ", (describe(line.reason), "italic"))


def _say_guard(plan_: Plan, *, saved: bool) -> None:
    verdict, name = plan_.verdict, quoted(plan_.app.name)
    if verdict.held:
        say()
        say(
            ("Held back: ", "bold yellow"),
            f"{number(verdict.destructive, 'account')} would be disabled or deleted, and {verdict.allowed} go unasked.",
        )
        if not saved:
            say(f"If they are meant: provisor sync {name} --allow {verdict.destructive}")
    if plan_.counts.get(("Adopt", "held")):
        say()
        accounts = number(plan_.counts["Adopt", "held"], "account")
        say(("Held back: ", "bold yellow"), f"{accounts} would be taken over, unusually many or with power there.")
        if not saved:
            say(f"If that is meant: provisor plan {name} --save, and apply that plan.")


def _plan_json(plan_: Plan, lines: Sequence[Shown], *, saved: bool) -> Mapping[str, object]:
    return {
        "id": plan_.row.cycle.id if saved else None,
        "app": {"id": plan_.app.id, "name": plan_.app.name},
        "saved": saved,
        "cycle": cycle_json(plan_.row),
        "counts": counted(plan_),
        "seconds": round(plan_.seconds, 1),
        "guard": {
            "destructive": plan_.verdict.destructive,
            "allowed": plan_.verdict.allowed,
            "held": plan_.verdict.held,
        },
        "lines": [line_json(line) for line in lines],
    }


def line_json(line: Shown) -> Mapping[str, object]:
    return {
        "number": line.seq,
        "action": line.action.lower(),
        "state": line.state,
        "failed": line.failed,
        "entryId": line.entry_id,
        "displayName": line.name,
        "userPrincipalName": line.login,
        "targetId": line.target_id,
        "modified": [difference_json(one) for one in line.modified],
        "reason": reason_json(line.reason),
    }


_COLUMNS = ("number", "action", "state", "failed", "entryId", "displayName", "userPrincipalName", "targetId")


def _cells(line: Shown) -> Sequence[object]:
    shown = line_json(line)
    return [*(shown[name] for name in _COLUMNS), line.reason.code, describe(line.reason)]


LINES_SHEET: Sheet[Shown] = Sheet((*_COLUMNS, "reasonCode", "reason"), lambda line: [_cells(line)])
MODIFIED_SHEET: Sheet[Shown] = Sheet(
    ("number", "attribute", "old", "new"),
    lambda line: [(line.seq, one.attribute, one.old, one.new) for one in line.modified],
    "modified",
)
