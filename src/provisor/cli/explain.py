"""`provisor explain`: why somebody is in an app, or is not."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from provisor.cli.directory import state
from provisor.cli.provision import MEANT
from provisor.cli.run import run
from provisor.cli.show import Styled, as_json, difference, document, err, facts, moment, reason_json, say
from provisor.cli.steps import log_json, scoping_lines
from provisor.text import describe, remedy

if TYPE_CHECKING:
    from provisor.app.explain import Explanation


@click.command()
@click.argument("app_", metavar="APP")
@click.argument("user", metavar="USER")
@as_json
def explain(app_: str, user: str, as_json: bool) -> None:
    """Tell why a person is in an app or is not: assignment, role, filter, account, last action, what happens next.

    The target is asked where that is possible; nothing is written to it.
    """
    from provisor.app.explain import explain as explained

    with err().status("Reading the directory and the target…"):
        found = run(lambda installation: explained(installation, app_, user))
    if as_json:
        document(_json(found))
        return
    login = found.entry.attributes.get("userPrincipalName")
    say((found.entry.display_name, "bold"), (f"  {login}" if login else "", "dim"), f"  in {found.app.name}")
    say(describe(found.verdict))
    if help_ := _help(found):
        say(help_)
    say()
    facts(list(_facts(found)))


def _help(found: Explanation) -> str | None:
    why = found.verdict.parameters.get("why")
    return remedy(why) if why else None


def _facts(found: Explanation) -> Iterator[tuple[str, Styled | None]]:
    yield "Directory", state(found.entry)
    for number, one in enumerate(found.roles):
        how = f" through the group {one.group}" if one.group else ""
        gives = "" if one.role.provisions and one.role.enabled else ", which gives no account"
        yield "" if number else "Role", f"{one.role.display_name}{how}{gives}"
    if not found.roles:
        yield "Role", "none: not assigned"
    scoping = found.scope.scoping
    for number, line in enumerate(scoping_lines(scoping)):
        yield "" if number else "Scope", line
    if found.link is not None:
        active = "active" if found.link.believed_active else "disabled"
        yield "Account", f"{found.link.target_id}, {active}, ours since {moment(found.link.since)}"
    if found.unknown is not None:
        yield "Target", ("could not be asked: " + describe(found.unknown), "yellow")
    if found.planned is not None:
        yield "A cycle", f"{MEANT.get(found.planned.action, 'would do nothing')}: {describe(found.planned.reason)}"
        for each in found.planned.modified:
            yield "", difference(each, created=found.planned.action == "create")
    if found.last is not None:
        yield "Last", f"{moment(found.last.at)}  {found.last.action} {found.last.status}: {describe(found.last.reason)}"
    if found.waiting is not None and found.next.code != "NextNothing":
        yield "In error", f"since {moment(found.waiting.first_failed)}: {describe(found.waiting.reason)}"
    yield "Next", describe(found.next)


def _json(found: Explanation) -> Mapping[str, object]:
    scoping = found.scope.scoping
    return {
        "app": {"id": found.app.id, "name": found.app.name},
        "user": {
            "id": found.entry.id,
            "displayName": found.entry.display_name,
            "userPrincipalName": found.entry.attributes.get("userPrincipalName"),
            "state": state(found.entry),
        },
        "verdict": reason_json(found.verdict),
        "roles": [
            {
                "role": one.role.display_name,
                "group": one.group,
                "givesAccount": one.role.provisions and one.role.enabled,
            }
            for one in found.roles
        ],
        "scoping": dict(scoping.details) if scoping else None,
        "account": None
        if found.link is None
        else {"id": found.link.target_id, "active": found.link.believed_active, "since": found.link.since},
        "planned": None if found.planned is None else log_json(found.planned),
        "unknown": reason_json(found.unknown),
        "last": None if found.last is None else log_json(found.last),
        "waiting": None
        if found.waiting is None
        else {
            "reason": reason_json(found.waiting.reason),
            "firstFailedDateTime": found.waiting.first_failed,
            "nextAttemptDateTime": found.waiting.next_attempt,
        },
        "next": reason_json(found.next),
    }
