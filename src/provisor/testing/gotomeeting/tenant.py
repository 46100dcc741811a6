"""The emulated GoTo account: its people, seats, groups and the mails it sends. No HTTP."""

import time
from collections.abc import Callable, Iterable

from provisor.testing.gotomeeting.answer import Refused
from provisor.testing.gotomeeting.licence import NAMES, PRODUCTS, Group, Licence, RoleSet
from provisor.testing.gotomeeting.options import SUPER_USER, Options
from provisor.testing.gotomeeting.record import Mail, MailKind, Write
from provisor.testing.gotomeeting.user import Status, User

Keep = Callable[[str, object], None]


class Tenant:
    """One account in memory; every change is also handed to `keep`, as (kind, value)."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.users: dict[str, User] = {}
        self.licences: dict[str, Licence] = {}
        self.groups: dict[str, Group] = {}
        self.role_sets: dict[str, RoleSet] = {}
        self.elsewhere: set[str] = set()
        self.mails: list[Mail] = []
        self.journal: list[Write] = []
        self.former: dict[str, str] = {}
        self.issued = 0
        self.keep: Keep = lambda _kind, _value: None
        self._by_email: dict[str, User] = {}
        self._ordered: list[User] | None = None
        for product, seats in options.seats.items():
            self.add_licence(PRODUCTS.get(product, [product]), seats, NAMES.get(product, product))

    # Looking up

    def find(self, email: str) -> User | None:
        """The user with this address, whatever its case."""
        return self._by_email.get(email.casefold())

    def user(self, key: str) -> User:
        """The user with this key; refuses an unknown one."""
        found = self.users.get(key)
        if found is None:
            raise Refused(404, "user.not.found", key)
        return found

    def licence(self, key: str) -> Licence:
        """The licence with this key; refuses an unknown one."""
        found = self.licences.get(key)
        if found is None:
            raise Refused(404, "license.not.found", key)
        return found

    def group(self, key: str) -> Group:
        """The group with this key; refuses an unknown one."""
        found = self.groups.get(key)
        if found is None:
            raise Refused(404, "group.not.found", key)
        return found

    def ordered(self) -> list[User]:
        """Every user, oldest first; the list is shared and must not be changed."""
        if self._ordered is None:
            self._ordered = list(self.users.values())
        return self._ordered

    def status(self, user: User) -> Status:
        """The status this user has now."""
        return user.status(time.time(), self.options.inactive_after_days)

    # People

    def next_key(self) -> str:
        """A key nobody has: 19 decimal digits, beyond what a float holds."""
        self.issued += 1
        self.keep("issued", self.issued)
        return str(10**18 + self.issued * 6364136223846793 % (8 * 10**18))

    def join(self, user: User) -> None:
        """Takes `user` in, with the seats and the group he names; the caller has checked that there is room."""
        self.users[user.key] = self._by_email[user.email.casefold()] = user
        self.former.pop(user.email.casefold(), None)
        if self._ordered is not None:
            self._ordered.append(user)
        for key in user.license_keys:
            self._seat(self.licences[key], user)
        if user.group_key:
            self.groups[user.group_key].members[user.key] = None
        self.changed(user)

    def leave(self, user: User) -> None:
        """Removes `user` and frees his seats; his address keeps its key for a return."""
        self._guard_last_super_user(user)
        for key in user.license_keys:
            self._unseat(self.licences[key], user)
        if user.group_key:
            self.groups[user.group_key].members.pop(user.key, None)
        del self.users[user.key], self._by_email[user.email.casefold()]
        self.former[user.email.casefold()] = user.key
        self._ordered = None
        self.keep("left", user.key)

    def rename(self, user: User, email: str) -> None:
        """Gives `user` another address; refuses one that somebody else has."""
        holder = self.find(email)
        if holder is not None and holder is not user:
            raise Refused(409, "user.name.conflict", email)
        del self._by_email[user.email.casefold()]
        user.email = email
        self._by_email[email.casefold()] = user

    def answer_invitation(self, user: User, *, accepted: bool) -> None:
        """Lets `user` accept or decline; a decliner's seat stays taken."""
        user.invitation = "accepted" if accepted else "declined"
        if accepted:
            user.last_sign_in = time.time()
            user.identity_read_only = user.identity_read_only and not user.transfer
        for key in user.license_keys:
            self.licences[key].invited.pop(user.key, None)
        self.changed(user)

    def changed(self, user: User) -> None:
        """Notes that `user` is no longer what was last kept."""
        self.keep("user", user)

    # Roles

    def set_roles(self, user: User, roles: Iterable[str]) -> None:
        """Replaces the built-in admin roles; a role set gives way to them."""
        wanted = list(dict.fromkeys(roles))
        if SUPER_USER not in wanted:
            self._guard_last_super_user(user)
        user.admin_roles = wanted
        if wanted:
            user.role_sets = []

    def set_role_set(self, user: User, role_set: RoleSet | None) -> None:
        """Replaces the role set; built-in admin roles give way to it."""
        if role_set is not None:
            self._guard_last_super_user(user)
            user.admin_roles = []
        user.role_sets = [] if role_set is None else [role_set.id]
        self.changed(user)

    def _guard_last_super_user(self, user: User) -> None:
        if SUPER_USER not in user.admin_roles:
            return
        if not any(SUPER_USER in other.admin_roles for other in self.users.values() if other is not user):
            raise Refused(400, "account.super.user.required", user.key)

    # Seats

    def add_licence(self, products: list[str], seats: int, description: str = "") -> Licence:
        """A further licence of the account."""
        made = Licence(key=self.next_key(), seats=seats, products=list(products), description=description)
        self.licences[made.key] = made
        return made

    def check_seat(self, licence: Licence) -> None:
        """Refuses when `licence` is switched off or full."""
        if not licence.enabled:
            raise Refused(400, "license.disabled", licence.key)
        if licence.free < 1:
            raise Refused(409, "license.seats.exceeded", licence.key)

    def assign(self, licence: Licence, user: User) -> bool:
        """Gives `user` a seat; False when he had one."""
        if user.key in licence.holders:
            return False
        self.check_seat(licence)
        user.license_keys.append(licence.key)
        self._seat(licence, user)
        self.changed(user)
        return True

    def unassign(self, licence: Licence, user: User) -> bool:
        """Takes the seat of `user`; False when he had none."""
        if user.key not in licence.holders:
            return False
        user.license_keys.remove(licence.key)
        self._unseat(licence, user)
        self.changed(user)
        return True

    def _seat(self, licence: Licence, user: User) -> None:
        licence.holders[user.key] = None
        if user.invitation == "open":
            licence.invited[user.key] = None

    def _unseat(self, licence: Licence, user: User) -> None:
        licence.holders.pop(user.key, None)
        licence.invited.pop(user.key, None)

    # Groups

    def add_group(self, name: str) -> Group:
        """A new group; refuses a name that is taken."""
        self._free_group_name(name, None)
        made = Group(key=self.next_key(), name=name)
        self.groups[made.key] = made
        self.keep("group", made)
        return made

    def rename_group(self, group: Group, name: str) -> None:
        """Renames a group; refuses a name that is taken."""
        self._free_group_name(name, group)
        group.name = name
        self.keep("group", group)

    def drop_group(self, group: Group) -> None:
        """Removes a group; its members stay in the account."""
        for key in list(group.members):
            self.move(self.users[key], None)
        del self.groups[group.key]
        self.keep("group-dropped", group.key)

    def move(self, user: User, group: Group | None) -> bool:
        """Puts `user` into `group` and out of any other; False when nothing changes."""
        wanted = group.key if group else ""
        if user.group_key == wanted:
            return False
        if user.group_key:
            self.groups[user.group_key].members.pop(user.key, None)
        if group:
            group.members[user.key] = None
        user.group_key = wanted
        self.changed(user)
        return True

    def _free_group_name(self, name: str, own: Group | None) -> None:
        if not name.strip():
            raise Refused(400, "group.name.required")
        if any(group.name.casefold() == name.casefold() for group in self.groups.values() if group is not own):
            raise Refused(409, "group.name.conflict", name)

    # Memory

    def send(self, user: User, kind: MailKind) -> None:
        """Records a mail to `user` and, for an invitation, counts it."""
        sent = Mail(time=time.time(), to=user.email, kind=kind)
        self.mails.append(sent)
        self.keep("mail", sent)
        if kind != "product":
            user.invited, user.invite_count = sent.time, user.invite_count + 1

    def note(self, write: Write) -> None:
        """Records a write that was carried out."""
        self.journal.append(write)
        self.keep("write", write)
