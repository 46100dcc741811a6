"""`provisor directory`: people and groups, imported and looked at."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import click

from provisor.cli.export import Form, Sheet, listed, writing
from provisor.cli.run import run
from provisor.cli.show import (
    as_json,
    document,
    facts,
    moment,
    number,
    quoted,
    say,
    table,
    value,
)

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.app.people import Listed, Person
    from provisor.domain.resource import Entry, ResourceType

PAGE = 100
MEMBERS_SHOWN = 50


@click.group()
def directory() -> None:
    """People and groups: import them from LDIF or CSV, look at them, disable, delete and restore them."""


# ---- looking ----------------------------------------------------------------------------------------------------


def _list(kind: ResourceType, form: Form, search: str, deleted: bool, limit: int | None, after: str | None) -> None:
    from provisor.app import people

    if form.whole:
        run(lambda installation: _export(installation, kind, form, search, deleted, limit, after))
        return
    limit = limit or PAGE

    async def page(installation: Installation) -> Sequence[Entry]:
        start = await _start(installation, after)
        return await people.list_page(installation, kind, search=search, deleted=deleted, after=start, limit=limit + 1)

    found = run(page)
    shown, next_ = found[:limit], found[limit - 1].id if len(found) > limit else None
    if form.kind == "json":
        document({"value": [entry_json(entry) for entry in shown], "next": next_})
        return
    word = f"{kind.lower()}s"
    if not shown:
        _say_empty(word, search=search, deleted=deleted, after=after)
        return
    if kind == "User":
        rows = [(one.display_name, _text(one, "userPrincipalName"), _text(one, "mail"), state(one)) for one in shown]
        table(("Name", "Login", "Mail", "State"), rows)
    else:
        groups = [(one.display_name, _text(one, "description"), state(one)) for one in shown]
        table(("Name", "Description", "State"), groups)
    if next_ is not None:
        more = "".join((f" --search {quoted(search)}" if search else "", " --deleted" if deleted else ""))
        say(f"The next: provisor directory {word}{more} --after {next_}")


async def _start(installation: Installation, after: str | None) -> tuple[str, str] | None:
    from provisor.app import people

    return None if after is None else people.page_end((await people.show(installation, after)).entry)


async def _export(
    installation: Installation,
    kind: ResourceType,
    form: Form,
    search: str,
    deleted: bool,
    limit: int | None,
    after: str | None,
) -> None:
    """Read twice where CSV is wanted: its columns come first, and nobody knows them before the last entry."""
    from provisor.app import people

    start = await _start(installation, after)

    def entries() -> AsyncIterator[Listed]:
        return people.every(installation, kind, search=search, deleted=deleted, after=start, limit=limit)

    names: set[str] = set()
    if form.kind == "csv":
        async for one in entries():
            names.update(one.entry.attributes)
    with writing(form, lambda one: entry_json(one.entry), entry_sheet(kind, names)) as add:
        async for one in entries():
            add(one)


def _say_empty(word: str, *, search: str, deleted: bool, after: str | None) -> None:
    if search:
        say(f"No {word} whose name or login has “{search}” in it.")
    elif deleted:
        say(f"No {word} in the recycle bin.")
    elif after:
        say(f"No more {word}.")
    else:
        say(f"No {word} yet. Import some: provisor directory import FILE.ldif")


search_option = click.option("--search", default="", metavar="TEXT", help="Only those with this in name or login.")
deleted_option = click.option("--deleted", is_flag=True, help="Those in the recycle bin.")
limit_option = click.option(
    "--limit", type=click.IntRange(1), help=f"At most so many.  [default: {PAGE}; with --csv or --output, all]"
)
after_option = click.option("--after", metavar="ID", help="Go on after this entry, the last of the page before.")


@directory.command()
@search_option
@deleted_option
@limit_option
@after_option
@listed
def users(search: str, deleted: bool, limit: int | None, after: str | None, form: Form) -> None:
    """List the people, by name."""
    _list("User", form, search, deleted, limit, after)


@directory.command()
@search_option
@deleted_option
@limit_option
@after_option
@listed
def groups(search: str, deleted: bool, limit: int | None, after: str | None, form: Form) -> None:
    """List the groups, by name."""
    _list("Group", form, search, deleted, limit, after)


@directory.command()
@click.option("--type", "kind", type=click.Choice(["User", "Group"], case_sensitive=False), default="User")
@as_json
def attributes(kind: str, as_json: bool) -> None:
    """List the attributes that users, or groups, really have, and how many have them: what mappings may name."""
    from provisor.app import people

    found = run(lambda installation: people.attributes(installation, cast("ResourceType", kind)))
    if as_json:
        rows = [
            {"name": one.name, "type": one.type, "multivalued": one.multivalued, "entries": one.entries, "added": added}
            for one, added in found
        ]
        document({"value": rows})
        return
    if not found:
        _say_empty(f"{kind.lower()}s", search="", deleted=False, after=None)
        return
    several = ("", " (several)")
    shown = [
        (one.name, one.type + several[one.multivalued], f"{one.entries:,}", "extension" if added else "")
        for one, added in found
    ]
    table(("Attribute", "Type", "Have it", ""), shown)
    say("An extension is made known to an app's mappings with: provisor app mappings attribute add APP NAME --source")


@directory.command()
@click.argument("name")
@as_json
def show(name: str, as_json: bool) -> None:
    """Show a user, or else a group, by user principal name, display name or id."""
    from provisor.app import people

    person = run(lambda installation: people.show(installation, name))
    if as_json:
        document(
            entry_json(person.entry)
            | {"memberOf": [_brief(one) for one in person.groups], "members": [_brief(one) for one in person.members]}
        )
    else:
        _say_person(person)


def _say_person(person: Person) -> None:
    entry = person.entry
    say((entry.display_name, "bold"), f"  ({entry.type.lower()}, {state(entry)})")
    facts(
        [
            ("id", entry.id),
            ("source", entry.source),
            *((name, value(held)) for name, held in sorted(entry.attributes.items()) if held != ""),
        ]
    )
    if entry.type == "User":
        say("Groups: " + (", ".join(one.display_name for one in person.groups) or "none"))
        return
    if not person.members:
        say("No members.")
        return
    say(f"{number(len(person.members), 'member')}:")
    for member in person.members[:MEMBERS_SHOWN]:
        gone = "" if member.enabled else f"  ({state(member)})"
        say(f"  {member.display_name}  ", (_text(member, "userPrincipalName"), "dim"), (gone, "yellow"))
    if len(person.members) > MEMBERS_SHOWN:
        say(f"  … and {len(person.members) - MEMBERS_SHOWN:,} more: --json shows them.")


# ---- CSV and JSON ---------------------------------------------------------------------------------------------------


def entry_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "type": entry.type,
        "displayName": entry.display_name,
        "userPrincipalName": entry.attributes.get("userPrincipalName"),
        "mail": entry.attributes.get("mail"),
        "enabled": entry.enabled,
        "source": entry.source,
        "deletedDateTime": entry.deleted_at,
        "attributes": dict(entry.attributes),
    }


def entry_sheet(kind: ResourceType, names: set[str]) -> Sheet[Listed]:
    """The columns of entries with attributes of these names; those of a user are what an import of CSV takes."""
    from provisor.directory import group, person

    known = ("userPrincipalName", *person.NAMES, "accountEnabled", "manager") if kind == "User" else tuple(group.NAMES)
    attributes = tuple(dict.fromkeys((*known, *sorted(names))))

    def row(one: Listed) -> Sequence[object]:
        entry = one.entry
        held = [entry.attributes.get(name) for name in attributes]
        return [entry.id, *held, list(one.groups), entry.source, entry.deleted_at]

    return Sheet(("id", *attributes, "groups", "source", "deletedDateTime"), lambda one: [row(one)])


def _brief(entry: Entry) -> Mapping[str, object]:
    login = entry.attributes.get("userPrincipalName")
    named = {"id": entry.id, "type": entry.type, "displayName": entry.display_name, "userPrincipalName": login}
    return {**named, "enabled": entry.enabled}


def _text(entry: Entry, attribute: str) -> str:
    held = entry.attributes.get(attribute)
    return "" if held is None else value(held)


def state(entry: Entry) -> str:
    """In one word or two, whether somebody may hold an account."""
    if entry.deleted_at is not None:
        return f"deleted {moment(entry.deleted_at)}"
    return "enabled" if entry.enabled else "disabled"
