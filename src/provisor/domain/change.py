"""One line of a plan: what matching found, what to do, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from provisor.domain.resource import Account, Attributes, Link, ResourceType, Value


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, for people: shown, stored and translated, never branched on."""

    code: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that is to change in the target."""

    attribute: str
    old: Value
    new: Value


# ---- situation: which account is this entry already? (midPoint's term) --------------------------------------------


@dataclass(frozen=True, slots=True)
class Linked:
    link: Link


@dataclass(frozen=True, slots=True)
class Matched:
    account: Account


@dataclass(frozen=True, slots=True)
class Unmatched:
    pass


@dataclass(frozen=True, slots=True)
class Disputed:
    """Two accounts match, or one that may not be taken over."""

    reason: Reason


Situation: TypeAlias = Linked | Matched | Unmatched | Disputed


# ---- action: what to do -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Create:
    desired: Attributes


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over an account that exists."""

    account: Account
    desired: Attributes
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Update:
    link: Link
    desired: Attributes
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Disable:
    link: Link


@dataclass(frozen=True, slots=True)
class Delete:
    link: Link


SkipKind: TypeAlias = Literal["redundant", "skipped", "failed", "disputed"]


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is sent.

    redundant: the account is as it should be · skipped: this entry is not meant · failed: its values cannot be
    provisioned · disputed: somebody else has to give way, so it is tried again though the entry did not change.
    """

    kind: SkipKind = "redundant"


Action: TypeAlias = Create | Adopt | Update | Disable | Delete | Skip


def action_name(action: Action) -> str:
    """The one word for an action, in plans and lists."""
    return type(action).__name__


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan: this entry, this action, for this reason."""

    entry_id: str
    resource_type: ResourceType
    action: Action
    reason: Reason

    @property
    def destructive(self) -> bool:
        """Does this take something away from somebody? Such lines are what the guard counts."""
        return isinstance(self.action, Disable | Delete)
