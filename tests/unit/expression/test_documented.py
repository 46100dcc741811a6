"""Examples of Microsoft's reference of expression functions, and values that follow from its rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provisor.expression import compile_expression

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_a_documented_example_gives_the_documented_value(vector: dict[str, Any]) -> None:
    expression = compile_expression(vector["expression"])
    value = expression.evaluate(vector["source"])
    assert value == vector["expected"]
    assert type(value) is type(vector["expected"])
