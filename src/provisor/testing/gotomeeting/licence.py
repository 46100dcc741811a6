"""Licences, user groups and role sets of the emulated account."""

from dataclasses import dataclass, field
from typing import Final

PRODUCTS: Final = {"G2W": ["G2W", "G2M"], "G2T": ["G2T", "G2M"]}
NAMES: Final = {"G2M": "GoToMeeting", "G2W": "GoToWebinar", "G2T": "GoToTraining", "OPENVOICE": "OpenVoice"}


@dataclass(slots=True, kw_only=True)
class Licence:
    """A number of seats for one or more products; `invited` are the holders who have not accepted yet."""

    key: str
    seats: int
    products: list[str]
    description: str = ""
    enabled: bool = True
    holders: dict[str, None] = field(default_factory=dict)
    invited: dict[str, None] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """Seats that nobody holds, negative where seats were cut below the holders."""
        return self.seats - len(self.holders)


@dataclass(slots=True, kw_only=True)
class Group:
    """A user group; a user is in at most one."""

    key: str
    name: str
    members: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RoleSet:
    """A custom role that a user holds in place of built-in admin roles."""

    id: str
    name: str
