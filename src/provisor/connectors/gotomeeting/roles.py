"""What our app roles give in GoTo's terms, and which of them somebody's licences and admin roles amount to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provisor.connectors.gotomeeting.wire import User
from provisor.domain.assignment import AppRole
from provisor.domain.error import InvalidValue
from provisor.domain.resource import Value

SUPER_USER: Final = "SUPER_USER"
INCLUDES: Final[Mapping[str, frozenset[str]]] = {"G2W": frozenset({"G2M"}), "G2T": frozenset({"G2M"})}
"""A GoToWebinar or GoToTraining licence has GoToMeeting in it (GoToMeeting REST 1.0.0, productType)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What several roles give together: all their products, the rest from the one of the highest priority."""

    products: tuple[str, ...] = ()
    admin_roles: tuple[str, ...] = ()
    group_key: str | None = None
    locale: str | None = None

    @property
    def empty(self) -> bool:
        return not self.products and not self.admin_roles


def listed(value: Value) -> tuple[str, ...]:
    """A value as a list of texts."""
    if value is None or value == "":
        return ()
    return tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)


def by_priority(roles: Sequence[AppRole]) -> list[AppRole]:
    """The highest priority first; equals by value, so that the order is always the same."""
    return sorted(roles, key=lambda role: (-role.priority, role.value))


def resolve(values: Collection[str], roles: Sequence[AppRole]) -> Grant:
    """What the roles of these values give. Raises InvalidValue for a role that this app does not have."""
    named = {role.value: role for role in roles if role.value and role.provisions}
    unknown = sorted(set(values) - set(named))
    if unknown:
        raise InvalidValue(attribute="appRoles", value=", ".join(unknown), problem="UnknownRole")
    held = [role.grant for role in by_priority([named[value] for value in set(values)])]
    products = dict.fromkeys(product for grant in held for product in listed(grant.get("products")))
    single = {name: next((grant[name] for grant in held if grant.get(name)), None) for name in _SINGLE}
    return Grant(
        products=tuple(products),
        admin_roles=listed(single["adminRoles"]),
        group_key=next(iter(listed(single["groupKey"])), None),
        locale=next(iter(listed(single["locale"])), None),
    )


def own(products: Collection[str]) -> frozenset[str]:
    """The products of a licence, without those that merely come with another."""
    return frozenset(products) - {extra for product in products for extra in INCLUDES.get(product, ())}


def holdings(user: User, licences: Mapping[str, Collection[str]]) -> list[Collection[str]]:
    """The products of each licence that the user holds; what no known licence explains stands by itself."""
    known = [licences[key] for key in user.licences if key in licences]
    rest = set(user.products or ()).difference(*known)
    if len(known) < len(user.licences) and rest:
        known.append(rest)
    return known


def roles_held(user: User, licences: Mapping[str, Collection[str]], roles: Sequence[AppRole]) -> list[str]:
    """The fewest roles that explain what the user holds, the highest priority first.

    A role that gives only what comes with another one's licence or admin roles is left out: assigning the other
    alone leaves the same traces.
    """
    held = holdings(user, licences)
    provided = {product for products in held for product in products}
    bought = {product for products in held for product in own(products)}
    admin = set(user.admin_roles or ())
    full = [
        (role, set(listed(role.grant.get("products"))), set(listed(role.grant.get("adminRoles"))))
        for role in by_priority(roles)
        if role.value and role.provisions
    ]
    full = [one for one in full if (one[1] or one[2]) and one[1] <= provided and one[2] <= admin]
    sold = {product for _, products, _ in full for product in products & bought}
    top = next((role.priority for role, _, roles_ in full if roles_), None)
    return [
        role.value
        for role, products, roles_ in full
        if (not roles_ or products or role.priority == top)
        and (not products or roles_ or products & bought or not _comes_with(products, sold))
    ]


def _comes_with(products: Collection[str], sold: Collection[str]) -> bool:
    return set(products) <= {extra for product in sold for extra in INCLUDES.get(product, ())}


_SINGLE: Final = ("adminRoles", "groupKey", "locale")
