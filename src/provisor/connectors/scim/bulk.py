"""Many new users in few requests (RFC 7644 section 3.7): answers are joined by bulkId, never by their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from provisor.connectors.http import Answer
from provisor.connectors.scim.paths import Json
from provisor.connectors.scim.users import Users
from provisor.connectors.scim.wire import id_in, listed, member, number, object_of
from provisor.domain.error import ProvisorError, RetryLater, Unavailable

BULK_REQUEST: Final = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_REFUSED = (400, 403, 404, 405, 413)
_EACH = 1.0  # seconds that an operation may take, beside what any request may
_FRAME = 200  # bytes around each operation, and around all of them


@dataclass(frozen=True, slots=True)
class Limits:
    """What one bulk request may hold."""

    operations: int
    size: int | None  # bytes


class BulkRefused(Exception):
    """The target takes no bulk request after all; nothing of this one was done."""


Judge = Callable[[Answer, int], Awaitable[ProvisorError]]
"""What a refused operation means, for the body of that number."""


async def create_many(
    users: Users, bodies: Mapping[int, Json], limits: Limits, refused: Judge
) -> Mapping[int, str | ProvisorError]:
    """The id, or why there is none, of each body, by its number.

    Raises BulkRefused before anything was made, and RetryLater or JobError where nobody knows of any.
    """
    made: dict[int, str | ProvisorError] = {}
    for chunk in chunks(bodies, limits):
        try:
            made |= await _send(users, {n: bodies[n] for n in chunk}, refused)
        except (ProvisorError, BulkRefused) as error:
            if not made:
                raise
            if isinstance(error, RetryLater):
                made |= dict.fromkeys(chunk, error)
            break
    unsent = Unavailable(problem="BulkBrokeOff", address=f"{users.root}/Bulk")
    return {n: made.get(n, unsent) for n in bodies}


def chunks(bodies: Mapping[int, Json], limits: Limits) -> Iterator[Sequence[int]]:
    """The numbers of the bodies that go together."""
    chunk: list[int] = []
    size = _FRAME
    for n, body in bodies.items():
        needed = len(msgspec.json.encode(body)) + _FRAME if limits.size is not None else 0
        full = len(chunk) >= limits.operations or (limits.size is not None and size + needed > limits.size)
        if chunk and full:
            yield chunk
            chunk, size = [], _FRAME
        chunk.append(n)
        size += needed
    if chunk:
        yield chunk


async def _send(users: Users, bodies: Mapping[int, Json], refused: Judge) -> dict[int, str | ProvisorError]:
    operations = [{"method": "POST", "path": "/Users", "bulkId": f"n{n}", "data": body} for n, body in bodies.items()]
    request = {"schemas": [BULK_REQUEST], "Operations": operations}
    within = users.transport.limits.answer + _EACH * len(operations)
    url = f"{users.root}/Bulk"
    answer = await users.transport.call("POST", url, body=request, expected=_REFUSED, within=within)
    if answer.status == 413 and len(bodies) > 1:
        numbers = list(bodies)
        half = len(numbers) // 2
        first = await _send(users, {n: bodies[n] for n in numbers[:half]}, refused)
        return first | await _send(users, {n: bodies[n] for n in numbers[half:]}, refused)
    if not answer.ok:
        raise BulkRefused
    told = {str(member(one, "bulkId")): one for one in listed(member(object_of(answer), "Operations"))}
    return {n: await _outcome(users, answer, told.get(f"n{n}"), n, refused) for n in bodies}


async def _outcome(users: Users, answer: Answer, told: object, n: int, refused: Judge) -> str | ProvisorError:
    """What became of one operation. One that is not told of may have been carried out."""
    if told is None:
        return Unavailable(problem="NotAnswered", address=answer.address)
    status = member(told, "status")
    code = number(member(status, "code") if isinstance(status, Mapping) else status) or 0
    response = member(told, "response")
    single = Answer(
        request=answer.request,
        status=code,
        content_type="application/scim+json",
        wait=None,
        body=b"" if response is None else msgspec.json.encode(response),
        hidden=answer.hidden,
    )
    if code and not single.ok:
        return await refused(single, n)
    key = users.id_of(response) if isinstance(response, Mapping) else None
    return key or id_in(member(told, "location")) or Unavailable(problem="NotAnswered", address=answer.address)
