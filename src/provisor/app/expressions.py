"""Expressions, tried out: on somebody of the directory, on attributes that are given, and on files of cases."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from provisor.app import apps as app_cases
from provisor.app import people
from provisor.app.installation import Installation
from provisor.domain.directory import HELD, readable
from provisor.domain.error import Refused
from provisor.domain.job import Job
from provisor.domain.resource import Attributes
from provisor.expression import Context, Control, Result, cases, compile_expression
from provisor.expression.cases import Case, Outcome
from provisor.flow.in_scope import effective_roles
from provisor.flow.map import readable_of, role_objects
from provisor.schema.reading import BOM, MAXIMUM_SIZE
from provisor.store import default_domain, jobs
from provisor.store.attributes import held_attributes
from provisor.store.candidates import candidates_of
from provisor.store.database import Connection

CASES: Final = ("cases", "vectors")
"""What a file may call its list of cases, where it is not the list itself."""

_BYTE: Final = re.compile(r" \(byte (\d+)\)$")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an expression gives, as a log may show it. `missing`: attributes that it reads and that have no value."""

    result: Result
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Tried:
    """A case of a file, and what became of it; cases are counted from 1."""

    number: int
    case: Case
    outcome: Outcome


def context(now: datetime, domain: str | None = None, taken: Collection[str] = ()) -> Context:
    """What an expression may ask for. `taken`: values that the target is supposed to have."""
    return Context(
        now=now,
        chance=secrets.randbelow,
        taken=frozenset(taken).__contains__,
        default_domain=domain,
        clock=time.monotonic,
    )


# ---- one expression -------------------------------------------------------------------------------------------------


def evaluate(text: str, attributes: Attributes, around: Context, known: Collection[str] | None = None) -> Evaluated:
    """With these attributes. Raises ExpressionError, and an EntryError where it fails with them."""
    expression = compile_expression(text, known)
    result = expression.evaluate(attributes, around)
    return Evaluated(
        result=result if isinstance(result, Control) else expression.shown(result),
        missing=[name for name in sorted(expression.attributes) if attributes.get(name) in (None, [])],
    )


async def evaluate_for(
    installation: Installation, text: str, user: str, app: str | None = None, taken: Collection[str] = ()
) -> Evaluated:
    """With what a cycle of the app reads of a user; without an app there are no roles.

    Raises ExpressionError also for an attribute that nobody in the directory has.
    """
    async with installation.database.read() as connection:
        job = await jobs.job_of(connection, (await app_cases.find(connection, app)).id) if app is not None else None
        entry = await people.find(connection, installation, "User", user)
        found = await candidates_of(connection, job, [entry.id], installation.clock()) if job is not None else ()
        roles = [role for one in found for role in effective_roles(one.roles)]
        attributes = readable_of(entry, role_objects(roles))
        known = await _known(connection, installation, job, attributes, compile_expression(text).attributes)
        domain = await default_domain.default_domain(connection, installation.directory_id)
    return evaluate(text, attributes, context(installation.clock(), domain, taken), known)


async def _known(
    connection: Connection, installation: Installation, job: Job | None, attributes: Attributes, wanted: Collection[str]
) -> Collection[str]:
    """The attributes that an expression may name. What everybody holds is read only where it makes a difference."""
    known = {*HELD["User"], *attributes}
    if job is not None:
        mapping = (await jobs.load_schema(connection, job.id, job.schema_version)).mapping_for("User")
        known.update(readable(mapping) if mapping is not None else ())
    if not known.issuperset(wanted):
        known.update(one.name for one in await held_attributes(connection, installation.directory_id, "User"))
    return known


def read_source(document: bytes, file: str) -> Attributes:
    """The attributes in a JSON object. Refused where it is none; `file` is what the message calls it."""
    decoded = _decoded(document, file)
    try:
        return cases.read_source(decoded)
    except Refused as error:
        raise Refused(error.reason.code, file=file, **error.reason.parameters) from None


# ---- files of cases -------------------------------------------------------------------------------------------------


def read_cases(document: bytes, file: str) -> Sequence[Case]:
    """All cases of a file. Refused where one of them is broken, or there is none."""
    decoded = _decoded(document, file)
    if isinstance(decoded, Mapping):
        lists = [decoded[name] for name in CASES if isinstance(decoded.get(name), list)]
        decoded = lists[0] if lists else decoded
    if not isinstance(decoded, list):
        raise Refused("CasesMissing", file=file, because="it is not a list, and has none under the name of cases")
    if not decoded:
        raise Refused("CasesMissing", file=file, because="its list is empty")
    return [_case(one, number, file) for number, one in enumerate(decoded, 1)]


def _case(decoded: object, number: int, file: str) -> Case:
    try:
        return cases.read_case(decoded)
    except Refused as error:
        raise Refused(error.reason.code, **error.reason.parameters, number=number, file=file) from None


def run_cases(found: Sequence[Case], around: Context) -> Sequence[Tried]:
    """Each by itself: what it does not fix, it is given from around."""
    return [Tried(number, case, cases.run_case(case, around)) for number, case in enumerate(found, 1)]


def _decoded(document: bytes, file: str) -> Any:
    if len(document) > MAXIMUM_SIZE:
        raise Refused("FileNotJson", file=file, because=f"it has more than {MAXIMUM_SIZE >> 20} MB")
    plain = document.removeprefix(BOM)
    try:
        return msgspec.json.decode(plain)
    except RecursionError:
        raise Refused("FileNotJson", file=file, because="it is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        place = _BYTE.search(str(error))
        line = {"line": plain.count(b"\n", 0, int(place[1])) + 1} if place else {}
        raise Refused("FileNotJson", file=file, because=_BYTE.sub("", str(error))[:200], **line) from None
