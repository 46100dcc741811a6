"""App roles: what somebody is assigned to the app with. They are the attribute [appRoleAssignments]."""

from __future__ import annotations

from collections.abc import Iterator

from provisor.domain.error import InvalidValue
from provisor.expression.function import function
from provisor.expression.value import Datum, Role

_TYPE = "WindowsAzureActiveDirectoryRole"


@function("AppRoleAssignments", "AppRoleAssignments([appRoleAssignments])", ["Admin", "User"], structured=True)
def app_role_assignments(source: Datum) -> Datum:
    """The values of all roles."""
    return [value for value, _ in _roles(source, "AppRoleAssignments")]


@function("SingleAppRoleAssignment", "SingleAppRoleAssignment([appRoleAssignments])", "Admin", structured=True)
def single_app_role_assignment(source: Datum) -> Datum:
    """The value of one role, the first; null without any."""
    return next((value for value, _ in _roles(source, "SingleAppRoleAssignment")), None)


@function(
    "AppRoleAssignmentsComplex",
    "AppRoleAssignmentsComplex([appRoleAssignments])",
    [
        {"primary": False, "type": _TYPE, "displayName": "Administrators", "value": "Admin"},
        {"primary": False, "type": _TYPE, "displayName": "Everybody", "value": "User"},
    ],
    structured=True,
)
def app_role_assignments_complex(source: Datum) -> Datum:
    """All roles as objects, for SCIM's roles; none is the primary one."""
    return _objects(source, "AppRoleAssignmentsComplex", "displayName")


@function(
    "AssertiveAppRoleAssignmentsComplex",
    "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])",
    [
        {"primary": False, "type": _TYPE, "display": "Administrators", "value": "Admin"},
        {"primary": False, "type": _TYPE, "display": "Everybody", "value": "User"},
    ],
    structured=True,
)
def assertive_app_role_assignments_complex(source: Datum) -> Datum:
    """The same with the name in display, for a target whose roles are replaced as a whole."""
    return _objects(source, "AssertiveAppRoleAssignmentsComplex", "display")


def _objects(source: Datum, reader: str, name: str) -> list[Role]:
    return [{"primary": False, "type": _TYPE, name: shown, "value": value} for value, shown in _roles(source, reader)]


def _roles(source: Datum, reader: str) -> Iterator[tuple[str, str]]:
    """The value and display name of each role, which is an object or the value alone."""
    for role in source if isinstance(source, list) else [] if source is None else [source]:
        value = role.get("value") if isinstance(role, dict) else role
        shown = role.get("displayName") if isinstance(role, dict) else role
        if not isinstance(value, str):
            raise InvalidValue(function=reader, expected="app roles", found="something else")
        yield value, shown if isinstance(shown, str) else value


def plain_roles(source: Datum) -> Datum:
    """The attribute as all other functions see it: the list of the roles' values."""
    if not isinstance(source, list):
        return source
    return [role.get("value") if isinstance(role, dict) else role for role in source]
