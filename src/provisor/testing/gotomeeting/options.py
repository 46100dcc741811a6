"""How an emulated GoTo account is set up, and which of its habits are switched on."""

from dataclasses import dataclass, field
from typing import Final, Literal

PasswordSignIn = Literal["enabled", "client-not-allowed", "decommissioned"]

SUPER_USER: Final = "SUPER_USER"
ADMIN_ROLES: Final = frozenset(
    {
        SUPER_USER,
        "MANAGE_ACCOUNT",
        "MANAGE_USERS",
        "MANAGE_SEATS",
        "MANAGE_SETTINGS",
        "MANAGE_GROUPS",
        "MANAGE_DEVICE_GROUPS",
        "MANAGE_SETTINGS_PROFILES",
        "RUN_REPORTS",
        "VIEW_INVOICES",
        "VIEW_AND_PAY_INVOICES",
        "VIEW_CALL_RECORDINGS",
        "MANAGE_EMERGENCY_SERVICES",
    }
)
GRANTS: Final = ("refresh_token", "personal_access_token", "password")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """A user of the account who can sign in to its API; `mfa` refuses the password grant."""

    email: str = "admin@example.com"
    password: str = field(default="admin-password", repr=False)
    personal_access_token: str = field(default="admin-pat", repr=False)
    first_name: str = "Grace"
    last_name: str = "Admin"
    roles: tuple[str, ...] = (SUPER_USER, "MANAGE_USERS", "MANAGE_SEATS", "MANAGE_GROUPS")
    mfa: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An OAuth client with the scopes and grant types its form at GoTo would show."""

    id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...] = ("identity:",)
    grants: tuple[str, ...] = GRANTS


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAccount:
    """An account that every admin belongs to besides the emulated one; only `GET /me` shows it."""

    key: str
    name: str
    admin_roles: tuple[str, ...] = (SUPER_USER,)


@dataclass(slots=True, kw_only=True)
class Options:
    """The set-up of an emulator; the fields named in `LIVE` take effect at once when they change."""

    account_key: str = "3573263565346546368"
    account_name: str = "Example Ltd"
    other_accounts: tuple[OtherAccount, ...] = ()
    seats: dict[str, int] = field(default_factory=lambda: {"G2M": 50, "G2W": 10, "G2T": 10, "OPENVOICE": 10})
    admins: tuple[Admin, ...] = (Admin(),)
    client_id: str = "emulator-client"
    client_secret: str = field(default="emulator-secret", repr=False)
    scopes: tuple[str, ...] = ("identity:",)
    clients: tuple[Client, ...] = ()
    state_file: str | None = None

    password_sign_in: PasswordSignIn = "enabled"  # noqa: S105
    decommissioned_status: int = 410
    token_life: float = 3600
    refresh_token_life: float = 30 * 86400
    rotate_refresh_tokens: bool = False
    rate_limit: float | None = 10
    latency: float = 0
    default_page_size: int = 100
    max_page_size: int = 1000
    max_name: int = 32
    max_email: int = 128
    inactive_after_days: float = 90
    user_count_includes_invited: bool = False
    email_filter_ignores_case: bool = True
    unassign_refuses_unassigned: bool = True
    assign_methods: tuple[str, ...] = ("PUT", "POST")

    def all_clients(self) -> dict[str, Client]:
        """Every OAuth client by its id."""
        own = Client(id=self.client_id, secret=self.client_secret, scopes=self.scopes)
        return {client.id: client for client in (own, *self.clients)}


LIVE: Final = frozenset(
    {
        "password_sign_in",
        "decommissioned_status",
        "token_life",
        "refresh_token_life",
        "rotate_refresh_tokens",
        "rate_limit",
        "latency",
        "default_page_size",
        "max_page_size",
        "max_name",
        "max_email",
        "inactive_after_days",
        "user_count_includes_invited",
        "email_filter_ignores_case",
        "unassign_refuses_unassigned",
        "assign_methods",
        "scopes",
    }
)
