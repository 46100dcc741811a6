"""The way to a target: its credentials opened, its connector made, its connection tested."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from provisor.app import apps as app_cases
from provisor.app.installation import Installation
from provisor.connector import CheckStep, Connection, Target
from provisor.connectors.gotomeeting import open_gotomeeting
from provisor.connectors.scim import open_scim
from provisor.domain.error import Misconfigured, Refused
from provisor.domain.job import Job
from provisor.domain.schema import SynchronizationSchema
from provisor.gallery import Manifest
from provisor.store import apps, jobs
from provisor.store.apps import App
from provisor.store.database import Connection as Statements

CONNECTORS: Mapping[str, Callable[[Connection], Target]] = {"gotomeeting": open_gotomeeting, "scim": open_scim}
"""By the name that a manifest gives."""


async def open_target(installation: Installation, job: Job, schema: SynchronizationSchema | None = None) -> Target:
    """The target of a job. Raises Misconfigured where a credential is missing or cannot be opened.

    `schema`: instead of the saved one.
    """
    async with installation.database.read() as connection:
        app = await apps.get_app(connection, job.app_id)
        assert app is not None, "a job goes with its app"
        manifest = app_cases.manifest_of(app)
        roles = await apps.roles_of(connection, app.id)
        blobs = await apps.secrets_of(connection, app.id)
        mappings = schema or await jobs.load_schema(connection, job.id, job.schema_version)
    mapping = mappings.mapping_for("User")
    settings = {field.key: app.settings.get(field.key, field.default) for field in manifest.settings}
    rate = app_cases.rate_of(app, manifest)
    made = CONNECTORS[manifest.connector]
    credentials = _credentials(installation, app, manifest, blobs)

    return made(
        Connection(
            credentials=credentials,
            settings=settings,
            profile=manifest.profile,
            matching=tuple(one.target for one in mapping.matching) if mapping else (),
            roles=roles,
            rate_limit=rate,
            stored=_Stored(installation, app, manifest),
        )
    )


class _Stored:
    """The secrets of an app, while it is connected as when it was opened."""

    def __init__(self, installation: Installation, app: App, manifest: Manifest) -> None:
        self._installation = installation
        self._app_id = app.id
        self._manifest = manifest
        self._place = app_cases.place_of(app, manifest)

    async def read(self, key: str) -> str | None:
        async with self._installation.database.read() as connection:
            return await self._stored(connection, key)

    async def keep(self, key: str, old: str, new: str) -> None:
        async with self._installation.database.transaction() as connection:
            if await self._stored(connection, key) != old:
                raise Misconfigured(problem="CredentialsChanged")
            blob = self._installation.vault.seal(self._app_id, key, new)
            await apps.put_secret(connection, self._app_id, key, blob)

    async def _stored(self, connection: Statements, key: str) -> str | None:
        """A changed address or way of signing in has cleared the secrets: what lies here now is not for us."""
        app = await apps.get_app(connection, self._app_id)
        if app is None or app_cases.place_of(app, self._manifest) != self._place:
            raise Misconfigured(problem="CredentialsChanged")
        blobs = await apps.secrets_of(connection, app.id)
        return _credentials(self._installation, app, self._manifest, blobs).get(key)


def _credentials(
    installation: Installation, app: App, manifest: Manifest, blobs: Mapping[str, bytes]
) -> Mapping[str, str]:
    credentials: dict[str, str] = {}
    for field in manifest.asked(app.credentials):
        value: str | None
        if field.key in blobs:
            try:
                value = installation.vault.open(app.id, field.key, blobs[field.key])
            except Refused as refusal:
                raise Misconfigured(field=field.label, problem=refusal.reason.code) from None
        else:
            preset = installation.settings.preset(field.setting) if field.setting else None
            value = app.credentials.get(field.key) or preset or field.default
        if value:
            credentials[field.key] = value
        elif field.required:
            raise Misconfigured(field=field.label, problem="is not set")
    return credentials


async def test(installation: Installation, word: str) -> AsyncIterator[CheckStep]:
    """Test Connection, step by step. Writes nothing to the target."""
    async with installation.database.read() as connection:
        app = await app_cases.find(connection, word)
        job = (await app_cases.setup(connection, installation, app)).job
    target = await open_target(installation, job)
    failed = False
    try:
        async for step in target.check():
            failed = step.status == "failure"
            yield step
    finally:
        await target.close()
        async with installation.database.transaction() as connection:
            result = {"result": "failure" if failed else "success"}
            await installation.audit(connection, "Test connection", ("App", app.id, app.name), after=result)
