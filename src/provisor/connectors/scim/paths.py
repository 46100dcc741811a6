"""Our flat attribute names, which are Entra's target paths, and the places in SCIM's JSON that they mean. Pure.

`userName` · `name.givenName` · `emails[type eq "work"].value` · `urn:…:2.0:User:department` · `roles` (the values)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Value

Json: TypeAlias = dict[str, Any]

CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
VALUED: Final = frozenset(
    ("emails", "phoneNumbers", "ims", "photos", "addresses", "groups", "entitlements", "roles", "x509Certificates")
)
"""Multi-valued attributes of the core schema: each value is an object (RFC 7643 section 4.1.2)."""

_NAME = re.compile(r'(?:(urn:.+):)?([A-Za-z$][\w$-]*)(?:\[([A-Za-z]\w*) eq "([^"\\]+)"\]|)(?:\.([A-Za-z$][\w$-]*))?')
_SPELLING: Final = {
    key: word
    for word in (
        *VALUED,
        *("userName", "externalId", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage"),
        *("locale", "timezone", "active", "name", "formatted", "familyName", "givenName", "middleName"),
        *("honorificPrefix", "honorificSuffix", "value", "type", "primary", "display", "streetAddress", "locality"),
        *("region", "postalCode", "country", "employeeNumber", "costCenter", "organization", "division", "department"),
        *("manager", ENTERPRISE),
    )
    for key in (word, word.casefold())
}
_WORDS = frozenset(_SPELLING.values())
_NOT_SHOWN = frozenset(("schemas", "meta", "id", "password"))
_FLAGS = frozenset(("active", "primary"))
_WHOLE = (str, int)
_SIMPLE = (str, int, float)


@dataclass(frozen=True, slots=True)
class Path:
    """One place in a user: `schema` is an extension's URN, `where` what tells one value of several apart."""

    schema: str
    attribute: str
    where: tuple[str, str] | None
    sub: str

    @property
    def several(self) -> str:
        """The path of the whole attribute, as PATCH has it."""
        return f"{self.schema}:{self.attribute}" if self.schema else self.attribute

    @property
    def element(self) -> str:
        """The path of the one value that `where` names."""
        return f'{self.several}[{self.where[0]} eq "{self.where[1]}"]' if self.where else self.several

    @property
    def text(self) -> str:
        return f"{self.element}.{self.sub}" if self.sub else self.element


@lru_cache(maxsize=4096)
def path_of(name: str) -> Path:
    """The place that a name means. Raises InvalidValue where it means none."""
    found = _NAME.fullmatch(name)
    if found is None or (found[3] and not found[5]) or found[2].casefold() in ("schemas", "meta", "id"):
        raise InvalidValue(attribute=name, problem="UnknownAttribute")
    schema = "" if found[1] in (None, CORE) else found[1]
    if found[5] and not found[3] and not schema and _spelled(found[2]) in VALUED:  # of which of the values?
        raise InvalidValue(attribute=name, problem="UnknownAttribute")
    return Path(schema, found[2], (found[3], found[4]) if found[3] else None, found[5] or "")


@lru_cache(maxsize=512)
def one_spelling(names: tuple[str, ...]) -> bool:
    """Is nothing that these names mean spelled in two ways? Raises InvalidValue where one means no place."""
    words = {"schemas"}
    for path in map(path_of, names):
        words |= {path.schema, path.attribute, path.sub, path.where[0] if path.where else ""}
    return len({word.casefold() for word in words}) == len(words)


def flat(user: Mapping[str, Any], prefix: str = "") -> dict[str, Value]:
    """Every value of a user by its flat name; names are spelled as the standard does, whatever the target's case."""
    found: dict[str, Value] = {}
    for key, value in user.items():
        name = _shown(key)
        if name is None or value is None:
            continue
        if type(value) is str and name not in _FLAGS:
            found[prefix + name] = value
        elif isinstance(value, dict):
            if not prefix and name.startswith("urn:"):
                found |= flat(value, "" if name == CORE else f"{name}:")
            else:
                _put_scalars(found, f"{prefix}{name}.", value)
        elif isinstance(value, list):
            found |= _several(prefix + name, value)
        else:
            found[prefix + name] = _scalar(name, value)
    return found


def truth(value: object) -> bool | None:
    """A Boolean, also where it is written as text; None for anything else."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold())
    return value if isinstance(value, bool) else None


def element_of(elements: object, path: Path) -> Json | None:
    """The first value of several that the path names; an e-mail address without a type is the work one."""
    name, wanted = path.where or ("", "")
    usual = "work" if name == "type" and path.several == "emails" else None
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, dict):
            held = (element[name] if name in element else _member(element, name)) or usual
            if held == wanted or str(held).casefold() == wanted.casefold():
                return element
    return None


def key_in(holder: Mapping[str, Any], name: str) -> str:
    """How `name` is spelled there."""
    if name in holder:
        return name
    folded = name.casefold()
    for key in holder:
        if key.casefold() == folded:
            return key
    return name


def _member(holder: Mapping[str, Any], name: str) -> object:
    return holder.get(key_in(holder, name))


def _spelled(key: str) -> str:
    return _SPELLING.get(key.casefold(), key)


@lru_cache(maxsize=4096)
def _shown(key: str) -> str | None:
    """The name of a user's attribute; None for what is not shown."""
    return None if key.casefold() in _NOT_SHOWN else _spelled(key)


def _several(name: str, elements: list[Any]) -> dict[str, Value]:
    """The values themselves, and each by the filters that name it; an e-mail address without a type is the work one."""
    values: list[str] = []
    found: dict[str, Value] = {name: values}
    for element in elements:
        if not isinstance(element, dict):
            return {name: [str(one) for one in elements if isinstance(one, _WHOLE)]}
        held = element if element.keys() <= _WORDS else _standard(element)
        if held.get("value") is not None:
            values.append(str(held["value"]))
        kind = held.get("type") or ("work" if name == "emails" else None)
        starts = _starts(name, kind if isinstance(kind, str) else None, primary=truth(held.get("primary")) is True)
        for sub, one in held.items():
            if sub != "type" and isinstance(one, _SIMPLE):
                said = _scalar(sub, one)
                for start in starts:
                    found.setdefault(start + sub, said)
    if not values:
        del found[name]
    return found


def _standard(element: Json) -> Json:
    """The same with its names spelled as the standard does; of two spellings, the standard's counts, or the first."""
    spelled = {_spelled(key): value for key, value in reversed(element.items())}
    return {key: element.get(key, spelled[key]) for key in reversed(spelled)}


@lru_cache(maxsize=4096)
def _starts(name: str, kind: str | None, *, primary: bool) -> tuple[str, ...]:
    """How the names of a value begin, by each filter that it answers to."""
    starts: list[str] = []
    if kind is not None and '"' not in kind:
        starts += [f'{name}[type eq "{one}"].' for one in dict.fromkeys((kind, kind.lower()))]
    if primary:
        starts.append(f'{name}[primary eq "True"].')
    return tuple(starts)


def _put_scalars(found: dict[str, Value], start: str, holder: Mapping[str, Any]) -> None:
    for key, value in holder.items():
        if isinstance(value, _SIMPLE):
            sub = _SPELLING.get(key) or _spelled(key)
            found[start + sub] = value if type(value) is str and sub not in _FLAGS else _scalar(sub, value)


def _scalar(name: str, value: object) -> Value:
    if type(value) is str and name not in _FLAGS:
        return value
    if name in _FLAGS and (said := truth(value)) is not None:
        return said
    return value if isinstance(value, _WHOLE) else str(value)
