"""3 process: what should the target hold?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provisor.domain.error import InvalidValue, MissingValue, ValueTooLong
from provisor.domain.resource import Attributes, Entry, Value
from provisor.domain.schema import AttributeDefinition, ObjectMapping
from provisor.expression import compile_expression
from provisor.flow.in_scope import InScope


@dataclass(frozen=True, slots=True)
class _Flow:
    definition: AttributeDefinition
    evaluate: Callable[[Mapping[str, Value]], Value]
    default: str | None
    on_creation_only: bool


@dataclass(frozen=True, slots=True)
class MappingProgram:
    """An object mapping, compiled once a cycle."""

    mapping: ObjectMapping
    flows: tuple[_Flow, ...]
    matching: tuple[str, ...]  # target attributes, by precedence
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desired:
    """What the target should hold. `on_creation` is used on creation only. Without a value an attribute is absent."""

    always: Attributes
    on_creation: Attributes


def compile_mapping(mapping: ObjectMapping) -> MappingProgram:
    flows = []
    for one in mapping.mappings:
        definition = mapping.definition(one.target) or AttributeDefinition(one.target)
        evaluate = compile_expression(one.source).evaluate if one.source is not None else _nothing
        flows.append(_Flow(definition, evaluate, one.default, one.flow_type == "ObjectAddOnly" or one.source is None))
    return MappingProgram(
        mapping=mapping,
        flows=tuple(flows),
        matching=tuple(one.target for one in mapping.matching),
        required=tuple(definition.name for definition in mapping.attributes if definition.required),
    )


def map_entry(entry: Entry, scope: InScope, program: MappingProgram) -> Desired:
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
        value = fitted(flow.definition, flow.evaluate(source))
        if value is None:
            if flow.default is not None:
                on_creation[flow.definition.name] = fitted(flow.definition, flow.default)
        elif flow.on_creation_only:
            on_creation[flow.definition.name] = value
        else:
            always[flow.definition.name] = value
    return Desired(always, on_creation)


def complete(desired: Desired, program: MappingProgram) -> Attributes:
    """All that an account starts with. Raises MissingValue where the target asks for more."""
    attributes = {**desired.on_creation, **desired.always}
    missing = [name for name in program.required if attributes.get(name) in (None, "", [])]
    if missing:
        sources = {mapping.target: mapping.source or "" for mapping in program.mapping.mappings}
        raise MissingValue(attribute=", ".join(missing), source=", ".join(sources.get(name, "") for name in missing))
    return attributes


def fitted(definition: AttributeDefinition, value: Value) -> Value:
    """The value as the target's attribute takes it. Raises ValueTooLong or InvalidValue."""
    if value is None or value in ("", []):
        return None
    if definition.multivalued:
        return value if isinstance(value, list) else [_text(value)]
    if isinstance(value, list):
        raise InvalidValue(attribute=definition.name, problem="several values where the target takes one")
    match definition.type:
        case "Boolean":
            return _boolean(definition.name, value)
        case "Integer":
            return _integer(definition.name, value)
        case _:
            text = _text(value)
            if definition.max_length is not None and len(text) > definition.max_length:
                raise ValueTooLong(attribute=definition.name, length=len(text), limit=definition.max_length)
            return text


def _nothing(_source: Mapping[str, Value]) -> Value:
    return None


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value)  # a Boolean prints True and False, as in Entra


def _boolean(name: str, value: Value) -> bool:
    if isinstance(value, bool):
        return value
    match str(value).casefold():
        case "true":
            return True
        case "false":
            return False
        case _:
            raise InvalidValue(attribute=name, problem=f"{value!r} is neither True nor False")


def _integer(name: str, value: Value) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InvalidValue(attribute=name, problem=f"{value!r} is not a whole number") from None
