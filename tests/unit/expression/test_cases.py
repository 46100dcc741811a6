"""A case tells whether an expression gives what was expected, and what it gave instead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from provisor.domain.error import Refused
from provisor.expression import Context
from provisor.expression.cases import Outcome, read_case, run_case

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC), chance=lambda below: below - 1)


def outcome(**case: Any) -> Outcome:
    return run_case(read_case(case), CONTEXT)


@pytest.mark.parametrize(
    "case",
    [
        {"expression": "[a]", "source": {"a": "x"}, "expected": "x"},
        {"expression": "[a]", "expected": None},
        {"expression": "IsNull([a])", "expected": True},
        {"expression": "IsNull([a])", "expected": "True"},
        {"expression": "Count([a])", "source": {"a": ["x", "y"]}, "expected": "2"},
        {"expression": "Guid()", "check": "regex", "pattern": "^[0-9a-f-]{36}$"},
        {"expression": "Now()", "expected": "1/1/2026 12:00:00 AM"},
        {"expression": "Now()", "context": {"now": "2025-07-30T00:00:00Z"}, "expected": "7/30/2025 12:00:00 AM"},
        {"expression": "DefaultDomain()", "context": {"default_domain": "a.example"}, "expected": "a.example"},
        {"expression": 'IIF("1" = "1", IgnoreObjectFlow)', "expected": {"$control": "IgnoreObjectFlow"}},
        {"expression": 'Redact("x")', "expected": "x", "log_value": "[Redact]"},
        {"expression": "Nonsense(1)", "expected": {"$error": "any"}},
        {"expression": "CDate([a])", "source": {"a": "x"}, "expected": {"$error": "any"}},
        {
            "expression": "SelectUniqueValue([a], [b])",
            "source": {"a": "x", "b": "y"},
            "context": {"target_values_taken": ["x", "y"]},
            "expected": {"$control": "Escrow"},
        },
        {
            "expression": "AppRoleAssignmentsComplex([appRoleAssignments])",
            "source": {"appRoleAssignments": [{"value": "A"}]},
            "check": "shape",
            "expected": [{"primary": True, "type": "any", "displayName": "any", "value": "any"}],
        },
    ],
)
def test_a_case_that_holds_passes(case: dict[str, Any]) -> None:
    assert outcome(**case).passed


@pytest.mark.parametrize(
    ("case", "got"),
    [
        ({"expression": '"x"', "expected": "y"}, "x"),
        ({"expression": "1", "expected": True}, 1),
        ({"expression": '"x"', "expected": None}, "x"),
        ({"expression": "[a]", "expected": ""}, None),
        ({"expression": '"x"', "expected": {"$error": "any"}}, "x"),
        ({"expression": '"x"', "expected": "x", "log_value": "[Redact]"}, "x"),
        ({"expression": '"x"', "check": "regex", "pattern": "^y$"}, "x"),
        ({"expression": '"x"', "check": "regex", "pattern": "("}, "x"),
        ({"expression": '"x"', "check": "regex"}, "x"),
        ({"expression": '"x"', "check": "shape", "expected": ["x"]}, "x"),
        ({"expression": "Left(", "expected": "x"}, {"$error": "ExpressionSyntax"}),
        ({"expression": "Left(", "check": "shape"}, {"$error": "ExpressionSyntax"}),
        ({"expression": "IgnoreAttributeFlow", "expected": None}, {"$control": "IgnoreAttributeFlow"}),
    ],
)
def test_a_case_that_does_not_hold_tells_what_came_instead(case: dict[str, Any], got: object) -> None:
    told = outcome(**case)
    assert not told.passed
    assert told.got == got


def test_an_error_is_told_with_its_reason() -> None:
    told = outcome(expression="Left([a])", expected="x")
    assert told.reason is not None
    assert told.reason.code == "WrongNumberOfArguments"
    assert told.reason.parameters["line"] == "1"


@pytest.mark.parametrize(
    ("decoded", "place"),
    [
        ({}, "expression"),
        ([], "array"),
        ({"expression": "1", "check": "similar"}, "$.check"),
        ({"expression": "1", "source": {"a": 1.5}}, "$.source"),
        ({"expression": "1", "id": "first", "context": {"now": "yesterday"}}, "$.context.now"),
    ],
)
def test_what_is_no_case_is_refused_with_the_place(decoded: object, place: str) -> None:
    with pytest.raises(Refused) as caught:
        read_case(decoded)
    assert caught.value.reason.code == "CaseInvalid"
    assert place in caught.value.reason.parameters["because"]
