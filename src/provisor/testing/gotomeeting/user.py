"""One user of the emulated account."""

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["INVITED", "ACTIVE", "INACTIVE", "SUSPENDED"]
Invitation = Literal["open", "accepted", "declined", "left"]


@dataclass(slots=True, kw_only=True)
class User:
    """A user as the account knows him; times are epoch seconds, keys decimal text."""

    key: str
    email: str
    first_name: str
    last_name: str
    locale: str = ""
    time_zone: str = ""
    license_keys: list[str] = field(default_factory=list)
    admin_roles: list[str] = field(default_factory=list)
    managed_group_keys: list[str] = field(default_factory=list)
    role_sets: list[str] = field(default_factory=list)
    group_key: str = ""
    created: float = 0
    invited: float | None = None
    invite_count: int = 0
    invitation: Invitation = "open"
    transfer: bool = False
    last_sign_in: float = 0
    has_admin_access: bool = True
    identity_read_only: bool = False
    name_locked: bool = False
    email_locked: bool = False

    def status(self, now: float, inactive_after_days: float) -> Status:
        """INVITED, ACTIVE, INACTIVE or SUSPENDED, from seats, roles, the invitation and the last sign-in."""
        if self.invitation in ("declined", "left") or not (self.license_keys or self.admin_roles or self.role_sets):
            return "SUSPENDED"
        if self.invitation == "open":
            return "INVITED"
        return "INACTIVE" if now - self.last_sign_in > inactive_after_days * 86400 else "ACTIVE"
