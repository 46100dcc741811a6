"""`serve` and `emulate`: the processes that stay."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import structlog

from provisor.cli.run import load_settings
from provisor.domain.error import Refused

if TYPE_CHECKING:
    from provisor.testing.gotomeeting import GoToMeetingEmulator
    from provisor.testing.scim import ScimEmulator


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Where to answer on 127.0.0.1; 0 takes any free port.")
@click.pass_obj
def serve(application: Callable[[Any], Any], port: int | None) -> None:
    """Run the service: cycles on time and after every change, and /healthz on 127.0.0.1.

    SIGTERM and Ctrl-C end it: nothing more is sent, requests in flight end, and the next start goes on from there.
    """
    from provisor.app import compose, serving  # noqa: PLC0415  (the web stack, needed here alone)

    settings = load_settings() if port is None else load_settings().model_copy(update={"port": port})
    _log_to_stderr(settings.log_level)

    async def run() -> None:
        async with compose.opened(settings) as installation:
            await serving.serve(installation, application, _say_ready)

    asyncio.run(run())


def _say_ready(address: str) -> None:
    click.echo(f"Provisor is running. Health: {address}/healthz. Ctrl-C stops it.")


def _log_to_stderr(level: str) -> None:
    """One line an event; repr keeps whatever people are called inside that line."""
    numeric = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@click.group()
def emulate() -> None:
    """Stand-ins for real apps, to try Provisor with; they listen on 127.0.0.1 only."""


@emulate.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8410, show_default=True)
@click.option("--seats", type=click.IntRange(0), default=50, show_default=True, help="GoToMeeting seats.")
@click.option("--webinar-seats", type=click.IntRange(0), default=0, show_default=True)
@click.option("--training-seats", type=click.IntRange(0), default=0, show_default=True)
@click.option(
    "--rate-limit",
    type=float,
    default=10.0,
    show_default=True,
    help="Requests a second that are answered; 0 lifts the limit, which the real service never does.",
)
@click.option("--latency", type=click.FloatRange(0, 10), default=0.0, help="Seconds that every answer takes.")
@click.option(
    "--password-sign-in",
    type=click.Choice(["enabled", "client-not-allowed", "decommissioned"]),
    default="enabled",
    show_default=True,
)
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="Keep people in this file.")
def gotomeeting(
    port: int,
    seats: int,
    webinar_seats: int,
    training_seats: int,
    rate_limit: float,
    latency: float,
    password_sign_in: Any,
    state: Path | None,
) -> None:
    """GoTo's Admin API, strict as documented.

    Sign in as admin@example.com with admin-password, or by the personal access token admin-pat; the OAuth client is
    emulator-client, its secret emulator-secret.
    """
    from provisor.testing.gotomeeting import Options, run  # noqa: PLC0415  (aiohttp, needed here alone)

    offered = {"G2M": seats, "G2W": webinar_seats, "G2T": training_seats}
    options = Options(
        seats={product: number for product, number in offered.items() if number or product == "G2M"},
        rate_limit=rate_limit or None,
        latency=latency,
        password_sign_in=password_sign_in,
        state_file=str(state) if state else None,
    )

    _emulate(port, lambda until: run(options, port, until, _say_emulated))


@emulate.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True)
@click.option("--latency-ms", type=click.FloatRange(0, 10_000), default=0.0, help="Milliseconds that an answer takes.")
@click.option("--page", type=click.IntRange(1), default=1000, show_default=True, help="Users a page, at the most.")
@click.option("--filter", "filter_", type=click.Choice(["honest", "ignored", "refused"]), default="honest")
@click.option("--updates", type=click.Choice(["both", "PATCH", "PUT"]), default="both", help="How users are changed.")
@click.option("--bulk/--no-bulk", default=True, help="Whether there is a /Bulk.")
def scim(port: int, latency_ms: float, page: int, filter_: Any, updates: Any, bulk: bool) -> None:
    """A SCIM 2.0 app, with bad habits if asked for."""
    from provisor.testing.scim import Options, run  # noqa: PLC0415  (aiohttp, needed here alone)

    options = Options(latency=latency_ms / 1000, max_results=page, filter=filter_, updates=updates, bulk=bulk)
    _emulate(port, lambda until: run(options, port, until, _say_scim))


def _emulate(port: int, run_until: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Until Ctrl-C, or until somebody ends the process."""

    async def emulated() -> None:
        until = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, until.set)
        try:
            await run_until(until)
        except OSError as error:
            raise Refused("PortTaken", port=port, because=error.strerror or str(error)) from None

    asyncio.run(emulated())


def _say_scim(emulator: ScimEmulator) -> None:
    counts = emulator.url.removesuffix("/scim/v2") + "/_emulator/counts"
    click.echo(f"SCIM 2.0 is emulated at {emulator.url}. Ctrl-C stops it.")
    click.echo(f"  Secret token {emulator.options.token} (an emulator's, not a secret)")
    click.echo(f"  Or OAuth client {emulator.options.client_id}, secret {emulator.options.client_secret},")
    click.echo(f"  token address {emulator.token_url}")
    click.echo(f"  What was asked: {counts}")


def _say_emulated(emulator: GoToMeetingEmulator) -> None:
    admin, options = emulator.options.admins[0], emulator.options
    limit = "lifted; to make use of it: provisor app settings APP rateLimit=5000"
    if options.rate_limit:
        limit = f"{options.rate_limit:g} requests a second"
    click.echo(f"GoToMeeting is emulated at {emulator.url}. Ctrl-C stops it.")
    click.echo(f"  Admin {admin.email}, password {admin.password} (an emulator's, not a secret)")
    click.echo(f"  OAuth client {options.client_id}, secret {options.client_secret}")
    click.echo(f"  Rate limit {limit}")
    click.echo(f"  What happened: {emulator.url}/_emulator/state")
