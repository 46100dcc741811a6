"""3 process: what should the target hold?"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import cast

from msgspec import Struct

from provisor.domain.error import InvalidValue, MissingValue, ValueTooLong
from provisor.domain.resource import Attributes, Entry, Value
from provisor.domain.schema import AttributeDefinition, ObjectMapping
from provisor.expression import Context, Control, Result, compile_expression
from provisor.expression.context import BARE
from provisor.flow.in_scope import InScope


class _Flow(Struct, frozen=True):
    target: str
    fit: Callable[[Value], Value]
    evaluate: Callable[[Attributes, Context], Result]
    default: str | None
    on_creation_only: bool


class MappingProgram(Struct, frozen=True):
    """An object mapping, compiled once a cycle."""

    mapping: ObjectMapping
    flows: tuple[_Flow, ...]
    matching: tuple[str, ...]  # target attributes, by precedence
    required: tuple[str, ...]


class Desired(Struct, frozen=True):
    """What the target should hold. `on_creation` is used on creation only. Without a value an attribute is absent."""

    always: Attributes
    on_creation: Attributes


def compile_mapping(mapping: ObjectMapping) -> MappingProgram:
    flows = []
    for one in mapping.mappings:
        definition = mapping.definition(one.target) or AttributeDefinition(one.target)
        evaluate = compile_expression(one.source).evaluate if one.source is not None else _nothing
        on_creation_only = one.flow_type == "ObjectAddOnly" or one.source is None
        flows.append(_Flow(one.target, fitting(definition), evaluate, one.default, on_creation_only))
    return MappingProgram(
        mapping=mapping,
        flows=tuple(flows),
        matching=tuple(one.target for one in mapping.matching),
        required=tuple(definition.name for definition in mapping.attributes if definition.required),
    )


def map_entry(entry: Entry, scope: InScope, program: MappingProgram, context: Context = BARE) -> Desired:
    """The target's attributes for this entry. Raises an EntryError that names the attribute."""
    source: dict[str, Value] = {
        **entry.attributes,
        "objectId": entry.id,
        "IsSoftDeleted": not entry.enabled,
        "appRoleAssignments": [role.value for role in scope.roles],
    }
    always: dict[str, Value] = {}
    on_creation: dict[str, Value] = {}
    for flow in program.flows:
        result = flow.evaluate(source, context)
        if isinstance(result, Control):
            _leave_out(flow.target, result)
            continue
        value = flow.fit(cast("Value", result))
        if value is None:
            if flow.default is not None:
                on_creation[flow.target] = flow.fit(flow.default)
        elif flow.on_creation_only:
            on_creation[flow.target] = value
        else:
            always[flow.target] = value
    return Desired(always, on_creation)


def _leave_out(target: str, control: Control) -> None:
    """This attribute is not sent. Raises InvalidValue where that is not enough."""
    if control is Control.ESCROW:
        raise InvalidValue(attribute=target, problem="NoUniqueValue")
    if control is Control.IGNORE_OBJECT_FLOW:
        raise InvalidValue(attribute=target, problem="EntryLeftOut")


def complete(desired: Desired, program: MappingProgram) -> Attributes:
    """All that an account starts with. Raises MissingValue where the target asks for more."""
    attributes = {**desired.on_creation, **desired.always}
    missing = [name for name in program.required if attributes.get(name) in (None, "", [])]
    if missing:
        sources = {mapping.target: mapping.source or "" for mapping in program.mapping.mappings}
        raise MissingValue(attribute=", ".join(missing), source=", ".join(sources.get(name, "") for name in missing))
    return attributes


def fitting(definition: AttributeDefinition) -> Callable[[Value], Value]:
    """Makes any value one that the target's attribute takes. That raises ValueTooLong or InvalidValue."""
    if definition.multivalued:
        return _several
    convert = {"Boolean": _boolean, "Integer": _integer}.get(definition.type, _fitting_text)
    name, limit = definition.name, definition.max_length or sys.maxsize

    def fit(value: Value) -> Value:
        if type(value) is str and convert is _fitting_text and 0 < len(value) <= limit:
            return value
        if value is None or value in ("", []):
            return None
        if isinstance(value, list):
            raise InvalidValue(attribute=name, problem="several values where the target takes one")
        return convert(name, value, limit)

    return fit


def _several(value: Value) -> Value:
    if value is None or value in ("", []):
        return None
    return value if isinstance(value, list) else [_text(value)]


def _fitting_text(name: str, value: Value, limit: int) -> str:
    text = _text(value)
    if len(text) > limit:
        raise ValueTooLong(attribute=name, length=len(text), limit=limit)
    return text


def _nothing(_source: Attributes, _context: Context) -> Result:
    return None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value)  # a Boolean prints True and False, as in Entra


def _boolean(name: str, value: Value, _limit: int) -> bool:
    if isinstance(value, bool):
        return value
    match str(value).casefold():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise InvalidValue(attribute=name, problem=f"{value!r} is neither True nor False")


def _integer(name: str, value: Value, _limit: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InvalidValue(attribute=name, problem=f"{value!r} is not a whole number") from None
