"""GoToMeeting as a target: an account is a user of the GoTo account, active while it holds a licence or a role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from functools import partial

from provisor.connector import Capabilities, CheckStep, Connection, Made, Page
from provisor.connectors.gotomeeting.account import NEEDED, PROPERTIES, edits, held, known, show, verify
from provisor.connectors.gotomeeting.admin import LARGE_PAGE, Admin, equals
from provisor.connectors.gotomeeting.check import Check
from provisor.connectors.gotomeeting.invite import Invitations, Invitee
from provisor.connectors.gotomeeting.licences import Licences
from provisor.connectors.gotomeeting.moves import Moves, Ours, leaving, moves
from provisor.connectors.gotomeeting.roles import SUPER_USER, Grant, listed, resolve
from provisor.connectors.gotomeeting.signin import SignIn
from provisor.connectors.gotomeeting.wire import User
from provisor.connectors.http import Limits, Transport
from provisor.domain.change import Difference
from provisor.domain.error import (
    Conflict,
    EntryError,
    InvalidValue,
    Misconfigured,
    MissingValue,
    NotPermitted,
    StillActive,
)
from provisor.domain.resource import Account, Attributes, Link

SECRETS = ("Password", "PersonalAccessToken", "RefreshToken", "Oauth2ClientSecret")


def open_gotomeeting(connection: Connection, limits: Limits | None = None) -> GoToMeeting:
    """A connection to one GoTo account; nothing is sent before it is used."""
    given = connection.credentials
    transport = Transport(
        rate=connection.rate_limit,
        concurrency=connection.concurrency,
        limits=limits,
        hidden=[given.get(secret, "") for secret in SECRETS],
    )
    return GoToMeeting(transport, connection)


class GoToMeeting:
    """One GoTo account. Keys are text; every method raises RetryLater, EntryError or JobError and nothing else."""

    def __init__(self, transport: Transport, connection: Connection) -> None:
        credentials, settings = connection.credentials, connection.settings
        batch = int(str(settings.get("batchSize") or 1))
        self.capabilities = Capabilities(delete=True, create_many=batch, page_size=LARGE_PAGE)
        self.transport = transport
        self._roles = connection.roles
        self._account_key = credentials.get("AccountKey", "")
        self._everything = settings.get("disableRemoves") != "ours"
        self._sign_in = transport.signer = SignIn(transport, credentials, connection.stored)
        self._admin = Admin(
            transport,
            credentials.get("BaseAddress", ""),
            self._account_key,
            suppress_email=str(settings.get("suppressEmail", False)).lower() == "true",
            verb=str(settings.get("assignLicenseVerb") or "PUT").upper(),
        )
        self._licences = Licences(self._admin)
        self._invitations = Invitations(self._admin, self._licences, partial(self._search, "email"))

    def __repr__(self) -> str:
        return f"GoToMeeting({self._admin.root!r})"

    # ---- reading ------------------------------------------------------------------------------------------------

    def check(self) -> AsyncIterator[CheckStep]:
        """Test Connection: step by step, stops after a failure, writes nothing."""
        return Check(self._sign_in, self._admin, self._licences, self._roles, self._account_key).steps()

    async def own_account(self) -> str | None:
        """The key of the admin who signs in."""
        return (await self._admin.home()).own_key

    async def get(self, target_id: str) -> Account:
        """One user. Raises NotFound."""
        user = await self._admin.user(target_id)
        return self._view(user, await self._licences.products())

    async def find(self, attribute: str, value: str) -> Sequence[Account]:
        """Every user whose attribute equals the value, case-folded and verified on our side."""
        if attribute not in PROPERTIES:
            raise Misconfigured(problem="NotSearchable", attribute=attribute)
        licences = await self._licences.products()
        return [self._view(user, licences) for user in await self._search(attribute, value)]

    async def list(self) -> AsyncIterator[Page]:
        """Every user of the account, the suspended included."""
        async for page in self._admin.users():
            licences = await self._licences.products()
            yield Page([self._view(user, licences) for user in page.results or ()], page.total)

    # ---- writing ------------------------------------------------------------------------------------------------

    async def create(self, desired: Attributes) -> Account:
        """Invite somebody, or take up whoever has this address already; he holds what his roles give afterwards.

        Raises LicenseLimitExceeded, and Conflict where the address belongs to another GoTo account.
        """
        grant = self._grant_of(desired)
        user, given = await self._invitations.one(desired, grant)
        ours = Ours(frozenset(given), frozenset(grant.admin_roles))
        try:
            account, user = await self._settle(user, desired, grant, Grant(), ours)
            if account.elsewhere:
                raise Conflict(email=user.email, account=user.id, problem="TransferPending")
        except EntryError as error:  # invited all the same: ours to take away again
            if user.id != await self.own_account():
                error.account = self._view(user, await self._licences.products(), ours.still_held(user))
            raise
        return account

    async def create_many(self, desired: Sequence[Attributes]) -> Sequence[Made]:
        """Invite people who are not in the account, with a request for all who get the same."""
        answers: list[Made] = [None] * len(desired)
        invitees: dict[int, Invitee] = {}
        for place, wanted in enumerate(desired):
            try:
                invitees[place] = (wanted, self._grant_of(wanted))
            except EntryError as error:
                answers[place] = error
        for place, answer in zip(invitees, await self._invitations.many([*invitees.values()]), strict=True):
            answers[place] = answer
        return answers

    async def update(self, link: Link, differences: Sequence[Difference]) -> Account:
        """Write what differs from what GoTo holds now; a role given up takes its licence with it.

        Raises NotFound, NotPermitted, LicenseLimitExceeded.
        """
        wanted = {one.attribute: one.new for one in differences}
        known(wanted)
        user = await self._theirs(link)
        if wanted.get("active") is False:
            await self._settle(user, wanted, None, Grant(), Ours())
            return await self.disable(link)
        roles = wanted.get("appRoles", link.sent.get("appRoles") if "active" in wanted else None)
        grant = None if roles is None else self._grant(listed(roles))
        before = next((listed(one.old) for one in differences if one.attribute == "appRoles"), ())
        gone = leaving(before, listed(roles), self._roles)
        return (await self._settle(user, wanted, grant, gone, Ours.of(link.grants)))[0]

    async def disable(self, link: Link) -> Account:
        """Take every licence, then every role; or, as the setting has it, only ours. Raises StillActive, NotFound."""
        user = await self._theirs(link)
        ours, before = Ours.of(link.grants), tuple(user.admin_roles or ())
        drop = [key for key in user.licences if self._everything or key in ours.licences]
        roles = [] if self._everything else [role for role in before if role not in ours.admin_roles]
        await self._keep_a_super_user(user, roles)
        await self._licences.take(user.id, drop)
        if len(roles) != len(before):
            await self._admin.change(user.id, {"adminRoles": roles})
        if self._everything and user.role_sets and user.email:
            await self._admin.drop_role_sets(user.email)
        if user.held:
            user = await self._admin.user(user.id)
        licences = await self._licences.products()
        if user.active:
            raise StillActive(account=user.id, **held(user, licences))
        return self._view(user, licences, ours.still_held(user))

    async def delete(self, link: Link) -> None:
        """Remove the user from the GoTo account. Raises NotFound."""
        user = await self._theirs(link)
        await self._keep_a_super_user(user, ())
        await self._admin.remove(user.id)

    def stop(self) -> None:
        self.transport.stop()

    async def close(self) -> None:
        self.transport.stop()
        try:
            await self._sign_in.settled()
        finally:
            await self.transport.close()

    # ---- steps --------------------------------------------------------------------------------------------------

    async def _settle(
        self, user: User, wanted: Attributes, grant: Grant | None, gone: Grant, ours: Ours
    ) -> tuple[Account, User]:
        """Everything that could refuse is asked first; then licences come, properties change, licences go."""
        own = (await self._admin.home()).own_key
        if user.id == own:
            raise NotPermitted(account=user.id, problem="OwnAccount")
        body = edits(user, wanted)
        licences = await self._licences.products()
        plan = moves(user, grant, gone, ours, licences) if grant else Moves()
        if plan.admin_roles is not None:
            body["adminRoles"] = plan.admin_roles
            await self._keep_a_super_user(user, plan.admin_roles)
        given = await self._licences.give(user.id, plan.missing, plan.drop)
        if body:
            await self._admin.change(user.id, body)
        moved = grant is not None and grant.group_key not in (None, str(user.group_key))
        if grant is not None and grant.group_key and moved:
            await self._admin.join_group(grant.group_key, user.id)
        await self._licences.take(user.id, plan.drop)
        if given or body or moved or plan.drop:
            user = await self._admin.user(user.id)
            licences = await self._licences.products()
        if grant is not None:
            verify(user, grant, licences)
        added = {*(plan.admin_roles or ())} & {*(grant.admin_roles if grant else ())}
        note = Ours(ours.licences.union(given), ours.admin_roles | added)
        return self._view(user, licences, note.still_held(user)), user

    async def _theirs(self, link: Link) -> User:
        """The linked user as it is now. Raises NotPermitted for the one that we sign in with, and NotFound."""
        if link.target_id == await self.own_account():
            raise NotPermitted(account=link.target_id, problem="OwnAccount")
        return await self._admin.user(link.target_id)

    async def _keep_a_super_user(self, user: User, roles: Collection[str]) -> None:
        """Raises NotPermitted where `user` is the last super admin and would be none with `roles`."""
        home = await self._admin.home()
        if SUPER_USER not in (user.admin_roles or ()) or SUPER_USER in roles or SUPER_USER in home.admin_roles:
            return
        async for page in self._admin.users():
            for other in page.results or ():
                if other.id != user.id and SUPER_USER in (other.admin_roles or ()) and not other.suspended:
                    return
        raise NotPermitted(account=user.id, problem="LastSuperUser")

    async def _search(self, attribute: str, value: str) -> Sequence[User]:
        """Whether GoTo's filter minds the case is not documented, so the lower-case form is asked for as well."""
        for asked in dict.fromkeys((value, value.lower())):
            found: dict[str, User] = {}
            async for page in self._admin.users(equals(attribute, asked)):
                for user in page.results or ():
                    if str(getattr(user, PROPERTIES[attribute]) or "").casefold() == value.casefold():
                        found[user.id] = user
            if found:
                return [*found.values()]
        return []

    def _grant_of(self, desired: Attributes) -> Grant:
        """What somebody new is to hold. Raises MissingValue, InvalidValue."""
        known(desired)
        for name in NEEDED:
            if not desired.get(name):
                raise MissingValue(attribute=name)
        return self._grant(listed(desired["appRoles"]))

    def _grant(self, values: Sequence[str]) -> Grant:
        grant = resolve(values, self._roles)
        if grant.empty:
            raise InvalidValue(attribute="appRoles", value=", ".join(values), problem="RoleGivesNothing")
        return grant

    def _view(self, user: User, licences: Mapping[str, Collection[str]], grants: Attributes | None = None) -> Account:
        return show(user, licences, self._roles, grants)
