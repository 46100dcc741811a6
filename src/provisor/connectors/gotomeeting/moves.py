"""What has to change for somebody to hold what his roles give: which licences come and go, which admin roles. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from provisor.connectors.gotomeeting.roles import SUPER_USER, Grant, holdings, listed, own
from provisor.connectors.gotomeeting.wire import User
from provisor.domain.assignment import AppRole
from provisor.domain.resource import Attributes


@dataclass(frozen=True, slots=True)
class Ours:
    """What we gave somebody, as a link's `grants` keeps it."""

    licences: frozenset[str] = frozenset()
    admin_roles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, grants: Attributes) -> Ours:
        return cls(frozenset(listed(grants.get("licenseKeys"))), frozenset(listed(grants.get("adminRoles"))))

    def still_held(self, user: User) -> Attributes:
        """The note as it is to be kept: only what the user still holds."""
        return Ours(
            self.licences.intersection(user.licences), self.admin_roles.intersection(user.admin_roles or ())
        ).note()

    def note(self) -> Attributes:
        return {"licenseKeys": sorted(self.licences), "adminRoles": sorted(self.admin_roles)}


@dataclass(frozen=True, slots=True)
class Moves:
    """`missing`: products without a licence; `drop`: licences to take; `admin_roles`: the new list, None: as it is."""

    missing: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    admin_roles: tuple[str, ...] | None = None


def leaving(before: Collection[str], after: Collection[str], roles: Sequence[AppRole]) -> Grant:
    """All that the roles gave which somebody no longer has."""
    gone = [role.grant for role in roles if role.value in set(before) - set(after)]
    return Grant(
        products=tuple(product for grant in gone for product in listed(grant.get("products"))),
        admin_roles=tuple(name for grant in gone for name in listed(grant.get("adminRoles"))),
    )


def moves(user: User, grant: Grant, gone: Grant, ours: Ours, licences: Mapping[str, Collection[str]]) -> Moves:
    """From what the user holds to what `grant` gives; of the rest only what is `gone` or ours is taken away."""
    needed = set(grant.products)
    surplus = set(gone.products) - needed
    kept = dict.fromkeys(user.licences)
    for key in user.licences:
        bought = own(licences.get(key, ()))
        others = {product for other in kept if other != key for product in licences.get(other, ())}
        useless = not bought & needed and needed & set(licences.get(key, ())) <= others
        if (bought & surplus and not bought & needed) or (key in ours.licences and useless):
            del kept[key]
    left = User(key=user.key, license_keys=list(kept), products=user.products)
    provided = {product for held in holdings(left, licences) for product in held}
    return Moves(
        missing=tuple(product for product in grant.products if product not in provided),
        drop=tuple(key for key in user.licences if key not in kept),
        admin_roles=_admin_roles(user, grant, gone, ours),
    )


def _admin_roles(user: User, grant: Grant, gone: Grant, ours: Ours) -> tuple[str, ...] | None:
    """A super admin may read back with all other roles as well: these come and go with that one."""
    held = tuple(user.admin_roles or ())
    away = {*gone.admin_roles, *ours.admin_roles} - {*grant.admin_roles}
    if SUPER_USER in grant.admin_roles:
        away = set()
    elif SUPER_USER in away and SUPER_USER in held:
        away = {*held} - {*grant.admin_roles}
    wanted = tuple(dict.fromkeys((*grant.admin_roles, *(role for role in held if role not in away))))
    return wanted if set(wanted) != set(held) else None
