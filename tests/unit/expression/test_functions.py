"""What the functions promise beyond the documented examples."""

from __future__ import annotations

import pytest

from provisor.domain.error import EntryError, InvalidValue
from provisor.domain.resource import Attributes, Value
from provisor.expression import compile_expression
from provisor.expression.library import LIBRARY


@pytest.mark.parametrize(
    ("text", "attributes", "value"),
    [
        # Not: a Boolean, whatever the source writes
        ("Not([a])", {"a": True}, False),
        ("Not([a])", {"a": False}, True),
        ("Not([a])", {"a": "true"}, False),
        ("Not([a])", {"a": "anything"}, True),
        ("Not([a])", {}, True),
        # null stays null, so that nothing half-made is sent
        ('Append([a], "@contoso.com")', {}, None),
        ("Append([a], [b])", {"a": "x"}, "x"),
        ("ToLower([a])", {}, None),
        ("StripSpaces([a])", {"a": " a\u00a0b "}, "a\u00a0b"),
        ("ToUpper([a])", {"a": "élan"}, "ÉLAN"),
        # a Boolean read as text
        ('Append([a], "!")', {"a": True}, "True!"),
        ('Switch([a], "off", "True", "on")', {"a": True}, "on"),
        ('[a] = "False"', {"a": False}, True),
        # Coalesce skips the empty text, but may end in one
        ("Coalesce([a], [b])", {"a": "", "b": "second"}, "second"),
        ('Coalesce([a], [b], "")', {}, ""),
        ("Coalesce([a])", {}, None),
        ("Coalesce([a], 1)", {"a": ["x"]}, ["x"]),
        ("Coalesce([a], 1)", {"a": False}, False),
        # Join skips what is empty, also within a list
        ('Join("-", [a], [b], "c")', {"a": ["1", "", "2"], "b": None}, "1-2-c"),
        ('Join([a], "b", "c")', {}, "bc"),
        ('Join(",", [a], [b])', {}, ""),
        # comparisons
        ("[a] = 1", {"a": "1"}, True),
        ("[a] = 1", {"a": "01"}, True),
        ("[a] = 1", {"a": "x"}, False),
        ('[a] = "1"', {"a": "01"}, False),
        ('[a] = "usa"', {"a": "USA"}, False),
        ('[a] <> "usa"', {}, True),
        ('[a] = ""', {}, True),
        ("[a] > 9", {"a": "10"}, True),
        ('[a] > "9"', {"a": "10"}, False),
        ("[a] < 9", {}, False),
        # IIF
        ('IIF([a], "yes", "no")', {"a": True}, "yes"),
        ('IIF([a], "yes", "no")', {}, "no"),
        ('IIF([a] <> "", "yes")', {}, None),
        ('IIF([a] = "", "Other", [a])', {}, "Other"),
        # Switch: the first key wins, keys may be computed, an empty default is null
        ('Switch([a], , "k", "1", "k", "2")', {"a": "k"}, "1"),
        ('Switch([a], , "k", "1")', {"a": "z"}, None),
        ('Switch([a], "d", [b], "same")', {"a": "x", "b": "x"}, "same"),
        ('Switch([a], "d", [b], "same")', {"a": "x"}, "d"),
        ('Switch([a], "d", 1, "one")', {"a": "1"}, "one"),
        ('Switch([a], "d", "k", )', {"a": "k"}, None),
    ],
)
def test_a_function_keeps_its_promise(text: str, attributes: Attributes, value: Value) -> None:
    result = compile_expression(text).evaluate(attributes)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("text", ["IIF([a], Append([list], 1), 2)", 'Switch([a], Append([list], 1), "", 2)'])
def test_a_branch_that_is_not_taken_is_not_evaluated(text: str) -> None:
    assert compile_expression(text).evaluate({"list": ["x", "y"]}) == 2


@pytest.mark.parametrize("text", ["ToLower([a])", 'Append("x", [a])', '[a] = "x"', "[b] < 3", 'Switch([a], 1, "x", 2)'])
def test_a_value_of_the_wrong_kind_puts_the_entry_aside_without_telling_the_value(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        compile_expression(text).evaluate({"a": ["hidden", "other"], "b": "hidden"})
    assert isinstance(caught.value, EntryError)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_function_says_how_it_is_called(name: str) -> None:
    function = LIBRARY[name]
    assert function.doc.startswith(f"{function.name}(")
    assert name == function.name.lower()
