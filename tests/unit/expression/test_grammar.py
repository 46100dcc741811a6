"""What the grammar takes, and how it says no."""

from __future__ import annotations

import pytest

from provisor.domain.error import Refused
from provisor.domain.resource import Value
from provisor.expression import ExpressionError, compile_expression
from provisor.expression.parse import MAXIMUM_DEPTH, MAXIMUM_LENGTH


@pytest.mark.parametrize(
    ("text", "kind", "attributes"),
    [
        ("[mail]", "Attribute", {"mail"}),
        (" [ mail ] ", "Attribute", {"mail"}),
        ('"text"', "Constant", set()),
        ("-3", "Constant", set()),
        ("&HfF", "Constant", set()),
        ("vbTextCompare", "Constant", set()),
        ('Append([a], ToLower([b.c d:e], ""))', "Function", {"a", "b.c d:e"}),
        ('[emails[type eq "work"].value]', "Attribute", {'emails[type eq "work"].value'}),
        (
            "[urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department]",
            "Attribute",
            {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"},
        ),
        ("[a] = 1", "Function", {"a"}),
        ("nOT ( \t\n [a] )", "Function", {"a"}),
    ],
)
def test_an_expression_tells_its_kind_and_what_it_reads(text: str, kind: str, attributes: set[str]) -> None:
    expression = compile_expression(text)
    assert expression.text == text
    assert expression.kind == kind
    assert set(expression.attributes) == attributes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"say \"hi\""', 'say "hi"'),
        (r'"a\\b"', r"a\b"),
        (r'"\d\\d"', r"\d\d"),
        ('"\\"', None),
        ('"two\nlines"', "two\nlines"),
        ("42", 42),
        ("&H1F", 31),
        ("vbBinaryCompare", 0),
        ("VBTEXTCOMPARE", 1),
    ],
)
def test_a_constant_is_read_as_it_is_written(text: str, value: Value) -> None:
    if value is None:
        with pytest.raises(ExpressionError):
            compile_expression(text)
    else:
        assert compile_expression(text).evaluate({}) == value


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "expected"),
    [
        ("", "ExpressionSyntax", 1, 1, "an attribute in brackets"),
        ("   \n ", "ExpressionSyntax", 2, 2, "an attribute in brackets"),
        ('Append([a], "b', "ExpressionSyntax", 1, 13, "a closing quotation mark"),
        ("Not([a", "ExpressionSyntax", 1, 5, "a closing bracket"),
        ("[ ]", "ExpressionSyntax", 1, 1, "an attribute name"),
        ("Not([a]", "ExpressionSyntax", 1, 8, "a closing parenthesis"),
        ("Not([a])\n)", "ExpressionSyntax", 2, 1, "the end of the expression"),
        ("[a] = [b] = [c]", "ExpressionSyntax", 1, 11, "the end of the expression"),
        ("\u201cx\u201d", "ExpressionSyntax", 1, 1, "straight quotation marks"),
        ("1234567890123456789", "ExpressionSyntax", 1, 1, "18 characters"),
        ("Not", "ExpressionSyntax", 1, 1, "an opening parenthesis"),
        ("Not([a], [b])", "WrongNumberOfArguments", 1, 1, "1"),
        ('Switch([a], "x", "k")', "WrongNumberOfArguments", 1, 1, "an even number, at least 4"),
        ("Append([a],\n Not())", "WrongNumberOfArguments", 2, 2, "1"),
        ("IIF([a] = true, 1, 2)", "UnknownWord", 1, 11, "a text in quotation marks"),
        ("Append(mail, 1)", "UnknownWord", 1, 8, "an attribute in brackets"),
        ("Now", "ExpressionSyntax", 1, 1, "an opening parenthesis"),
        ("Left([a],\n , 3)", "WrongNumberOfArguments", 1, 1, "2"),
        ("Left([a], 3, )", "WrongNumberOfArguments", 1, 1, "2"),
        ("Now(, )", "WrongNumberOfArguments", 1, 1, "0"),
        ("Mid([a],\n , 3)", "ArgumentMissing", 1, 1, "start"),
        ('Left([a],\n "x")', "ArgumentInvalid", 2, 2, "a whole number"),
        ('DateAdd("w", 1, [a])', "ArgumentInvalid", 1, 9, "one of yyyy"),
        ('Join("", CDate("2020-02-30"))', "ArgumentInvalid", 1, 16, "a date"),
        ('Append("x", SelectUniqueValue([a], [b]))', "OutermostOnly", 1, 13, ""),
        ("SelectUniqueValue([a], [b]) = 1", "OutermostOnly", 1, 1, ""),
        ("SelectUniqueValue([a])", "WrongNumberOfArguments", 1, 1, "at least 2"),
        ('"' + "x" * MAXIMUM_LENGTH + '"', "ExpressionTooLong", 1, 1, "10000"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, code: str, line: int, column: int, expected: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert caught.value.reason.code == code
    assert caught.value.place == (line, column)
    assert caught.value.reason.parameters["line"] == str(line)
    assert expected in caught.value.expected
    assert isinstance(caught.value, Refused)


def test_a_misspelt_function_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("StripSpace([a])")
    assert caught.value.reason.code == "UnknownFunction"
    assert caught.value.reason.parameters["suggestion"] == "StripSpaces"


def test_an_attribute_that_the_directory_does_not_have_is_refused() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("Not([isSoftDeleted])", known={"IsSoftDeleted", "mail"})
    assert caught.value.reason.code == "UnknownAttribute"
    assert caught.value.reason.parameters["suggestion"] == "IsSoftDeleted"
    assert caught.value.place == (1, 5)


def test_a_name_without_brackets_is_answered_with_the_attribute_in_brackets() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("ToLower(MAIL)", known={"mail"})
    assert caught.value.expected == "[mail]"


def nested(depth: int) -> str:
    return "Not(" * depth + "[a]" + ")" * depth


def test_functions_nest_to_the_depth_that_is_allowed_and_no_deeper() -> None:
    assert compile_expression(nested(MAXIMUM_DEPTH)).evaluate({"a": True}) is True
    for depth in (MAXIMUM_DEPTH + 1, 1900):
        with pytest.raises(ExpressionError) as caught:
            compile_expression(nested(depth))
        assert caught.value.reason.code == "ExpressionTooDeep"
