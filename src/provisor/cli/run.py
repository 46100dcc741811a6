"""Runs a use case on the installation that the environment names."""

# ruff: noqa: PLC0415  (help and usage errors answer at once: what is heavy is imported when it is needed)

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from provisor.app.installation import Installation
    from provisor.settings import Settings

T = TypeVar("T")


def run(work: Callable[[Installation], Awaitable[T]]) -> T:
    """Open the home, do the work, close the home. Ctrl-C and SIGTERM cancel the work, which then ends in order."""
    from provisor.app.compose import opened

    settings = load_settings()

    async def opened_for() -> T:
        task = asyncio.current_task()
        assert task is not None, "this runs as a task"
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with opened(settings) as installation:
            return await work(installation)

    return asyncio.run(opened_for())


def load_settings() -> Settings:
    """What the environment says; wrong values are named, and never shown."""
    from pydantic import ValidationError

    from provisor.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"PROVISOR_{one['loc'][0]!s}".upper() + f": {one['msg']}" for one in error.errors())
        raise click.ClickException(f"The environment cannot be used: {wrong}") from None
