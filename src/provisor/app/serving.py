"""The service: one process that holds the home, runs the engine and answers on 127.0.0.1."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
import uvicorn

from provisor.app.installation import Installation
from provisor.app.provisioning import parts
from provisor.domain.error import Refused
from provisor.engine.lock import SERVICE
from provisor.engine.service import Service
from provisor.engine.worker import enqueue, worker

HOST = "127.0.0.1"
log = structlog.get_logger("provisor")
Application = Callable[[Installation], Any]  # makes the ASGI application


class _Server(uvicorn.Server):
    """Leaves the signals to us: the engine stops first."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(installation: Installation, application: Application, ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT. `ready` is told the address once it answers."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    port = installation.settings.port
    config = uvicorn.Config(application(installation), host=HOST, port=port, log_config=None, access_log=False)
    server = _Server(config)
    async with installation.held(SERVICE, stop):
        service = Service(parts(installation), enqueue, stop)
        listening = _listen(config)
        await service.fence()
        answering = asyncio.create_task(server.serve([listening]))
        try:
            async with worker(installation.database, installation.home, service.run_claimed):
                while not server.started and not answering.done():  # noqa: ASYNC110  (uvicorn has no event for it)
                    await asyncio.sleep(0.01)
                address = f"http://{HOST}:{listening.getsockname()[1]}"
                log.info("service began", address=address, home=str(installation.home))
                ready(address)
                await service.run()
                log.info("service stops: nothing more is sent, requests in flight end")
        finally:
            stop.set()
            server.should_exit = True
            await answering
    log.info("service ended")


def _listen(config: uvicorn.Config) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((config.host, config.port))
    except OSError as error:
        made.close()
        raise Refused("PortTaken", port=config.port, because=error.strerror or str(error)) from None
    return made
