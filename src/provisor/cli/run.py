"""Runs a use case on the installation that the environment names."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

from provisor.domain.error import Refused

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.settings import Settings

T = TypeVar("T")
SILENT = logging.CRITICAL  # a level at which nothing is logged


def run(work: Callable[[Installation], Awaitable[T]]) -> T:
    """Open the home, do the work, close the home. Ctrl-C and SIGTERM cancel the work, which then ends in order."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    from provisor.app.compose import opened

    settings = load_settings()
    _quiet(curious=settings.log_level == "debug")

    async def opened_for() -> T:
        task = asyncio.current_task()
        assert task is not None, "this runs as a task"
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with opened(settings) as installation:
            return await work(installation)

    try:
        return asyncio.run(opened_for())
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):  # the others are mistakes in a statement of ours
            raise
        raise Refused("DatabaseUnusable", detail=str(error.orig)) from error


def _quiet(*, curious: bool) -> None:
    """The log is the service's voice; a command speaks in sentences, and logs to standard error where asked to."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if curious else SILENT),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def load_settings() -> Settings:
    """What the environment says; wrong values are named, and never shown."""
    from pydantic import ValidationError

    from provisor.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"PROVISOR_{one['loc'][0]!s}".upper() + f": {one['msg']}" for one in error.errors())
        raise click.ClickException(f"The environment cannot be used: {wrong}") from None
