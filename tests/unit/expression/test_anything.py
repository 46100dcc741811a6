"""Whatever is written and whatever the values are: an expression answers or refuses, and never anything else."""

from __future__ import annotations

import contextlib
import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provisor.domain.error import EntryError, Unforeseen
from provisor.domain.resource import Value
from provisor.expression import Context, Control, ExpressionError, compile_expression
from provisor.expression.library import LIBRARY
from provisor.expression.parse import MAXIMUM_LENGTH
from provisor.expression.value import MAXIMUM_SIZE, MAXIMUM_VALUES

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
DOCUMENTED = [each["expression"] for each in json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))]
SIGNS = ["(", ")", ",", " ", "\n", '"', "\\", "[", "]", "-", "&H", "=", "<>", "<", ">=", "é", "\0", "$", "{", "}", "?"]
WHOLE = ["[a]", "[b c]", '"x"', "1", "IgnoreAttributeFlow", "vbTextCompare", '"(?<n>', "[appRoleAssignments]"]
PIECES = st.sampled_from([function.name for function in LIBRARY.values()] + SIGNS + WHOLE)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.text(max_size=5),
    st.lists(st.text(max_size=3), max_size=3),
    st.sampled_from(["2020-02-29", "9999-12-31T23:59:59-08:00", "1/1/1 1:1:1 AM", "(a)(?<n>b)", "yyyy-MM-dd", "-1"]),
    st.lists(st.dictionaries(st.sampled_from(["value", "displayName", "id"]), st.text(max_size=3)), max_size=2),
)


def context() -> Context:
    return Context(
        now=datetime(2025, 7, 30, tzinfo=UTC),
        chance=random.Random(1).randrange,
        taken=lambda value: "a" in value,
        default_domain="contoso.com",
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


@UNHURRIED
@given(st.sampled_from(DOCUMENTED), st.integers(0, 300), st.integers(0, 5), st.lists(PIECES, max_size=2).map("".join))
def test_a_documented_expression_with_a_slip_of_the_pen_compiles_or_is_refused(
    text: str, place: int, lost: int, added: str
) -> None:
    with contextlib.suppress(ExpressionError):
        slip = compile_expression(text[:place] + added + text[place + lost :])
        with contextlib.suppress(EntryError):
            slip.evaluate(dict.fromkeys(slip.attributes, "2025-07-15"), context())


def answered(text: str, attributes: dict[str, Value]) -> None:
    """Refused when compiled, an error of the entry that we foresaw, or one and the same value each time."""
    try:
        expression = compile_expression(text, known=attributes)
        value = expression.evaluate(attributes, context())
    except ExpressionError:
        return
    except EntryError as error:
        if isinstance(error, Unforeseen):
            raise AssertionError(f"{text} gave {error}") from error
        return
    assert value is None or isinstance(value, str | bool | int | list | Control)
    assert expression.evaluate(attributes, context()) == value
    if expression.candidates:
        with contextlib.suppress(EntryError):
            assert all(isinstance(each, str | Control) for each in expression.candidates(attributes, context()))


def expressions() -> st.SearchStrategy[str]:
    constants = ['""', '"True"', '"7"', "7", "-1", '"d"', '"(?<n>.)a*"', '"n"', '"${n}$1"', '"yyyy-MM-dd"', ""]
    compared = ["[a] = [b]", "[a] <> 7", "[a] < 7", "[b] >= [a]", "[a] > Now()"]
    leaves = st.sampled_from(["[a]", "[b]", "[appRoleAssignments]", "IgnoreObjectFlow", *constants, *compared])

    def call(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        def of(name: str) -> st.SearchStrategy[str]:
            function = LIBRARY[name]
            most = function.maximum if function.maximum is not None else function.minimum + 4
            counts = st.sampled_from([count for count in range(most + 1) if function.takes(count)])
            arguments = counts.flatmap(lambda count: st.lists(inner, min_size=count, max_size=count))
            return arguments.map(lambda given: f"{function.name}({', '.join(given)})")

        return st.sampled_from(sorted(LIBRARY)).flatmap(of)

    return st.recursive(leaves, call, max_leaves=12)


@UNHURRIED
@given(expressions(), VALUES, VALUES, VALUES)
def test_any_expression_over_any_values_answers_or_names_the_value_it_cannot_read(
    text: str, a: Value, b: Value, roles: Value
) -> None:
    answered(text, {"a": a, "b": b, "appRoleAssignments": roles})


@UNHURRIED
@given(st.sampled_from(sorted(LIBRARY)), st.lists(VALUES, min_size=8, max_size=8))
def test_any_function_of_any_values_answers_or_names_the_value_it_cannot_read(name: str, values: list[Value]) -> None:
    function = LIBRARY[name]
    attributes = {str(number): value for number, value in enumerate(values)}
    for count in [count for count in range(9) if function.takes(count)]:
        answered(f"{function.name}({', '.join(f'[{number}]' for number in range(count))})", attributes)


PATTERNS = st.text(alphabet="a1(){}[]<>?:=!|*+.,-^$\\dDwkpPQZ'#nimsx&~\n", max_size=25)
FORMATS = st.text(alphabet="yMdhHmsftzKg'\"\\%:/ -T", max_size=12)


@UNHURRIED
@given(PATTERNS, st.text(alphabet="a1-\n", max_size=8))
def test_any_regular_expression_replaces_or_is_refused(pattern: str, source: str) -> None:
    answered("Replace([a], , [p], , [r], , )", {"a": source, "p": pattern, "r": "$1${n}"})


@UNHURRIED
@given(FORMATS, st.text(alphabet="0123456789:/ -TZAMP+.", max_size=20))
def test_any_date_format_reads_or_is_refused(form: str, written: str) -> None:
    answered('FormatDateTime([a], , [f], "o")', {"a": written, "f": form})
    answered('FormatDateTime(Now(), , "", [f])', {"f": form})


LONG: dict[str, Value] = {"a": "x" * MAXIMUM_SIZE, "longer": "x" * (MAXIMUM_SIZE + 1), "b": "," * MAXIMUM_VALUES}


@pytest.mark.parametrize(
    "text",
    [
        'Append([a], "y")',
        'Join("", [a], [a])',
        "ConvertToUTF8Hex([a])",
        'Replace([a], "x", , , "yy", , )',
        'Replace([a], , "x", , "yy", , )',
        'Replace([a], "y", , , , , "yy")',
        'Replace([a], , "x", , "$_", , )',
        'Split([b], ",")',
        "IIF(IsNull([a]), 1, [longer])",
    ],
)
def test_no_result_is_longer_than_is_allowed(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        compile_expression(text).evaluate(LONG)
    assert caught.value.reason.parameters["problem"] == "TooLong"
