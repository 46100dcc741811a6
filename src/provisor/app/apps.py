"""Apps: added from the gallery, given credentials and settings, and removed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from provisor.app import job_settings
from provisor.app.installation import Installation
from provisor.domain.assignment import AppRole
from provisor.domain.error import Refused
from provisor.domain.job import DEFAULT_INTERVAL, Job
from provisor.gallery import CredentialField, Manifest, gallery
from provisor.gallery import find as find_manifest
from provisor.store import apps, jobs
from provisor.store.apps import App
from provisor.store.database import Connection
from provisor.text import looks_like_mail

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
OWN_MACHINE_RATE = 10_000.0  # requests a second
HIDDEN = "(set)"


@dataclass(frozen=True)
class AppSetup:
    """An app and what it runs with; `secrets` are the names of those that are set."""

    app: App
    manifest: Manifest
    job: Job
    secrets: frozenset[str]

    @property
    def missing(self) -> Sequence[CredentialField]:
        """Required credentials that neither the app nor the server has; defaults count as given."""
        given = set(self.app.credentials) | self.secrets
        return [f for f in self.credentials if f.required and not f.default and f.key not in given]

    @property
    def credentials(self) -> Sequence[CredentialField]:
        """What the chosen way of signing in needs."""
        return self.manifest.asked(self.app.credentials)


@dataclass(frozen=True)
class AppDetails(AppSetup):
    """An app with all that surrounds it."""

    roles: Sequence[AppRole]
    assigned: Mapping[str, int]
    active_accounts: int
    next_cycle_at: datetime | None


async def add(installation: Installation, app: str, name: str | None = None) -> App:
    """Instantiate an app of the gallery. Refused where the name is taken."""
    manifest = find_manifest(app)
    new = App(
        id=str(uuid.uuid4()),
        name=(name or manifest.name).strip(),
        manifest_id=manifest.id,
        mode="Automatic",
        credentials={},
        settings={},
        notification={},
        created_at=installation.clock(),
    )
    if not 0 < len(new.name) <= 120:
        raise Refused("AppNameInvalid", name=new.name[:120])
    async with installation.database.transaction() as connection:
        if any(one.name.casefold() == new.name.casefold() for one in await apps.list_apps(connection)):
            raise Refused("AppNameTaken", name=new.name)
        await apps.add_app(connection, new, manifest.app_roles)
        job_id = f"{manifest.template}.{installation.tenant_id}.{new.id}"
        job = Job(job_id, new.id, installation.directory_id, "Disabled", DEFAULT_INTERVAL, None, 1)
        await jobs.add_job(connection, job)
        await jobs.save_schema(connection, job_id, manifest.schema, "the gallery", installation.clock())
        await installation.audit(
            connection, "Add application", ("App", new.id, new.name), after={"gallery": manifest.id}
        )
    return new


async def list_all(installation: Installation) -> Sequence[AppDetails]:
    async with installation.database.read() as connection:
        return [await details(connection, installation, app) for app in await apps.list_apps(connection)]


async def show(installation: Installation, word: str) -> AppDetails:
    async with installation.database.read() as connection:
        return await details(connection, installation, await find(connection, word))


async def remove(installation: Installation, word: str) -> App:
    """Remove an app and all that Provisor knows of it; accounts in the target stay as they are."""
    async with installation.database.transaction() as connection:
        app = await find(connection, word)
        if await jobs.unfinished(connection, (await jobs.job_of(connection, app.id)).id):
            raise Refused("CycleRunning", job=app.name)
        await apps.remove_app(connection, app.id)
        await installation.audit(connection, "Remove application", ("App", app.id, app.name))
    return app


async def find(connection: Connection, word: str) -> App:
    """An app by id, by name, or by the beginning of its name where only one begins so."""
    known = await apps.list_apps(connection)
    folded = word.strip().casefold()
    for found in (
        [app for app in known if folded in (app.id, app.name.casefold())],
        [app for app in known if folded and folded in app.name.casefold()],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused("AmbiguousApp", name=word, apps=", ".join(app.name for app in found))
    raise Refused("NoSuchApp", name=word, apps=", ".join(app.name for app in known))


async def setup(connection: Connection, installation: Installation, app: App) -> AppSetup:
    manifest = manifest_of(app)
    stored = await apps.secrets_of(connection, app.id)
    preset = {f.key for f in manifest.credentials if f.setting and installation.settings.preset(f.setting)}
    return AppSetup(app, manifest, await jobs.job_of(connection, app.id), frozenset(stored) | preset)


async def details(connection: Connection, installation: Installation, app: App) -> AppDetails:
    """All of it, which takes longer the more accounts there are."""
    known = await setup(connection, installation, app)
    return AppDetails(
        **vars(known),
        roles=await apps.roles_of(connection, app.id),
        assigned=await apps.count_assigned(connection, app.id),
        active_accounts=await apps.active_links(connection, known.job.id),
        next_cycle_at=await jobs.next_cycle_at(connection, known.job.id),
    )


def manifest_of(app: App) -> Manifest:
    manifest = gallery().get(app.manifest_id)
    if manifest is None:
        raise Refused("UnknownApp", app=app.manifest_id)
    return manifest


# ---- what an admin sets -----------------------------------------------------------------------------------------


async def set_mode(installation: Installation, word: str, mode: Literal["Automatic", "Manual"]) -> App:
    """Manual: nothing runs by itself, and the job is switched off."""
    async with installation.database.transaction() as connection:
        app = await find(connection, word)
        changed = replace(app, mode=mode)
        await apps.save_app(connection, changed)
        if mode == "Manual":
            await jobs.schedule(connection, (await jobs.job_of(connection, app.id)).id, "Disabled", None)
        await _audit_settings(connection, installation, app, {"mode": app.mode}, {"mode": mode})
    return changed


async def set_credentials(installation: Installation, word: str, given: Mapping[str, str]) -> Sequence[str]:
    """Save credentials; the others stay. A changed address or way of signing in clears the
    secrets: gives back which were cleared."""
    async with installation.database.transaction() as connection:
        app = await find(connection, word)
        fields = {field.key: field for field in manifest_of(app).credentials}
        plain = dict(app.credentials)
        cleared: Sequence[str] = ()
        for key, value in given.items():
            field = fields.get(key)
            if field is None:
                raise Refused("UnknownCredential", key=key, known=", ".join(fields))
            if field.address:
                checked_address(field.label, value)
            if field.choices and value not in field.choices:
                raise Refused("SettingInvalid", key=key, value=value[:100], choices=", ".join(field.choices))
            moved = value.rstrip("/") != (plain.get(key) or field.default or "").rstrip("/")
            if moved and (field.address or field.choices):
                cleared = await apps.clear_secrets(connection, app.id)
        for key, value in given.items():
            if fields[key].secret and not value:
                raise Refused("SecretEmpty", field=fields[key].label)
            if fields[key].secret:
                await apps.put_secret(connection, app.id, key, installation.vault.seal(app.id, key, value))
            elif value:
                plain[key] = value
            else:
                plain.pop(key, None)
        await apps.save_app(connection, replace(app, credentials=plain))
        before, after = _redacted(app.credentials, fields, ()), _redacted(plain, fields, given)
        await _audit_settings(connection, installation, app, before, after)
        return [key for key in cleared if key not in given]


async def set_notification(installation: Installation, word: str, email: str | None, *, enabled: bool) -> App:
    """The notification e-mail and its check box."""
    if email is not None and not looks_like_mail(email):
        raise Refused("MailInvalid", email=email[:128])
    async with installation.database.transaction() as connection:
        app = await find(connection, word)
        notification = {"email": email or app.notification.get("email"), "enabled": enabled}
        if enabled and not notification["email"]:
            raise Refused("MailMissing", app=app.name)
        changed = replace(app, notification=notification)
        await apps.save_app(connection, changed)
        await _audit_settings(connection, installation, app, app.notification, notification)
    return changed


async def set_settings(installation: Installation, word: str, given: Mapping[str, str]) -> AppDetails:
    """Settings of the connector by their keys, `rateLimit` (requests a second), and those of the job."""
    async with installation.database.transaction() as connection:
        app = await find(connection, word)
        manifest = manifest_of(app)
        fields = {field.key: field for field in manifest.settings}
        settings: dict[str, Any] = dict(app.settings)
        job = await jobs.job_of(connection, app.id)
        wanted = job_settings.read(job, given)
        for key, value in given.items():
            if key in job_settings.KEYS:
                continue
            if key == "rateLimit":
                settings[key] = _rate(app, manifest, _number(key, value))
            elif key in fields:
                settings[key] = fields[key].parse(value)
            else:
                raise Refused("UnknownSetting", key=key, known=", ".join([*job_settings.KEYS, "rateLimit", *fields]))
        changed = replace(app, settings=settings)
        await apps.save_app(connection, changed)
        await job_settings.save(connection, job, wanted, installation.clock())
        before = {**app.settings, **job_settings.shown(job, given)}
        await _audit_settings(connection, installation, app, before, {**settings, **job_settings.shown(wanted, given)})
        return await details(connection, installation, changed)


def checked_address(label: str, value: str) -> None:
    """https, or http to this very machine. Refused otherwise."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
        plain_allowed = parts.scheme == "http" and host in LOOPBACK
        sound = bool(host) and not parts.query and not parts.fragment and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        sound, plain_allowed, parts = False, False, urlsplit("")
    if not sound or not (parts.scheme == "https" or plain_allowed):
        raise Refused("AddressInvalid", field=label, value=value[:200])


def place_of(app: App, manifest: Manifest) -> Mapping[str, str]:
    """Whom the app's secrets are for: the addresses that they are sent to, and the way of signing in."""
    fields = [field for field in manifest.credentials if field.address or field.choices]
    return {field.key: (app.credentials.get(field.key) or field.default or "").rstrip("/") for field in fields}


def base_address(app: App, manifest: Manifest) -> str:
    field = next((field for field in manifest.credentials if field.address), None)
    return "" if field is None else app.credentials.get(field.key, field.default or "")


def rate_of(app: App, manifest: Manifest) -> float:
    """Requests a second that the target is sent, never more than it bears now, wherever it has moved since."""
    return min(float(app.settings.get("rateLimit", manifest.rate_limit.default)), _highest_rate(app, manifest))


def _rate(app: App, manifest: Manifest, rate: float) -> float:
    highest = _highest_rate(app, manifest)
    if not 0 < rate <= highest:
        raise Refused("RateTooHigh", rate=f"{rate:g}", hard=f"{highest:g}")
    return rate


def _highest_rate(app: App, manifest: Manifest) -> float:
    """The target's hard limit holds, except for a target on this machine: an emulator may know none."""
    own_machine = urlsplit(base_address(app, manifest)).hostname in LOOPBACK
    return OWN_MACHINE_RATE if own_machine else manifest.rate_limit.hard


def _number(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise Refused("SettingInvalid", key=key, value=value[:100], choices="a number") from None


def _redacted(
    values: Mapping[str, Any], fields: Mapping[str, CredentialField], given: Mapping[str, str] | tuple[()]
) -> Mapping[str, Any]:
    """What the audit log may know of credentials: of a secret only that it was set."""
    return {**values, **{key: HIDDEN for key in given if fields[key].secret}}


async def _audit_settings(
    connection: Connection, installation: Installation, app: App, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    target = ("App", app.id, app.name)
    await installation.audit(connection, "Update provisioning setting or credentials", target, before, after)
