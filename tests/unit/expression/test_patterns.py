"""Regular expressions mean what they mean in .NET, and none runs away."""

from __future__ import annotations

import pytest

from provisor.domain.error import InvalidValue
from provisor.expression import Context, ExpressionError, compile_expression
from provisor.expression.context import SECONDS_AN_ENTRY


def replaced(pattern: str, by: str, source: str) -> object:
    return compile_expression("Replace([a], , [p], , [r], , )").evaluate({"a": source, "p": pattern, "r": by})


@pytest.mark.parametrize(
    ("pattern", "by", "source", "value"),
    [
        (r"(?<first>\w+) (?<second>\w+)", "${second} ${first}", "a b", "b a"),
        (r"(?'first'\w+)", "<${first}>", "a", "<a>"),
        (r"(?<n>a)(b)", "$1$2", "ab", "ba"),  # groups without a name are numbered first
        (r"(?<2>a)(b)", "$1$2", "ab", "ba"),
        (r"(a)(b)?", "[$2]", "a", "[]"),
        ("a", "$9${none}$$", "a", "$9${none}$"),
        ("b", "[$&$`$'$_]", "abc", "a[bacabc]c"),
        ("(a)(b)", "$+", "ab", "b"),
        ("b", "$+", "b", "b"),
        (r"(?<q>['`]).*?\k<q>", "", "x'y'z", "xz"),
        (r"(a)(?<n>b)\1\k'n'", "-", "abab", "-"),
        (r"[a-z-[aeiou]]", "", "hello", "eo"),
        (r"[\w-[\d]]+", "", "ab12", "12"),
        (r"[]x]", "", "a]x", "a"),
        (r"[[:a]", "", "a[:b", "b"),
        (r"[a||b&&~~]", "", "|a&b~c", "c"),
        (r"[+--]", "", "+,-.", "."),
        (r"[a-]", "", "a-b", "b"),
        (r"[\b]", "", "a\bb", "ab"),
        (r"x{,2}", "", "x{,2}y", "y"),  # braces that count nothing are themselves
        (r"{e<=1}", "", "a{e<=1}", "a"),
        (r"a{2}", "-", "aaa", "-a"),
        (r"(?i)STRASSE", "-", "strasse", "-"),
        (r"a(?i)b", "-", "aB AB", "- AB"),
        (r"(?s-i:a.b)", "-", "a\nb", "-"),
        (r"(?#a comment)a", "-", "a", "-"),
        (r"(?<=@).+$", "x", "a@b", "a@x"),
        (r"(a)?(?(1)b|c)", "-", "abc", "--"),
        (r"(?<n>a)?(?(n)b|c)", "-", "abc", "--"),
        (r"\x41\u0042\103\e\cA", "-", "ABC\x1b\x01", "-"),
        (r"a\z", "-", "a\n", "a\n"),
        (r"a\Z", "-", "a\n", "-\n"),
        (r"\p{Lu}\P{Lu}", "-", "Ab", "-"),
        (r"[\p{IsGreek}]", "-", "aβ", "a-"),
        (r"(?>a+)b", "-", "aab", "-"),
        ("", "x", "a", "a"),
        ("[a-zA-Z_]*", "x", "ab1", "xx1x"),
    ],
)
def test_a_pattern_means_what_it_means_in_dotnet(pattern: str, by: str, source: str, value: str) -> None:
    assert replaced(pattern, by, source) == value


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[", "[]", "a**", "(?", "(?<a-b>x)", "(?P<a>x)", "(?R)", "(?&a)", "(?|a)", "(?n)a", "(?<1a>x)"),
        *("\\", r"\Q", r"\k<none>", r"\1", r"\c", r"\L<a>", r"\N{DASH}", r"\X", r"[\A]", r"\p{IsBasicLatin}"),
        *("[z-a]", "(?(none)a|b)", "a{2,1}", "[a-[b-[c", "(" * 2_000),
        *("(?:(?:a{1000}){1000}){1000}", "a{999999}", "(" * 40 + "a" + ")+" * 40, "(" * 40 + "a" + "){1,9}" * 40),
    ],
)
def test_what_is_no_pattern_of_dotnet_is_refused_without_telling_it(pattern: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        replaced(pattern, "", "a")
    assert caught.value.reason.parameters["function"] == "Replace"
    assert caught.value.reason.parameters["expected"] == "a regular expression"


def test_a_wrong_pattern_that_is_a_constant_is_refused_with_its_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression('Join("",\n Replace([a], , "(", , "", , ))')
    assert caught.value.reason.code == "ArgumentInvalid"
    assert caught.value.place == (2, 17)


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(.*?,){25}P"])
def test_a_pattern_that_runs_away_is_stopped(pattern: str) -> None:
    source = "a" * 60 + ",b" * 40
    with pytest.raises(InvalidValue) as caught:
        replaced(pattern, "", source)
    assert caught.value.reason.parameters == {"function": "Replace", "problem": "PatternTimedOut"}
    expression = compile_expression("Replace([none], , [p], 0, , [a], )")
    with pytest.raises(InvalidValue):
        expression.evaluate({"a": source, "p": pattern})


@pytest.mark.parametrize(
    ("text", "value"),
    [('Replace([a], , "x", , "y", , )', "x"), ("ToUpper([a])", "x" * 10_000), ('InStr([a], "y", 2)', "x" * 10_000)],
)
def test_an_entry_that_has_had_its_time_is_stopped(text: str, value: str) -> None:
    seconds = 100.0
    context = Context(clock=lambda: seconds)
    expression = compile_expression(text)
    first = expression.evaluate({"a": value}, context)
    assert expression.evaluate({"a": value}, context) == first
    seconds += SECONDS_AN_ENTRY
    with pytest.raises(InvalidValue) as caught:
        expression.evaluate({"a": value}, context)
    assert caught.value.reason.parameters["problem"] == "TooSlow"


@pytest.mark.parametrize(
    ("text", "attributes", "value"),
    [
        # the group alone
        ('Replace([a], , "(?<n>\\\\d+)-", "n", "0", , )', {"a": "12-34-5"}, "0-0-5"),
        ('Replace([a], , "(x)|y", "1", "0", , )', {"a": "xy"}, "0y"),
        ('Replace([a], , "b", , "$$", , )', {"a": "abc"}, "a$c"),
        # out of the other attribute
        ('Replace([a], , "(?<n>.)$", "n", , [b], )', {"a": "a", "b": "xy"}, "a"),
        ('Replace([a], , "(?<n>.)$", "n", , [b], )', {"b": "xy"}, "y"),
        ('Replace([a], , "(?<n>.)$", "n", , [b], )', {"a": "", "b": ""}, ""),
        ('Replace([a], , "(?<n>.)$", "n", , [b], )', {}, None),
        # text for text
        ('Replace([a], "x", , , "y", , )', {}, None),
        ('Replace([a], [b], , , "y", , )', {"a": "x"}, "x"),
        ('Replace([a], "X", , , "y", , )', {"a": "xX"}, "xy"),
        ('Replace([a], "?", , , , , [b])', {"a": "x", "b": "?-?"}, "x-x"),
        ('Replace([a], "?", , , , , "?")', {}, None),
    ],
)
def test_replace_does_what_its_arguments_tell(text: str, attributes: dict[str, str], value: str | None) -> None:
    assert compile_expression(text).evaluate(attributes) == value


@pytest.mark.parametrize("text", ["Replace([a], )", 'Replace([a], , , , "x")', 'Replace([a], "x")'])
def test_replace_without_anything_to_put_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)


def test_a_group_that_the_pattern_does_not_have_puts_the_entry_aside() -> None:
    with pytest.raises(InvalidValue):
        compile_expression('Replace([a], , "x", "n", "y", , )').evaluate({"a": "x"})
