"""The users of an emulated app: made, changed, found; what it shows of them."""

from __future__ import annotations

import uuid
from copy import deepcopy
from typing import Any

from provisor.testing.scim.options import Options
from provisor.testing.scim.places import CORE, Place, Resource, equals, matches
from provisor.testing.scim.refusal import Refusal

_TEXTS = {"true": True, "false": False}


class People:
    """Every user by id, and who has a userName."""

    def __init__(self, options: Options) -> None:
        self.users: dict[str, Resource] = {}
        self.hidden: set[str] = set()  # ids that nobody is shown, and whose userName is taken all the same
        self._names: dict[str, str] = {}
        self._options = options

    def add(self, body: Resource) -> str:
        """A new user. Raises Refusal (uniqueness) where the userName is taken."""
        user = self._checked(body)
        name = user["userName"].casefold()
        if name in self._names:
            raise Refusal(409, "userName is taken", "uniqueness")
        key = user["userName"] if self._options.id_from == "userName" else str(uuid.uuid4())
        self.users[key], self._names[name] = user, key
        return key

    def get(self, key: str) -> Resource:
        user = self.users.get(key)
        if user is None or not self._seen(key, user):
            raise Refusal(404, f"no user {key}")
        return user

    def replace(self, key: str, body: Resource) -> str:
        """PUT: what is not in the body is gone."""
        self.get(key)
        return self._keep(key, self._checked(body))

    def patch(self, key: str, body: Resource) -> str:
        """PATCH, all of it or nothing."""
        user = deepcopy(self.get(key))
        for operation in body.get("Operations") or ():
            op, path, value = str(operation.get("op")).lower(), operation.get("path"), operation.get("value")
            if op not in ("add", "replace", "remove"):
                raise Refusal(400, f"no such operation: {op}", "invalidSyntax")
            if path:
                Place(path).write(user, op, value)
            elif isinstance(value, dict):
                for name, one in value.items():
                    Place(name).write(user, op, one)
            else:
                raise Refusal(400, "an operation without path and value", "noTarget")
        return self._keep(key, self._checked(user, stored=self.users[key]))

    def remove(self, key: str) -> None:
        name = self.get(key)["userName"].casefold()
        del self.users[key], self._names[name]

    def found(self, filter_: str | None) -> list[str]:
        """The ids of whom the filter selects, or of everybody."""
        if filter_ is not None and self._options.filter == "refused":
            raise Refusal(400, "filters are not supported", "invalidFilter")
        if filter_ is not None and (name := _by_name(filter_)) and self._options.filter == "honest":
            key = self._names.get(name.casefold())  # as quick as an app with an index
            return [key] if key is not None and self._seen(key, self.users[key]) else []
        shown = [key for key, user in self.users.items() if self._seen(key, user)]
        if filter_ is None or self._options.filter == "ignored":
            return shown
        return [key for key in shown if matches(self.users[key], filter_)]

    def show(self, key: str, address: str) -> Resource:
        """A user as it travels."""
        user = self.users[key]
        meta = {"resourceType": "User", "location": f"{address}/{key}"}
        shown = {"id": key, **user, "meta": meta}
        if self._options.id_from == "userName":
            del shown["id"]
        if self._options.booleans == "text" and "active" in user:
            shown["active"] = str(user["active"])
        if self._options.normalises:
            shown |= {"userName": user["userName"].lower()} | ({"title": user["title"][:8]} if "title" in user else {})
        if self._options.extra_members:
            shown |= {"urn:example:unknown:1.0": {"colour": {"deep": [1, None]}}, "x-rank": 3, "photos": None}
        return shown

    def _seen(self, key: str, user: Resource) -> bool:
        return key not in self.hidden and (self._options.inactive == "shown" or user.get("active") is not False)

    def _keep(self, key: str, user: Resource) -> str:
        old, new = self.users[key]["userName"].casefold(), user["userName"].casefold()
        if self._names.get(new, key) != key:
            raise Refusal(409, "userName is taken", "uniqueness")
        if self._options.ignores_active:
            user["active"] = True
        del self._names[old], self.users[key]
        key = user["userName"] if self._options.id_from == "userName" else key
        self.users[key], self._names[new] = user, key
        return key

    def _checked(self, body: Resource, stored: Resource | None = None) -> Resource:
        """What is kept of a body; refuses what this app does not take."""
        if not isinstance(body.get("userName"), str) or not body["userName"]:
            raise Refusal(400, "userName is required", "invalidValue")
        if CORE not in (body.get("schemas") or ()):
            raise Refusal(400, "the core schema is not named", "invalidSyntax")
        user = {
            name: value for name, value in body.items() if name not in ("id", "meta", "groups") and value is not None
        }
        if not self._options.email_types and any("type" in email for email in user.get("emails", ())):
            raise Refusal(400, "emails have no type here", "invalidValue")
        if "active" in user and (stored is None or user["active"] is not stored.get("active")):
            user["active"] = self._truth(user["active"])
        return user

    def _truth(self, value: Any) -> bool:
        if self._options.booleans == "text" and isinstance(value, str) and value.lower() in _TEXTS:
            return _TEXTS[value.lower()]
        if self._options.booleans == "json" and isinstance(value, bool):
            return value
        raise Refusal(400, "active is not a Boolean as this app knows them", "invalidValue")


def _by_name(filter_: str) -> str | None:
    """The userName that a filter asks for, if that is what it does."""
    attribute, wanted = equals(filter_)
    return wanted if attribute == "userName" else None
