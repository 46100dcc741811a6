"""`provisor app assign | unassign | assignments`: who is meant, and as what."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import click

from provisor.cli.export import Form, give_out, listed
from provisor.cli.failure import tell
from provisor.cli.run import run
from provisor.cli.show import moment, quoted, say, table
from provisor.domain.error import Refused

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.domain.resource import ResourceType
    from provisor.store.apps import AssignmentRow

    Act: TypeAlias = Callable[[Installation, ResourceType, str], Awaitable[None]]

user_option = click.option("--user", "users", multiple=True, metavar="USER", help="A user; may be given several times.")
group_option = click.option("--group", "groups", multiple=True, metavar="GROUP", help="A group: its direct members.")
role_option = click.option("--role", help="A role of the app, by name or value: `provisor app show APP` lists them.")


@click.command()
@click.argument("app_", metavar="APP")
@user_option
@group_option
@role_option
@click.pass_context
def assign(context: click.Context, app_: str, users: Sequence[str], groups: Sequence[str], role: str | None) -> None:
    """Assign users and groups to an app."""
    from provisor.app import assignments

    async def one(installation: Installation, kind: ResourceType, word: str) -> None:
        app, entry, given = await assignments.assign(installation, app_, kind, word, role)
        say(f"Assigned {entry.display_name} to {app.name} as {given.display_name}.")
        if not given.provisions:
            say(("  " + given.description, "yellow"))

    context.exit(_each(users, groups, one))


@click.command()
@click.argument("app_", metavar="APP")
@user_option
@group_option
@role_option
@click.pass_context
def unassign(context: click.Context, app_: str, users: Sequence[str], groups: Sequence[str], role: str | None) -> None:
    """Take users' and groups' assignments to an app away: all of them, or those with one role."""
    from provisor.app import assignments

    async def one(installation: Installation, kind: ResourceType, word: str) -> None:
        app, entry, count = await assignments.unassign(installation, app_, kind, word, role)
        what = "assignment" if count == 1 else f"{count} assignments"
        say(f"Took the {what} of {entry.display_name} to {app.name} away.")

    context.exit(_each(users, groups, one))


def _each(users: Sequence[str], groups: Sequence[str], act: Act) -> int:
    """Act on each; one that is refused does not keep the others. Gives back the exit code."""
    if not users and not groups:
        raise click.UsageError("Name at least one --user or --group.")
    principals: Sequence[tuple[ResourceType, str]] = [
        *(("User", word) for word in users),
        *(("Group", word) for word in groups),
    ]

    async def all_(installation: Installation) -> int:
        code = 0
        for kind, word in principals:
            try:
                await act(installation, kind, word)
            except Refused as refusal:
                code = tell(refusal)
                if refusal.reason.code in ("NoSuchApp", "AmbiguousApp", "UnknownRole", "RoleNeeded"):
                    break  # the same for everybody
        return code

    return run(all_)


@click.command("assignments")
@click.argument("app_", metavar="APP")
@listed
def assignments_(app_: str, form: Form) -> None:
    """List who is assigned to an app."""
    from provisor.app import assignments

    found = run(lambda installation: assignments.list_all(installation, app_))
    if form.kind != "text":
        give_out(form, found, _assignment_json, ASSIGNMENT)
    elif found:
        table(
            ("Name", "Type", "Login", "Role", "Since"),
            [(o.principal_name, o.principal_type.lower(), o.login, o.role_name, moment(o.created_at)) for o in found],
        )
    else:
        say(f"Nobody is assigned yet. Assign: provisor app assign {quoted(app_)} --group GROUP --role ROLE")


def _assignment_json(one: AssignmentRow) -> Mapping[str, object]:
    return {
        "id": one.id,
        "principalId": one.principal_id,
        "principalType": one.principal_type,
        "principalDisplayName": one.principal_name,
        "userPrincipalName": one.login,
        "appRoleId": one.app_role_id,
        "appRole": one.role_name,
        "createdDateTime": one.created_at,
    }


ASSIGNMENT = (
    *("id", "principalId", "principalType", "principalDisplayName", "userPrincipalName"),
    *("appRoleId", "appRole", "createdDateTime"),
)

COMMANDS = (assign, unassign, assignments_)
