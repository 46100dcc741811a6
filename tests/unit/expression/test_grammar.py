"""What the grammar takes, and how it says no."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provisor.domain.error import InvalidValue, Refused
from provisor.domain.resource import Value
from provisor.expression import ExpressionError, compile_expression
from provisor.expression.library import LIBRARY
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
        ("IgnoreAttributeFlow", "WordNotSupported", 1, 1, ""),
        ('"' + "x" * MAXIMUM_LENGTH + '"', "ExpressionTooLong", 1, 1, "10000"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, code: str, line: int, column: int, expected: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)
    assert caught.value.reason.code == code
    assert (caught.value.line, caught.value.column) == (line, column)
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
    assert caught.value.column == 5


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


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    [function.name for function in LIBRARY.values()]
    + [
        "(",
        ")",
        ",",
        " ",
        "\n",
        '"',
        "\\",
        "[",
        "]",
        "[a]",
        "[b c]",
        '"x"',
        "1",
        "-",
        "&H",
        "=",
        "<>",
        "<",
        ">=",
        "é",
        "\0",
    ]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.text(max_size=5),
    st.lists(st.text(max_size=3), max_size=3),
)


@UNHURRIED
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join)))
@example("(" * MAXIMUM_LENGTH)
@example("[" * MAXIMUM_LENGTH)
@example('"' * MAXIMUM_LENGTH)
@example("Not(" * (MAXIMUM_LENGTH // 4))
@example("," * MAXIMUM_LENGTH)
@example("\ud800")
def test_any_text_compiles_or_is_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        compile_expression(text)


def expressions() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(
        ["[a]", "[b]", '""', '"True"', '"7"', "7", "-1", "[a] = [b]", "[a] <> 7", "[a] < 7", "[b] >= [a]"]
    )

    def call(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def of(name: str) -> st.SearchStrategy[str]:
            function = LIBRARY[name]
            most = function.maximum or function.minimum + 4
            counts = st.sampled_from([count for count in range(most + 1) if function.takes(count)])
            arguments = counts.flatmap(lambda count: st.lists(inner, min_size=count, max_size=count))
            return arguments.map(lambda given: f"{function.name}({', '.join(given)})")

        return st.sampled_from(sorted(LIBRARY)).flatmap(of)

    return st.recursive(leaves, call, max_leaves=12)


@UNHURRIED
@given(expressions(), VALUES, VALUES)
def test_any_expression_over_any_values_answers_or_names_the_value_it_cannot_read(
    text: str, a: Value, b: Value
) -> None:
    expression = compile_expression(text, known=("a", "b"))
    with contextlib.suppress(InvalidValue):
        value = expression.evaluate({"a": a, "b": b})
        assert value is None or isinstance(value, str | bool | int | list)
        assert expression.evaluate({"a": a, "b": b}) == value
