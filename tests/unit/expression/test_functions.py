"""What the functions promise beyond the documented examples."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest

from provisor.domain.error import EntryError, InvalidValue, Unforeseen
from provisor.domain.resource import Attributes, Value
from provisor.expression import Context, Control, compile_expression
from provisor.expression.library import LIBRARY
from provisor.text import describe


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
def test_every_function_says_how_it_is_called_and_what_it_gives(name: str) -> None:
    function = LIBRARY[name]
    assert name == function.name.lower()
    assert function.signature.startswith(f"{function.name}(")
    assert function.doc.endswith(".")


@pytest.mark.parametrize(
    ("text", "attributes", "value"),
    [
        # texts
        ('Prepend("x", [a])', {"a": "y"}, "xy"),
        ('Prepend("x", [a])', {}, None),
        ("Left([a], -1)", {"a": "abc"}, "abc"),
        ("Left([a], 1)", {}, ""),
        ("Left([a], [n])", {"a": "abc"}, None),
        ("Mid([a], 2, 9)", {"a": "abc"}, "bc"),
        ("Mid([a], 9, 2)", {"a": "abc"}, ""),
        ("Mid([a], 1, 2)", {}, None),
        ('InStr([a], "B")', {"a": "abc"}, 0),
        ('InStr([a], "B", , vbTextCompare)', {"a": "abc"}, 2),
        ('InStr([a], "B", 1, vbBinaryCompare)', {"a": "abc"}, 0),
        ('InStr([a], "x", 9)', {"a": "x"}, 0),
        ('InStr([a], "b", 1, vbTextCompare)', {"a": "İb"}, 2),
        ('InStr([a], "x")', {}, 0),
        ('Word([a], 2, " ")', {"a": "a  b"}, "b"),
        ('Word([a], 1, "-]")', {"a": "]a-b"}, "a"),
        ('Word([a], 1, " ")', {}, ""),
        # letters
        ("ToUpper([a])", {"a": "ıßéσ"}, "ıßÉΣ"),
        ("ToLower([a])", {"a": "İÉΟΔΟΣ"}, "İéοδοσ"),
        ("PCase([a])", {"a": "JEAN-LUC o'neill 2nd"}, "Jean-Luc O'Neill 2nd"),
        ('PCase([a], " ")', {"a": "jean-luc o'neill"}, "Jean-luc O'neill"),
        ("NormalizeDiacritics([a])", {"a": "Weiß Łódź"}, "Weiss Lodz"),
        ("NormalizeDiacritics([a])", {"a": "Йога が 한 é"}, "Йога が 한 e"),
        # lists
        ("Count([a])", {}, 0),
        ("Count([a])", {"a": "one"}, 1),
        ("Item([a], 3)", {"a": ["x"]}, None),
        ("Item([a], 1)", {"a": "x"}, "x"),
        ("RemoveDuplicates([a])", {"a": ["x", "X", "x"]}, ["x", "X"]),
        ('Split([a], ";")', {"a": "x; y;"}, ["x", "y", ""]),
        ("Split([a])", {}, None),
        # conditions
        ("CBool([a])", {"a": "0"}, False),
        ("CBool([a])", {"a": "2"}, True),
        ("IsNull([a])", {"a": ""}, False),
        ("IsNullOrEmpty([a])", {"a": []}, True),
        ("IsNullOrEmpty([a])", {"a": False}, False),
        ("IsString([a])", {"a": 1}, True),
        ("IsString([a])", {}, False),
        # numbers and encodings
        ('BitAnd("6", [a])', {"a": 3}, 2),
        ("ConvertToUTF8Hex([a])", {"a": "é"}, "C3A9"),
        ("ConvertToBase64([a])", {"a": "\U0001f600"}, "PdgA3g=="),
        # roles, as objects and as values alone
        ("[appRoleAssignments]", {"appRoleAssignments": ["A"]}, ["A"]),
        ('Join(",", [appRoleAssignments])', {"appRoleAssignments": ["A", "B"]}, "A,B"),
        ("SingleAppRoleAssignment([appRoleAssignments])", {"appRoleAssignments": []}, None),
        ("AppRoleAssignments([appRoleAssignments])", {"appRoleAssignments": ["A"]}, ["A"]),
    ],
)
def test_a_function_of_texts_lists_or_roles_keeps_its_promise(text: str, attributes: Attributes, value: Value) -> None:
    result = compile_expression(text).evaluate(attributes)
    assert result == value
    assert type(result) is type(value)


def test_roles_as_objects_are_their_values_wherever_no_role_function_reads_them() -> None:
    roles: Any = {"appRoleAssignments": [{"id": "1", "value": "A", "displayName": "Alpha"}]}
    assert compile_expression("[appRoleAssignments]").evaluate(roles) == ["A"]
    assert compile_expression('Join(",", [appRoleAssignments], "x")').evaluate(roles) == "A,x"
    complex_ = compile_expression("AppRoleAssignmentsComplex([appRoleAssignments])").evaluate(roles)
    alone = compile_expression("AppRoleAssignmentsComplex([appRoleAssignments])").evaluate(
        {"appRoleAssignments": ["A"]}
    )
    kept = {"primary": False, "type": "WindowsAzureActiveDirectoryRole", "value": "A"}
    assert complex_ == [{**kept, "displayName": "Alpha"}]
    assert alone == [{**kept, "displayName": "A"}]


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ("IgnoreAttributeFlow", Control.IGNORE_ATTRIBUTE_FLOW),
        ("ignoreobjectflow", Control.IGNORE_OBJECT_FLOW),
        ('IgnoreFlowIfNullOrEmpty("")', Control.IGNORE_FLOW),
        ("ToLower(IgnoreFlowIfNullOrEmpty([a]))", Control.IGNORE_FLOW),
        ('Join("-", "x", IIF(IsNull([a]), IgnoreAttributeFlow, [a]))', Control.IGNORE_ATTRIBUTE_FLOW),
    ],
)
def test_a_control_comes_out_past_whatever_is_around_it(text: str, control: Control) -> None:
    assert compile_expression(text).evaluate({}) is control


def test_a_control_in_a_branch_that_is_not_taken_does_nothing() -> None:
    assert compile_expression('IIF(IsNull([a]), "x", IgnoreObjectFlow)').evaluate({}) == "x"


def test_a_unique_value_is_looked_for_one_by_one() -> None:
    asked: list[str] = []

    def taken(value: str) -> bool:
        asked.append(value)
        return value == "x"

    expression = compile_expression("SelectUniqueValue([a], [none], [a], [b], CDate([a]))")
    assert expression.evaluate({"a": "x", "b": "y"}, Context(taken=taken)) == "y"
    assert asked == ["x", "y"]  # the last rule, which would fail, is not reached
    assert expression.evaluate({}, Context(taken=taken)) is None


def test_a_caller_may_ask_the_target_itself() -> None:
    expression = compile_expression("SelectUniqueValue([a], [b])")
    assert expression.candidates is not None
    assert list(expression.candidates({"a": "x", "b": "y"}, Context())) == ["x", "y", Control.ESCROW]
    assert list(expression.candidates({}, Context())) == []
    assert compile_expression("[a]").candidates is None


def test_a_redacted_value_flows_and_is_not_shown() -> None:
    expression = compile_expression('Join("-", Redact([a]), "x")')
    assert expression.redacted
    assert expression.evaluate({"a": "y"}) == "y-x"
    assert expression.shown("y-x") == "[Redact]"
    assert not compile_expression("[a]").redacted


def test_an_expression_tells_whether_it_changes_by_itself() -> None:
    assert compile_expression('DateDiff("d", [a], Now())').changing
    assert compile_expression("Mid(Guid(), 1, 2)").changing
    assert not compile_expression("CDate([a])").changing


@pytest.mark.parametrize("text", ["Now()", "Guid()", "RandomString(1, 0, 0, 0, 0)"])
def test_what_nobody_told_is_an_error_of_the_entry(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        compile_expression(text).evaluate({})
    assert caught.value.reason.parameters["problem"] == "NotToldHere"


def test_without_a_default_domain_the_error_names_the_command_that_sets_one() -> None:
    with pytest.raises(InvalidValue) as caught:
        compile_expression('Append("x@", DefaultDomain())').evaluate({})
    assert "by DefaultDomain: the directory has no default domain" in describe(caught.value.reason)
    assert "`provisor directory default-domain DOMAIN`" in describe(caught.value.reason)


def test_an_expression_tells_which_functions_it_calls_as_the_library_names_them() -> None:
    assert compile_expression('join("", ToLower([a]), IIF([b] = "x", defaultdomain(), ""))').functions == {
        *("Join", "ToLower", "IIF", "DefaultDomain")
    }
    assert compile_expression('"DefaultDomain()"').functions == frozenset()


def test_chance_keeps_to_what_is_asked_of_it() -> None:
    context = Context(chance=random.Random(1).randrange)
    for _ in range(100):
        made = compile_expression('RandomString(20, 2, 3, 4, 5, "!a0")').evaluate({}, context)
        assert isinstance(made, str)
        assert len(made) == 20
        assert not set(made) & set("!a0")
        assert sum(sign.isdigit() for sign in made) >= 2
        assert sum(not sign.isalnum() for sign in made) >= 3
        assert sum(sign.isupper() for sign in made) >= 4
        assert sum(sign.islower() for sign in made) >= 5
        guid = compile_expression("Guid()").evaluate({}, context)
        assert isinstance(guid, str)
        assert str(UUID(guid)) == guid
    for arguments in (
        "257, 0, 0, 0, 0",
        "0, 0, 0, 0, 0",
        "3, 1, 1, 1, 1",
        "3, -1, 0, 0, 0",
        '1, 1, 0, 0, 0, "0123456789"',
    ):
        with pytest.raises(InvalidValue):
            compile_expression(f"RandomString({arguments})").evaluate({}, context)


def test_a_fault_of_ours_is_an_error_of_the_entry() -> None:
    class Broken(dict[str, Value]):
        def get(self, *_: object) -> Value:
            raise RuntimeError

    with pytest.raises(Unforeseen) as caught:
        compile_expression("ToLower([a])").evaluate(Broken())
    assert caught.value.reason.parameters == {"fault": "RuntimeError"}
