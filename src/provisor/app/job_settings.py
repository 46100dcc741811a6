"""What an admin sets of a job: how often it runs, for whom, and what becomes of who is in scope no longer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, cast

from msgspec.structs import replace

from provisor.domain.error import Refused
from provisor.domain.job import Job, ScopeSetting
from provisor.domain.resource import Value
from provisor.engine.schedule import valid_interval
from provisor.gallery import SettingField
from provisor.store import jobs, scoping
from provisor.store.database import Connection

INTERVAL: Final = "interval"
SCOPE: Final = SettingField("scope", "Who is provisioned", "string", "assigned", ("assigned", "all"))
SKIP: Final = SettingField(
    "skipOutOfScopeDeletions", "Leave the account as it is when somebody is in scope no longer", "boolean", False
)
FIELDS: Final = (SCOPE, SKIP)
KEYS: Final = (INTERVAL, *(field.key for field in FIELDS))


def read(job: Job, given: Mapping[str, str]) -> Job:
    """The job as these settings want it; those of others are passed over. Refused where one cannot be used."""
    changed = job
    if INTERVAL in given:
        changed = replace(changed, interval=valid_interval(_seconds(given[INTERVAL])))
    if SCOPE.key in given:
        changed = replace(changed, scope=cast("ScopeSetting", SCOPE.parse(given[SCOPE.key])))
    if SKIP.key in given:
        changed = replace(changed, skip_out_of_scope=bool(SKIP.parse(given[SKIP.key])))
    return changed


async def save(connection: Connection, job: Job, wanted: Job, now: datetime) -> None:
    """Another scope has everybody looked at anew."""
    if wanted.interval != job.interval:
        await jobs.set_interval(connection, job.id, wanted.interval)
    if (wanted.scope, wanted.skip_out_of_scope) != (job.scope, job.skip_out_of_scope):
        await scoping.set_scope(connection, wanted)
        await scoping.start_over(connection, job.id, now)


def shown(job: Job, keys: Collection[str]) -> Mapping[str, Value]:
    """Their values, of those of these keys that are a job's."""
    values: dict[str, Value] = {
        INTERVAL: int(job.interval / timedelta(seconds=1)),
        SCOPE.key: job.scope,
        SKIP.key: job.skip_out_of_scope,
    }
    return {key: value for key, value in values.items() if key in keys}


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Refused("SettingInvalid", key=INTERVAL, value=text[:100], choices="a number") from None
