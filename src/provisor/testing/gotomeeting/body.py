"""Request bodies of the Admin API, read strictly: unknown properties and wrong types are refused."""

from typing import TypeVar

import msgspec
from aiohttp import web
from msgspec import UNSET, UnsetType

from provisor.testing.gotomeeting.answer import Refused

Key = str | int


class NewUser(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """One of the `users` of a create."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    locale: str = ""
    time_zone: str = ""
    password: str = ""
    has_admin_access: bool = True


class EmailContent(msgspec.Struct, forbid_unknown_fields=True):
    """The text of the invitation."""

    subject: str = ""
    text: str = ""


class NewUsers(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The body of a create; what stands beside `users` holds for each of them."""

    users: list[NewUser]
    license_keys: list[Key] = []
    group_key: Key = ""
    admin_roles: list[str] = []
    managed_group_keys: list[Key] = []
    email_content: EmailContent | None = None
    suppress_email: bool = False


class UserPatch(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The body of an update; only what is present changes."""

    email: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    admin: bool | UnsetType = UNSET
    admin_roles: list[str] | UnsetType = UNSET
    managed_group_keys: list[Key] | UnsetType = UNSET
    license_keys: list[Key] | UnsetType = UNSET


class GroupName(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a group's create and update."""

    name: str = ""


Body = TypeVar("Body", bound=msgspec.Struct)


async def read(request: web.Request, kind: type[Body]) -> Body:
    """The JSON body as `kind`; refuses another content type, other properties and other types."""
    if request.content_type != "application/json":
        raise Refused(415, "content.type.unsupported", request.content_type)
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.ValidationError as wrong:
        code = "property.unknown" if "unknown field" in str(wrong) else "property.invalid"
        raise Refused(400, code, str(wrong)) from wrong
    except msgspec.DecodeError as wrong:
        raise Refused(400, "request.malformed", str(wrong)) from wrong
