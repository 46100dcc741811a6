"""An app's mappings: shown, tried out, saved, restored, exported and imported. Nothing is saved that has a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from msgspec import to_builtins
from msgspec.structs import replace

from provisor.app import apps as app_cases
from provisor.app import provisioning
from provisor.app.connections import open_target
from provisor.app.installation import Installation
from provisor.connector import Describes
from provisor.connectors.gotomeeting import ATTRIBUTES
from provisor.connectors.scim.paths import path_of
from provisor.domain.change import Reason
from provisor.domain.error import EntryError, JobError, Refused, RetryLater
from provisor.domain.job import Job
from provisor.domain.schema import AttributeDefinition, SynchronizationSchema
from provisor.schema import Fault, Named, SchemaRefused, faults, read_schema, schema_document, warnings
from provisor.schema.edit import add_attribute, mapping_of, put
from provisor.schema.fault import places_of
from provisor.schema.validate import suggestion
from provisor.store import attributes, jobs, links, schemas
from provisor.store.apps import App
from provisor.store.database import Connection
from provisor.store.plans import Shown
from provisor.store.schemas import Version

SHOWN: Final = 50  # lines of what a change would cause


@dataclass(frozen=True, slots=True)
class Stored:
    """The mappings that an app's next cycle uses. `schema.version` is what a change of them must be based on."""

    app: App
    job: Job
    schema: SynchronizationSchema


@dataclass(frozen=True, slots=True)
class Consequences:
    """What a full evaluation would do once these mappings were saved; `unknown` says why nobody can tell."""

    app: App
    schema: SynchronizationSchema
    managed: int  # people who have an account that is ours
    plan: provisioning.Plan | None
    lines: Sequence[Shown]  # the first ones
    unknown: Reason | None = None

    @property
    def warnings(self) -> Sequence[Fault]:
        """What may not mean what whoever wrote it thinks."""
        return warnings(self.schema)


async def get(installation: Installation, word: str) -> Stored:
    """The saved mappings of an app."""
    async with installation.database.read() as connection:
        return await _stored(connection, await app_cases.find(connection, word))


async def _stored(connection: Connection, app: App) -> Stored:
    job = await jobs.job_of(connection, app.id)
    return Stored(app, job, await jobs.load_schema(connection, job.id, job.schema_version))


def check(app: App, schema: SynchronizationSchema) -> None:
    """Raises SchemaRefused with every fault, the target's own names included."""
    found = [*faults(schema), *_names(app, schema)]
    if found:
        raise SchemaRefused(found)


def _names(app: App, schema: SynchronizationSchema) -> Sequence[Fault]:
    """Names that mean nothing to the app's connector."""
    unknown = NAMES[app_cases.manifest_of(app).connector]
    return [
        Fault(f"{place.target}[{number}].name", reason)
        for mapping, place in zip(schema.object_mappings, places_of(schema), strict=True)
        for number, one in enumerate(mapping.attributes)
        if one.mutability != "ReadOnly" and (reason := unknown(one.name)) is not None
    ]


def _unknown_to_scim(name: str) -> Reason | None:
    try:
        path_of(name)
    except EntryError:
        return Reason("NameNotScim", {"name": name[:80]})
    return None


def _unknown_to_goto(name: str) -> Reason | None:
    if name in ATTRIBUTES:
        return None
    told = {"app": "GoTo", "name": name[:80], "known": ", ".join(ATTRIBUTES)}
    return Reason("NameNotInTarget", {**told, **suggestion(name, ATTRIBUTES)})


NAMES: Final[Mapping[str, Callable[[str], Reason | None]]] = {"gotomeeting": _unknown_to_goto, "scim": _unknown_to_scim}
"""By connector: why an attribute cannot be called so; None: it can."""


async def preview(installation: Installation, word: str, schema: SynchronizationSchema) -> Consequences:
    """What saving these mappings would cause; writes nothing to the target, and saves nothing.

    Refused where they have faults, or are the saved ones.
    """
    async with installation.database.read() as connection:
        stored = await _stored(connection, await app_cases.find(connection, word))
        managed = await links.count_links(connection, stored.job.id)
    _fresh(stored, schema)
    check(stored.app, schema)
    try:
        plan = await provisioning.make_plan(installation, stored.app.id, schema)
    except (Refused, JobError, RetryLater) as error:  # nothing runs, or the target cannot be asked
        return Consequences(stored.app, schema, managed, None, (), error.reason)
    try:
        lines = await provisioning.lines(installation, plan.row.cycle.id, limit=SHOWN)
    finally:
        await provisioning.discard(installation, plan.row.cycle.id)
    return Consequences(stored.app, schema, managed, plan, lines)


async def save(installation: Installation, word: str, schema: SynchronizationSchema) -> Stored:
    """Make these the app's mappings: a running cycle ends with the old ones, and the next looks at everybody.

    `schema.version` is the version that was changed. Refused where somebody has saved another one since (SchemaMoved).
    """
    async with installation.database.transaction() as connection:
        stored = await _stored(connection, await app_cases.find(connection, word))
        app, job = stored.app, stored.job
        if stored.schema.version == schema.version:
            _fresh(stored, schema)
        check(app, schema)
        new = await schemas.replace_schema(connection, job.id, schema, installation.actor, installation.clock())
        if new is None:
            last, *_ = await schemas.versions(connection, job.id)
            raise Refused("SchemaMoved", app=app.name, version=last.number, by=last.saved_by)
        before, after = _told(stored.schema), _told(new)
        changed = {key for key in {*before, *after} if before.get(key) != after.get(key)}
        await installation.audit(
            connection,
            "Update attribute mappings or scope",
            ("App", app.id, app.name),
            {key: before[key] for key in sorted(changed) if key in before},
            {key: after[key] for key in sorted(changed) if key in after},
        )
    return await get(installation, app.id)


def _fresh(stored: Stored, schema: SynchronizationSchema) -> None:
    if schema.object_mappings == stored.schema.object_mappings:
        raise Refused("SchemaUnchanged", app=stored.app.name)


def _told(schema: SynchronizationSchema) -> Mapping[str, Any]:
    """What the audit log compares: each thing that may be changed."""
    told: dict[str, Any] = {"version": schema.version}
    for one in schema.object_mappings:
        told[f"{one.source} enabled"] = one.enabled
        told[f"{one.source} actions"] = sorted(one.flow_types)
        told[f"{one.source} scope"] = [
            f"{group.name}.{clause.attribute} {clause.operator} {clause.value or ''}".strip()
            for group in one.scope_filter
            for clause in group.clauses
        ]
        told |= {f"{one.source} attribute {each.name}": to_builtins(each) for each in one.attributes}
        told |= {f"{one.source} source attribute {each.name}": to_builtins(each) for each in one.source_attributes}
        told |= {f"{one.source} mapping {each.target}": to_builtins(each) for each in one.mappings}
    return told


# ---- versions -------------------------------------------------------------------------------------------------------


async def versions(installation: Installation, word: str) -> Sequence[Version]:
    """All that were ever saved, the newest, which is in use, first."""
    async with installation.database.read() as connection:
        job = await jobs.job_of(connection, (await app_cases.find(connection, word)).id)
        return await schemas.versions(connection, job.id)


async def earlier(installation: Installation, word: str, number: int | None = None) -> SynchronizationSchema:
    """An earlier version, or what the gallery says (None), ready to be saved in the place of the present one."""
    async with installation.database.read() as connection:
        stored = await _stored(connection, await app_cases.find(connection, word))
        if number is None:
            found = app_cases.manifest_of(stored.app).schema
        elif number in {one.number for one in await schemas.versions(connection, stored.job.id)}:
            found = await jobs.load_schema(connection, stored.job.id, number)
        else:
            raise Refused("UnknownVersion", app=stored.app.name, version=number)
    return replace(found, version=stored.schema.version)


# ---- Graph's JSON ---------------------------------------------------------------------------------------------------


async def document(installation: Installation, word: str, number: int | None = None) -> Mapping[str, Any]:
    """The whole schema in Graph's shape: the present version, or another one."""
    stored = await get(installation, word)
    schema = stored.schema
    if number is not None:
        schema = replace(await earlier(installation, word, number), version=number)
    async with installation.database.read() as connection:
        name = await attributes.directory_name(connection, stored.job.directory_id)
    return schema_document(
        schema, stored.job.id, Named(stored.job.directory_id, name), Named(stored.app.id, stored.app.name)
    )


async def read(installation: Installation, word: str, text: bytes) -> SynchronizationSchema:
    """The schema in such a document, ready to be saved. Raises SchemaRefused with every fault."""
    present = (await get(installation, word)).schema
    return replace(read_schema(text, present), version=present.version)


# ---- what the target has --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Discovery:
    """The attributes that a target says it has: `new` ones are not in the schema, `changed` ones differ from it."""

    stored: Stored
    new: Sequence[AttributeDefinition]
    changed: Sequence[AttributeDefinition]
    known: Sequence[AttributeDefinition]


async def discover(installation: Installation, word: str) -> Discovery:
    """Ask the target which attributes its users have. Refused where it cannot be asked, or does not say."""
    async with installation.database.read() as connection:
        stored = await _stored(connection, await app_cases.find(connection, word))
        provisioning.runnable(await app_cases.setup(connection, installation, stored.app))
    target = await open_target(installation, stored.job)
    try:
        if not target.capabilities.describe:
            raise Refused("NothingToDiscover", app=stored.app.name)
        offered = await cast("Describes", target).describe()
    finally:
        await target.close()
    if not offered:
        raise Refused("NothingDiscovered", app=stored.app.name)
    held = {one.name.casefold(): one for one in mapping_of(stored.schema, "User").attributes}
    pairs = [(one, held.get(one.name.casefold())) for one in offered]
    return Discovery(
        stored,
        new=[one for one, ours in pairs if ours is None],
        changed=[one for one, ours in pairs if ours is not None and not _alike(one, ours)],
        known=[ours for one, ours in pairs if ours is not None and _alike(one, ours)],
    )


def _alike(one: AttributeDefinition, ours: AttributeDefinition) -> bool:
    """What a mapping has to heed; of lengths, and of what can be filtered on, /Schemas says nothing."""
    return (one.type, one.multivalued, one.mutability) == (ours.type, ours.multivalued, ours.mutability)


def with_discovered(found: Discovery, names: Sequence[str]) -> SynchronizationSchema:
    """The mappings with these of the new attributes, ready to be saved."""
    mapping = mapping_of(found.stored.schema, "User")
    offered = {one.name: one for one in (*found.new, *found.changed)}
    for name in names:
        if name not in offered:
            raise Refused("AttributeNotOffered", attribute=name, **suggestion(name, list(offered)))
        mapping = add_attribute(mapping, "target", replace(offered[name], required=False))
    return put(found.stored.schema, mapping)
