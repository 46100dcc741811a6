"""`provisor directory disable | delete | restore`: what an admin does to one entry."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from provisor.cli.run import run
from provisor.cli.show import agreed, quoted, say

if TYPE_CHECKING:
    from provisor.app.people import Act
    from provisor.domain.resource import Entry, ResourceType

group_option = click.option("--group", metavar="NAME", help="A group instead of a user.")


@click.command()
@click.argument("user")
def disable(user: str) -> None:
    """Disable a user here, whatever the source says; their accounts are disabled with the next cycle."""
    entry = _act("disable", "User", user)
    say(f"Disabled {entry.display_name}. Undo: provisor directory restore {quoted(entry.id)}")


@click.command()
@click.argument("user", required=False)
@group_option
@click.option("--purge", is_flag=True, help="For good: past the recycle bin, with assignments and memberships.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(user: str | None, group: str | None, purge: bool, yes: bool) -> None:
    """Move a user or a group to the recycle bin for 30 days; accounts are disabled with the next cycle."""
    kind, word = _one_of(user, group)
    if purge:
        agreed(f"Delete {kind.lower()} “{word}” for good? This cannot be undone.", yes=yes)
    elif kind == "Group":
        agreed(f"Delete group “{word}”? Whoever is assigned through it alone loses access.", yes=yes)
    entry = _act("delete", kind, word, purge=purge)
    if purge:
        say(f"Deleted {entry.display_name} for good.")
    else:
        target = f"--group {quoted(entry.id)}" if kind == "Group" else quoted(entry.id)
        say(f"Deleted {entry.display_name}. For 30 days: provisor directory restore {target}")


@click.command()
@click.argument("user", required=False)
@group_option
def restore(user: str | None, group: str | None) -> None:
    """Bring a user or a group back from the recycle bin, or enable a user who was disabled here."""
    kind, word = _one_of(user, group)
    entry = _act("restore", kind, word)
    say(f"Restored {entry.display_name}.")


def _act(act: Act, kind: ResourceType, word: str, *, purge: bool = False) -> Entry:
    from provisor.app import people

    return run(lambda installation: people.act(installation, act, kind, word, purge=purge))


def _one_of(user: str | None, group: str | None) -> tuple[ResourceType, str]:
    match user, group:
        case str(), None:
            return "User", user
        case None, str():
            return "Group", group
        case _:
            raise click.UsageError("Name one user, or one group with --group.")


COMMANDS = (disable, delete, restore)
