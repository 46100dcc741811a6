"""SCIM's messages, read with patience: any case, numbers as text, members missing, null, or never heard of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from provisor.connectors.http import Answer
from provisor.connectors.scim.paths import Json, key_in
from provisor.domain.error import Incompatible


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a ListResponse (RFC 7644 section 3.4.2)."""

    resources: Sequence[Json]
    total: int | None


def listing_of(answer: Answer) -> Listing:
    """The page in an answer; a bare list is one as well. Raises Incompatible for what is no list."""
    body = answer.decode(object)
    if isinstance(body, list):
        return Listing([one for one in body if isinstance(one, dict)], None)
    folded = {key.casefold(): value for key, value in body.items()} if isinstance(body, dict) else {}
    if not folded.keys() & {"resources", "totalresults"}:
        raise Incompatible(problem="NoList", address=answer.address, status=answer.status)
    rows = folded.get("resources") or []
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list):
        raise Incompatible(problem="NoList", address=answer.address, status=answer.status)
    return Listing([one for one in rows if isinstance(one, dict)], number(folded.get("totalresults")))


def object_of(answer: Answer) -> Json | None:
    """The resource in an answer; None where there is none, or no JSON at all."""
    try:
        body = msgspec.json.decode(answer.body) if answer.body.strip() else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def speaks_scim(answer: Answer) -> bool:
    """Is this error SCIM's own (RFC 7644 section 3.12), and not one of something in between?"""
    body = object_of(answer) or {}
    return any("api:messages:2.0:error" in str(one).casefold() for one in listed(body.get("schemas")))


def scim_type(answer: Answer) -> str:
    return str((object_of(answer) or {}).get("scimType") or "")


def id_in(location: object) -> str | None:
    """The id at the end of a resource's address."""
    if not isinstance(location, str):
        return None
    path = location.split("?")[0].split("#")[0].rstrip("/")
    head, _, last = path.rpartition("/")
    return unquote(last) if head.casefold().endswith("/users") or head.casefold() == "users" else None


def number(value: object) -> int | None:
    """A whole number that is not negative, also where it is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        whole = int(float(value))
    except (ValueError, OverflowError):
        return None
    return whole if whole >= 0 else None


def listed(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def member(holder: object, name: str) -> Any:
    """One member of a JSON object, whatever its case; None where there is none, or no object."""
    if not isinstance(holder, dict):
        return None
    return holder[name] if name in holder else holder.get(key_in(holder, name))
