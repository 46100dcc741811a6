"""Paths and filters in a user: `attr`, `attr.sub`, `attr[type eq "x"].sub`, each behind a schema's URN or not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from provisor.testing.scim.refusal import Refusal

Resource = dict[str, Any]
_PATH = re.compile(r'(?:(urn:[^\[\]]+):)?([\w$-]+)(?:\[([\w.]+) eq ("(?:[^"\\]|\\.)*"|true|false)\])?(?:\.([\w$-]+))?')
_EQUALS = re.compile(r'(.+?) eq ("(?:[^"\\]|\\.)*")\s*$', re.IGNORECASE | re.DOTALL)
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


class Place:
    """One place in a user, as a path names it. Raises Refusal (invalidPath) for what is none."""

    def __init__(self, path: str) -> None:
        found = _PATH.fullmatch(path)
        if found is None:
            raise Refusal(400, f"not a path: {path}", "invalidPath")
        self.schema = "" if found[1] in (None, CORE) else found[1]
        self.attribute: str = found[2]
        self.where = (found[3], json.loads(found[4])) if found[3] else None
        self.sub: str | None = found[5]

    def values(self, user: Resource) -> Iterator[Any]:
        """Everything that is there."""
        home = user.get(self.schema, {}) if self.schema else user
        held = home.get(self.attribute)
        for one in held if isinstance(held, list) else [held]:
            if self.where and not (isinstance(one, dict) and same(one.get(self.where[0]), self.where[1])):
                continue
            value = one.get(self.sub or "value") if isinstance(one, dict) else None if self.sub else one
            if value is not None:
                yield value

    def write(self, user: Resource, op: str, value: Any) -> None:
        """Carry out one operation of PATCH. Raises Refusal (noTarget) where nothing is selected."""
        home = user.setdefault(self.schema, {}) if self.schema else user
        if self.where is not None:
            self._write_selected(home, op, value)
        elif self.sub is not None:
            holder = home.setdefault(self.attribute, {})
            if not isinstance(holder, dict):
                raise Refusal(400, f"{self.attribute} has no {self.sub}", "invalidPath")
            _set(holder, self.sub, op, value)
        elif op == "add" and isinstance(home.get(self.attribute), list):
            home[self.attribute] += value if isinstance(value, list) else [value]
        else:
            _set(home, self.attribute, op, value)
        if self.schema and not home:
            del user[self.schema]

    def _write_selected(self, home: Resource, op: str, value: Any) -> None:
        assert self.where is not None
        elements = home.get(self.attribute, [])
        chosen = [one for one in elements if same(one.get(self.where[0]), self.where[1])]
        if not chosen:
            raise Refusal(400, "the path selects nothing", "noTarget")
        for one in chosen:
            if self.sub is not None:
                _set(one, self.sub, op, value)
            elif op == "remove":
                elements.remove(one)
            else:
                one.update(value)
        if not elements:
            del home[self.attribute]


def equals(filter_: str) -> tuple[str, str]:
    """The attribute and the value of a filter. Raises Refusal (invalidFilter): only eq is known here."""
    found = _EQUALS.match(filter_)
    if found is None:
        raise Refusal(400, f"not a filter: {filter_}", "invalidFilter")
    return found[1].strip(), json.loads(found[2], strict=False)


def matches(user: Resource, filter_: str) -> bool:
    """Does this filter select the user?"""
    attribute, wanted = equals(filter_)
    return any(same(value, wanted) for value in Place(attribute).values(user))


def same(one: Any, other: Any) -> bool:
    return str(one).casefold() == str(other).casefold()


def _set(holder: Resource, name: str, op: str, value: Any) -> None:
    if op == "remove" or value is None:
        holder.pop(name, None)
    else:
        holder[name] = value
