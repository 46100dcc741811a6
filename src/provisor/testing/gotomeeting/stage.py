"""What a test does to the emulated account from outside: seeding it, and playing the people in it."""

import time
from collections.abc import Callable, Iterable
from typing import Final

from provisor.testing.gotomeeting.licence import Group, Licence, RoleSet
from provisor.testing.gotomeeting.session import Sessions
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import Status, User

DAY: Final = 86400


class Stage:
    """The account as a test arranges it; users are named by e-mail, an unknown one raises LookupError."""

    def __init__(self, tenant: Tenant, sessions: Sessions) -> None:
        self.tenant = tenant
        self.sessions = sessions

    # Looking

    def user(self, email: str) -> User:
        """The user with this address; raises LookupError."""
        found = self.tenant.find(email)
        if found is None:
            raise LookupError(f"no user {email}")
        return found

    def status(self, email: str) -> Status:
        """The status of the user with this address."""
        return self.tenant.status(self.user(email))

    def licence(self, product: str) -> Licence:
        """The first licence whose first product is `product`; raises LookupError."""
        for licence in self.tenant.licences.values():
            if licence.products[0] == product:
                return licence
        raise LookupError(f"no licence for {product}")

    # Setting up

    def add_user(
        self,
        email: str,
        first_name: str = "Ada",
        last_name: str = "Byron",
        *,
        products: Iterable[str] = ("G2M",),
        admin_roles: Iterable[str] = (),
        accepted: bool = True,
        group: str = "",
    ) -> User:
        """Seeds a user without mail or journal entry; a full licence raises Refused, a taken address ValueError."""
        licences = [self.licence(product) for product in products]
        if self.tenant.find(email) is not None:
            raise ValueError(f"there is a user {email}")
        for licence in licences:
            self.tenant.check_seat(licence)
        now = time.time()
        user = User(
            key=self.tenant.next_key(),
            email=email,
            first_name=first_name,
            last_name=last_name,
            license_keys=[licence.key for licence in licences],
            admin_roles=list(admin_roles),
            group_key=self._group(group).key if group else "",
            created=now,
            invitation="accepted" if accepted else "open",
            last_sign_in=now,
        )
        self.tenant.join(user)
        return user

    def seats(self, product: str, number: int) -> None:
        """Changes how many seats the licence of `product` has."""
        licence = self.licence(product)
        licence.seats = number
        self.tenant.keep("seats", {"key": licence.key, "seats": number})

    def add_licence(self, products: list[str], seats: int, description: str = "") -> Licence:
        """Adds a further licence; with a state file, give licences in the options instead."""
        return self.tenant.add_licence(products, seats, description)

    def add_group(self, name: str) -> Group:
        """Seeds a user group."""
        return self.tenant.add_group(name)

    def add_role_set(self, name: str) -> RoleSet:
        """Seeds a role set."""
        made = RoleSet(id=str(1000 + len(self.tenant.role_sets)), name=name)
        self.tenant.role_sets[made.id] = made
        return made

    # What people do

    def hooks(self) -> dict[str, Callable[..., object]]:
        """What can be done to the account from outside, by the name it has under `/_emulator/hooks/`."""
        return {
            "accept": self.accept,
            "decline": self.decline,
            "leave": self.leave,
            "sign-in": self.sign_in,
            "age": self.age,
            "identity-read-only": self.identity_read_only,
            "lock": self.lock,
            "known-elsewhere": self.known_elsewhere,
            "expire-tokens": self.expire_tokens,
            "seats": self.seats,
            "add-group": self.add_group,
            "add-role-set": self.add_role_set,
            "add-user": self.add_user,
        }

    def accept(self, email: str) -> None:
        """The person accepts the invitation, or the transfer, and signs in."""
        self.tenant.answer_invitation(self.user(email), accepted=True)

    def decline(self, email: str) -> None:
        """The person declines: SUSPENDED, seat still taken."""
        self.tenant.answer_invitation(self.user(email), accepted=False)

    def leave(self, email: str) -> None:
        """The person accepts another account's transfer: SUSPENDED here."""
        user = self.user(email)
        user.invitation = "left"
        self.tenant.changed(user)

    def forget(self, email: str) -> None:
        """Somebody deletes the person by hand."""
        self.tenant.leave(self.user(email))

    def sign_in(self, email: str) -> None:
        """The person signs in now."""
        user = self.user(email)
        user.last_sign_in = time.time()
        self.tenant.changed(user)

    def age(self, days: float, email: str | None = None) -> None:
        """Lets `days` pass for one person, or for all."""
        for user in list(self.tenant.users.values()) if email is None else [self.user(email)]:
            user.created -= days * DAY
            user.last_sign_in -= days * DAY
            user.invited = None if user.invited is None else user.invited - days * DAY
            self.tenant.changed(user)

    def identity_read_only(self, email: str, *, value: bool = True) -> None:
        """Makes another account the owner of this person's name and address."""
        user = self.user(email)
        user.identity_read_only = value
        self.tenant.changed(user)

    def lock(self, email: str, *, name: bool = True, address: bool = True) -> None:
        """Locks this person's name, address, or both, as federation does."""
        user = self.user(email)
        user.name_locked, user.email_locked = name, address
        self.tenant.changed(user)

    def known_elsewhere(self, email: str) -> None:
        """Lets this address belong to another account: a create will ask for a transfer."""
        self.tenant.elsewhere.add(email.casefold())
        self.tenant.keep("elsewhere", email.casefold())

    def refresh_token(self, email: str) -> str:
        """A refresh token such as GoTo's sign-in page gives the emulator's own client."""
        user, options = self.user(email), self.tenant.options
        assert user is not None, f"there is no {email}"
        return self.sessions.issue_refresh(user, options.client_id, options.scopes)

    def expire_tokens(self, *, refresh_tokens: bool = False) -> None:
        """Ends every access token, and every refresh token if asked."""
        self.sessions.expire()
        if refresh_tokens:
            self.sessions.expire_refresh()

    def _group(self, name: str) -> Group:
        found = next((group for group in self.tenant.groups.values() if group.name == name), None)
        return found or self.tenant.add_group(name)
