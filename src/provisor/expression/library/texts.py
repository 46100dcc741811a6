"""Texts: putting them together, and taking parts of them."""

from __future__ import annotations

from collections.abc import Sequence

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Attributes
from provisor.expression.coerce import text
from provisor.expression.context import Context
from provisor.expression.function import COSTLY, form, function, limited
from provisor.expression.library.letters import lowered
from provisor.expression.operand import Evaluate, Operand
from provisor.expression.value import Datum


@function("Append", 'Append([mailNickname], "@contoso.com")', "zoe@contoso.com")
def append(source: str, suffix: str | None) -> Datum:
    """The source followed by the suffix; null if the source is null."""
    return source + (suffix or "")


@function("Prepend", 'Prepend("smtp:", [mail])', "smtp:zoe.berg@contoso.com")
def prepend(prefix: str | None, source: str) -> Datum:
    """The source with the prefix before it; null if the source is null."""
    return (prefix or "") + source


@form("Join", "separator, source, ...", 'Join(", ", [surname], [givenName])', "Øberg, Zoë")
def join(arguments: Sequence[Operand]) -> Evaluate:
    """All values in one text; lists are flattened, null and empty are skipped, a single blank is not."""
    separator = arguments[0].evaluate
    fixed = text(arguments[0].constant, "Join") or "" if arguments[0].fixed else None
    sources = [operand.evaluate for operand in arguments[1:]]

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        parts: list[str] = []
        for source in sources:
            value = source(attributes, context)
            if type(value) is str:
                if value:
                    parts.append(value)
            elif isinstance(value, list):
                parts.extend([one for each in value if (one := text(each, "Join"))])
            elif value is not None:
                parts.append(text(value, "Join") or "")
        between = fixed if fixed is not None else text(separator(attributes, context), "Join") or ""
        joined = between.join(parts)
        return joined if len(joined) <= COSTLY else limited(joined, "Join", context)

    return evaluate


@function("Left", "Left([displayName], 3)", "Zoë")
def left(source: str | None, count: int) -> Datum:
    """The first characters: none for 0 and for null, all for a negative number."""
    if source is None:
        return ""
    return source if count < 0 else source[:count]


@function("Mid", "Mid([employeeId], 2, 3)", "012")
def mid(source: str, start: int, length: int) -> Datum:
    """A number of characters from a place on, which counts from 1; what would be behind the end is not there."""
    if start < 1:
        raise InvalidValue(function="Mid", expected="a start of 1 or more", found="less")
    if length < 0:
        raise InvalidValue(function="Mid", expected="a length of 0 or more", found="less")
    return source[start - 1 : start - 1 + length]


@function("InStr", 'InStr([mail], "@")', 9)
def in_str(source: str | None, find: str | None, start: int | None = 1, compare_type: int | None = 0) -> Datum:
    """The place of the first occurrence from a start on, both counting from 1; 0 if there is none.

    The compareType is vbTextCompare, to which case is nothing, or vbBinaryCompare, the default.
    """
    begin = 1 if start is None else start
    if begin < 1:
        raise InvalidValue(function="InStr", expected="a start of 1 or more", found="less")
    if not source or find is None:
        return 0
    if compare_type == 1:
        source, find = lowered(source), lowered(find)
    return source.find(find, begin - 1) + 1


@function("Word", 'Word([mail], 2, "@.")', "berg")
def word(source: str | None, word_number: int, delimiters: str | None) -> Datum:
    """The nth word, where each character of the delimiters separates; empty if there are fewer."""
    if not source or not delimiters:
        return source if source and word_number == 1 else ""
    one = delimiters[0]
    words = [each for each in source.translate({ord(sign): one for sign in delimiters}).split(one) if each]
    return words[word_number - 1] if 1 <= word_number <= len(words) else ""


@function("StripSpaces", "StripSpaces([displayName])", "ZoëØberg")
def strip_spaces(source: str) -> Datum:
    """The source without any blank (U+0020)."""
    return source.replace(" ", "")


@function("CStr", "CStr(Count([proxyAddresses]))", "2")
def cstr(value: str) -> Datum:
    """The value as text: a number, a Boolean, a date."""
    return value


@function("DefaultDomain", "DefaultDomain()", "contoso.com")
def default_domain(context: Context) -> Datum:
    """The directory's default domain."""
    if context.default_domain is None:
        raise InvalidValue(function="DefaultDomain", problem="NoDefaultDomain")
    return context.default_domain
