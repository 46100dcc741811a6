"""Test Connection: sign-in, admin center, account, rights, users, licences. Writes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from provisor.connector import CheckStep
from provisor.connectors.gotomeeting.admin import Admin, Home, choose_account
from provisor.connectors.gotomeeting.licences import Licences, usable
from provisor.connectors.gotomeeting.roles import SUPER_USER, listed
from provisor.connectors.gotomeeting.signin import SignIn
from provisor.connectors.gotomeeting.wire import Me
from provisor.domain.assignment import AppRole
from provisor.domain.change import Reason
from provisor.domain.error import Misconfigured, ProvisorError, Unauthorized


class Check:
    """One run of the test; a step that fails ends it."""

    def __init__(
        self, sign_in: SignIn, admin: Admin, licences: Licences, roles: Sequence[AppRole], account_key: str
    ) -> None:
        self._sign_in = sign_in
        self._admin = admin
        self._licences = licences
        self._roles = roles
        self._account_key = account_key
        self._me: Me | None = None
        self._home: Home | None = None

    async def steps(self) -> AsyncIterator[CheckStep]:
        for name, step in (
            ("signIn", self._signs_in),
            ("adminCenter", self._reaches_admin_center),
            ("account", self._finds_account),
            ("rights", self._has_rights),
            ("users", self._reads_users),
            ("licenses", self._reads_licences),
        ):
            try:
                done = await step()
            except ProvisorError as error:
                yield CheckStep(name, "failure", error.reason)
                return
            yield replace(done, name=name)
            if done.status == "failure":
                return

    async def _signs_in(self) -> CheckStep:
        await self._sign_in.token()
        user, method = self._sign_in.user, self._sign_in.method
        return _passed("SignedIn", user=user) if user else _passed("SignedIn", method=method)

    async def _reaches_admin_center(self) -> CheckStep:
        try:
            self._me = await self._admin.me()
        except Unauthorized as error:  # signed in a moment ago: it is the client, not the password
            return _failed("AdminCenterScopeMissing", scope="identity:", **error.reason.parameters)
        return _passed("AdminCenterReached", email=self._me.email or "")

    async def _finds_account(self) -> CheckStep:
        assert self._me is not None
        try:
            self._home = choose_account(self._me, self._account_key)
        except Misconfigured as error:
            told = dict(error.reason.parameters)
            return _failed(told.pop("problem"), **told)
        return _passed("AccountChosen", account=self._home.account, name=self._home.name)

    async def _has_rights(self) -> CheckStep:
        assert self._home is not None
        held = ", ".join(sorted(self._home.admin_roles))
        if not self._home.team_admin:
            return _failed("NotTeamAdmin", held=held, needed="MANAGE_USERS, MANAGE_SEATS")
        grouped = any(role.grant.get("groupKey") for role in self._roles if role.enabled)
        if grouped and not self._home.admin_roles & {SUPER_USER, "MANAGE_GROUPS"}:
            return _failed("NotTeamAdmin", held=held, needed="MANAGE_USERS, MANAGE_SEATS, MANAGE_GROUPS")
        return _passed("TeamAdmin", held=held)

    async def _reads_users(self) -> CheckStep:
        page = await self._admin.user_page(0, 1)
        return _passed("UsersReadable", total="" if page.total is None else str(page.total))

    async def _reads_licences(self) -> CheckStep:
        """A product that the account has not bought is no fault: its role may just not be in use."""
        licences = await self._licences.all()
        products = dict.fromkeys(one for role in self._roles for one in listed(role.grant.get("products")))
        sold = {product: usable(product, licences) for product in products}
        if products and not any(sold.values()):
            return CheckStep("", "warning", Reason("NoLicense", {"products": ", ".join(products)}))
        free = {
            product: "unlimited" if any(one.free is None for one in those) else str(sum(one.free or 0 for one in those))
            for product, those in sold.items()
            if those
        }
        none = [product for product, seats in free.items() if seats == "0"]
        if none:
            return CheckStep("", "warning", Reason("NoFreeSeats", {"products": ", ".join(none)}))
        told = ", ".join(f"{product}: {seats}" for product, seats in free.items())
        return _passed("LicensesReadable", licenses=str(len(licences)), free=told)


def _passed(code: str, **parameters: str) -> CheckStep:
    return CheckStep("", "success", Reason(code, parameters))


def _failed(code: str, **parameters: str) -> CheckStep:
    return CheckStep("", "failure", Reason(code, parameters))
