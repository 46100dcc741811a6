"""An object mapping, compiled once a cycle into steps that each put one value where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, TypeAlias

from msgspec import Struct, field

from provisor.domain.assignment import AppRole
from provisor.domain.error import EntryError
from provisor.domain.resource import Attributes, Entry, Value
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping
from provisor.expression import Context, Control, Expression, Result, compile_expression
from provisor.expression.compiler import REDACTED, ROLES
from provisor.expression.context import BARE
from provisor.expression.value import Diverted
from provisor.flow.in_scope import InScope
from provisor.flow.map.fit import Comparable, Fit, comparing, fitting, longest_text

OBJECT_FILTER: Final = "objectFilter"
"""No attribute of a target: what is mapped to it can leave an entry out, and is not written."""


class Desired(Struct, frozen=True):
    """What the target should hold. `on_creation` is used on creation only. Without a value an attribute is absent.

    `cleared`: attributes that an account is to lose · `left`: those that are left alone this time.
    """

    always: dict[str, Value] = field(default_factory=dict)
    on_creation: dict[str, Value] = field(default_factory=dict)
    cleared: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def whole(self) -> dict[str, Value]:
        """All that an account starts with."""
        return {**self.on_creation, **self.always}


class LeftOut(Struct, frozen=True):
    """The expression of this target attribute leaves the whole entry out, this time or for good."""

    attribute: str
    control: Control


Step: TypeAlias = Callable[[Attributes, Context, Desired], None]
Seal: TypeAlias = Callable[[str], str]


class Unique(Struct, frozen=True):
    """A target attribute whose value must be nobody else's: it is chosen when an account is about to be made."""

    target: str
    propose: Callable[[Attributes, Context], Iterator[str | Control]]
    fit: Fit
    default: str | None  # where nothing is proposed


class MappingProgram(Struct, frozen=True):
    """An object mapping, ready to be used for one entry after the other."""

    mapping: ObjectMapping
    steps: tuple[tuple[str, Step], ...]  # by target attribute
    unique: tuple[Unique, ...]
    matching: tuple[str, ...]  # target attributes, by precedence
    exact: frozenset[str]  # of these, the ones in which upper and lower case count
    required: tuple[str, ...]
    comparable: Mapping[str, Comparable]  # by target attribute: what is equal where there is no difference
    additive: frozenset[str]  # values are added to them, and never taken away
    unshown: frozenset[str]  # never shown by the target, so never compared with what it shows
    redacted: frozenset[str]  # whose values nobody may see
    roles: Callable[[InScope], list[object]]
    seal: Seal  # what is remembered of a value that nobody may see


def compile_mapping(mapping: ObjectMapping, seal: Seal = lambda _: REDACTED) -> MappingProgram:
    """`seal`: what is remembered of a redacted value, to tell later whether it has changed. Raises ExpressionError."""
    definitions = {definition.name: definition for definition in mapping.attributes}
    expressions = {
        one.target: compile_expression(one.source) if one.source is not None else None for one in mapping.mappings
    }
    steps: list[tuple[str, Step]] = []
    unique: list[Unique] = []
    for one in mapping.mappings:
        definition = definitions.get(one.target) or AttributeDefinition(one.target)
        expression = expressions[one.target]
        if definition.mutability == "ReadOnly":
            continue
        if expression is not None and expression.candidates is not None:
            unique.append(Unique(one.target, expression.candidates, fitting(definition), one.default))
        elif one.target == OBJECT_FILTER and one.target not in definitions:
            steps.append((one.target, _flowing(one.target, _evaluation(expression), _nothing, _ON_CREATION, None)))
        else:
            steps.append((one.target, _step(one, definition, expression)))
    compiled = [expression for expression in expressions.values() if expression is not None]
    return MappingProgram(
        mapping=mapping,
        steps=tuple(steps),
        unique=tuple(unique),
        matching=tuple(one.target for one in mapping.matching),
        exact=frozenset(one.target for one in mapping.matching if _case_counts(definitions.get(one.target))),
        required=tuple(one.name for one in mapping.attributes if one.required and one.mutability != "ReadOnly"),
        comparable={
            one.target: comparing(definitions.get(one.target) or AttributeDefinition(one.target))
            for one in mapping.mappings
        },
        additive=frozenset(one.target for one in mapping.mappings if one.flow_type == "MultiValueAddOnly"),
        unshown=frozenset(one.name for one in mapping.attributes if one.mutability == "WriteOnly"),
        redacted=frozenset(target for target, one in expressions.items() if one is not None and one.redacted),
        roles=_role_objects if any(ROLES in one.attributes and one.kind == "Function" for one in compiled) else _roles,
        seal=seal,
    )


def _case_counts(definition: AttributeDefinition | None) -> bool:
    return definition is not None and definition.case_exact


def map_entry(entry: Entry, scope: InScope, program: MappingProgram, context: Context = BARE) -> Desired | LeftOut:
    """The target's attributes for this entry. Raises an EntryError that names the attribute."""
    source = source_of(entry, scope, program)
    desired = Desired({}, {}, [], [one.target for one in program.unique] if program.unique else [])
    target = ""
    try:
        for target, step in program.steps:  # noqa: B007  (it is named where a step fails)
            step(source, context, desired)
    except EntryError as error:
        raise named(error, target, program) from None
    except Diverted as diverted:
        return LeftOut(target, diverted.control)
    return desired


def map_each(
    entry: Entry, scope: InScope, program: MappingProgram, context: Context = BARE
) -> Mapping[str, Desired | LeftOut | EntryError]:
    """What each mapping by itself gives for this entry, by target attribute; of unique values, the first proposed."""
    source = source_of(entry, scope, program)
    tried: dict[str, Desired | LeftOut | EntryError] = {}
    for target, step in (*program.steps, *((one.target, _first_proposed(one)) for one in program.unique)):
        desired = Desired({}, {}, [], [])
        try:
            step(source, context, desired)
            tried[target] = desired
        except EntryError as error:
            tried[target] = named(error, target, program)
        except Diverted as diverted:
            tried[target] = LeftOut(target, diverted.control)
    return tried


def _first_proposed(one: Unique) -> Step:
    def step(source: Attributes, context: Context, desired: Desired) -> None:
        first = next(one.propose(source, context), None)
        value = one.fit(one.default if first is None or isinstance(first, Control) else first)
        if value is not None:
            desired.on_creation[one.target] = value

    return step


def source_of(entry: Entry, scope: InScope, program: MappingProgram) -> Attributes:
    """What expressions read: the entry's attributes, and what follows from its assignments."""
    return readable_of(entry, program.roles(scope))


def readable_of(entry: Entry, roles: list[object]) -> Attributes:
    """The same of an entry that holds these roles, given as their values or as objects."""
    source = dict(entry.attributes)
    source["objectId"] = entry.id
    source["IsSoftDeleted"] = not entry.enabled
    source[ROLES] = roles  # type: ignore[assignment]  # roles may be objects
    return source


def named(error: EntryError, target: str, program: MappingProgram) -> EntryError:
    """The same error, with the mapping that it is about, and without a value that nobody may see."""
    known = error.reason.parameters
    if target in program.redacted:
        known = {name: known[name] for name in ("function", "problem", "expected", "limit") if name in known}
    return type(error)(**{**known, "attribute": target})


# ---- steps ----------------------------------------------------------------------------------------------------------

Into: TypeAlias = Callable[[Desired], dict[str, Value]]

_ALWAYS: Final[Into] = attrgetter("always")
_ON_CREATION: Final[Into] = attrgetter("on_creation")


def flows_later(one: AttributeMapping, definition: AttributeDefinition, expression: Expression | None) -> bool:
    """Is anything written to an account that is there already?"""
    if expression is None or expression.candidates is not None:
        return False
    return one.flow_type != "ObjectAddOnly" and definition.mutability != "Immutable"


def clears(one: AttributeMapping, definition: AttributeDefinition, expression: Expression | None) -> bool:
    """Does an account lose its value where the source gives none?"""
    return one.flow_null_values and one.flow_type == "Always" and flows_later(one, definition, expression)


def _step(one: AttributeMapping, definition: AttributeDefinition, expression: Expression | None) -> Step:
    """All that can be decided of a mapping before the first entry comes is decided here."""
    fit, evaluate = fitting(definition), _evaluation(expression)
    later = flows_later(one, definition, expression)
    empty = _without(one, fit, clears=clears(one, definition, expression))
    general = _flowing(one.target, evaluate, fit, _ALWAYS if later else _ON_CREATION, empty)
    if later and expression is not None and expression.kind == "Attribute" and ROLES not in expression.attributes:
        limit = longest_text(definition)
        if limit is not None:
            (name,) = expression.attributes
            return _direct(one.target, name, limit, general, empty)
    return general


def _direct(target: str, name: str, limit: int, general: Step, empty: Callable[[Desired], None] | None) -> Step:
    """As nearly all mappings are: one attribute's text, as it is."""

    def step(source: Attributes, context: Context, desired: Desired) -> None:
        value = source.get(name)
        if type(value) is str and 0 < len(value) <= limit:
            desired.always[target] = value
        elif value is not None:
            general(source, context, desired)
        elif empty is not None:
            empty(desired)

    return step


def _without(one: AttributeMapping, fit: Fit, *, clears: bool) -> Callable[[Desired], None] | None:
    """What becomes of the attribute where the source gives nothing; None: it is left alone."""
    target, default = one.target, one.default

    def clear(desired: Desired) -> None:
        desired.cleared.append(target)

    def fill(desired: Desired) -> None:
        desired.on_creation[target] = fit(default)
        if clears:
            desired.cleared.append(target)

    return fill if default is not None else clear if clears else None


def _flowing(
    target: str,
    evaluate: Callable[[Attributes, Context], Result],
    fit: Fit,
    into: Into,
    empty: Callable[[Desired], None] | None,
) -> Step:
    def step(source: Attributes, context: Context, desired: Desired) -> None:
        result = evaluate(source, context)
        if isinstance(result, Control):
            if result in _WHOLE_ENTRY:
                raise Diverted(result)
            desired.left.append(target)
            return
        value = fit(result)
        if value is not None:
            into(desired)[target] = value
        elif empty is not None:
            empty(desired)

    return step


_WHOLE_ENTRY = (Control.IGNORE_OBJECT_FLOW, Control.ESCROW)


def _evaluation(expression: Expression | None) -> Callable[[Attributes, Context], Result]:
    return expression.evaluate if expression is not None else _no_source


def _no_source(_source: Attributes, _context: Context) -> Result:
    return None


def _nothing(_value: Result) -> Value:
    return None


def _roles(scope: InScope) -> list[object]:
    return [role.value for role in scope.roles]


def _role_objects(scope: InScope) -> list[object]:
    return role_objects(scope.roles)


def role_objects(roles: Sequence[AppRole]) -> list[object]:
    """App roles as the functions that are made for them read them."""
    return [{"id": role.id, "value": role.value, "displayName": role.display_name} for role in roles]
