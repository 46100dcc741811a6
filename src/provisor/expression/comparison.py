"""Comparing two values: =  <>  >  >=  <  <=."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any

from provisor.domain.error import InvalidValue
from provisor.domain.resource import Attributes
from provisor.expression.coerce import kind, moment, number, text
from provisor.expression.context import Context
from provisor.expression.operand import Evaluate
from provisor.expression.value import Datum

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def comparison(first: Evaluate, sign: str, second: Evaluate) -> Evaluate:
    """Dates or numbers where one side is one and the other looks like one, else text by code point; null equals ""."""
    compare = _OPERATORS[sign]
    orders = sign not in {"=", "<>"}

    def evaluate(attributes: Attributes, context: Context) -> Datum:
        a, b = first(attributes, context), second(attributes, context)
        if type(a) is str and type(b) is str:
            return compare(a, b)
        if orders and (a is None or b is None):
            return False
        if isinstance(a, datetime) or isinstance(b, datetime):
            return _dates(compare, a, b, sign)
        if _is_number(a) or _is_number(b):
            one, other = number(a), number(b)
            if one is not None and other is not None:
                return compare(one, other)
            if orders:
                raise InvalidValue(function=sign, expected="a number", found=kind(b if other is None else a))
        return compare(text(a, sign) or "", text(b, sign) or "")

    return evaluate


def _dates(compare: Callable[[Any, Any], bool], a: Datum, b: Datum, sign: str) -> bool:
    """Nothing is equal to no date, and the empty text tells none."""
    if a in (None, "") or b in (None, ""):
        return sign == "<>"
    return compare(moment(a, sign), moment(b, sign))


def _is_number(value: Datum) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
