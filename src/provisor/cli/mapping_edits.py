"""`provisor app mappings set`, `remove`, `attribute`, `filter`, `actions`: one change at a time."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import click

from provisor.cli.consequences import Way, change, changing
from provisor.cli.mappings import app_argument

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.domain.resource import ResourceType
    from provisor.domain.schema import ObjectMapping, SynchronizationSchema

WHEN = {"always": "Always", "creation": "ObjectAddOnly", "add": "MultiValueAddOnly"}
TYPES = ("String", "Boolean", "Integer", "DateTime", "Reference", "Binary")
NONE = object()  # nothing, said expressly
MUTABILITY = ("ReadWrite", "ReadOnly", "Immutable", "WriteOnly")

object_option = click.option(
    "--object",
    "type_",
    type=click.Choice(["User", "Group"], case_sensitive=False),
    default="User",
    help="Whose mapping.  [default: User]",
)


def _edit(app_: str, type_: str, way: Way, work: Callable[[ObjectMapping], ObjectMapping]) -> None:
    """One change of the object mapping of a type."""
    from provisor.app import mappings
    from provisor.schema.edit import mapping_of, put

    async def edited(installation: Installation) -> SynchronizationSchema:
        stored = await mappings.get(installation, app_)
        one = mapping_of(stored.schema, cast("ResourceType", type_), stored.app.name)
        return put(stored.schema, work(one))

    change(edited, app_, way)


# ---- what flows -----------------------------------------------------------------------------------------------------


@click.command("set")
@app_argument
@click.argument("target")
@click.option("--source", metavar="EXPRESSION", help='Such as "[mail]", or "ToLower([mail])".')
@click.option("--no-source", is_flag=True, help="Nothing flows but the default.")
@click.option("--default", metavar="TEXT", help="Used on creation where the source gives nothing.")
@click.option("--no-default", is_flag=True, help="Without a default.")
@click.option("--when", type=click.Choice([*WHEN]), help="Always, on creation only, or by adding values only.")
@click.option(
    "--matching",
    "matching_priority",
    type=click.IntRange(0),
    metavar="N",
    help="Find accounts by it, the lowest first; 0: not.",
)
@click.option(
    "--clear-when-empty/--keep-when-empty",
    "flow_null_values",
    default=None,
    help="Where the source gives nothing: clear the target, or leave it alone.",
)
@object_option
@changing
def set_(app_: str, target: str, type_: str, way: Way, **given: Any) -> None:
    """Map something to a target attribute, or change how; what is not given stays as it is."""
    for name in ("source", "default"):
        if given.pop(f"no_{name}"):
            if given[name] is not None:
                raise click.UsageError(f"--{name} or --no-{name}, not both.")
            given[name] = NONE
    if when := given.pop("when"):
        given["flow_type"] = WHEN[when]
    changes = {name: None if value is NONE else value for name, value in given.items() if value is not None}
    if not changes:
        raise click.UsageError("Say what to change: --source, --default, --when, --matching, --clear-when-empty.")
    from provisor.schema.edit import set_mapping

    _edit(app_, type_, way, lambda one: set_mapping(one, target, changes))


@click.command()
@app_argument
@click.argument("target")
@object_option
@changing
def remove(app_: str, target: str, type_: str, way: Way) -> None:
    """Map nothing to a target attribute any more; what accounts hold there is left alone."""
    from provisor.schema.edit import remove_mapping

    _edit(app_, type_, way, lambda one: remove_mapping(one, target))


@click.command()
@app_argument
@click.option("--create/--no-create", default=None, help="Accounts are made.")
@click.option("--update/--no-update", default=None, help="Accounts are changed, and disabled.")
@click.option("--delete/--no-delete", default=None, help="Accounts of people who are deleted for good are deleted.")
@object_option
@changing
def actions(app_: str, create: bool | None, update: bool | None, delete: bool | None, type_: str, way: Way) -> None:
    """Say what may be done to accounts; what is not given stays as it is."""
    given = {"Add": create, "Update": update, "Delete": delete}
    if all(one is None for one in given.values()):
        raise click.UsageError("Say what to change: --create, --update or --delete, each with or without no-.")
    from msgspec.structs import replace

    def work(one: ObjectMapping) -> ObjectMapping:
        kept = {action for action in one.flow_types if given[action] is None}
        return replace(one, flow_types=frozenset(kept | {action for action, on in given.items() if on}))

    _edit(app_, type_, way, work)


# ---- lists of attributes --------------------------------------------------------------------------------------------


@click.group()
def attribute() -> None:
    """Change which attributes the target has, or with --source the directory."""


source_option = click.option("--source", is_flag=True, help="An attribute of the directory, and not of the target.")


@attribute.command("add")
@app_argument
@click.argument("name")
@source_option
@click.option("--type", "type", type=click.Choice(TYPES, case_sensitive=False), default="String", show_default=True)
@click.option("--required", is_flag=True, help="No account is made without it.")
@click.option("--multivalued", is_flag=True, help="It takes several values.")
@click.option("--case-exact", is_flag=True, help="A difference in case is a difference.")
@click.option("--max-length", type=click.IntRange(1), metavar="N", help="It takes no more characters.")
@click.option(
    "--mutability", type=click.Choice(MUTABILITY, case_sensitive=False), default="ReadWrite", show_default=True
)
@click.option("--not-filterable", is_flag=True, help="Accounts cannot be found by it.")
@object_option
@changing
def add(app_: str, source: bool, type_: str, way: Way, **given: Any) -> None:
    """Add an attribute, or say anew what it takes."""
    from provisor.domain.schema import AttributeDefinition
    from provisor.schema.edit import add_attribute

    new = AttributeDefinition(filterable=not given.pop("not_filterable"), **given)
    _edit(app_, type_, way, lambda one: add_attribute(one, "source" if source else "target", new))


@attribute.command("remove")
@app_argument
@click.argument("name")
@source_option
@object_option
@changing
def remove_(app_: str, name: str, source: bool, type_: str, way: Way) -> None:
    """Take an attribute out of the list; nothing may be mapped to it, or name it, any more."""
    from provisor.schema.edit import remove_attribute

    _edit(app_, type_, way, lambda one: remove_attribute(one, "source" if source else "target", name))


# ---- scoping filters ------------------------------------------------------------------------------------------------


@click.group("filter")
def filter_() -> None:
    """Change who is in scope: the clauses of a group must all hold, and one group is enough."""


@filter_.command("add")
@app_argument
@click.argument("attribute_", metavar="ATTRIBUTE")
@click.argument("operator")
@click.argument("value", required=False)
@click.option("--group", "group_", metavar="NAME", help="The group it belongs to; else the first one.")
@object_option
@changing
def add_clause_(
    app_: str, attribute_: str, operator: str, value: str | None, group_: str | None, type_: str, way: Way
) -> None:
    """Add a clause, such as: department EQUALS Sales, or: mail "IS NOT NULL"."""
    from provisor.domain.schema import FilterClause
    from provisor.schema.edit import add_clause
    from provisor.schema.reading import OPERATORS, operator_named

    named = operator_named(operator)
    if named is None:
        raise click.UsageError(f"There is no operator {operator}. There are: {', '.join(OPERATORS.values())}.")
    _edit(app_, type_, way, lambda one: add_clause(one, group_, FilterClause(attribute_, named, value)))


@filter_.command("remove")
@app_argument
@click.argument("group_", metavar="GROUP")
@click.argument("number_", metavar="[CLAUSE]", type=click.IntRange(1), required=False)
@object_option
@changing
def remove_clause_(app_: str, group_: str, number_: int | None, type_: str, way: Way) -> None:
    """Take a group out, or only the clause of that number."""
    from provisor.schema.edit import remove_clause

    _edit(app_, type_, way, lambda one: remove_clause(one, group_, number_))


@filter_.command()
@app_argument
@object_option
@changing
def clear(app_: str, type_: str, way: Way) -> None:
    """Take the whole filter away: whoever is assigned is in scope."""
    from provisor.schema.edit import clear_filter

    _edit(app_, type_, way, clear_filter)


COMMANDS = (set_, remove, actions, attribute, filter_)
