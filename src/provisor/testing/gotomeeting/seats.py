"""The licence resource of the Admin API."""

from aiohttp import web

from provisor.testing.gotomeeting.answer import Refused, done
from provisor.testing.gotomeeting.paging import flag, query, window
from provisor.testing.gotomeeting.session import Sessions
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.users import ACCOUNT, note
from provisor.testing.gotomeeting.view import show_licence


class SeatsApi:
    """Answers `licenses`."""

    def __init__(self, tenant: Tenant, sessions: Sessions) -> None:
        self._tenant = tenant
        self._sessions = sessions

    def routes(self) -> list[web.RouteDef]:
        """The routes of licences."""
        holder = ACCOUNT + "/licenses/{licenseKey}/users/{userKey}"
        return [
            web.get(ACCOUNT + "/licenses", self.listing, allow_head=False),
            web.put(holder, self.assign),
            web.post(holder, self.assign),
            web.delete(holder, self.unassign),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """A page of licences."""
        self._sessions.check(request, "MANAGE_SEATS")
        asked = window(query(request), self._tenant.options)
        rows = list(self._tenant.licences.values())
        return asked.answer(rows, lambda licence, attributes: show_licence(self._tenant, licence, attributes))

    async def assign(self, request: web.Request) -> web.Response:
        """Gives a user a seat; a second time changes nothing and sends no mail."""
        if request.method not in self._tenant.options.assign_methods:
            raise web.HTTPMethodNotAllowed(request.method, {*self._tenant.options.assign_methods, "DELETE"})
        self._sessions.check(request, "MANAGE_SEATS")
        quiet = flag(query(request), "suppressEmail")
        licence = self._tenant.licence(request.match_info["licenseKey"])
        user = self._tenant.user(request.match_info["userKey"])
        added = self._tenant.assign(licence, user)
        if added and not quiet:
            self._tenant.send(user, "product")
        note(self._tenant, request, user, f"license.added {licence.products[0]}" if added else "unchanged")
        return done()

    async def unassign(self, request: web.Request) -> web.Response:
        """Takes a user's seat."""
        self._sessions.check(request, "MANAGE_SEATS")
        quiet = flag(query(request), "suppressEmail")
        licence = self._tenant.licence(request.match_info["licenseKey"])
        user = self._tenant.user(request.match_info["userKey"])
        removed = self._tenant.unassign(licence, user)
        if not removed and self._tenant.options.unassign_refuses_unassigned:
            raise Refused(404, "license.user.not.found", user.key)
        if removed and not quiet:
            self._tenant.send(user, "product")
        note(self._tenant, request, user, f"license.removed {licence.products[0]}" if removed else "unchanged")
        return done()
