"""How a value becomes one that an attribute takes, and how two of its values compare."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import TypeAlias, cast

from provisor.domain.error import InvalidValue, ValueTooLong
from provisor.domain.resource import Value
from provisor.domain.schema import AttributeDefinition
from provisor.expression import Result
from provisor.expression.moment import parsed

Fit: TypeAlias = Callable[[Result], Value]
Comparable: TypeAlias = Callable[[Value], object]

_INTEGER = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_LARGEST = 2**63 - 1
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def fitting(definition: AttributeDefinition) -> Fit:
    """Makes any value one that the attribute takes; nothing is None. That raises ValueTooLong or InvalidValue."""
    name, limit = definition.name, definition.max_length or sys.maxsize
    convert = _CONVERSIONS.get(definition.type, _fitting_text)
    if definition.multivalued:
        return _fitting_several(name, convert, limit)
    plain = convert is _fitting_text

    def fit(value: Result) -> Value:
        if plain and type(value) is str and 0 < len(value) <= limit:
            return value
        if value is None or value in ("", []):
            return None
        if isinstance(value, list):
            raise InvalidValue(attribute=name, problem="SeveralValues")
        return convert(name, value, limit)

    return fit


def longest_text(definition: AttributeDefinition) -> int | None:
    """How long a text may be that is taken as it is; None: no text is."""
    taken = definition.type not in _CONVERSIONS and not definition.multivalued
    return (definition.max_length or sys.maxsize) if taken else None


def comparing(definition: AttributeDefinition) -> Comparable:
    """What is equal for two values that are no difference."""
    exact = definition.case_exact or definition.type in ("Binary", "Reference")
    read = _READINGS.get(definition.type)

    def comparable(value: Value) -> object:
        if isinstance(value, list):
            keys = (key_of(one) for one in value)
            return sorted(keys if exact else (key.casefold() for key in keys)) or None
        if value == "":
            return None
        if read is not None and value is not None and (known := read(str(value))) is not None:
            return known
        return value.casefold() if isinstance(value, str) and not exact else value

    return comparable


def key_of(value: str) -> str:
    """What one of several values is told from the others by; an object, such as a role, by its `value`."""
    if not value.startswith("{"):
        return value
    try:
        held = json.loads(value)
    except ValueError:
        return value
    return str(held.get("value", value)) if isinstance(held, dict) else value


def _fitting_several(name: str, convert: Callable[[str, object, int], Value], limit: int) -> Fit:
    def one_of_several(value: object) -> str:
        if isinstance(value, Mapping):  # a role: the whole of it, as text
            return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return _text(convert(name, value, limit))

    def fit(value: Result) -> Value:
        given = value if isinstance(value, list) else [value]
        return [one_of_several(one) for one in given if one is not None and one != ""] or None

    return fit


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)  # a Boolean prints True and False, as in Entra


def _fitting_text(name: str, value: object, limit: int) -> str:
    text = _text(value)
    if len(text) > limit:
        raise ValueTooLong(attribute=name, length=len(text), limit=limit)
    return text


def _boolean(name: str, value: object, _limit: int) -> bool:
    known = _truth(str(value))
    if known is None:
        raise InvalidValue(attribute=name, problem="NotBoolean", value=value)
    return known


def _integer(name: str, value: object, _limit: int) -> int:
    known = _number(str(value))
    if known is None:
        raise InvalidValue(attribute=name, problem="NotInteger", value=value)
    return known


def _date(name: str, value: object, _limit: int) -> str:
    """As RFC 7643 section 2.3.5 has it; what is so already stays as it is written."""
    text = str(value)
    moment = parsed(text)
    if moment is None:
        raise InvalidValue(attribute=name, problem="NotDate", value=value)
    if _ISO.fullmatch(text):
        return text
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _binary(name: str, value: object, limit: int) -> str:
    try:
        base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidValue(attribute=name, problem="NotBase64") from None
    return _fitting_text(name, value, limit)


def _truth(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.casefold())


def _number(text: str) -> int | None:
    trimmed = text.strip()
    number = int(trimmed) if _INTEGER.fullmatch(trimmed) else None
    return number if number is not None and abs(number) <= _LARGEST else None


def _moment(text: str) -> object:
    return parsed(text)


_CONVERSIONS = cast(
    "Mapping[str, Callable[[str, object, int], Value]]",
    {"Boolean": _boolean, "Integer": _integer, "DateTime": _date, "Binary": _binary},
)
_READINGS: Mapping[str, Callable[[str], object]] = {"Boolean": _truth, "Integer": _number, "DateTime": _moment}
