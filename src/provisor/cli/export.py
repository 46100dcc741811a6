"""Lists and logs as CSV or JSON, printed or written into files: all of it, and one row in memory at a time."""

from __future__ import annotations

import csv
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Generic, Literal, TextIO, TypeAlias, TypeVar

import click

from provisor.cli.show import as_json, err, note, number, plain_json, seen
from provisor.domain.error import Refused
from provisor.text import plain
from provisor.text.cell import defuse, joined

T = TypeVar("T")
Kind: TypeAlias = Literal["text", "json", "csv"]

KINDS: Mapping[str, Kind] = {".csv": "csv", ".json": "json"}
PROGRESS = 1000  # rows between two words on how far it is


@dataclass(frozen=True, slots=True)
class Form:
    """How a person wants to have a list."""

    kind: Kind
    output: Path | None = None
    force: bool = False
    bom: bool = False

    @property
    def whole(self) -> bool:
        """Is everything wanted, and not a page to look at?"""
        return self.kind == "csv" or self.output is not None


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """One CSV file: what it is called beside the first one, its columns, and what one item adds to it."""

    columns: Sequence[str]
    rows: Callable[[T], Iterable[Sequence[object]]]
    name: str = ""


def listed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command that lists something the options that say how, and `form`, what they amount to."""

    @functools.wraps(command)
    def formed(*words: Any, as_json: bool, as_csv: bool, output: Path | None, **named: Any) -> Any:
        form = _form(as_json, as_csv, output, force=named.pop("force"), bom=named.pop("bom"))
        return command(*words, form=form, **named)

    options = (
        as_json,
        click.option("--csv", "as_csv", is_flag=True, help="Print everything as CSV, and nothing else."),
        click.option(
            "--output",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Write everything into this file: CSV, or JSON if it ends in .json.",
        ),
        click.option("--force", is_flag=True, help="With --output: replace the file if it is there."),
        click.option("--bom", is_flag=True, help="Begin the CSV with the mark by which Excel knows UTF-8."),
    )
    decorated: Callable[..., Any] = formed
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def _form(as_json: bool, as_csv: bool, output: Path | None, *, force: bool, bom: bool) -> Form:
    if as_json and as_csv:
        raise click.UsageError("--json or --csv, not both.")
    kind: Kind = "json" if as_json else "csv" if as_csv else "text"
    if output is not None and kind == "text":
        if output.suffix.lower() not in KINDS:
            raise click.UsageError("--output FILE: let its name end in .csv or .json, or add --csv or --json.")
        kind = KINDS[output.suffix.lower()]
    if force and output is None:
        raise click.UsageError("--force goes with --output.")
    if bom and kind != "csv":
        raise click.UsageError("--bom goes with CSV.")
    return Form(kind, output, force, bom)


# ---- writing ------------------------------------------------------------------------------------------------------


@contextmanager
def writing(
    form: Form, json_of: Callable[[T], Mapping[str, object]], *sheets: Sheet[T]
) -> Iterator[Callable[[T], None]]:
    """Gives what takes one item after the other; files appear when all of them are whole, and then at once.

    Into a file go all sheets, the further ones beside it: `log.csv`, `log.steps.csv`; printed is the first one.
    """
    with _streams(form, [sheet.name for sheet in sheets]) as streams:
        add = _json(streams[0], json_of) if form.kind == "json" else _csv(streams, sheets, form)
        count = 0

        def counted(item: T) -> None:
            nonlocal count
            count += 1
            add(item)
            if form.output is not None and count % PROGRESS == 0:
                shown.update(f"{number(count, 'row')}…")

        with err().status("Writing…") if form.output else _Silent() as shown:
            yield counted
        if form.kind == "json":
            streams[0].write("\n]}\n" if count else "]}\n")
    if form.output is not None:
        note(f"Wrote {number(count, 'row')} to {', '.join(map(str, _paths(form, sheets)))}.")


def give_out(
    form: Form, items: Iterable[T], json_of: Callable[[T], Mapping[str, object]], columns: Sequence[str]
) -> None:
    """A short list, as JSON or, of its members, these columns."""
    sheet: Sheet[T] = Sheet(columns, lambda item: [[_member(json_of(item), column) for column in columns]])
    with writing(form, json_of, sheet) as add:
        for item in items:
            add(item)


@contextmanager
def writing_document(form: Form) -> Iterator[Callable[[object], None]]:
    """Gives what takes one JSON document."""
    with _streams(form, [""]) as [stream]:
        yield lambda value: _dump(stream, value)
    if form.output is not None:
        note(f"Wrote {form.output}.")


def _dump(stream: TextIO, value: object) -> None:
    stream.write(seen(json.dumps(value, ensure_ascii=False, indent=2, default=plain_json)) + "\n")


def _member(held: object, path: str) -> object:
    """`job.id` of a JSON object: the member of a member."""
    for name in path.split("."):
        held = held.get(name) if isinstance(held, Mapping) else None
    return held


class _Silent:
    """Where what is printed goes to a terminal, nothing moves beside it."""

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, _: str) -> None:
        return None


def _json(stream: TextIO, json_of: Callable[[T], Mapping[str, object]]) -> Callable[[T], None]:
    """One document: the items under `value`."""
    between = "\n"
    stream.write('{"value": [')

    def add(item: T) -> None:
        nonlocal between
        written = json.dumps(json_of(item), ensure_ascii=False, default=plain_json)
        stream.write(between + seen(written))
        between = ",\n"

    return add


def _csv(streams: Sequence[TextIO], sheets: Sequence[Sheet[T]], form: Form) -> Callable[[T], None]:
    """RFC 4180; on a terminal, what would move or hide other text is spelled out."""
    looked_at = form.output is None and sys.stdout.isatty()
    pairs = [(csv.writer(stream), sheet) for stream, sheet in zip(streams, sheets, strict=False)]
    for stream in streams if form.bom else ():
        stream.write("\ufeff")
    for writer, sheet in pairs:
        writer.writerow([cell(name) for name in sheet.columns])

    def add(item: T) -> None:
        for writer, sheet in pairs:
            for row in sheet.rows(item):
                cells = map(cell, row)
                writer.writerow(map(plain, cells) if looked_at else cells)

    return add


def cell(value: object) -> str:
    """A value in a cell of CSV, and never a formula."""
    match value:
        case None:
            return ""
        case str():
            return defuse(value)
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return defuse(joined(map(str, value)))
        case Mapping():
            return defuse(json.dumps(value, ensure_ascii=False, default=plain_json))
        case int() | float():
            return str(value)
        case _:
            return defuse(str(plain_json(value)))


# ---- files --------------------------------------------------------------------------------------------------------


def _paths(form: Form, sheets: Sequence[Sheet[T]]) -> Sequence[Path]:
    return _beside(form, [sheet.name for sheet in sheets])


def _beside(form: Form, names: Sequence[str]) -> Sequence[Path]:
    """The first file as it is called, the others by their own name: log.csv, log.steps.csv."""
    assert form.output is not None, "there is a file"
    path = form.output
    if form.kind == "json":
        return [path]
    return [path.with_name(f"{path.stem}.{name}{path.suffix}") if name else path for name in names]


@contextmanager
def _streams(form: Form, names: Sequence[str]) -> Iterator[Sequence[TextIO]]:
    """Where to write: standard output, or files that nobody else may read and that appear once they are whole."""
    if form.output is None:
        yield [sys.stdout]
        return
    paths = _beside(form, names)
    drafts: dict[Path, TextIO] = {}
    try:
        for path in paths:
            _check_free(path, force=form.force)
            drafts[path] = _draft(path)
        yield list(drafts.values())
        for path, stream in drafts.items():
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            _check_free(path, force=form.force)
        for path in reversed(paths):  # the one that was asked for comes last
            Path(drafts[path].name).replace(path)
    except OSError as error:
        raise Refused("FileUnwritable", file=form.output, because=error.strerror or str(error)) from None
    finally:
        for stream in drafts.values():
            stream.close()
            Path(stream.name).unlink(missing_ok=True)


def _draft(path: Path) -> TextIO:
    number_, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner alone
    os.close(number_)
    return Path(name).open("w", encoding="utf-8", errors="backslashreplace", newline="")


def _check_free(path: Path, *, force: bool) -> None:
    if path.exists() and not path.is_file():
        raise Refused("FileUnwritable", file=path, because="it is no file")
    if path.exists() and not force:
        raise Refused("FileExists", file=path)
