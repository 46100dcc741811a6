"""What a person, or a program, is shown: sentences, tables, JSON."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from provisor.text import describe, plain
from provisor.text import moment as worded

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from provisor.domain.change import Difference, Reason
    from provisor.domain.resource import Value
    from provisor.store.jobs import CycleRow

Styled: TypeAlias = str | tuple[str, str]
"""Text, or text and how it looks; a bare `str` of somebody else's making is made visible by `plain`."""

UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
LONGEST_VALUE = 200  # characters of one value in a line of text

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")


@cache
def out() -> Console:
    """Standard output; what it prints is text and never markup."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Standard error, likewise."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class Quiet(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Quiet(stderr=stderr, markup=False, highlight=False, emoji=False)


def text(*parts: Styled) -> Text:
    """One line of visible characters."""
    from rich.text import Text

    line = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        line.append(plain(words), style)
    return line


def say(*parts: Styled) -> None:
    """One line; the terminal folds it where it must, so that a command in it can be copied."""
    out().print(text(*parts), soft_wrap=True)


def note(*parts: Styled) -> None:
    """One line beside the result, on standard error."""
    err().print(text(*parts), soft_wrap=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[Styled | None]]) -> None:
    """A table as wide as the terminal at the most: cells fold."""
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        drawn.add_column(column, overflow="fold", min_width=min(6, len(column)))
    for row in rows:
        drawn.add_row(*(text(cell or "") for cell in row))
    out().print(drawn)


def facts(pairs: Sequence[tuple[str, Styled | None]]) -> None:
    """Names and values below one another; what has no value is left out."""
    from rich.table import Table

    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="dim", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        if value:
            drawn.add_row(text(name), text(value))
    out().print(drawn)


def document(value: object) -> None:
    """One JSON document; characters that are not seen are written as escapes."""
    click.echo(seen(json.dumps(value, ensure_ascii=False, indent=2, default=plain_json)))


def seen(written: str) -> str:
    """JSON with escapes for characters that are not seen."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def plain_json(value: object) -> Any:
    """What JSON has no form of, in one that it has."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


# ---- words ------------------------------------------------------------------------------------------------------


def quoted(name: str) -> str:
    """A name as one word of a shell's command line."""
    return shlex.quote(name)


def moment(at: datetime | None) -> str:
    """A moment to the second; nothing where there is none."""
    return "" if at is None else worded(at)


def number(count: int, one: str, several: str | None = None) -> str:
    """`1 change`, `2,000 changes`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def value(held: Value) -> str:
    """An attribute's value in a line of text."""
    match held:
        case None:
            return "(empty)"
        case bool():
            return "true" if held else "false"
        case list():
            shown = ", ".join(held) or "(empty)"
        case _:
            shown = str(held)
    return shown if len(shown) <= LONGEST_VALUE else shown[:LONGEST_VALUE] + "…"


def difference(one: Difference, *, created: bool = False) -> str:
    if created:
        return f"{one.attribute}: {value(one.new)}"
    return f"{one.attribute}: {value(one.old)} → {value(one.new)}"


# ---- JSON of what several commands show ---------------------------------------------------------------------------


def reason_json(reason: Reason | None) -> Mapping[str, object] | None:
    if reason is None:
        return None
    return {"code": reason.code, "parameters": dict(reason.parameters), "message": describe(reason)}


def difference_json(one: Difference) -> Mapping[str, object]:
    return {"attribute": one.attribute, "old": one.old, "new": one.new}


def cycle_json(row: CycleRow | None) -> Mapping[str, object] | None:
    if row is None:
        return None
    return {
        "id": row.cycle.id,
        "number": row.cycle.number,
        "kind": row.cycle.kind,
        "state": row.cycle.state,
        "beganDateTime": row.cycle.began,
        "endedDateTime": row.ended,
        "requestedBy": row.requested_by,
        "counts": dict(row.counts),
        "error": reason_json(row.error),
    }


def interactive() -> bool:
    """Is there a person to ask?"""
    return sys.stdin.isatty() and sys.stderr.isatty()


def agreed(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back; without a person to ask, `--yes` is needed."""
    if yes:
        return
    if not interactive():
        raise click.UsageError(f"{plain(question)} Nobody is here to answer: add --yes.")
    if not click.confirm(plain(question), err=True):
        raise click.ClickException("Nothing was changed.")
