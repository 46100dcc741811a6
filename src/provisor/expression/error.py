"""The one error that compiling an expression may raise."""

from __future__ import annotations

from typing import NamedTuple

from provisor.domain.error import Refused


class Place(NamedTuple):
    """Where something begins in the text, counted from 1."""

    line: int
    column: int


class ExpressionError(Refused):
    """An expression cannot be compiled at a `place`; `expected` says in words what would do.

    Codes: ExpressionSyntax, ExpressionTooLong, ExpressionTooDeep, UnknownFunction, UnknownAttribute, UnknownWord,
    WrongNumberOfArguments, ArgumentMissing, ArgumentInvalid, OutermostOnly.
    """

    def __init__(self, code: str, place: Place, expected: str = "", **parameters: object) -> None:
        if expected:
            parameters["expected"] = expected
        super().__init__(code, line=place.line, column=place.column, **parameters)
        self.place = place
        self.expected = expected
