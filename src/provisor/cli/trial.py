"""`provisor app mappings test`: mappings tried on one person."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisor.cli.given import read_file
from provisor.cli.mappings import app_argument
from provisor.cli.run import run
from provisor.cli.show import as_json, document, err, note, reason_json, say, value
from provisor.cli.steps import scoping_lines
from provisor.text import describe, plain

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.trial import Flow, Trial
    from provisor.domain.schema import SynchronizationSchema

FATES: Mapping[str, tuple[str, str]] = {
    "written": ("would be written", "bold"),
    "unchanged": ("as it is", "dim"),
    "onCreation": ("only on creation", "dim"),
    "cleared": ("would be cleared", "bold yellow"),
    "kept": ("left alone", "dim"),
    "entryLeftOut": ("leaves the person out", "yellow"),
    "failed": ("in error", "bold red"),
}


@click.command("test")
@app_argument
@click.option("--user", required=True, help="Whom to try them on.")
@click.option(
    "--set", "changes", multiple=True, metavar="TARGET=EXPRESSION", help="As if this were mapped; may be repeated."
)
@click.option("--file", type=click.Path(path_type=Path, allow_dash=True), help="As if this document were imported.")
@as_json
def test(app_: str, user: str, changes: Sequence[str], file: Path | None, as_json: bool) -> None:
    """Try an app's mappings on one person: what each reads, gives, and makes of the account.

    With --set or --file, mappings that are not saved. Nothing is saved, and nothing is written to the target.
    """
    from provisor.app import mappings, trial
    from provisor.schema.edit import mapping_of, put, set_mapping

    given = [_change(one) for one in changes]
    text = read_file(file) if file is not None else None

    async def schema(installation: Installation) -> SynchronizationSchema | None:
        if text is None and not given:
            return None
        stored = await mappings.get(installation, app_)
        schema = stored.schema if text is None else await mappings.read(installation, app_, text)
        one = mapping_of(schema, "User", stored.app.name)
        for target, expression in given:
            one = set_mapping(one, target, {"source": expression})
        return put(schema, one)

    async def work(installation: Installation) -> Trial:
        return await trial.try_mappings(installation, app_, user, await schema(installation))

    with err().status("Reading the directory and the target…"):
        found = run(work)
    if as_json:
        document(_json(found))
    else:
        _say(found)


def _change(one: str) -> tuple[str, str]:
    target, sign, expression = one.partition("=")
    if not sign or not target.strip():
        raise click.UsageError(f'"{plain(one)}" is not TARGET=EXPRESSION, such as title=ToUpper([jobTitle]).')
    return target.strip(), expression


def _say(found: Trial) -> None:
    login = found.entry.attributes.get("userPrincipalName")
    say((found.entry.display_name, "bold"), (f"  {login}" if login else "", "dim"), f"  in {found.app.name}")
    for line in scoping_lines(found.scope.scoping):
        say("  ", (line, "dim"))
    if found.unknown is not None:
        note(("What the account holds cannot be told: ", "bold yellow"), describe(found.unknown))
    elif found.line is not None:
        say(describe(found.line.change.reason))
    for one in found.flows:
        _say_flow(one)
    say("Nothing was written, and nothing saved.")


def _say_flow(one: Flow) -> None:
    source = one.mapping.source if one.mapping.source is not None else "(nothing)"
    say((one.mapping.target, "bold"), f" ← {source}  ", FATES[one.fate])
    for name, held in one.read.items():
        say("    ", (f"{name}: {value(held)}", "dim"))
    if one.reason is not None:
        say("    ", (describe(one.reason), "red"))
    elif one.fate in ("written", "cleared"):
        say("    ", f"{value(one.before)} → {value(one.after)}")
    else:
        say("    ", value(one.after))
    if one.fate == "onCreation":
        say("    ", f"a new account would get {value(one.result)}")


def _json(found: Trial) -> Mapping[str, object]:
    scoping = found.scope.scoping
    return {
        "app": {"id": found.app.id, "name": found.app.name},
        "user": {"id": found.entry.id, "displayName": found.entry.display_name},
        "scoping": dict(scoping.details) if scoping else None,
        "planned": reason_json(found.line.change.reason) if found.line else None,
        "unknown": reason_json(found.unknown),
        "attributes": [_flow_json(one) for one in found.flows],
    }


def _flow_json(one: Flow) -> Mapping[str, object]:
    return {
        "target": one.mapping.target,
        "source": one.mapping.source,
        "default": one.mapping.default,
        "matchingPriority": one.mapping.matching_priority,
        "read": dict(one.read),
        "result": one.result,
        "before": one.before,
        "after": one.after,
        "fate": one.fate,
        "reason": reason_json(one.reason),
    }
