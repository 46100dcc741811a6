"""The directory: import, look, disable, delete, restore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from provisor.app.installation import Installation
from provisor.directory.columns import Layout
from provisor.directory.importing import Options, Summary, take_in
from provisor.directory.ldif import read_ldif
from provisor.directory.table import read_csv
from provisor.domain.directory import HELD
from provisor.domain.error import Refused
from provisor.domain.resource import Entry, ResourceType
from provisor.store import directories
from provisor.store.attributes import Held, held_attributes
from provisor.store.database import Connection

AT_ONCE = 500  # entries in memory

Act: TypeAlias = Literal["disable", "delete", "restore"]


@dataclass(frozen=True, slots=True)
class Person:
    """An entry and what surrounds it."""

    entry: Entry
    groups: Sequence[Entry]
    members: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of an export, with the names of the groups it is in."""

    entry: Entry
    groups: Sequence[str]


async def import_file(
    installation: Installation, path: Path, options: Options, layout: Layout | None = None
) -> Summary:
    """Take an LDIF file in, or with a layout a CSV file. Refused where it cannot be read or holds no record at all."""
    try:
        with path.open("rb") as stream:
            delivered = read_ldif(stream) if layout is None else read_csv(stream, layout)
            summary = await take_in(
                installation.database, installation.directory_id, delivered, options, installation.clock()
            )
    except OSError as error:
        raise Refused("FileUnreadable", file=path, because=error.strerror or str(error)) from None
    if not options.dry_run:
        after = {
            "source": options.source,
            "added": summary.added,
            "updated": summary.updated,
            "removed": summary.removed,
            "refused": summary.refused,
        }
        async with installation.database.transaction() as connection:
            await installation.audit(connection, "Import directory", ("File", str(path), path.name), after=after)
    return summary


async def attributes(installation: Installation, kind: ResourceType) -> Sequence[tuple[Held, bool]]:
    """What the entries of a type really hold, by name, and whether only this directory has it."""
    async with installation.database.read() as connection:
        found = await held_attributes(connection, installation.directory_id, kind)
    return [(one, one.name not in HELD[kind]) for one in found]


async def find(
    connection: Connection, installation: Installation, kind: ResourceType, word: str, *, deleted: bool = False
) -> Entry:
    """The one entry of that id, userPrincipalName or display name. Refused where there is none, or several.

    `deleted`: where there are such in the recycle bin and such outside, the former are meant; else the latter.
    """
    found = await directories.find_entries(connection, installation.directory_id, kind, word)
    if not found:
        raise Refused(f"Unknown{kind}", name=word)
    return _only(found, word, deleted=deleted)


def _only(found: Sequence[Entry], word: str, *, deleted: bool = False) -> Entry:
    meant = [entry for entry in found if (entry.deleted_at is not None) == deleted] or found
    if len(meant) > 1:
        ids = ", ".join(f"{entry.id} (from {entry.source})" for entry in meant[:5])
        kind = meant[0].type
        raise Refused(f"Ambiguous{kind}", name=word, ids=ids)
    return meant[0]


async def show(installation: Installation, word: str) -> Person:
    """A user, or else a group."""
    async with installation.database.read() as connection:
        users = await directories.find_entries(connection, installation.directory_id, "User", word)
        found = users or await directories.find_entries(connection, installation.directory_id, "Group", word)
        if not found:
            raise Refused("UnknownEntry", name=word)
        entry = _only(found, word)
        groups = await directories.groups_of(connection, entry.id)
        members = await directories.members_of(connection, entry.id) if entry.type == "Group" else ()
        return Person(entry, groups, members)


async def known_as(connection: Connection, installation: Installation, word: str) -> Sequence[str]:
    """The ids of all users of that id, userPrincipalName or display name, deleted ones included."""
    found = await directories.find_entries(connection, installation.directory_id, "User", word)
    return [entry.id for entry in found]


async def list_page(
    installation: Installation,
    kind: ResourceType,
    *,
    search: str = "",
    deleted: bool = False,
    after: tuple[str, str] | None = None,
    limit: int = 100,
) -> Sequence[Entry]:
    async with installation.database.read() as connection:
        return await directories.list_entries(
            connection, installation.directory_id, kind, search=search, deleted=deleted, after=after, limit=limit
        )


async def every(
    installation: Installation,
    kind: ResourceType,
    *,
    search: str = "",
    deleted: bool = False,
    after: tuple[str, str] | None = None,
    limit: int | None = None,
) -> AsyncIterator[Listed]:
    """The entries as `list_page` tells them, all or the first so many, a page in memory at a time."""
    told = 0
    while limit is None or told < limit:
        size = AT_ONCE if limit is None else min(AT_ONCE, limit - told)
        async with installation.database.read() as connection:
            page = await directories.list_entries(
                connection, installation.directory_id, kind, search=search, deleted=deleted, after=after, limit=size
            )
            groups = await directories.group_names(connection, [entry.id for entry in page])
        for entry in page:
            yield Listed(entry, groups.get(entry.id, ()))
        if len(page) < size:
            return
        told, after = told + len(page), page_end(page[-1])


def page_end(last: Entry) -> tuple[str, str]:
    """What `after` takes to go on behind this entry."""
    return last.display_name.casefold(), last.id


async def act(installation: Installation, act_: Act, kind: ResourceType, word: str, *, purge: bool = False) -> Entry:
    """Disable, delete (recycle bin, or for good) or restore an entry; everyone concerned is looked at again."""
    async with installation.database.transaction() as connection:
        entry = await find(connection, installation, kind, word, deleted=act_ == "restore")
        change_no = await directories.next_change_no(connection, installation.directory_id)
        before = {"accountEnabled": entry.attributes.get("accountEnabled"), "deletedDateTime": entry.deleted_at}
        match act_:
            case "disable":
                await directories.block(connection, entry.id, change_no, blocked=True)
            case "delete":
                if entry.deleted_at is not None and not purge:
                    raise Refused("EntryDeletedAlready", name=entry.display_name)
                await _delete(connection, installation, entry, change_no, purge=purge)
            case "restore":
                await directories.restore(connection, [entry.id], change_no)
                await directories.block(connection, entry.id, change_no, blocked=False)
        await directories.touch_members(connection, [entry.id], change_no)
        activity = {"disable": "Disable", "delete": "Hard delete" if purge else "Delete", "restore": "Restore"}[act_]
        target = (kind, entry.id, entry.display_name)
        await installation.audit(connection, f"{activity} {kind.lower()}", target, before=before)
    return entry


async def _delete(
    connection: Connection, installation: Installation, entry: Entry, change_no: int, *, purge: bool
) -> None:
    if purge:
        await directories.touch_members(connection, [entry.id], change_no)
        await directories.purge(connection, [entry.id], change_no)
    else:
        await directories.recycle(connection, [entry.id], change_no, installation.clock(), by="admin")
