"""The one error that compiling an expression may raise."""

from __future__ import annotations

from provisor.domain.error import Refused


class ExpressionError(Refused):
    """An expression cannot be compiled; `line` and `column` count from 1 and `expected` says in words what would do.

    Codes: ExpressionSyntax, ExpressionTooLong, ExpressionTooDeep, UnknownFunction, UnknownAttribute, UnknownWord,
    WrongNumberOfArguments, ArgumentMissing, ArgumentInvalid, OutermostOnly.
    """

    def __init__(self, code: str, line: int, column: int, expected: str = "", **parameters: object) -> None:
        if expected:
            parameters["expected"] = expected
        super().__init__(code, line=line, column=column, **parameters)
        self.line = line
        self.column = column
        self.expected = expected
