"""What an expression gives instead of a value leaves its attribute out, or puts the entry aside."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from provisor.domain.assignment import AppRole
from provisor.domain.error import InvalidValue
from provisor.domain.resource import Entry
from provisor.domain.schema import AttributeDefinition, AttributeMapping, ObjectMapping
from provisor.expression import Context
from provisor.flow.in_scope import InScope
from provisor.flow.map import Desired, compile_mapping, map_entry

SCOPE = InScope((AppRole("r1", "user", "User"),))
PERSON = Entry("p1", "User", {"mail": "ada@x.example", "department": ""})


def mapped(source: str, context: Context, default: str | None = None) -> Desired:
    mapping = ObjectMapping(
        name="Users",
        source="User",
        target="User",
        attributes=(AttributeDefinition("email"), AttributeDefinition("title")),
        mappings=(AttributeMapping("email", "[mail]"), AttributeMapping("title", source, default=default)),
    )
    return map_entry(PERSON, SCOPE, compile_mapping(mapping), context)


@pytest.mark.parametrize("source", ["IgnoreFlowIfNullOrEmpty([department])", "IgnoreAttributeFlow"])
def test_an_attribute_that_is_ignored_is_left_out_even_if_it_has_a_default(source: str) -> None:
    desired = mapped(source, Context(), default="Employee")
    assert desired.always == {"email": "ada@x.example"}
    assert desired.on_creation == {}


def test_what_a_context_tells_reaches_the_expression() -> None:
    context = Context(now=datetime(2025, 7, 30, tzinfo=UTC), taken=lambda value: value == "ada")
    assert mapped('FormatDateTime(Now(), , , "yyyy")', context).always["title"] == "2025"
    assert mapped('SelectUniqueValue("ada", "ada2")', context).always["title"] == "ada2"


@pytest.mark.parametrize(
    ("source", "problem"), [('SelectUniqueValue("a", "b")', "NoUniqueValue"), ("IgnoreObjectFlow", "EntryLeftOut")]
)
def test_a_control_for_the_whole_entry_puts_it_aside(source: str, problem: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        mapped(source, Context(taken=lambda _: True))
    assert caught.value.reason.parameters == {"attribute": "title", "problem": problem}
