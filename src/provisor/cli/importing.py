"""`provisor directory import`: people and groups from a file."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisor.cli.failure import INCOMPLETE
from provisor.cli.run import run
from provisor.cli.show import as_json, document, note, number, quoted, reason_json, say
from provisor.text import describe, remedy

if TYPE_CHECKING:
    from provisor.directory.columns import Layout
    from provisor.directory.importing import Options, Summary
    from provisor.directory.record import Fault

FAULTS_SHOWN = 20
DELIMITERS = {";": ";", ",": ",", "|": "|", "tab": "\t"}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--source",
    metavar="NAME",
    help="Where the file comes from: a record replaces what its source brought before.  [default: the file's name]",
)
@click.option("--full", is_flag=True, help="The file holds all of its source: who is missing goes to the recycle bin.")
@click.option("--confirm-missing", is_flag=True, help="With --full: many are missing, and that is meant.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--strict", is_flag=True, help="Take nothing if a record cannot be taken.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "ldif"]),
    help="[default: csv if FILE ends in .csv]",
)
@click.option(
    "--delimiter", type=click.Choice(list(DELIMITERS)), help="CSV: what parts cells.  [default: told from the header]"
)
@click.option(
    "--map",
    "names",
    multiple=True,
    metavar="COLUMN=PROPERTY",
    help="CSV: what a column holds, as in Personnel=employeeId; with - as property it is ignored. Repeatable.",
)
@click.option("--anchor", metavar="COLUMN", help="CSV: what identifies a person even when the login changes.")
@click.option("--groups", metavar="COLUMN", help="CSV: the groups that a person is in.  [default: groups]")
@click.option("--group-separator", metavar="TEXT", help="CSV: between the groups of a cell.  [default: |]")
@as_json
def import_(file: Path, source: str | None, as_json: bool, **said: Any) -> int:
    """Import people and groups from an LDIF or CSV file; - is standard input.

    Records that cannot be taken are listed, and the others go in: exit code 5. Exit code 4: with --full, so many are
    missing that the file looks cut off; nothing is changed unless --confirm-missing says that it is meant.
    """
    from provisor.app import people
    from provisor.directory.importing import Options

    if file == Path("-"):
        if source is None:
            raise click.UsageError("Say with --source where the people on standard input come from.")
        file = Path("/dev/stdin")
    layout = _layout(file, said)
    flags = {name: said[name] for name in ("full", "dry_run", "strict", "confirm_missing")}
    options = Options(source or file.stem, **flags)
    summary = run(lambda installation: people.import_file(installation, file, options, layout))
    if as_json:
        document(_summary_json(summary, file, options))
    else:
        _say_summary(summary, file, options)
    return INCOMPLETE if summary.refused else 0


def _layout(file: Path, said: Mapping[str, Any]) -> Layout | None:
    """How to read a CSV file; None: it is LDIF."""
    from provisor.directory.columns import Layout
    from provisor.text.cell import SEPARATOR

    given = {name: said[name] for name in ("delimiter", "names", "anchor", "groups", "group_separator") if said[name]}
    if (said["format_"] or file.suffix.lower().removeprefix(".")) != "csv":
        if given:
            option = "--map" if "names" in given else f"--{next(iter(given)).replace('_', '-')}"
            raise click.UsageError(f"{option} is for CSV: is this LDIF? If not, add --format csv.")
        return None
    pairs = [one.rpartition("=")[::2] for one in said["names"]]
    if any(not column.strip() or not property_.strip() for column, property_ in pairs):
        raise click.UsageError("--map takes COLUMN=PROPERTY, as in: --map Personnel=employeeId")
    return Layout(
        delimiter=DELIMITERS.get(said["delimiter"] or ""),
        names=dict(pairs),
        anchor=said["anchor"],
        groups=said["groups"],
        separator=said["group_separator"] or SEPARATOR,
    )


def _say_summary(summary: Summary, file: Path, options: Options) -> None:
    counts = {
        "added": summary.added,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "restored": summary.restored,
        "removed": summary.removed,
    }
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count or name in ("added", "updated"))
    verb = "Would import" if options.dry_run else "Imported"
    say(f"{verb} {file} (source {options.source}): ", (told, "bold"), ".")
    if summary.left_deleted:
        say(f"  {number(summary.left_deleted, 'entry', 'entries')} stay deleted, because they were deleted here.")
    for other, count in summary.elsewhere.items():
        note(
            (f"  {number(count, 'entry', 'entries')} came from the source {other}, too, and are there twice.", "yellow")
        )
        note(f"    If it is the same directory: provisor directory import {quoted(str(file))} --source {quoted(other)}")
    if summary.waiting:
        say(f"  {number(summary.waiting, 'reference')} to entries that have not arrived yet.")
    if summary.refused:
        note((f"  {number(summary.refused, 'record')} could not be taken:", "yellow"))
    for fault in [one for one in summary.faults if one.fatal][:FAULTS_SHOWN]:
        note(f"    line {fault.line}: {describe(fault.reason)}{_place(fault)}")
    if summary.refused > FAULTS_SHOWN:
        note(f"    … and {summary.refused - FAULTS_SHOWN:,} more: --json shows them all.")
    for code in dict.fromkeys(one.reason.code for one in summary.faults if one.fatal):
        if help_ := remedy(code):
            note(f"    {help_}")
    if summary.kept:
        missing = number(summary.kept, "entry that the file lacks", "entries that the file lacks")
        note((f"  Kept {missing}: a record that cannot be read may be theirs. Mend it and import again.", "yellow"))
    notes = [fault for fault in summary.faults if not fault.fatal]
    for fault in notes[:FAULTS_SHOWN]:
        say(f"  Note, line {fault.line}: {describe(fault.reason)}{_place(fault)}")
    if len(notes) > FAULTS_SHOWN:
        say(f"  … and {number(len(notes) - FAULTS_SHOWN, 'more note', 'more notes')}: --json shows them all.")


def _place(fault: Fault) -> str:
    """In brackets: whose record, and which attribute of it, as far as either is known."""
    known = ", ".join(part for part in (fault.dn, fault.attribute) if part)
    return f" ({known})" if known else ""


def _summary_json(summary: Summary, file: Path, options: Options) -> Mapping[str, object]:
    return {
        "file": str(file),
        "source": options.source,
        "dryRun": options.dry_run,
        "added": summary.added,
        "updated": summary.updated,
        "unchanged": summary.unchanged,
        "restored": summary.restored,
        "removed": summary.removed,
        "kept": summary.kept,
        "leftDeleted": summary.left_deleted,
        "waitingReferences": summary.waiting,
        "alsoInSources": dict(summary.elsewhere),
        "refused": summary.refused,
        "faults": [
            {
                "line": fault.line,
                "dn": fault.dn,
                "attribute": fault.attribute or None,
                "fatal": fault.fatal,
                "reason": reason_json(fault.reason),
            }
            for fault in summary.faults
        ],
    }


COMMANDS = (import_,)
