"""Letters: capital, small, and without their marks; by the rules of no culture in particular."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

from provisor.expression.function import function
from provisor.expression.value import Datum


@function("ToLower", "ToLower([mail])", "zoe.berg@contoso.com")
def to_lower(source: str, _culture: str | None = None) -> Datum:
    """In small letters; a culture may be named, and changes nothing."""
    return lowered(source)


@function("ToUpper", "ToUpper([country])", "DE")
def to_upper(source: str, _culture: str | None = None) -> Datum:
    """In capital letters; a culture may be named, and changes nothing."""
    return source.upper() if source.isascii() else source.translate(_UPPER)


@function("PCase", 'PCase("ZOË ØBERG-MUÑOZ")', "Zoë Øberg-Muñoz")
def pcase(source: str, word_separators: str | None = None) -> Datum:
    """Each word with a capital letter and the rest small; any blank, punctuation or symbol separates words.

    With wordSeparators, only these characters do.
    """
    out: list[str] = []
    begins = True
    for sign in lowered(source):
        out.append(_titled(sign) if begins else sign)
        begins = sign in word_separators if word_separators else unicodedata.category(sign) in _SEPARATING
    return "".join(out)


def _titled(sign: str) -> str:
    return _one(sign, sign.title())


def lowered(source: str) -> str:
    """In small letters as .NET's invariant culture has them: one for one, so that places stay what they are."""
    return source.lower() if source.isascii() else source.translate(_LOWER)


class _Table(dict[int, str]):
    """What characters become, found out one by one."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self.change = change

    def __missing__(self, point: int) -> str:
        sign = chr(point)
        self[point] = changed = _one(sign, self.change(sign))
        return changed


def _one(sign: str, changed: str) -> str:
    """ß, which would become two, stays; so do the dotless and the dotted i, which are of one culture only."""
    return sign if len(changed) != 1 or sign in "ıİ" else changed


_LOWER: Final = _Table(str.lower)
_UPPER: Final = _Table(str.upper)


_SEPARATING: Final = frozenset(
    ["Zs", "Zl", "Zp", "Cc", "Cf", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"]
)


@function("NormalizeDiacritics", "NormalizeDiacritics([displayName])", "Zoe OEberg")
def normalize_diacritics(source: str) -> Datum:
    """Latin letters without their marks: é as e, å as a, ß as ss, ø and œ as oe, æ as ae, ł as l, ı as i."""
    if source.isascii():
        return source
    out: list[str] = []
    latin = False
    for sign in unicodedata.normalize("NFD", source):
        if unicodedata.combining(sign):
            if not latin:
                out.append(sign)
            continue
        plain = _PLAIN.get(sign, sign)
        latin = plain.isascii() and plain.isalpha()
        out.append(plain)
    return unicodedata.normalize("NFC", "".join(out))


_PLAIN: Final = {
    "ø": "oe",
    "Ø": "OE",
    "œ": "oe",
    "Œ": "OE",
    "æ": "ae",
    "Æ": "AE",
    "ß": "ss",
    "ẞ": "SS",
    "ł": "l",
    "Ł": "L",
    "ı": "i",
}
