"""Every change of an app's mappings goes this way: what it causes is shown, somebody agrees, then it is saved."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from provisor.cli.plan import line_json, say_line
from provisor.cli.run import run
from provisor.cli.show import agreed, document, err, note, number, quoted, reason_json, say
from provisor.domain.error import Refused
from provisor.text import describe, remedy

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.mappings import Consequences, Stored
    from provisor.domain.change import Reason
    from provisor.domain.schema import SynchronizationSchema

WORDS = {"Disable": "disabled", "Delete": "deleted", "Update": "updated", "Adopt": "taken over", "Create": "created"}
"""What would become of accounts, the worst first."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a person wants a change made: only shown, without being asked, told as JSON."""

    only_plan: bool
    yes: bool
    as_json: bool


def changing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command that changes mappings the options that say how, and `way`, what they amount to."""
    import functools

    @functools.wraps(command)
    def formed(*words: Any, only_plan: bool, yes: bool, as_json: bool, **named: Any) -> Any:
        return command(*words, way=Way(only_plan, yes, as_json), **named)

    decorated: Callable[..., Any] = formed
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--plan", "only_plan", is_flag=True, help="Show what it would cause, and save nothing."),
    ):
        decorated = option(decorated)
    return decorated


def change(edit: Callable[[Installation], Awaitable[SynchronizationSchema]], app_: str, way: Way) -> None:
    """Make the changed mappings, show what they cause, ask, and save them."""
    from provisor.app import mappings

    async def look(installation: Installation) -> Consequences:
        schema = await edit(installation)
        with err().status("Working out what this causes…"):
            return await mappings.preview(installation, app_, schema)

    try:
        found = run(look)
    except Refused as refusal:
        if refusal.reason.code != "SchemaUnchanged":
            raise
        _end_unchanged(refusal.reason, way)
        return
    if not way.as_json:
        say_consequences(found)
    if way.only_plan:
        _end(found, None, way)
        return
    agreed(f"Save these mappings of {found.app.name}?", yes=way.yes)
    _end(found, run(lambda installation: mappings.save(installation, found.app.id, found.schema)), way)


def _end_unchanged(reason: Reason, way: Way) -> None:
    """There is nothing to do, which is as well."""
    if way.as_json:
        document({"saved": False, "version": None, "consequences": None, "reason": reason_json(reason)})
    else:
        say(describe(reason))


def _end(found: Consequences, saved: Stored | None, way: Way) -> None:
    if way.as_json:
        version = saved.schema.version if saved else None
        document({"saved": saved is not None, "version": version, "consequences": consequences_json(found)})
    elif saved is None:
        say("Nothing was saved.")
    else:
        say(f"Saved as version {saved.schema.version}.")
        if saved.job.schedule != "Active":
            say(f"Provisioning is off: carry it out with provisor sync {quoted(found.app.name)}")


def say_consequences(found: Consequences) -> None:
    """In one sentence, the first lines, and what the guard would hold; what to look at twice stands before it."""
    for one in found.warnings:
        note(("Look at ", "bold yellow"), f"{one.path}: {describe(one.reason)}")
        note("  ", remedy(one.reason.code) or "")
    again = "Nobody has an account that is managed yet"
    if found.managed:
        every = "All " if found.managed > 1 else ""
        again = f"{every}{number(found.managed, 'managed person', 'managed people')} will be evaluated again"
    if found.plan is None:
        say(f"{again}.")
        if found.unknown is not None:
            note(("What that causes cannot be told: ", "bold yellow"), describe(found.unknown))
        return
    counted = [(word, found.plan.number(action)) for action, word in WORDS.items()]
    told = [f"{count:,} {word}" for word, count in counted if count]
    if told:
        first, *others = told
        several = "account" if first.startswith("1 ") else "accounts"
        count, word = first.split(" ", 1)
        say(f"{again}: ", (", ".join([f"{count} {several} would be {word}", *others]), "bold"), ".")
    else:
        say(f"{again}, and no account would change.")
    for line in found.lines:
        say_line(line)
    more = sum(found.plan.counts.values()) - len(found.lines)
    if more > 0:
        say(f"… and {number(more, 'more line')}.")
    taken = sum(found.plan.number(action) for action in ("Disable", "Delete"))
    if found.plan.verdict.destructive > taken:
        off = number(found.plan.verdict.destructive - taken, "account")
        say((f"{off} of those would be switched off by a value.", "bold red"))
    if found.plan.failing:
        say((f"{number(found.plan.failing, 'person', 'people')} would be in error.", "yellow"))
    verdict = found.plan.verdict
    if verdict.held:
        say(
            ("The guard would hold back ", "bold yellow"),
            f"the {number(verdict.destructive, 'account')} to be disabled or deleted: {verdict.allowed} go unasked.",
        )


def consequences_json(found: Consequences) -> Mapping[str, object]:
    plan = found.plan
    return {
        "app": {"id": found.app.id, "name": found.app.name},
        "managed": found.managed,
        "unknown": reason_json(found.unknown),
        "counts": None if plan is None else {action.lower(): plan.number(action) for action in WORDS},
        "failed": None if plan is None else plan.failing,
        "warnings": [{"path": one.path, "reason": reason_json(one.reason)} for one in found.warnings],
        "held": plan is not None and plan.verdict.held,
        "lines": [line_json(line) for line in found.lines],
    }
