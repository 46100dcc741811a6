"""What a target says of itself: /ServiceProviderConfig, /ResourceTypes, /Schemas (RFC 7644 section 4).

Much of it is missing, wrong or in another form somewhere: what cannot be read is assumed, and never stops anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisor.connectors.http import Answer, Transport
from provisor.connectors.scim.described import attributes_of
from provisor.connectors.scim.paths import CORE, truth
from provisor.connectors.scim.wire import listing_of, member, number, object_of
from provisor.domain.error import EntryError, Incompatible, InsufficientRights, RetryLater
from provisor.domain.schema import AttributeDefinition

_FEATURES = ("patch", "bulk", "filter", "sort", "etag", "changePassword")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a target offers. `found`: it said so itself; otherwise this is what is assumed."""

    found: bool = False
    patch: bool = True
    filter: bool = True
    largest_page: int | None = None
    bulk: bool = False
    bulk_operations: int | None = None
    bulk_size: int | None = None  # bytes
    named: Sequence[str] = ()  # everything that it says it supports, in its own words


async def read_offer(transport: Transport, root: str) -> Offer:
    """The offer; what is assumed where there is none. Raises RetryLater, and Unauthorized."""
    answer = await _document(transport, f"{root}/ServiceProviderConfig")
    said = object_of(answer) if answer is not None else None
    return Offer() if said is None else offer_of(said)


def offer_of(said: Mapping[str, object]) -> Offer:
    """An offer, from whatever a ServiceProviderConfig holds."""
    rows = member(said, "Resources")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):  # some answer with a list of one
        said = rows[0]
    bulk, filter_, patch = (member(said, name) for name in ("bulk", "filter", "patch"))
    return Offer(
        found=any(member(said, name) is not None for name in _FEATURES),
        patch=_supported(patch) is not False,
        filter=_supported(filter_) is not False,
        largest_page=number(member(filter_, "maxResults")) or None,
        bulk=_supported(bulk) is True,
        bulk_operations=number(member(bulk, "maxOperations")) or None,
        bulk_size=number(member(bulk, "maxPayloadSize")) or None,
        named=[name for name in _FEATURES if _supported(member(said, name))],
    )


async def read_attributes(transport: Transport, root: str) -> Sequence[AttributeDefinition]:
    """What a user holds by /Schemas: the core schema's attributes, and those of every extension for users."""
    answer = await _document(transport, f"{root}/Schemas")
    if answer is None:
        return ()
    try:
        schemas = listing_of(answer).resources
    except Incompatible:
        return ()
    found: dict[str, AttributeDefinition] = {}
    for schema in sorted(schemas, key=lambda one: str(member(one, "id")).casefold() != CORE.casefold()):
        for one in attributes_of(schema):
            found.setdefault(one.name.casefold(), one)
    return list(found.values())


async def read_names(transport: Transport, address: str) -> Sequence[str] | None:
    """The names of the resource types or schemas at this address; None where there is no list of them."""
    answer = await _document(transport, address)
    if answer is None:
        return None
    try:
        rows = listing_of(answer).resources
    except Incompatible:
        return None
    names = (member(row, "name") or member(row, "id") for row in rows)
    return [str(name) for name in names if name]


async def _document(transport: Transport, address: str) -> Answer | None:
    """None: this document is not to be had here. What concerns the whole connection is raised."""
    try:
        return await transport.call("GET", address)
    except (EntryError, Incompatible, InsufficientRights):
        return None
    except RetryLater as error:
        if error.reason.parameters.get("status", "").startswith("5"):
            return None  # it is down altogether, which the next request shows, or this document is out of order
        raise


def _supported(feature: object) -> bool | None:
    """`{"supported": true}`, or true by itself, also as text."""
    return truth(feature) if isinstance(feature, bool | str) else truth(member(feature, "supported"))
