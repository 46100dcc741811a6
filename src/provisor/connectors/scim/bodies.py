"""What is sent: a new user, the changes of one, and one written back whole. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from provisor.connectors.scim.paths import (
    CORE,
    VALUED,
    Json,
    Path,
    element_of,
    key_in,
    one_spelling,
    path_of,
    truth,
)
from provisor.connectors.scim.profile import Profile
from provisor.domain.resource import Attributes, Value

Spelling: TypeAlias = Callable[[Mapping[str, Any], str], str]

PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_NOT_OURS: Final = frozenset(("id", "meta", "groups"))  # read-only (RFC 7643 sections 3.1 and 4.1.2)


class Added(list[str]):
    """Values that join those which are there."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the value of a name belongs."""

    name: str
    path: Path


class NewUsers:
    """The bodies of POST /Users. Those with values of the same names have one shape, which is put together once."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._shape = lru_cache(maxsize=256)(self._with_places)

    def body(self, desired: Attributes) -> Json:
        """Raises InvalidValue for a name that means no place."""
        given = {name: value for name, value in desired.items() if value is not None}
        names = tuple(given)
        user: Json = self._filled(self._shape(names), given) if _one_shape(names) else self._put_together(given)
        emails = user.get("emails")
        if emails and not any(truth(email.get("primary")) for email in emails):
            emails[0]["primary"] = True
        return user

    def _with_places(self, names: tuple[str, ...]) -> Json:
        return self._put_together({name: Place(name, path_of(name)) for name in names})

    def _put_together(self, given: Mapping[str, Value | Place]) -> Json:
        """A new user with these values, or with places instead."""
        user: Json = {"schemas": [CORE]}
        spelled = _as_named if one_spelling(tuple(given)) else key_in
        for name, value in given.items():
            put(user, path_of(name), value, self._profile, spelled)
        return user

    def _filled(self, shape: Any, desired: Attributes) -> Any:
        kind = type(shape)
        if kind is Place:
            return _written(shape.path, desired[shape.name], self._profile)
        if kind is dict:
            return {key: self._filled(one, desired) for key, one in shape.items()}
        return [self._filled(one, desired) for one in shape] if kind is list else shape


def whole_user(held: Mapping[str, object], wanted: Attributes, profile: Profile) -> Json:
    """The body of PUT: all that the target holds, changed only where it was asked for."""
    user = {
        key: deepcopy(value) for key, value in held.items() if value is not None and key.casefold() not in _NOT_OURS
    }
    schemas = user.pop(key_in(user, "schemas"), None)
    named = [one for one in schemas if isinstance(one, str)] if isinstance(schemas, list) else []
    user["schemas"] = list(dict.fromkeys([CORE, *named]))
    for name, value in wanted.items():
        if value is None:
            take(user, path_of(name))
        else:
            put(user, path_of(name), value, profile)
    return {key: value for key, value in user.items() if value not in ({}, [])}


def put(user: Json, path: Path, value: Value | Place, profile: Profile, spelled: Spelling = key_in) -> None:
    """Set one value in a user. `spelled`: how a name is written in there."""
    home = user
    if path.schema:
        home = _inside(user, spelled(user, path.schema))
        if path.schema not in user["schemas"]:
            user["schemas"].append(path.schema)
    key = spelled(home, path.attribute)
    if path.where is not None:
        elements = _among(home, key)
        element = element_of(elements, path) if elements else None
        if not profile.emailTypes and (element is None or not element.get(key_in(element, "type"))):
            element = _untyped(elements, path, profile) or element
        if element is None:
            element = _labelled(path, profile)
            elements.append(element)
        element[spelled(element, path.sub)] = said(value, profile)
    elif path.sub:
        holder = _inside(home, key)
        holder[spelled(holder, path.sub)] = said(value, profile)
    elif isinstance(value, Added):
        held = home.get(key)
        home[key] = [*(held if isinstance(held, list) else [] if held is None else [held]), *_each(path, value)]
    else:
        home[key] = _written(path, value, profile)


def take(user: Json, path: Path) -> None:
    """Clear one value in a user."""
    home = _inside(user, key_in(user, path.schema)) if path.schema else user
    key = key_in(home, path.attribute)
    if path.where is not None:
        elements = _among(home, key)
        element = element_of(elements, path)
        if element is not None and path.sub == "value":
            elements.remove(element)
        elif element is not None:
            element.pop(key_in(element, path.sub), None)
    elif path.sub:
        holder = _inside(home, key)
        holder.pop(key_in(holder, path.sub), None)
    else:
        home.pop(key, None)


def _inside(home: Json, key: str) -> Json:
    """What is held in there, as an object; some hold something else, and it gives way."""
    held = home.get(key)
    if not isinstance(held, dict):
        held = home[key] = {}
    return held


def _among(home: Json, key: str) -> list[Json]:
    """What is held in there, as a list of objects; some hold one by itself."""
    held = home.get(key)
    several = held if isinstance(held, list) else [held]
    if several is not held or not all(isinstance(one, dict) for one in several):
        several = home[key] = [one for one in several if isinstance(one, dict)]
    return several


def patch(wanted: Attributes, held: Mapping[str, object], profile: Profile) -> Json | None:
    """The body of PATCH, one operation for each attribute; None where nothing is left to be done.

    `held` is the user as it is now; only asked for where `wanted` has a value among several or one that is to be
    cleared, see `looks_first`: some refuse to remove what is not there.
    """
    operations: list[Json] = []
    added: dict[str, list[Json]] = {}
    together = not profile.emailTypes or _some_untyped(held)
    for name, value in wanted.items():
        path = path_of(name)
        if path.where is None:
            if isinstance(value, Added):
                operations.append({"op": "add", "path": path.text, "value": _each(path, value)})
            elif value is not None or _is_held(held, path):
                operations.append(_operation(path.text, None if value is None else _written(path, value, profile)))
            continue
        if path.attribute == "emails" and together:
            operations = [one for one in operations if one["path"] != path.several]
            operations.append(_all_emails(wanted, held, profile))
            continue
        home = held.get(key_in(held, path.schema), {}) if path.schema else held
        there = element_of(home.get(key_in(home, path.attribute)), path) if isinstance(home, Mapping) else None
        if there is not None and value is not None:
            operations.append(_operation(path.text, said(value, profile)))
        elif there is not None:
            operations.append(_operation(path.element if path.sub == "value" else path.text, None))
        elif value is not None:
            _add(added, path, value, profile)
    operations += [{"op": "add", "path": several, "value": elements} for several, elements in added.items()]
    return {"schemas": [PATCH_OP], "Operations": operations} if operations else None


def looks_first(wanted: Attributes) -> bool:
    """Must the user be read before it is changed? What is one of several values, or to go, may be there, or not."""
    return any(value is None or path_of(name).where is not None for name, value in wanted.items())


def _is_held(user: Mapping[str, object], path: Path) -> bool:
    """Has the user anything at this path?"""
    home: object = user
    for name in filter(None, (path.schema, path.attribute, path.sub)):
        home = home.get(key_in(home, name)) if isinstance(home, Mapping) else None
    return home not in (None, "", [])


@lru_cache(maxsize=256)
def _one_shape(names: tuple[str, ...]) -> bool:
    """Is it these names alone that say where each value belongs? Not where a value tells several apart."""
    paths = [path_of(name) for name in names]
    several = {path.several.casefold() for path in paths if path.where is not None}
    whole = {path.several.casefold() for path in paths if path.where is None}
    telling = {"type", "primary"} | {path.where[0].casefold() for path in paths if path.where is not None}
    return not (several & whole or any(path.where and path.sub.casefold() in telling for path in paths))


def _as_named(_: Mapping[str, Any], name: str) -> str:
    return name


def said(value: Value | Place, profile: Profile) -> Value | Place:
    return str(value) if profile.booleansAsStrings and isinstance(value, bool) else value


def _operation(path: str, value: object) -> Json:
    return {"op": "remove", "path": path} if value is None else {"op": "replace", "path": path, "value": value}


def _add(added: dict[str, list[Json]], path: Path, value: Value, profile: Profile) -> None:
    """A value that is not there yet is added whole, with all that is known of it."""
    elements = added.setdefault(path.several, [])
    element = element_of(elements, path)
    if element is None:
        element = _labelled(path, profile)
        elements.append(element)
    element[path.sub] = said(value, profile)


def _all_emails(wanted: Attributes, held: Mapping[str, object], profile: Profile) -> Json:
    """Where no type tells e-mail addresses apart, they can only be written together."""
    emails: Json = {"schemas": [CORE], "emails": deepcopy(held.get(key_in(held, "emails")) or [])}
    for name, value in wanted.items():
        path = path_of(name)
        if path.attribute == "emails" and path.where is not None:
            if value is None:
                take(emails, path)
            else:
                put(emails, path, value, profile)
    return _operation("emails", emails["emails"])


def _some_untyped(held: Mapping[str, object]) -> bool:
    emails = held.get(key_in(held, "emails"))
    shown = emails if isinstance(emails, list) else []
    return any(isinstance(email, dict) and not email.get(key_in(email, "type")) for email in shown)


def _untyped(elements: object, path: Path, profile: Profile) -> Json | None:
    """The work address, where addresses have no types: the primary one, or else the first."""
    if path.attribute != "emails" or profile.emailTypes or not isinstance(elements, list):
        return None
    objects = [element for element in elements if isinstance(element, dict)]
    return next((one for one in objects if truth(one.get("primary"))), objects[0] if objects else None)


def _labelled(path: Path, profile: Profile) -> Json:
    assert path.where is not None
    name, value = path.where
    if path.attribute == "emails" and name == "type" and not profile.emailTypes:
        return {}
    flag = truth(value) if name == "primary" else None
    return {name: value if flag is None else said(flag, profile)}


def _written(path: Path, value: Value | Place, profile: Profile) -> object:
    """A value as the attribute has it: the core's multi-valued attributes hold objects."""
    if not isinstance(value, Place) and path.attribute in VALUED and not path.schema and not path.sub:
        return _each(path, value if isinstance(value, list) else [value])
    return said(value, profile)


def _each(path: Path, values: Sequence[Value]) -> list[object]:
    """Each of several values as the attribute has it; a role may come as an object, written as text."""
    if path.attribute not in VALUED or path.schema or path.sub:
        return [*values]
    return [_object_in(one) if path.attribute == "roles" else {"value": one} for one in values]


def _object_in(value: Value) -> object:
    with suppress(ValueError):
        held = json.loads(value) if isinstance(value, str) and value.startswith("{") else None
        if isinstance(held, dict):
            return held
    return {"value": value}
