"""What the app says of itself: /ServiceProviderConfig, /ResourceTypes, /Schemas."""

from __future__ import annotations

from typing import Any

from provisor.testing.scim.options import Options
from provisor.testing.scim.places import CORE

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def config(options: Options) -> dict[str, Any]:
    """The ServiceProviderConfig."""
    bulk: dict[str, Any] = {"supported": options.bulk}
    if options.bulk_limits:
        bulk |= {"maxOperations": options.max_operations, "maxPayloadSize": options.max_payload}
    said = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": options.updates != "PUT"},
        "bulk": bulk,
        "filter": {"supported": options.filter != "refused", "maxResults": options.max_results},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": False},
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "Bearer", "description": "A bearer token"}],
    }
    return said | ({"pagination": None, "x-vendor": [1, 2]} if options.extra_members else {})


def resource_types() -> dict[str, Any]:
    user = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "schema": CORE,
        "schemaExtensions": [{"schema": ENTERPRISE, "required": False}],
    }
    return {"schemas": [LIST], "totalResults": 1, "Resources": [user]}


def schemas() -> dict[str, Any]:
    """What a user holds: enough of the core schema and of the enterprise extension to be discovered."""
    core = [
        _attribute("userName", required=True, uniqueness="server"),
        _attribute("active", "boolean"),
        _attribute("displayName"),
        _attribute("nickName"),
        _attribute("name", "complex", subAttributes=[_attribute("givenName"), _attribute("familyName")]),
        _several("emails", "work", "home"),
        _several("groups", mutability="readOnly"),
        _attribute("password", mutability="writeOnly", returned="never"),
    ]
    enterprise = [
        _attribute("employeeNumber", caseExact=True),
        _attribute("costCenter"),
        _attribute("hiredOn", "dateTime", mutability="immutable"),
    ]
    found = [
        {"id": CORE, "name": "User", "attributes": core},
        {"id": ENTERPRISE, "name": "EnterpriseUser", "attributes": enterprise},
    ]
    return {"schemas": [LIST], "totalResults": len(found), "Resources": found}


def _attribute(name: str, type_: str = "string", **others: Any) -> dict[str, Any]:
    usual = {"multiValued": False, "required": False, "caseExact": False, "mutability": "readWrite"}
    return {"name": name, "type": type_, **usual, **others}


def _several(name: str, *types: str, **others: Any) -> dict[str, Any]:
    parts = [_attribute("value"), _attribute("type", canonicalValues=list(types)), _attribute("primary", "boolean")]
    return _attribute(name, "complex", multiValued=True, subAttributes=parts, **others)
