"""How users, licences and groups look in JSON: empty properties are left out, keys are text, times milliseconds."""

from collections.abc import Callable, Collection
from typing import Final

from provisor.testing.gotomeeting.licence import Group, Licence
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User


def _products(tenant: Tenant, user: User) -> list[str]:
    if user.invitation in ("declined", "left"):
        return []
    return list(dict.fromkeys(product for key in user.license_keys for product in tenant.licences[key].products))


def _group_name(tenant: Tenant, user: User) -> str:
    return tenant.groups[user.group_key].name if user.group_key else ""


USER: Final[dict[str, Callable[[Tenant, User], object]]] = {
    "key": lambda _, user: user.key,
    "email": lambda _, user: user.email,
    "firstName": lambda _, user: user.first_name,
    "lastName": lambda _, user: user.last_name,
    "locale": lambda _, user: user.locale,
    "timeZone": lambda _, user: user.time_zone,
    "status": lambda tenant, user: tenant.status(user),
    "licenseKeys": lambda _, user: user.license_keys,
    "products": _products,
    "admin": lambda _, user: bool(user.admin_roles or user.role_sets),
    "adminRoles": lambda _, user: user.admin_roles,
    "managedGroupKeys": lambda _, user: user.managed_group_keys,
    "roleSets": lambda _, user: user.role_sets,
    "groupKey": lambda _, user: user.group_key,
    "groupName": _group_name,
    "groupKeyPath": lambda _, user: [user.group_key] if user.group_key else [],
    "groupNamePath": lambda tenant, user: [_group_name(tenant, user)] if user.group_key else [],
    "passwordCreated": lambda _, user: user.invitation == "accepted",
    "canAuthenticate": lambda tenant, user: tenant.status(user) in ("ACTIVE", "INACTIVE"),
    "createTime": lambda _, user: _milliseconds(user.created),
    "invitedDate": lambda _, user: _milliseconds(user.invited),
    "inviteCount": lambda _, user: user.invite_count,
    "nameLocked": lambda _, user: user.name_locked,
    "emailLocked": lambda _, user: user.email_locked,
    "identityReadOnly": lambda _, user: user.identity_read_only,
}


def _user_count(tenant: Tenant, licence: Licence) -> int:
    invited = 0 if tenant.options.user_count_includes_invited else len(licence.invited)
    return len(licence.holders) - invited


LICENCE: Final[dict[str, Callable[[Tenant, Licence], object]]] = {
    "key": lambda _, licence: licence.key,
    "seats": lambda _, licence: licence.seats,
    "userCount": _user_count,
    "enabled": lambda _, licence: licence.enabled,
    "description": lambda _, licence: licence.description,
    "type": lambda *_: "NAMED",
    "channel": lambda *_: "CORPORATE",
    "products": lambda _, licence: licence.products,
    "userKeys": lambda _, licence: [key for key in licence.holders if key not in licence.invited],
    "invitedUserKeys": lambda _, licence: list(licence.invited),
    "deviceCount": lambda *_: 0,
    "devicesOnly": lambda *_: False,
    "devicesAllowed": lambda *_: False,
    "externallyManaged": lambda *_: False,
}

GROUP: Final[dict[str, Callable[[Tenant, Group], object]]] = {
    "key": lambda _, group: group.key,
    "name": lambda _, group: group.name,
    "keyPath": lambda _, group: [group.key],
    "namePath": lambda _, group: [group.name],
    "userKeys": lambda _, group: list(group.members),
    "memberCount": lambda _, group: len(group.members),
    "totalMemberCount": lambda _, group: len(group.members),
}


def show_user(tenant: Tenant, user: User, attributes: Collection[str] | None = None) -> dict[str, object]:
    """A user's JSON object, or the named properties of it."""
    return _present(
        {name: read(tenant, user) for name, read in USER.items() if attributes is None or name in attributes}
    )


def show_licence(tenant: Tenant, licence: Licence, attributes: Collection[str] | None = None) -> dict[str, object]:
    """A licence's JSON object, or the named properties of it; the lists of holders are made only when wanted."""
    wanted = {name: read for name, read in LICENCE.items() if attributes is None or name in attributes}
    return _present({name: read(tenant, licence) for name, read in wanted.items()})


def show_group(tenant: Tenant, group: Group, attributes: Collection[str] | None = None) -> dict[str, object]:
    """A group's JSON object, or the named properties of it."""
    return _present(
        {name: read(tenant, group) for name, read in GROUP.items() if attributes is None or name in attributes}
    )


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)


def _present(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None and value not in ("", [])}
