"""What every directory holds of a user and of a group, in Microsoft Graph's property names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.domain.resource import ResourceType
from provisor.domain.schema import AttributeDefinition, AttributeType, ObjectMapping

ROLES: Final = "appRoleAssignments"
"""The values of the app roles that somebody holds, the highest priority first."""


def _read(name: str, type_: AttributeType = "String", *, several: bool = False) -> AttributeDefinition:
    return AttributeDefinition(name, type_, multivalued=several, case_exact=True, mutability="ReadOnly")


_EVERYBODY: Final = (
    _read("objectId"),
    _read("IsSoftDeleted", "Boolean"),  # worked out: not enabled, or in the recycle bin
    _read("displayName"),
    _read("mail"),
    _read("mailNickname"),
)
_USER: Final = (
    *_EVERYBODY,
    _read("accountEnabled", "Boolean"),
    _read("userPrincipalName"),
    _read("givenName"),
    _read("surname"),
    _read("otherMails", several=True),
    _read("onPremisesSamAccountName"),
    _read("jobTitle"),
    _read("department"),
    _read("employeeId"),
    _read("employeeType"),
    _read("businessPhones", several=True),
    _read("mobilePhone"),
    _read("city"),
    _read("state"),
    _read("postalCode"),
    _read("country"),
    _read("streetAddress"),
    _read("companyName"),
    _read("preferredLanguage"),
    _read("officeLocation"),
    _read("manager", "Reference"),
    _read(ROLES, several=True),
)
_GROUP: Final = (*_EVERYBODY, _read("description"), _read("members", "Reference", several=True))

HELD: Final[Mapping[ResourceType, Mapping[str, AttributeDefinition]]] = {
    "User": {one.name: one for one in _USER},
    "Group": {one.name: one for one in _GROUP},
}
"""By name, what every directory has; what an admin adds to it is an object mapping's `source_attributes`."""

ALSO_CALLED: Final[Mapping[str, str]] = {
    "sAMAccountName": "onPremisesSamAccountName",
    "telephoneNumber": "businessPhones",
    "mobile": "mobilePhone",
    "physicalDeliveryOfficeName": "officeLocation",
    "proxyAddresses": "otherMails",
    "originalUserPrincipalName": "userPrincipalName",
    "sn": "surname",
    "c": "country",
    "l": "city",
    "st": "state",
    "title": "jobTitle",
    "company": "companyName",
    "id": "objectId",
}
"""Entra's names in mappings, and LDAP's, for what is called otherwise here."""


def readable(mapping: ObjectMapping) -> Mapping[str, AttributeDefinition]:
    """What the expressions of a mapping may name."""
    return {**{one.name: one for one in mapping.source_attributes}, **HELD[mapping.source]}
