"""Who is assigned to an app, and as what."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from provisor.app import apps as app_cases
from provisor.app.installation import Installation
from provisor.app.people import find as find_entry
from provisor.domain.assignment import AppRole, Assignment
from provisor.domain.error import Refused
from provisor.domain.resource import Entry, ResourceType
from provisor.store import apps, directories
from provisor.store.apps import App, AssignmentRow


async def assign(
    installation: Installation, app_word: str, kind: ResourceType, principal: str, role_word: str | None
) -> tuple[App, Entry, AppRole]:
    """Assign a user or a group with a role. Refused where that very assignment exists."""
    async with installation.database.transaction() as connection:
        app = await app_cases.find(connection, app_word)
        roles = await apps.roles_of(connection, app.id)
        role = find_role(roles, role_word)
        entry = await find_entry(connection, installation, kind, principal)
        if entry.deleted_at is not None:
            raise Refused("EntryDeleted", name=entry.display_name)
        new = Assignment(str(uuid.uuid4()), entry.id, role.id)
        if not await apps.assign(connection, app.id, new, installation.clock()):
            raise Refused("AlreadyAssigned", name=entry.display_name, role=role.display_name, app=app.name)
        concerned = directories.principal_and_members(entry.id)
        await directories.touch(connection, installation.directory_id, concerned)
        after = {"principal": entry.id, "name": entry.display_name, "role": role.display_name}
        await installation.audit(connection, "Add app role assignment", ("App", app.id, app.name), after=after)
    return app, entry, role


async def unassign(
    installation: Installation, app_word: str, kind: ResourceType, principal: str, role_word: str | None
) -> tuple[App, Entry, int]:
    """Take a principal's assignments away: all of them, or the one with that role. Gives back how many there were."""
    async with installation.database.transaction() as connection:
        app = await app_cases.find(connection, app_word)
        entry = await find_entry(connection, installation, kind, principal)
        held = await apps.list_assignments(connection, app.id, [entry.id])
        if role_word is not None:
            role = find_role(await apps.roles_of(connection, app.id), role_word)
            held = [one for one in held if one.app_role_id == role.id]
        if not held:
            raise Refused("NotAssignedHere", name=entry.display_name, app=app.name)
        await apps.unassign(connection, [one.id for one in held])
        concerned = directories.principal_and_members(entry.id)
        await directories.touch(connection, installation.directory_id, concerned)
        before = {"principal": entry.id, "name": entry.display_name, "roles": [one.role_name for one in held]}
        await installation.audit(connection, "Remove app role assignment", ("App", app.id, app.name), before=before)
    return app, entry, len(held)


async def list_all(installation: Installation, app_word: str) -> Sequence[AssignmentRow]:
    async with installation.database.read() as connection:
        app = await app_cases.find(connection, app_word)
        return await apps.list_assignments(connection, app.id)


def find_role(roles: Sequence[AppRole], word: str | None) -> AppRole:
    """A role by name, value or id. Without a word: the app's only one that provisions, or Refused."""
    offered = [role for role in roles if role.provisions]
    if word is None:
        if len(offered) == 1:
            return offered[0]
        raise Refused("RoleNeeded", roles=", ".join(role.display_name for role in offered))
    folded = word.strip().casefold()
    for role in roles:
        if folded in (role.display_name.casefold(), role.id) or (role.value and folded == role.value.casefold()):
            return role
    raise Refused("UnknownRole", role=word, roles=", ".join(role.display_name for role in roles))
