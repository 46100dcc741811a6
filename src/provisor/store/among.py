"""`column IN (…)` for any number of values: they are one parameter, so that the statement is always the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Among(FunctionElement[bool]):
    name = "among"
    type = sa.Boolean()
    inherit_cache = True


def among(column: sa.ColumnElement[Any], values: Sequence[str] | Sequence[int]) -> sa.ColumnElement[bool]:
    """Is the column's value one of these?"""
    return _Among(column, sa.literal(msgspec.json.encode(values).decode(), sa.Text))


@compiles(_Among, "sqlite")
def _sqlite(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  (names and places, no values)


@compiles(_Among, "postgresql")
def _postgresql(element: _Among, compiler: Any, **how: Any) -> str:
    column, values = (compiler.process(one, **how) for one in element.clauses)
    kind = "bigint" if isinstance(next(iter(element.clauses)).type, sa.Integer) else "text"
    return f"{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST({values} AS jsonb))::{kind}))"
