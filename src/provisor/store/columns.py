"""What columns are made of. Times are UTC; texts are in the order of their bytes on every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect


class Instant(sa.types.TypeDecorator[datetime]):
    """A moment in UTC, on every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        moment_: datetime = value
        return moment_.replace(tzinfo=UTC) if moment_.tzinfo is None else moment_.astimezone(UTC)


def _by_bytes(kind: sa.Text | sa.String) -> sa.types.TypeEngine[str]:
    """In the order of its bytes on every database, so that a page goes on where the one before it ended."""
    return kind.with_variant(type(kind)(kind.length, collation="C"), "postgresql")


TEXT = _by_bytes(sa.Text())
GUID = _by_bytes(sa.String(36))


def guid(name: str, *arguments: Any, **options: Any) -> sa.Column[str]:
    return sa.Column(name, GUID, *arguments, **{"nullable": False, **options})


def text(name: str, *arguments: Any, **options: Any) -> sa.Column[str]:
    return sa.Column(name, TEXT, *arguments, **{"nullable": False, **options})


def number(name: str, *arguments: Any, **options: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, *arguments, **{"nullable": False, **options})


def flag(name: str, **options: Any) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, **{"nullable": False, **options})


def moment(name: str, **options: Any) -> sa.Column[datetime]:
    return sa.Column(name, Instant, **{"nullable": False, **options})


def row_number() -> sa.Column[int]:
    """A number that grows with every row; SQLite counts only a column of type INTEGER by itself."""
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)
