"""Cells that a spreadsheet would take for formulas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisor.text.cell import defuse, fuse


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
