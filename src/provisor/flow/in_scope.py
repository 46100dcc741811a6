"""2 scope: assigned with a valid role, and allowed to hold an account at all?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from provisor.domain.assignment import AppRole
from provisor.domain.change import Reason
from provisor.domain.resource import Entry


class InScope(Struct, frozen=True):
    """`roles` are those that provision, highest priority first."""

    roles: tuple[AppRole, ...]


class OutOfScope(Struct, frozen=True):
    reason: Reason


Scope: TypeAlias = InScope | OutOfScope


def in_scope(entry: Entry, roles: Sequence[AppRole]) -> Scope:
    """Should this entry hold an account in the target, and if not, why?"""
    if entry.purged:
        return OutOfScope(Reason("DeletedForGood"))
    if entry.deleted_at is not None:
        return OutOfScope(Reason("SoftDeleted"))
    if not roles:
        return OutOfScope(Reason("NotAssigned"))
    effective = tuple(role for role in roles if role.provisions and role.enabled)
    if not effective:
        return OutOfScope(Reason("NotEffectivelyEntitled", {"role": ", ".join(role.display_name for role in roles)}))
    if not entry.enabled:
        return OutOfScope(Reason("AccountDisabled"))
    return InScope(effective)
