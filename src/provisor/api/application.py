"""The ASGI application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import FastAPI
from pydantic import BaseModel

from provisor import __version__
from provisor.app import status
from provisor.app.installation import Installation


class JobHealth(BaseModel):
    """One app's job: when it last ended a cycle, how, and when the next one is due."""

    app: str
    status: str
    running: bool
    last_cycle: datetime | None
    last_result: str | None
    next_cycle: datetime | None


class Health(BaseModel):
    """That the service is alive, even where it has nothing to do."""

    status: str
    version: str
    jobs: Sequence[JobHealth]


def application(installation: Installation) -> FastAPI:
    """Answers without sign-in and says nothing of people, so it may be asked by any monitor on this machine."""
    door = FastAPI(title="Provisor", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)

    @door.get("/healthz")
    async def health() -> Health:
        found = await status.show(installation)
        return Health(status="ok", version=__version__, jobs=[_job(one) for one in found.apps])

    return door


def _job(one: status.AppStatus) -> JobHealth:
    return JobHealth(
        app=one.details.app.name,
        status=one.code,
        running=one.running is not None,
        last_cycle=one.last.ended if one.last else None,
        last_result=one.last.cycle.state if one.last else None,
        next_cycle=one.details.next_cycle_at,
    )
