"""How an emulated SCIM app is set up, and which bad habits it has; all of them were seen in real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Options:
    """The set-up of an emulator; the defaults are those of an app that follows the standard."""

    token: str = field(default="emulator-token", repr=False)
    client_id: str = "emulator-client"
    client_secret: str = field(default="emulator-secret", repr=False)
    token_life: float = 3600
    latency: float = 0  # seconds that every answer takes

    config: Literal["found", "missing", "broken"] = "found"  # /ServiceProviderConfig, /ResourceTypes, /Schemas
    max_results: int = 1000  # users a page, at the most, whatever is asked for
    default_page: int = 100
    filter: Literal["honest", "ignored", "refused"] = "honest"
    nobody: Literal["list", "null", "404"] = "list"  # what is answered where a filter finds nobody
    count: Literal["taken", "fails"] = "taken"
    start_index: Literal["taken", "ignored"] = "taken"
    totals: Literal["number", "text", "missing"] = "number"

    creates: Literal["body", "location", "nothing"] = "body"  # what a 201 holds
    updates: Literal["both", "PATCH", "PUT"] = "both"
    update_answer: Literal["body", "empty", "part"] = "body"
    id_from: Literal["id", "userName"] = "id"
    booleans: Literal["json", "text"] = "json"
    email_types: bool = True  # False: an e-mail address with a type is refused
    inactive: Literal["shown", "hidden"] = "shown"
    normalises: bool = False  # lower case, shortened titles
    extra_members: bool = False  # that nobody knows, everywhere
    ignores_active: bool = False  # says yes to active = false, and stays active

    bulk: bool = True
    bulk_limits: bool = True  # False: the limits are not said
    bulk_order: Literal["asked", "reversed"] = "asked"
    max_operations: int = 1000
    max_payload: int = 4 * 2**20  # bytes
