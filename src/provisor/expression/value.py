"""What flows through an expression, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, TypeAlias

from provisor.domain.resource import Value

Role: TypeAlias = Mapping[str, Value]  # an app role as an object: id, value, displayName
Datum: TypeAlias = str | bool | int | list[Any] | datetime | None  # between functions; a list holds texts or roles

MAXIMUM_SIZE: Final = 65_536  # characters of one value
MAXIMUM_VALUES: Final = 10_000  # values of one list


class Control(Enum):
    """Not a value, but what is to be done instead of sending one."""

    IGNORE_FLOW = "IgnoreFlow"  # the value is null or empty: this attribute is left out
    IGNORE_ATTRIBUTE_FLOW = "IgnoreAttributeFlow"  # this attribute is left out
    IGNORE_OBJECT_FLOW = "IgnoreObjectFlow"  # the whole entry is left out
    ESCROW = "Escrow"  # SelectUniqueValue found every value taken: the entry is tried again later


Result: TypeAlias = Value | list[Role] | Control


class Diverted(Exception):  # not an error: the way past all functions around it
    """An expression ends in a control instead of a value."""

    def __init__(self, control: Control) -> None:
        super().__init__(control.value)
        self.control = control
