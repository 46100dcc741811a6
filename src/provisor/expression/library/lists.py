"""Lists: attributes with several values."""

from __future__ import annotations

from provisor.domain.error import InvalidValue
from provisor.expression.function import function
from provisor.expression.value import Datum


@function("Count", "Count([proxyAddresses])", 2)
def count(attribute: list[str]) -> Datum:
    """How many values an attribute has; one text is one, null is none."""
    return len(attribute)


@function("Item", "Item([proxyAddresses], 1)", "SMTP:zoe.berg@contoso.com")
def item(attribute: list[str], index: int) -> Datum:
    """The value at a place, which counts from 1; null if there are fewer."""
    if index < 1:
        raise InvalidValue(function="Item", expected="an index of 1 or more", found="less")
    return attribute[index - 1] if index <= len(attribute) else None


@function("RemoveDuplicates", 'RemoveDuplicates(Split("a,b,a", ","))', ["a", "b"])
def remove_duplicates(attribute: list[str]) -> Datum:
    """Every value once, in the order of their first occurrence; case makes a difference."""
    return list(dict.fromkeys(attribute))


@function("Split", 'Split("red, green", ",")', ["red", "green"])
def split(source: str, delimiter: str | None = None) -> Datum:
    """A list of what is between the delimiters, without blanks around it; the delimiter is a comma if none is given."""
    return [part.strip() for part in source.split(delimiter or ",")]
