"""A file of JSON lines from which a killed emulator gets its people back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from provisor.testing.gotomeeting.licence import Group
from provisor.testing.gotomeeting.record import Mail, Write
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User

Kind = TypeVar("Kind")


class Archive:
    """Appends each change of a tenant to `path` as it happens, before the answer that reports it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def keep(self, kind: str, value: object) -> None:
        """Appends one change."""
        self._file.write(msgspec.json.encode([kind, value]) + b"\n")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def restore(tenant: Tenant, path: Path) -> None:
    """Replays the file at `path`, if there is one, into a new `tenant`; a torn last line is passed over."""
    users: dict[str, User] = {}
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            kind, value = msgspec.json.decode(line)
        except (msgspec.DecodeError, ValueError):
            continue
        if kind == "user":
            users[value["key"]] = _convert(value, User)
        elif kind == "left":
            left = users.pop(value)
            tenant.former[left.email.casefold()] = left.key
        else:
            _REPLAY[kind](tenant, value)
    for user in users.values():
        user.license_keys = [key for key in user.license_keys if key in tenant.licences]
        tenant.join(user)


def _issued(tenant: Tenant, value: int) -> None:
    tenant.issued = max(tenant.issued, value)


def _group(tenant: Tenant, value: dict[str, Any]) -> None:
    tenant.groups[value["key"]] = Group(key=value["key"], name=value["name"])


def _seats(tenant: Tenant, value: dict[str, Any]) -> None:
    if value["key"] in tenant.licences:
        tenant.licences[value["key"]].seats = value["seats"]


def _reset(tenant: Tenant, _value: None) -> None:
    tenant.mails.clear()
    tenant.journal.clear()


_REPLAY: Final[dict[str, Callable[[Tenant, Any], object]]] = {
    "issued": _issued,
    "group": _group,
    "group-dropped": lambda tenant, key: tenant.groups.pop(key),
    "elsewhere": lambda tenant, email: tenant.elsewhere.add(email),
    "seats": _seats,
    "mail": lambda tenant, value: tenant.mails.append(_convert(value, Mail)),
    "write": lambda tenant, value: tenant.journal.append(_convert(value, Write)),
    "reset": _reset,
}


def _convert(value: Any, kind: type[Kind]) -> Kind:
    return msgspec.convert(value, kind)
