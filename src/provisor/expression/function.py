"""How a function is declared: its Python signature says what it takes, its docstring what it promises."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Attributes
from provisor.expression import coerce
from provisor.expression.context import Context
from provisor.expression.date_format import date_format
from provisor.expression.operand import Build, Evaluate, Operand
from provisor.expression.pattern import pattern
from provisor.expression.value import MAXIMUM_SIZE, MAXIMUM_VALUES, Datum

_Body = TypeVar("_Body", bound=Callable[..., Any])
_Reader: TypeAlias = Callable[[Datum, str], Any]
COSTLY: Final = 4_096  # characters: from here on, an entry's time is looked at


def _as_it_is(value: Datum, _reader: str) -> Datum:
    return value


READERS: Final[dict[str, _Reader]] = {
    "str": coerce.text,
    "int": coerce.whole,
    "datetime": coerce.moment,
    "Interval": coerce.interval,
    "list[str]": coerce.values,
    "Datum": _as_it_is,
    "DateFormat": date_format,
    "Pattern": pattern,
}
"""By its annotation, what a parameter is read as. Where null comes in and "| None" is not said, null goes out."""


class Unusable(Exception):  # turned into an ExpressionError, which knows the place
    """A constant argument, by its place among the arguments, can never be used."""

    def __init__(self, place: int, because: InvalidValue) -> None:
        super().__init__(place, because)
        self.place = place
        self.because = because


@dataclass(frozen=True, slots=True)
class Parameter:
    """`needed`: cannot be written empty, as null means nothing to it."""

    name: str
    optional: bool = False
    repeated: bool = False
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language.

    `pairs`: takes an even number of arguments · `structured`: is given app roles as objects · `outermost`: stands
    within no other function · `pure`: gives the same for the same arguments · `example` gives `result`.
    """

    name: str
    parameters: tuple[Parameter, ...]
    doc: str
    family: str
    example: str
    result: object
    build: Build
    pairs: bool = False
    structured: bool = False
    outermost: bool = False
    pure: bool = False

    @property
    def minimum(self) -> int:
        """Up to the last argument that must be written, though ones before it may be empty."""
        required = [number for number, each in enumerate(self.parameters, 1) if not each.optional]
        return max(required, default=0)

    @property
    def maximum(self) -> int | None:
        """None: any number."""
        return None if any(each.repeated for each in self.parameters) else len(self.parameters)

    def takes(self, count: int) -> bool:
        enough = self.minimum <= count and (self.maximum is None or count <= self.maximum)
        return enough and not (self.pairs and count % 2)

    @property
    def arity(self) -> str:
        """How many arguments it takes, in words."""
        if self.maximum is None:
            return f"{'an even number, ' if self.pairs else ''}at least {self.minimum}"
        return str(self.minimum) if self.minimum == self.maximum else f"{self.minimum} to {self.maximum}"

    @property
    def signature(self) -> str:
        """With optional parameters in brackets."""
        shown = [f"[{each.name}]" if each.optional else each.name for each in self.parameters]
        return f"{self.name}({', '.join(shown)}{', …' if self.maximum is None else ''})"


LIBRARY: dict[str, Function] = {}
"""Every function under its name in lower case: names are written in any case."""


def function(name: str, example: str, result: object, *, structured: bool = False) -> Callable[[_Body], _Body]:
    """Declares a function of values: they are read as the annotations say, and a first parameter Context is filled in.

    The body may raise InvalidValue and nothing else; `example`, over the sample person of the docs, gives `result`.
    """

    def enter(body: _Body) -> _Body:
        given = list(inspect.signature(body).parameters.values())
        asks = bool(given) and given[0].annotation == "Context"
        own = given[asks:]
        LIBRARY[name.lower()] = Function(
            name,
            tuple(_parameter(each) for each in own),
            inspect.getdoc(body) or "",
            body.__module__.rpartition(".")[2],
            example,
            result,
            _builder(name, body, own, asks),
            structured=structured,
            pure=not asks,
        )
        return body

    return enter


def form(
    name: str, parameters: str, example: str, result: object, *, pairs: bool = False, outermost: bool = False
) -> Callable[[Build], Build]:
    """Declares a function that is given its arguments compiled, and decides itself which to evaluate and when.

    `parameters`: their names, the optional ones in brackets, and "..." behind those that repeat.
    """

    def enter(build: Build) -> Build:
        names = [each.strip() for each in parameters.split(",") if each.strip() not in ("", "...")]
        repeats = "..." in parameters
        LIBRARY[name.lower()] = Function(
            name,
            tuple(Parameter(each.strip("[]"), each.startswith("["), repeats and each == names[-1]) for each in names),
            inspect.getdoc(build) or "",
            build.__module__.rpartition(".")[2],
            example,
            result,
            build,
            pairs=pairs,
            outermost=outermost,
        )
        return build

    return enter


def _parameter(declared: inspect.Parameter) -> Parameter:
    first, *rest = declared.name.strip("_").split("_")
    return Parameter(
        "".join([first, *map(str.capitalize, rest)]),
        optional=declared.default is not declared.empty,
        repeated=declared.kind is declared.VAR_POSITIONAL,
        needed=declared.default is declared.empty and not _takes_null(declared),
    )


def _builder(name: str, body: Callable[..., Datum], parameters: list[inspect.Parameter], asks: bool) -> Build:
    def build(operands: Sequence[Operand]) -> Evaluate:
        reads = [
            _read(name, place, _parameter_at(parameters, place), operand) for place, operand in enumerate(operands)
        ]
        if len(reads) == 1 and not asks:
            return _of_one(name, body, reads[0])

        def evaluate(attributes: Attributes, context: Context) -> Datum:
            given = [read(attributes, context) for read in reads]
            if _NOTHING in given:
                return None
            if given and type(given[0]) is str and len(given[0]) > COSTLY:
                context.seconds_left(name)
            result = body(context, *given) if asks else body(*given)
            return limited(result, name, context)

        return evaluate

    return build


class _Nothing:
    """Null where the function does not take it."""


_NOTHING: Final = _Nothing()
_Read: TypeAlias = Callable[[Attributes, Context], Any]


def _of_one(name: str, body: Callable[..., Datum], read: _Read) -> Evaluate:
    def evaluate(attributes: Attributes, context: Context) -> Datum:
        given = read(attributes, context)
        if given is _NOTHING:
            return None
        result = body(given)
        if type(result) is str and len(result) <= COSTLY:
            return result
        return limited(result, name, context)

    return evaluate


def _parameter_at(parameters: list[inspect.Parameter], place: int) -> inspect.Parameter:
    return parameters[min(place, len(parameters) - 1)]


def _takes_null(parameter: inspect.Parameter) -> bool:
    annotation = str(parameter.annotation)
    return annotation.endswith(" | None") or annotation in ("Datum", "list[str]")


def _read(name: str, place: int, parameter: inspect.Parameter, operand: Operand) -> _Read:
    """How one argument is read; what never changes is read now. Raises Unusable."""
    annotation = str(parameter.annotation)
    reader = READERS[annotation.removesuffix(" | None")]
    null = None if _takes_null(parameter) else _NOTHING
    if not operand.given and parameter.default is not parameter.empty:
        default = parameter.default
        return lambda _attributes, _context: default
    if operand.fixed:
        try:
            constant = reader(operand.constant, name)
        except InvalidValue as error:
            raise Unusable(place, error) from None
        fixed = null if constant is None else constant
        return lambda _attributes, _context: fixed
    source = operand.evaluate
    if annotation == "Datum":
        return source

    def read(attributes: Attributes, context: Context) -> Any:
        value = source(attributes, context)
        if type(value) is not str or reader is not coerce.text:
            value = reader(value, name)
        return null if value is None else value

    return read


def limited(value: Datum, name: str, context: Context) -> Datum:
    """The value, if it is not too long and the entry still has time. Raises InvalidValue."""
    if (isinstance(value, str | list)) and len(value) > COSTLY:
        size = len(value)
        if size > (MAXIMUM_SIZE if isinstance(value, str) else MAXIMUM_VALUES):
            raise InvalidValue(function=name, problem="TooLong")
        context.seconds_left(name)
    return value
