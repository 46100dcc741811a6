"""Regular expressions as .NET writes them, run under a time-out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import regex

from provisor.domain.error import InvalidValue
from provisor.expression.coerce import text
from provisor.expression.context import Context
from provisor.expression.dotnet import UnknownSyntax, numbered, translated
from provisor.expression.value import MAXIMUM_SIZE, Datum

Match: TypeAlias = "regex.Match[str]"
_LONGEST: Final = 10_000
_REFERENCE = regex.compile(r"\$(?:(?P<dollar>\$)|(?P<special>[&`'_+])|(?P<number>[0-9]{1,9})|\{(?P<name>\w{1,100})\})")


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """One regular expression; `groups` gives .NET's numbers and the names of its groups."""

    compiled: regex.Pattern[str]
    groups: dict[str, int]

    def first(self, source: str, group: int, context: Context, function: str) -> str | None:
        """What the group of the first match holds; None without one."""
        try:
            found = self.compiled.search(source, timeout=context.seconds_left(function))
        except TimeoutError:
            raise InvalidValue(function=function, problem="PatternTimedOut") from None
        return found[group] if found else None

    def replace(self, source: str, put: Callable[[Match], str], context: Context, function: str) -> str:
        """Every match replaced by what `put` makes of it. Raises InvalidValue when it takes too long or too much."""
        size = len(source)

        def counted(match: Match) -> str:
            nonlocal size
            made = put(match)
            size += len(made)
            if size > 2 * MAXIMUM_SIZE:  # the result is measured when it is whole; this only keeps it from exploding
                raise InvalidValue(function=function, problem="TooLong")
            return made

        try:
            return str(self.compiled.sub(counted, source, timeout=context.seconds_left(function)))
        except TimeoutError:
            raise InvalidValue(function=function, problem="PatternTimedOut") from None

    def group(self, name: str) -> int | None:
        return self.groups.get(name)


def pattern(value: Datum, reader: str) -> Pattern | None:
    """Reads an argument as a regular expression; None for null and for an empty text."""
    written = text(value, reader)
    return _compiled(written, reader) if written else None


@lru_cache(256)
def _compiled(written: str, reader: str) -> Pattern:
    if len(written) > _LONGEST:
        raise InvalidValue(function=reader, expected="a regular expression", found="one that is too large")
    try:
        compiled = regex.compile(translated(written), regex.VERSION1)
        groups = numbered(written)
    except UnknownSyntax as error:
        raise InvalidValue(function=reader, expected="a regular expression", found=error) from None
    except regex.error as error:
        raise InvalidValue(function=reader, expected="a regular expression", found=error.msg) from None
    except (RecursionError, OverflowError, ValueError, MemoryError):
        raise InvalidValue(function=reader, expected="a regular expression", found="one that is too large") from None
    return Pattern(compiled, groups)


@lru_cache(256)
def replacement(pattern: Pattern, written: str) -> Callable[[Match], str]:
    """What a match is replaced by: $1, ${name}, $&, $$ … as in .NET; a group that does not exist stays as written."""
    parts = list(_parts(pattern, written))
    if all(isinstance(part, str) for part in parts):
        fixed = "".join(part for part in parts if isinstance(part, str))
        return lambda _match: fixed
    return lambda match: "".join([part if isinstance(part, str) else part(match) for part in parts])


def _parts(pattern: Pattern, written: str) -> Iterator[str | Callable[[Match], str]]:
    end = 0
    for found in _REFERENCE.finditer(written):
        yield written[end : found.start()]
        end = found.end()
        group = pattern.groups.get(found["number"] or found["name"] or "")
        if found["dollar"]:
            yield "$"
        elif found["special"]:
            yield _SPECIAL[found["special"]]
        elif group is not None:
            yield _held(group)
        else:
            yield found[0]
    yield written[end:]


def _held(group: int) -> Callable[[Match], str]:
    return lambda match: match[group] or ""


_SPECIAL: Final[dict[str, Callable[[Match], str]]] = {
    "&": lambda match: match[0],
    "`": lambda match: match.string[: match.start()],
    "'": lambda match: match.string[match.end() :],
    "_": lambda match: match.string,
    "+": lambda match: (match[match.re.groups] or "") if match.re.groups else match[0],
}
