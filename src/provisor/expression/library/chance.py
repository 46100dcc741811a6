"""Chance: values that are different each time."""

from __future__ import annotations

import string
from collections.abc import Callable
from uuid import UUID

from provisor.domain.error import InvalidValue
from provisor.expression.context import Context
from provisor.expression.function import function
from provisor.expression.value import Datum

_SPECIAL = "!#$%&()*+,-./:;<=>?@[]^_{|}~"
_LONGEST = 256


@function("Guid", "Guid()", "892f902b-d23f-4824-928b-2f330c5c7fd0")
def guid(context: Context) -> Datum:
    """A new GUID each time; let a mapping that has one apply on creation only."""
    return str(UUID(int=_chance(context, "Guid")(1 << 128), version=4))


@function("RandomString", "RandomString(6, 2, 0, 1, 3)", "2cuM5b")
def random_string(
    context: Context,
    length: int,
    minimum_numbers: int,
    minimum_special_characters: int,
    minimum_capital: int,
    minimum_lower_case: int,
    characters_to_avoid: str | None = None,
) -> Datum:
    """Characters by chance, up to 256, with at least so many of each kind, and none of those to be avoided.

    A kind whose minimum is 0 does not occur, unless all of them are 0.
    """
    below = _chance(context, "RandomString")
    kinds = _kinds(characters_to_avoid or "")
    least = (minimum_numbers, minimum_special_characters, minimum_capital, minimum_lower_case)
    if not 1 <= length <= _LONGEST or min(least) < 0 or sum(least) > length:
        raise InvalidValue(function="RandomString", expected="a length of up to 256 that has room for all minimums")
    if not any(kinds) or any(number and not kind for number, kind in zip(least, kinds, strict=True)):
        raise InvalidValue(function="RandomString", expected="characters that are not all to be avoided")
    asked = "".join([kind for number, kind in zip(least, kinds, strict=True) if number]) or "".join(kinds)
    signs = [kind[below(len(kind))] for number, kind in zip(least, kinds, strict=True) for _ in range(number)]
    signs += [asked[below(len(asked))] for _ in range(length - len(signs))]
    for last in range(len(signs) - 1, 0, -1):  # so that nobody can tell what stands where
        other = below(last + 1)
        signs[last], signs[other] = signs[other], signs[last]
    return "".join(signs)


def _kinds(avoided: str) -> list[str]:
    kinds = (string.digits, _SPECIAL, string.ascii_uppercase, string.ascii_lowercase)
    return ["".join([sign for sign in kind if sign not in avoided]) for kind in kinds]


def _chance(context: Context, function: str) -> Callable[[int], int]:
    if context.chance is None:
        raise InvalidValue(function=function, problem="NotToldHere")
    return context.chance
