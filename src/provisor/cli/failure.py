"""How a command ends: exit codes, and errors in one sentence and a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from provisor.cli.show import note
from provisor.domain.change import Reason
from provisor.domain.error import JobError, ProvisorError, Refused, RetryLater
from provisor.text import describe, plain, remedy

if TYPE_CHECKING:
    from provisor.schema import Fault

REFUSED = 1
TARGET = 3
TRUNCATED = 4
INCOMPLETE = 5
INTERNAL = 70
INTERRUPTED = 130
TERMINATED = 143

EXIT_CODES = """\b
Exit codes:
  0    done
  1    refused, or failed
  2    wrong usage
  3    the target failed, or its connection test did
  4    the import looks like half a file, and was refused
  5    done, but entries are in error or held back
  70   a fault in Provisor itself
  130  ended by Ctrl-C"""


def exit_code(reason: Reason) -> int:
    """The exit code of a command that ended for this reason."""
    if reason.code == "ImportTruncated":
        return TRUNCATED
    if reason.code == ProvisorError.code:
        return INTERNAL
    return TARGET if reason.code in TARGET_CODES else REFUSED


def tell(error: ProvisorError) -> int:
    """Say what went wrong and what helps; gives back the exit code."""
    if faults := getattr(error, "faults", ()):
        return _tell_all(error.reason, faults)
    return tell_reason(error.reason, exit_code(error.reason))


def _tell_all(reason: Reason, faults: Sequence[Fault]) -> int:
    """Each fault of a schema, where it is, and what helps."""
    note(("Error: ", "bold red"), describe(Reason(reason.code, {"count": reason.parameters["count"]})))
    for fault in faults:
        note("  ", (fault.path, "bold"))
        note("    ", describe(fault.reason))
        if help_ := remedy(fault.reason.code):
            note("    ", (help_, "dim"))
    note("  ", remedy(reason.code) or "")
    return REFUSED


def tell_reason(reason: Reason, code: int) -> int:
    complain(describe(reason), remedy(reason.code))
    return code


def complain(sentence: str, help_: str | None = None) -> None:
    """`Error: …` on standard error, and below it what helps."""
    note(("Error: ", "bold red"), sentence)
    for line in (help_ or "").splitlines():
        note("  ", line)


def complain_of_usage(error: click.ClickException) -> int:
    """What Click found wrong with the command line."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        note(error.ctx.get_usage())
    note(("Error: ", "bold red"), plain(error.format_message()))
    if isinstance(error, click.UsageError) and error.ctx is not None:
        note(f"  Try: {error.ctx.command_path} --help")
    return error.exit_code


def _families(kind: type[ProvisorError]) -> Iterator[type[ProvisorError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _families(child)


TARGET_CODES = frozenset(one.code for family in (JobError, RetryLater) for one in _families(family)) - {Refused.code}
"""Codes of errors that say: the target, or the way to it, is at fault."""
