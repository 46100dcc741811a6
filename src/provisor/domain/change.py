"""One line of a plan: what matching found, what to do, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct, field

from provisor.domain.resource import Account, Attributes, Link, ResourceType, Value

ACTIVE = "active"
"""The attribute by which every target says whether an account may be used."""


class Reason(Struct, frozen=True):
    """Why, for people: shown, stored and translated, never branched on."""

    code: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class Difference(Struct, frozen=True, omit_defaults=True):
    """One attribute that is to change in the target. `new` None: its value is to be taken away.

    `adds`: only what is new among its values is to be written, and nothing taken away, whatever else is there by now.
    """

    attribute: str
    old: Value
    new: Value
    adds: bool = False

    @property
    def added(self) -> list[str]:
        """The values that are new."""
        new, old = ([one] if isinstance(one, str) else one for one in (self.new, self.old))
        known = old if isinstance(old, list) else []
        return [one for one in new if one not in known] if isinstance(new, list) else []


def differences_from_nothing(desired: Attributes) -> tuple[Difference, ...]:
    """What a new account is given."""
    return tuple(Difference(name, None, value) for name, value in desired.items())


# ---- situation: which account is this entry already? (midPoint's term) --------------------------------------------


class Linked(Struct, frozen=True):
    link: Link


class Matched(Struct, frozen=True):
    """`by`: what it was found by, as a parameter of the reason."""

    account: Account
    by: Mapping[str, str] = field(default_factory=dict)


class Unmatched(Struct, frozen=True):
    pass


class Disputed(Struct, frozen=True):
    """Two accounts match, or one that may not be taken over."""

    reason: Reason


Situation: TypeAlias = Linked | Matched | Unmatched | Disputed


# ---- action: what to do -------------------------------------------------------------------------------------------


class Create(Struct, frozen=True):
    desired: Attributes


class Adopt(Struct, frozen=True):
    """Take over an account that exists."""

    account: Account
    desired: Attributes
    differences: tuple[Difference, ...]


class Update(Struct, frozen=True):
    link: Link
    desired: Attributes
    differences: tuple[Difference, ...]


class Disable(Struct, frozen=True):
    link: Link


class Delete(Struct, frozen=True):
    link: Link


StepType: TypeAlias = Literal["import", "scoping", "matching", "processing", "referenceResolution", "export"]
"""Graph's provisioningStepType."""

SkipKind: TypeAlias = Literal["redundant", "skipped", "failed", "disputed"]


class Skip(Struct, frozen=True):
    """Nothing is sent. `at`: the step of the flow that this entry comes no further than.

    redundant: the account is as it should be · skipped: this entry is not meant · failed: its values cannot be
    provisioned · disputed: somebody else has to give way, so it is tried again though the entry did not change.
    """

    kind: SkipKind = "redundant"
    at: StepType = "processing"


Action: TypeAlias = Create | Adopt | Update | Disable | Delete | Skip


def action_name(action: Action) -> str:
    """The one word for an action, in plans and lists."""
    return type(action).__name__


class Change(Struct, frozen=True):
    """One line of a plan: this entry, this action, for this reason.

    `sealed`: the attributes whose values nobody may see, and what is remembered of each in its place.
    """

    entry_id: str
    resource_type: ResourceType
    action: Action
    reason: Reason
    sealed: Mapping[str, str | None] | None = None

    @property
    def destructive(self) -> bool:
        """Does this take something away from somebody? Such lines are what the guard counts."""
        match self.action:
            case Disable() | Delete():
                return True
            case Update(_, _, differences) | Adopt(_, _, differences):
                return any(one.attribute == ACTIVE and one.new in (None, False) for one in differences)
            case _:
                return False
