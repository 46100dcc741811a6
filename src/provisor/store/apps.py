"""Apps, their roles, assignments and secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from provisor.domain.assignment import AppRole, Assignment
from provisor.store.database import Connection
from provisor.store.document import decode, decode_as, encode
from provisor.store.tables import app, app_role, assignment, entry, link, secret


@dataclass(frozen=True, slots=True)
class App:
    """One application that was added from the gallery."""

    id: str
    name: str
    manifest_id: str
    mode: str  # "Automatic" or "Manual"
    credentials: Mapping[str, str]  # those that are no secret
    settings: Mapping[str, Any]
    notification: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment with the names that a person reads."""

    id: str
    principal_id: str
    principal_type: str
    principal_name: str
    login: str | None
    app_role_id: str
    role_name: str
    created_at: datetime


def _app(row: sa.Row[Any]) -> App:
    documents = (decode(row.credentials), decode(row.settings), decode(row.notification))
    return App(row.id, row.name, row.manifest_id, row.mode, *documents, row.created_at)


async def add_app(connection: Connection, new: App, roles: Sequence[AppRole]) -> None:
    await connection.execute(
        sa.insert(app).values(
            id=new.id,
            name=new.name,
            folded_name=new.name.casefold(),
            manifest_id=new.manifest_id,
            mode=new.mode,
            credentials=encode(new.credentials),
            settings=encode(new.settings),
            notification=encode(new.notification),
            created_at=new.created_at,
        )
    )
    rows = [{"app_id": new.id, "id": role.id, "value": role.value, "document": encode(role)} for role in roles]
    await connection.execute(sa.insert(app_role), rows)


async def save_app(connection: Connection, one: App) -> None:
    values = {
        "mode": one.mode,
        "credentials": encode(one.credentials),
        "settings": encode(one.settings),
        "notification": encode(one.notification),
    }
    await connection.execute(sa.update(app).where(app.c.id == one.id).values(values))


async def remove_app(connection: Connection, app_id: str) -> None:
    await connection.execute(sa.delete(secret).where(secret.c.owner == app_id))
    await connection.execute(sa.delete(app).where(app.c.id == app_id))


async def get_app(connection: Connection, app_id: str) -> App | None:
    row = (await connection.execute(sa.select(app).where(app.c.id == app_id))).first()
    return _app(row) if row else None


async def list_apps(connection: Connection) -> Sequence[App]:
    return [_app(row) for row in (await connection.execute(sa.select(app).order_by(app.c.folded_name))).all()]


async def roles_of(connection: Connection, app_id: str) -> Sequence[AppRole]:
    rows = await connection.execute(sa.select(app_role.c.document).where(app_role.c.app_id == app_id))
    roles = [decode_as(row.document, AppRole) for row in rows.all()]
    return sorted(roles, key=lambda role: (-role.priority, role.display_name))


# ---- assignments ----------------------------------------------------------------------------------------------


async def assign(connection: Connection, app_id: str, new: Assignment, now: datetime) -> bool:
    """False where the very assignment is there already."""
    row = {"id": new.id, "app_id": app_id, "principal_id": new.principal_id, "app_role_id": new.app_role_id}
    statement = connection.upsert(assignment).values(**row, created_at=now).on_conflict_do_nothing()
    return (await connection.execute(statement.returning(assignment.c.id))).first() is not None


async def unassign(connection: Connection, assignment_ids: Sequence[str]) -> None:
    await connection.execute(sa.delete(assignment).where(assignment.c.id.in_(assignment_ids)))


async def list_assignments(
    connection: Connection, app_id: str, principals: Collection[str] | None = None, limit: int | None = None
) -> Sequence[AssignmentRow]:
    """Those of an app, or of some principals to it."""
    query = (
        sa.select(assignment, entry.c.type, entry.c.login, entry.c.attributes, app_role.c.document)
        .join(entry, entry.c.id == assignment.c.principal_id)
        .join(app_role, (app_role.c.app_id == assignment.c.app_id) & (app_role.c.id == assignment.c.app_role_id))
        .where(assignment.c.app_id == app_id)
        .order_by(entry.c.type, entry.c.name, assignment.c.id)
        .limit(limit)
    )
    if principals is not None:
        query = query.where(assignment.c.principal_id.in_(principals))
    return [_assignment(row) for row in (await connection.execute(query)).all()]


def _assignment(row: sa.Row[Any]) -> AssignmentRow:
    attributes, role = decode(row.attributes), decode_as(row.document, AppRole)
    name = str(attributes.get("displayName") or row.principal_id)
    login = attributes.get("userPrincipalName")
    role_id, role_name = row.app_role_id, role.display_name
    return AssignmentRow(row.id, row.principal_id, row.type, name, login, role_id, role_name, row.created_at)


async def count_assigned(connection: Connection, app_id: str) -> Mapping[str, int]:
    """How many users and groups are assigned."""
    query = sa.select(entry.c.type, sa.func.count(sa.distinct(entry.c.id)).label("principals")).join(
        assignment, assignment.c.principal_id == entry.c.id
    )
    rows = await connection.execute(query.where(assignment.c.app_id == app_id).group_by(entry.c.type))
    return {str(row.type): int(row.principals) for row in rows.all()}


async def active_links(connection: Connection, job_id: str) -> int:
    query = sa.select(sa.func.count()).where(link.c.job_id == job_id, link.c.believed_active)
    return int((await connection.execute(query)).scalar_one())


# ---- secrets --------------------------------------------------------------------------------------------------


async def put_secret(connection: Connection, owner: str, field: str, blob: bytes) -> None:
    statement = connection.upsert(secret).values(owner=owner, field=field, blob=blob)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["owner", "field"], set_={"blob": statement.excluded.blob})
    )


async def secrets_of(connection: Connection, owner: str) -> Mapping[str, bytes]:
    rows = await connection.execute(sa.select(secret.c.field, secret.c.blob).where(secret.c.owner == owner))
    return {str(row.field): bytes(row.blob) for row in rows.all()}


async def clear_secrets(connection: Connection, owner: str) -> Sequence[str]:
    """Returns the fields that were cleared."""
    cleared = sa.delete(secret).where(secret.c.owner == owner).returning(secret.c.field)
    return sorted(str(row.field) for row in (await connection.execute(cleared)).all())
