"""`/me` and the user resource of the Admin API."""

import re
import time
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from msgspec import UNSET

from provisor.testing.gotomeeting.answer import Refused, done, json
from provisor.testing.gotomeeting.body import Key, NewUser, NewUsers, UserPatch, read
from provisor.testing.gotomeeting.find import matching
from provisor.testing.gotomeeting.options import ADMIN_ROLES, SUPER_USER, Options
from provisor.testing.gotomeeting.paging import flag, query, window
from provisor.testing.gotomeeting.record import Write
from provisor.testing.gotomeeting.session import Sessions, require
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.user import User
from provisor.testing.gotomeeting.view import USER, show_user

ROOT: Final = "/admin/rest/v1"
ACCOUNT: Final = ROOT + "/accounts/{accountKey}"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


class UsersApi:
    """Answers `/me` and `users`."""

    def __init__(self, tenant: Tenant, sessions: Sessions) -> None:
        self._tenant = tenant
        self._sessions = sessions

    def routes(self) -> list[web.RouteDef]:
        """The routes of users; keep them behind those of `users/rolesets`."""
        return [
            web.get(ROOT + "/me", self.me, allow_head=False),
            web.get(ACCOUNT + "/me", self.me, allow_head=False),
            web.get(ACCOUNT + "/users", self.listing, allow_head=False),
            web.post(ACCOUNT + "/users", self.create),
            web.get(ACCOUNT + "/users/{userKey}", self.get, allow_head=False),
            web.put(ACCOUNT + "/users/{userKey}", self.update),
            web.delete(ACCOUNT + "/users/{userKey}", self.delete),
        ]

    async def me(self, request: web.Request) -> web.Response:
        """The caller, and the accounts he belongs to."""
        user, options = self._sessions.caller(request), self._tenant.options
        if request.match_info.get("accountKey", options.account_key) != options.account_key:
            raise Refused(403, "not.authorized")
        own: dict[str, object] = {"key": options.account_key, "name": options.account_name}
        if user.admin_roles:
            own["adminRoles"] = user.admin_roles
        others = [
            {"key": other.key, "name": other.name, "adminRoles": other.admin_roles} for other in options.other_accounts
        ]
        shown = ("key", "email", "firstName", "lastName", "locale", "timeZone", "adminRoles", "createTime", "products")
        body = show_user(self._tenant, user, shown)
        return json(body | {"accountKey": options.account_key, "accounts": [own, *others], "orgAdmin": False})

    async def listing(self, request: web.Request) -> web.Response:
        """A page of users, filtered."""
        self._sessions.check(request, "MANAGE_USERS")
        values = query(request)
        asked = window(values, self._tenant.options)
        rows = matching(self._tenant, values["filter"]) if values.get("filter") else self._tenant.ordered()
        return asked.answer(rows, lambda user, attributes: show_user(self._tenant, user, attributes))

    async def get(self, request: web.Request) -> web.Response:
        """One user."""
        self._sessions.check(request, "MANAGE_USERS")
        return json(show_user(self._tenant, self._tenant.user(request.match_info["userKey"])))

    async def create(self, request: web.Request) -> web.Response:
        """Invites people; who is there already is named in the answer and left as he is."""
        caller = self._sessions.check(request, "MANAGE_USERS")
        every = flag(query(request), "allOrNothing")
        body = await read(request, NewUsers)
        self._check_shared(caller, body)
        refused: list[tuple[NewUser, Refused]] = []
        for new in body.users:
            try:
                self._check_new(new, body)
            except Refused as refusal:
                refused.append((new, refusal))
        coming = {new.email.casefold() for new in body.users if self._tenant.find(new.email) is None}
        if every and refused:
            raise refused[0][1]
        if every:
            self._check_room(body, len(coming))
        bad = {id(new) for new, _ in refused}
        answer: list[dict[str, str]] = []
        for new in body.users:
            if id(new) in bad:
                continue
            try:
                user = self._join(request, new, body)
            except Refused as refusal:
                refused.append((new, refusal))
            else:
                answer.append({"key": user.key, "email": user.email})
        if refused and not answer:
            raise refused[0][1]
        return json(answer[::-1], 201)  # its order says nothing

    async def update(self, request: web.Request) -> web.Response:
        """Changes what the body names, all of it or nothing."""
        caller = self._sessions.check(request, "MANAGE_USERS")
        user = self._tenant.user(request.match_info["userKey"])
        values = query(request)
        flag(values, "allOrNothing")
        quiet = flag(values, "suppressEmail")
        patch = await read(request, UserPatch)
        self._check_identity(user, patch)
        roles = self._roles(caller, user, patch)
        licences = None if patch.license_keys is UNSET else self._licences(caller, user, patch.license_keys)
        managed = None if patch.managed_group_keys is UNSET else _keys(patch.managed_group_keys)
        for key in managed or []:
            self._tenant.group(key)
        before = show_user(self._tenant, user)
        if roles is not None and roles != user.admin_roles:
            self._tenant.set_roles(user, roles)
        self._write_identity(user, patch)
        if managed is not None:
            user.managed_group_keys = managed
        if licences is not None:
            self._write_licences(user, licences, quiet=quiet)
        self._tenant.changed(user)
        after = show_user(self._tenant, user)
        changed = [name for name in USER if before.get(name) != after.get(name)]
        note(self._tenant, request, user, "user.updated " + ",".join(changed) if changed else "unchanged")
        return done()

    async def delete(self, request: web.Request) -> web.Response:
        """Removes a user from the account."""
        caller = self._sessions.check(request, "MANAGE_USERS")
        user = self._tenant.user(request.match_info["userKey"])
        if SUPER_USER in user.admin_roles:
            require(caller, SUPER_USER)
        self._tenant.leave(user)
        note(self._tenant, request, user, "user.deleted")
        return done()

    # Create

    def _check_shared(self, caller: User, body: NewUsers) -> None:
        if not body.users:
            raise Refused(400, "users.required")
        _check_roles(caller, body.admin_roles)
        if body.license_keys:
            require(caller, "MANAGE_SEATS")
        if body.group_key:
            require(caller, "MANAGE_GROUPS")
            self._tenant.group(str(body.group_key))
        for key in _keys(body.license_keys):
            self._tenant.licence(key)
        for key in _keys(body.managed_group_keys):
            self._tenant.group(key)

    def _check_new(self, new: NewUser, body: NewUsers) -> None:
        for name, value in (("email", new.email), ("firstName", new.first_name), ("lastName", new.last_name)):
            if not value.strip():
                raise Refused(400, f"{name}.required")
        check_email(new.email, self._tenant.options)
        check_name("firstName", new.first_name, self._tenant.options)
        check_name("lastName", new.last_name, self._tenant.options)
        if body.admin_roles and not new.has_admin_access:
            raise Refused(400, "admin.access.denied", new.email)

    def _check_room(self, body: NewUsers, coming: int) -> None:
        for key in _keys(body.license_keys):
            if coming and self._tenant.licences[key].free < coming:
                raise Refused(409, "license.seats.exceeded", key)

    def _join(self, request: web.Request, new: NewUser, body: NewUsers) -> User:
        there = self._tenant.find(new.email)
        if there is not None:
            note(self._tenant, request, there, "user.existing")
            return there
        licences = _keys(body.license_keys)
        for key in licences:
            self._tenant.check_seat(self._tenant.licences[key])
        transfer = new.email.casefold() in self._tenant.elsewhere
        user = User(
            key=self._tenant.former.get(new.email.casefold()) or self._tenant.next_key(),
            email=new.email,
            first_name=new.first_name,
            last_name=new.last_name,
            locale=new.locale,
            time_zone=new.time_zone,
            license_keys=licences,
            admin_roles=list(dict.fromkeys(body.admin_roles)),
            managed_group_keys=_keys(body.managed_group_keys),
            group_key=str(body.group_key),
            created=time.time(),
            transfer=transfer,
            identity_read_only=transfer,
            has_admin_access=new.has_admin_access,
        )
        if not body.suppress_email:
            self._tenant.send(user, "transfer" if transfer else "invitation")
        self._tenant.join(user)
        note(self._tenant, request, user, "user.created")
        return user

    # Update

    def _check_identity(self, user: User, patch: UserPatch) -> None:
        options = self._tenant.options
        wanted = {"email": patch.email, "first_name": patch.first_name, "last_name": patch.last_name}
        wanted |= {"locale": patch.locale}
        moving = {name for name, value in wanted.items() if value is not UNSET and value != getattr(user, name)}
        if user.identity_read_only and moving:
            raise Refused(403, "user.identity.read.only", user.key)
        if user.email_locked and "email" in moving:
            raise Refused(400, "user.email.locked", user.key)
        if user.name_locked and moving & {"first_name", "last_name"}:
            raise Refused(400, "user.name.locked", user.key)
        if patch.email is not UNSET:
            check_email(patch.email, options)
            holder = self._tenant.find(patch.email)
            if holder is not None and holder is not user:
                raise Refused(409, "user.name.conflict", patch.email)
        for name, value in (("firstName", patch.first_name), ("lastName", patch.last_name)):
            if value is not UNSET:
                check_name(name, value, options)

    def _write_identity(self, user: User, patch: UserPatch) -> None:
        if patch.email is not UNSET and patch.email != user.email:
            self._tenant.rename(user, patch.email)
        for name in ("first_name", "last_name", "locale", "time_zone"):
            value = getattr(patch, name)
            if value is not UNSET:
                setattr(user, name, value)

    def _roles(self, caller: User, user: User, patch: UserPatch) -> list[str] | None:
        roles = None if patch.admin_roles is UNSET else list(dict.fromkeys(patch.admin_roles))
        if roles is None and patch.admin is not UNSET:
            roles = (user.admin_roles or ["MANAGE_ACCOUNT"]) if patch.admin else []
        if roles is not None and roles != user.admin_roles:
            _check_roles(caller, set(roles) ^ set(user.admin_roles))
            if roles and not user.has_admin_access:
                raise Refused(400, "admin.access.denied", user.key)
        return roles

    def _licences(self, caller: User, user: User, keys: Iterable[Key]) -> list[str]:
        require(caller, "MANAGE_SEATS")
        wanted = _keys(keys)
        for key in wanted:
            licence = self._tenant.licence(key)
            if user.key not in licence.holders:
                self._tenant.check_seat(licence)
        return wanted

    def _write_licences(self, user: User, wanted: list[str], *, quiet: bool) -> None:
        dropped = [held for held in user.license_keys if held not in wanted]
        for key in dropped:
            self._tenant.unassign(self._tenant.licences[key], user)
        added = [self._tenant.assign(self._tenant.licences[key], user) for key in wanted]
        if (dropped or any(added)) and not quiet:
            self._tenant.send(user, "product")


def check_email(value: str, options: Options) -> None:
    """Refuses what is no address or is too long for one."""
    if not _EMAIL.fullmatch(value):
        raise Refused(400, "email.invalid", value)
    if len(value) > options.max_email:
        raise Refused(400, "email.too.long", value)


def check_name(name: str, value: str, options: Options) -> None:
    """Refuses an empty name and one that is too long."""
    if not value.strip():
        raise Refused(400, f"{name}.required")
    if len(value) > options.max_name:
        raise Refused(400, f"{name}.too.long", value)


def note(tenant: Tenant, request: web.Request, user: User | None, effect: str) -> None:
    """Puts a write into the journal."""
    email, key = (user.email, user.key) if user else ("", "")
    tenant.note(Write(time=time.time(), method=request.method, path=request.path, email=email, key=key, effect=effect))


def _check_roles(caller: User, roles: Iterable[str]) -> None:
    for role in roles:
        if role not in ADMIN_ROLES:
            raise Refused(400, "admin.role.invalid", role)
        if role == SUPER_USER:
            require(caller, SUPER_USER)


def _keys(values: Iterable[Key]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values))
