"""Numbers and encodings."""

from __future__ import annotations

from base64 import b64encode

from provisor.expression.function import function
from provisor.expression.value import Datum


@function("BitAnd", "BitAnd(&HF, &HF7)", 7)
def bit_and(value1: int, value2: int) -> Datum:
    """The bits that two numbers have in common; &H before a number makes it hexadecimal."""
    return value1 & value2


@function("ConvertToBase64", 'ConvertToBase64("Hello world!")', "SABlAGwAbABvACAAdwBvAHIAbABkACEA")
def convert_to_base64(source: str) -> Datum:
    """The UTF-16 of a text (little-endian, as .NET has it) in Base64."""
    return b64encode(source.encode("utf-16-le", "replace")).decode("ascii")


@function("ConvertToUTF8Hex", 'ConvertToUTF8Hex("Hello world!")', "48656C6C6F20776F726C6421")
def convert_to_utf8_hex(source: str) -> Datum:
    """The UTF-8 of a text in capital hexadecimal digits."""
    return source.encode("utf-8", "replace").hex().upper()
