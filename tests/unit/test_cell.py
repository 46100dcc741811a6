"""Cells that a spreadsheet would take for formulas, and cells of several values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.text.cell import defuse, fuse, joined, parted


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_what_would_be_a_formula_is_text(text: str) -> None:
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Amy", "1", "a=b", " =1", "'tis", "O'Neill", "''"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert defuse(text) == fuse(text) == text


@given(st.text() | st.text("'=+-@\t\ra"))
def test_what_was_defused_comes_back(text: str) -> None:
    assert fuse(defuse(text)) == text
    assert defuse(text)[:1] not in tuple("=+-@\t\r")


@given(st.lists(st.text() | st.text("\\|a"), min_size=1))
def test_values_in_one_cell_come_back_whatever_is_in_them(values: list[str]) -> None:
    assert parted(joined(values)) == values


@pytest.mark.parametrize("text", ["CORP\\staff", "\\\\server\\share", "C:\\"])
def test_a_backslash_before_no_bar_is_read_as_it_stands(text: str) -> None:
    assert parted(text) == [text]
    assert parted(f"{text}x|b") == [f"{text}x", "b"]
