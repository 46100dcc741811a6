"""`provisor app mappings`: what flows where, shown, exported, imported, restored; what the target has."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from provisor.cli.consequences import Way, change, changing
from provisor.cli.export import Form, writing_document
from provisor.cli.given import read_file
from provisor.cli.run import run
from provisor.cli.show import Styled, as_json, document, moment, number, quoted, say, table

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.mappings import Discovery
    from provisor.domain.schema import AttributeDefinition, ObjectMapping, SynchronizationSchema

SHOW = "APP"  # the command that an app's name stands for; nobody can type it
WHEN = {"Always": "always", "ObjectAddOnly": "on creation", "MultiValueAddOnly": "adding"}
MUTABILITY = {"ReadOnly": "read only", "Immutable": "on creation only", "WriteOnly": "never shown"}

app_argument = click.argument("app_", metavar="APP")


class _Mappings(click.Group):
    """A first word that names no command is taken as the name of an app."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands and args[0] != SHOW)
        if args and not named and args[0] not in ctx.help_option_names:
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Mappings, subcommand_metavar="APP | COMMAND …")
def mappings() -> None:
    """Show and change what flows where: provisor app mappings APP.

    Every change is checked as a whole, says what it would cause, and asks before it is saved. --plan only shows it.
    An app that is called as one of these commands is named by its id.
    """


# ---- looking --------------------------------------------------------------------------------------------------------


def _show(app_: str, *, as_json: bool) -> None:
    from provisor.app import mappings

    schema = run(lambda installation: mappings.get(installation, app_)).schema
    if as_json:
        document({"version": schema.version, "objectMappings": [_mapping_json(m) for m in schema.object_mappings]})
        return
    for mapping in schema.object_mappings:
        actions = ", ".join(sorted(mapping.flow_types)) if mapping.enabled else "switched off"
        say((mapping.name, "bold"), f"  ({mapping.source} → {mapping.target}; {actions or 'no action'})")
        _mapping_table(mapping)
        _say_scope(mapping)
        if mapping.source_attributes:
            added = ", ".join(one.name for one in mapping.source_attributes)
            say(f"Added to the directory's attributes: {added}")
    say(f"Version {schema.version}.")


@mappings.command(SHOW, hidden=True)
@click.argument("app_", metavar="")
@as_json
def of_app(app_: str, as_json: bool) -> None:
    """Show what flows where."""
    _show(app_, as_json=as_json)


@mappings.command()
@app_argument
@as_json
def show(app_: str, as_json: bool) -> None:
    """Show what flows where: target attribute, source expression, matching, what the target takes, and the scope."""
    _show(app_, as_json=as_json)


def _mapping_table(mapping: ObjectMapping) -> None:
    flows = {one.target: one for one in mapping.mappings}
    rows: list[list[Styled]] = []
    for attribute in mapping.attributes:
        flow = flows.get(attribute.name)
        if flow is None:
            rows.append([("(not mapped)", "dim"), attribute.name, "", "", "", takes(attribute)])
            continue
        when = WHEN[flow.flow_type] + (", clears" if flow.flow_null_values else "")
        matching = str(flow.matching_priority) if flow.matching_priority else ""
        rows.append([flow.source or "", attribute.name, matching, when, flow.default or "", takes(attribute)])
    table(("Source", "→ Target", "Matching", "When", "Default", "The target takes"), rows)


def takes(attribute: AttributeDefinition) -> str:
    """What an attribute takes, in words."""
    mutability = MUTABILITY.get(attribute.mutability)
    return ", ".join(
        [attribute.type]
        + ["required"] * attribute.required
        + ([f"at most {attribute.max_length}"] if attribute.max_length else [])
        + ["several"] * attribute.multivalued
        + ["exact case"] * attribute.case_exact
        + ([mutability] if mutability else [])
        + ["not searchable"] * (not attribute.filterable)
    )


def _say_scope(mapping: ObjectMapping) -> None:
    if not mapping.scope_filter:
        say("No scoping filter: whoever is assigned is in scope.")
        return
    say("In scope is whoever is assigned and meets one of these groups:")
    for group in mapping.scope_filter:
        say("  ", (group.name, "bold"))
        for place, clause in enumerate(group.clauses, 1):
            say(f"    {place}. {clause.attribute} {clause.operator} {clause.value or ''}".rstrip())


@mappings.command()
@app_argument
@as_json
def versions(app_: str, as_json: bool) -> None:
    """List every version that was ever saved; the newest is in use."""
    from provisor.app import mappings

    found = run(lambda installation: mappings.versions(installation, app_))
    if as_json:
        rows = [{"version": one.number, "savedBy": one.saved_by, "savedDateTime": one.saved_at} for one in found]
        document({"value": rows})
        return
    table(("Version", "Saved", "By"), [(str(one.number), moment(one.saved_at), one.saved_by) for one in found])


# ---- JSON and back --------------------------------------------------------------------------------------------------


@mappings.command()
@app_argument
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it into this file.")
@click.option("--force", is_flag=True, help="With --output: replace the file if it is there.")
@click.option("--version", "number_", type=click.IntRange(1), help="An earlier version.")
def export(app_: str, output: Path | None, force: bool, number_: int | None) -> None:
    """Write the whole schema as one JSON document, in the shape of Microsoft Graph's synchronizationSchema."""
    from provisor.app import mappings

    if force and output is None:
        raise click.UsageError("--force goes with --output.")
    written = run(lambda installation: mappings.document(installation, app_, number_))
    with writing_document(Form("json", output, force)) as write:
        write(written)


@mappings.command("import")
@app_argument
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@changing
def import_(app_: str, file: Path, way: Way) -> None:
    """Replace the whole schema by what an export holds, of Provisor or of Entra; `-` reads standard input.

    A document with a fault is refused as a whole, and every fault is named with its place.
    """
    from provisor.app import mappings

    text = read_file(file)
    change(lambda installation: mappings.read(installation, app_, text), app_, way)


@mappings.command()
@app_argument
@click.option("--version", "number_", type=click.IntRange(1), help="An earlier version, instead of the gallery's.")
@changing
def restore(app_: str, number_: int | None, way: Way) -> None:
    """Go back to the mappings and filters that the gallery has for the app, or to an earlier version."""
    from provisor.app import mappings

    change(lambda installation: mappings.earlier(installation, app_, number_), app_, way)


# ---- what the target has --------------------------------------------------------------------------------------------


@mappings.command()
@app_argument
@click.option("--add", "names", multiple=True, metavar="NAME", help="Add this one to the target's attributes.")
@click.option("--add-all", is_flag=True, help="Add all that are new.")
@changing
def discover(app_: str, names: Sequence[str], add_all: bool, way: Way) -> None:
    """Ask a SCIM app (/Schemas) which attributes its users have, and show what is new; add them on request."""
    from provisor.app import mappings

    if not names and not add_all:
        _say_discovery(run(lambda installation: mappings.discover(installation, app_)), as_json=way.as_json)
        return

    async def extended(installation: Installation) -> SynchronizationSchema:
        found = await mappings.discover(installation, app_)
        return mappings.with_discovered(found, names or [one.name for one in found.new])

    change(extended, app_, way)


def _say_discovery(found: Discovery, *, as_json: bool) -> None:
    if as_json:
        parts = {"new": found.new, "changed": found.changed, "known": found.known}
        document({key: [_attribute_json(one) for one in part] for key, part in parts.items()})
        return
    name = quoted(found.stored.app.name)
    rows = [
        (one.name, state, takes(one))
        for state, part in (("new", found.new), ("differs", found.changed))
        for one in part
    ]
    if rows:
        table(("Attribute", "", "The target says"), rows)
    say(f"{number(len(found.known), 'attribute')} of the mappings are as the target says.")
    if found.new:
        say(f"Add them: provisor app mappings discover {name} --add NAME, or --add-all")


# ---- JSON -----------------------------------------------------------------------------------------------------------


def _attribute_json(one: AttributeDefinition) -> Mapping[str, object]:
    return {
        "name": one.name,
        "type": one.type,
        "required": one.required,
        "multivalued": one.multivalued,
        "caseExact": one.case_exact,
        "maxLength": one.max_length,
        "mutability": one.mutability,
        "filterable": one.filterable,
    }


def _mapping_json(mapping: ObjectMapping) -> Mapping[str, object]:
    return {
        "name": mapping.name,
        "source": mapping.source,
        "target": mapping.target,
        "enabled": mapping.enabled,
        "flowTypes": sorted(mapping.flow_types),
        "attributes": [_attribute_json(one) for one in mapping.attributes],
        "sourceAttributes": [_attribute_json(one) for one in mapping.source_attributes],
        "mappings": [
            {
                "target": one.target,
                "source": one.source,
                "flowType": one.flow_type,
                "matchingPriority": one.matching_priority,
                "default": one.default,
                "flowNullValues": one.flow_null_values,
            }
            for one in mapping.mappings
        ],
        "scope": [
            {
                "name": group.name,
                "clauses": [
                    {"attribute": one.attribute, "operator": one.operator, "value": one.value} for one in group.clauses
                ],
            }
            for group in mapping.scope_filter
        ],
    }
