"""A GoTo user as an account of ours, and our values as GoTo takes them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from provisor.connectors.gotomeeting.roles import Grant, holdings, roles_held
from provisor.connectors.gotomeeting.wire import User
from provisor.domain.assignment import AppRole
from provisor.domain.error import Conflict, InvalidValue, MissingValue, NotPermitted, Rejected
from provisor.domain.resource import Account, Attributes, Value

PROPERTIES: Final = {
    "email": "email",
    "firstName": "first_name",
    "lastName": "last_name",
    "locale": "locale",
    "timeZone": "time_zone",
}
NEEDED: Final = ("email", "firstName", "lastName", "appRoles")
"""What nobody is without."""

ATTRIBUTES: Final = (*PROPERTIES, "active", "appRoles")
_IDENTITY: Final = frozenset(("email", "firstName", "lastName", "locale"))


def show(
    user: User, licences: Mapping[str, Collection[str]], roles: Sequence[AppRole], grants: Attributes | None = None
) -> Account:
    """The account that a user is; `grants` only where we know what we gave."""
    attributes: dict[str, Value] = {name: getattr(user, here) for name, here in PROPERTIES.items()}
    attributes |= {"active": user.active, "appRoles": roles_held(user, licences, roles)}
    held_: Attributes = {"licenseKeys": list(user.licences), "adminRoles": list(user.admin_roles or ())}
    privileged = bool(user.admin_roles or user.role_sets)
    elsewhere = bool(user.identity_read_only) and (user.status or "").upper() == "INVITED"
    return Account(user.id, attributes, user.active, grants or {}, held_, privileged, elsewhere)


def known(wanted: Attributes) -> Attributes:
    """The same attributes. Raises InvalidValue for one that GoTo does not have."""
    strange = sorted(set(wanted).difference(ATTRIBUTES))
    if strange:
        raise InvalidValue(attribute=", ".join(strange), problem="UnknownAttribute")
    return wanted


def invitation(people: Sequence[Attributes], grant: Grant, licences: Sequence[str]) -> dict[str, object]:
    """The body of POST users, for people who are to hold the same."""
    extra = {"locale": grant.locale} if grant.locale else {}
    users = [{**extra, **{name: one[name] for name in PROPERTIES if one.get(name)}} for one in people]
    shared = {"licenseKeys": list(licences), "adminRoles": list(grant.admin_roles), "groupKey": grant.group_key}
    return {"users": users, **{name: value for name, value in shared.items() if value}}


def edits(user: User, wanted: Attributes) -> dict[str, object]:
    """The properties to be changed; a locale or time zone that is to be cleared is sent as "".

    Raises NotPermitted, naming those that GoTo does not let this account change, and MissingValue for what it needs.
    """
    changed: dict[str, object] = {}
    cleared = [name for name in NEEDED if name in wanted and not wanted[name]]
    if cleared:
        raise MissingValue(attribute=", ".join(cleared), account=user.id)
    for name, here in PROPERTIES.items():
        new, old = str(wanted.get(name) or ""), str(getattr(user, here) or "")
        same = new.casefold() == old.casefold() if name == "email" else new == old
        if name in wanted and not same:
            changed[name] = new
    locked = set(_IDENTITY if user.identity_read_only else ())
    locked |= {"firstName", "lastName"} if user.name_locked else set()
    locked |= {"email"} if user.email_locked else set()
    if barred := locked.intersection(changed):
        raise NotPermitted(attribute=", ".join(sorted(barred)), account=user.id, problem="IdentityReadOnly")
    return changed


def verify(user: User, grant: Grant, licences: Mapping[str, Collection[str]]) -> None:
    """Raises where the user does not hold what was given, or holds it and may not use it."""
    if user.suspended:
        raise Conflict(email=user.email, account=user.id, problem="TransferPending")
    provided = {product for held in holdings(user, licences) for product in held}
    missing = [product for product in grant.products if product not in provided]
    missing += [role for role in grant.admin_roles if role not in (user.admin_roles or ())]
    if missing:
        raise Rejected(account=user.id, attribute="appRoles", missing=", ".join(missing), problem="NotHeldAfterwards")


def held(user: User, licences: Mapping[str, Collection[str]]) -> dict[str, str]:
    """What keeps a user active, in words: licences with their products, admin roles, role sets."""
    named = [f"{key} ({', '.join(licences.get(key, ()))})" for key in user.licences]
    return dict(user.held) | ({"licenses": ", ".join(named)} if named else {})
