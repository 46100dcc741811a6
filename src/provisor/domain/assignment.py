"""Who is meant for an application, and as what (Entra's terms)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from provisor.domain.resource import Value

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"  # the role id of an assignment without a role


class AppRole(Struct, frozen=True):
    """A role that an application offers.

    `grant` says in the connector's own words what the role gives (products, admin roles …). Of several roles
    one person holds, lists of one name are united and the single values of the highest `priority` win.
    """

    id: str
    value: str
    display_name: str
    description: str = ""
    enabled: bool = True
    provisions: bool = True  # False: "Default Access", which gives single sign-on only
    privileged: bool = False
    priority: int = 0
    grant: Mapping[str, Value] = field(default_factory=dict)


class Assignment(Struct, frozen=True):
    """A user, or a group whose direct members are meant, holds a role of an application."""

    id: str
    principal_id: str
    app_role_id: str
