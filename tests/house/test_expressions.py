"""The reference of the mapping language says what the functions say, and its examples are true."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from provisor.expression.library import LIBRARY

ROOT = Path(__file__).parents[2]


def make_expressions() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_expressions", ROOT / "docs" / "make_expressions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = make_expressions()


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_the_example_of_a_function_gives_what_the_page_says(name: str) -> None:
    function = LIBRARY[name]
    given = MADE.given(function)
    assert given == function.result
    assert type(given) is type(function.result)
    assert f"{function.name.lower()}" in function.example.lower()


def test_every_function_has_a_row_in_one_family() -> None:
    assert {function.family for function in LIBRARY.values()} == set(MADE.titles())
    rows = MADE.functions()
    assert all(rows.count(f"\n| `{function.name}(") == 1 for function in LIBRARY.values())


def test_the_page_says_who_the_person_of_the_examples_is() -> None:
    page = MADE.PAGE.read_text("utf-8")
    assert [name for name in MADE.PERSON if f"`{name}`" not in page] == []


def test_the_page_is_as_the_functions_say() -> None:
    assert MADE.PAGE.read_text("utf-8") == MADE.page(), "run .venv/bin/python docs/make_expressions.py"
