"""Examples of Microsoft's documentation, and values that follow from its rules."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from provisor.expression import Context
from provisor.expression.cases import read_case, run_case

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
DIFFERENT = {"Grammar-03": "1x"}  # one page says that names are case-sensitive, and writes switch(…) itself


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_a_documented_example_gives_the_documented_value(vector: dict[str, Any]) -> None:
    context = Context(
        now=datetime(2021, 7, 2, 15, 33, 38, tzinfo=UTC),
        chance=random.Random(vector["id"]).randrange,
        default_domain="contoso.com",
    )
    outcome = run_case(read_case(vector), context)
    if vector["id"] in DIFFERENT:
        assert outcome.got == DIFFERENT[vector["id"]]
    else:
        assert outcome.passed, outcome
