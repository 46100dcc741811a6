"""The command line: reads what was typed, calls one use case, prints what came of it."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any

import click

from provisor import __version__
from provisor.cli import (
    app,
    assignment,
    credentials,
    default_domain,
    directory,
    explain,
    expression,
    gallery,
    importing,
    leaver,
    log,
    mapping_edits,
    mappings,
    plan,
    provision,
    status,
    sync,
    trial,
)
from provisor.cli.failure import (
    EXIT_CODES,
    INTERNAL,
    INTERRUPTED,
    REFUSED,
    TERMINATED,
    complain,
    complain_of_usage,
    tell,
)
from provisor.domain.error import ProvisorError

__all__ = ["main", "root"]

SERVICE = {
    "serve": ("service", "Run the service: cycles on time and after every change."),
    "emulate": ("service", "Stand-ins for real apps, to try Provisor with."),
    "demo": ("demo", "Show the main job on sample people, step by step."),
}
"""Commands that stay, with the module that is read only when one of them is used."""


class _Root(click.Group):
    """All commands; those that stay are read late, because a server is slow to load."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in SERVICE:
            module = importlib.import_module(f"provisor.cli.{SERVICE[args[0]][0]}")
            return args[0], getattr(module, args[0]), args[1:]
        return super().resolve_command(ctx, args)


@click.group(
    name="provisor",
    cls=_Root,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="provisor")
def root() -> None:
    """Automatic user provisioning: people in a directory become accounts in apps.

    \b
    A first run:
      provisor directory import people.ldif
      provisor app add "Citrix GoToMeeting"
      provisor app credentials "Citrix GoToMeeting"
      provisor app test-connection "Citrix GoToMeeting"
      provisor app assign "Citrix GoToMeeting" --group sales --role organizer
      provisor plan "Citrix GoToMeeting"
      provisor sync "Citrix GoToMeeting"
    """


for command in (
    directory.directory,
    gallery.gallery,
    app.app,
    expression.expression,
    plan.plan,
    sync.sync,
    provision.provision,
    explain.explain,
    status.status,
    log.logs,
):
    root.add_command(command)
for command in (*credentials.COMMANDS, *assignment.COMMANDS, *sync.COMMANDS, mappings.mappings):
    app.app.add_command(command)
for command in (*mapping_edits.COMMANDS, trial.test):
    mappings.mappings.add_command(command)
for command in (*importing.COMMANDS, *leaver.COMMANDS, *default_domain.COMMANDS):
    directory.directory.add_command(command)
for name, (_, help_) in SERVICE.items():
    root.add_command(click.Command(name, short_help=help_))


def main(arguments: Sequence[str] | None = None, application: Callable[[Any], Any] | None = None) -> int:
    """Run one command; gives back its exit code. `application` makes what `serve` answers with.

    No stack trace reaches a person who did not ask for one.
    """
    curious = os.environ.get("PROVISOR_LOG_LEVEL", "").lower() == "debug"
    if not curious:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = root.main(arguments, prog_name="provisor", standalone_mode=False, obj=application)
        sys.stdout.flush()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        return complain_of_usage(error)
    except (click.Abort, KeyboardInterrupt):
        complain("Ended by Ctrl-C.")
        return INTERRUPTED
    except asyncio.CancelledError:
        complain("Ended by a signal.")
        return TERMINATED
    except ProvisorError as error:
        return tell(error)
    except BrokenPipeError:
        return _stop_writing()
    except Exception as error:  # noqa: BLE001  (the last one: whatever nobody foresaw)
        if curious:
            traceback.print_exc()
        more = None if curious else "Set PROVISOR_LOG_LEVEL=debug to see more."
        complain(f"Something went wrong inside Provisor ({type(error).__name__}).", more)
        return INTERNAL
    return code if isinstance(code, int) else 0


def _stop_writing() -> int:
    """Whoever read our output has gone: nothing more is written, not even at the interpreter's end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return REFUSED
