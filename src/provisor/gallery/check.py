"""What a manifest must hold beyond its shape: every problem is one line of plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from provisor.domain.assignment import DEFAULT_ACCESS, AppRole
from provisor.gallery.manifest import CredentialField, Manifest, RateLimit, SettingField
from provisor.schema import faults
from provisor.text import describe


def problems(manifest: Manifest) -> Iterator[str]:
    """Everything that would make this manifest fail later."""
    yield from _rate(manifest.rate_limit)
    yield from _roles(manifest.app_roles)
    yield from _credentials(manifest.credentials)
    yield from _settings(manifest.settings)
    for fault in faults(manifest.schema):
        yield f"{fault.path}: {describe(fault.reason)}"


def _rate(rate: RateLimit) -> Iterator[str]:
    if rate.hard < rate.default:
        yield f"rate_limit: hard ({rate.hard:g}) is below default ({rate.default:g})"


def _roles(roles: tuple[AppRole, ...]) -> Iterator[str]:
    yield from _twice("app_role", (role.id for role in roles))
    yield from _twice("app_role", (role.value for role in roles))
    default = [role for role in roles if role.id == DEFAULT_ACCESS]
    if not default:
        yield f"app_role: the Default Access role ({DEFAULT_ACCESS}) is missing"
    for role in default:
        if role.provisions or role.value:
            yield "app_role: Default Access has no value and must say provisions = false"
    if any(not role.value for role in roles if role.id != DEFAULT_ACCESS):
        yield "app_role: only Default Access may have an empty value"


def _credentials(fields: tuple[CredentialField, ...]) -> Iterator[str]:
    yield from _twice("credential", (field.key for field in fields))
    ways = {choice for field in fields for choice in field.choices}
    for field in fields:
        if field.secret and field.default is not None:
            yield f"credential {field.key!r}: a secret has no default"
        if field.choices and field.default not in field.choices:
            yield f"credential {field.key!r}: the default is none of the choices"
        for method in field.methods:
            if method not in ways:
                yield f"credential {field.key!r}: no credential has {method!r} among its choices"


def _settings(fields: tuple[SettingField, ...]) -> Iterator[str]:
    yield from _twice("setting", (field.key for field in fields))
    for field in fields:
        if field.choices and field.type != "string":
            yield f"setting {field.key!r}: only a string has choices"
        if field.default is None:
            continue
        kind = {"boolean": bool, "integer": int, "string": str}[field.type]
        if type(field.default) is not kind:
            yield f"setting {field.key!r}: the default is not a {field.type}"
        elif field.choices and field.default not in field.choices:
            yield f"setting {field.key!r}: the default is none of the choices"


def _twice(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{what} {name!r}: is there {count} times"
