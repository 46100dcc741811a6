"""User groups and role sets of the Admin API."""

from aiohttp import web

from provisor.testing.gotomeeting.answer import Refused, done, json
from provisor.testing.gotomeeting.body import GroupName, read
from provisor.testing.gotomeeting.find import matching
from provisor.testing.gotomeeting.licence import RoleSet
from provisor.testing.gotomeeting.options import SUPER_USER
from provisor.testing.gotomeeting.paging import query, window
from provisor.testing.gotomeeting.session import Sessions
from provisor.testing.gotomeeting.tenant import Tenant
from provisor.testing.gotomeeting.users import ACCOUNT, note
from provisor.testing.gotomeeting.view import show_group


class GroupsApi:
    """Answers `groups`, `rolesets` and the membership of both."""

    def __init__(self, tenant: Tenant, sessions: Sessions) -> None:
        self._tenant = tenant
        self._sessions = sessions

    def routes(self) -> list[web.RouteDef]:
        """The routes of groups and role sets."""
        group = ACCOUNT + "/groups/{groupKey}"
        return [
            web.get(ACCOUNT + "/groups", self.listing, allow_head=False),
            web.post(ACCOUNT + "/groups", self.create),
            web.get(group, self.get, allow_head=False),
            web.put(group, self.rename),
            web.delete(group, self.delete),
            web.put(group + "/users/{userKey}", self.join),
            web.delete(ACCOUNT + "/users/{userKey}/groups", self.leave),
            web.get(ACCOUNT + "/rolesets", self.role_sets, allow_head=False),
            web.put(ACCOUNT + "/rolesets/{id}/users", self.give_role_set),
            web.delete(ACCOUNT + "/users/rolesets", self.take_role_sets),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """A page of groups."""
        self._sessions.check(request, "MANAGE_GROUPS")
        asked = window(query(request), self._tenant.options)
        rows = list(self._tenant.groups.values())
        return asked.answer(rows, lambda group, attributes: show_group(self._tenant, group, attributes))

    async def get(self, request: web.Request) -> web.Response:
        """One group."""
        self._sessions.check(request, "MANAGE_GROUPS")
        return json(show_group(self._tenant, self._tenant.group(request.match_info["groupKey"])))

    async def create(self, request: web.Request) -> web.Response:
        """Makes a group and answers its key as a bare JSON string."""
        self._sessions.check(request, "MANAGE_GROUPS")
        made = self._tenant.add_group((await read(request, GroupName)).name)
        note(self._tenant, request, None, f"group.created {made.name}")
        return json(made.key, 201)

    async def rename(self, request: web.Request) -> web.Response:
        """Gives a group another name."""
        self._sessions.check(request, "MANAGE_GROUPS")
        group = self._tenant.group(request.match_info["groupKey"])
        name = (await read(request, GroupName)).name
        self._tenant.rename_group(group, name)
        note(self._tenant, request, None, f"group.renamed {name}")
        return done()

    async def delete(self, request: web.Request) -> web.Response:
        """Removes a group; its members stay."""
        self._sessions.check(request, "MANAGE_GROUPS")
        group = self._tenant.group(request.match_info["groupKey"])
        self._tenant.drop_group(group)
        note(self._tenant, request, None, f"group.deleted {group.name}")
        return done()

    async def join(self, request: web.Request) -> web.Response:
        """Moves a user into a group, out of the one he was in."""
        self._sessions.check(request, "MANAGE_GROUPS")
        group = self._tenant.group(request.match_info["groupKey"])
        user = self._tenant.user(request.match_info["userKey"])
        moved = self._tenant.move(user, group)
        note(self._tenant, request, user, f"group.joined {group.name}" if moved else "unchanged")
        return done()

    async def leave(self, request: web.Request) -> web.Response:
        """Takes a user out of his group."""
        self._sessions.check(request, "MANAGE_GROUPS")
        user = self._tenant.user(request.match_info["userKey"])
        moved = self._tenant.move(user, None)
        note(self._tenant, request, user, "group.left" if moved else "unchanged")
        return done()

    async def role_sets(self, request: web.Request) -> web.Response:
        """A page of role sets."""
        self._sessions.check(request, SUPER_USER)
        asked = window(query(request), self._tenant.options)
        rows = list(self._tenant.role_sets.values())
        return asked.answer(rows, lambda role_set, _: {"id": role_set.id, "name": role_set.name})

    async def give_role_set(self, request: web.Request) -> web.Response:
        """Gives the users of a filter a role set in place of their admin roles."""
        self._sessions.check(request, SUPER_USER)
        role_set = self._tenant.role_sets.get(request.match_info["id"])
        if role_set is None:
            raise Refused(404, "roleset.not.found", request.match_info["id"])
        return self._write_role_set(request, role_set)

    async def take_role_sets(self, request: web.Request) -> web.Response:
        """Takes the role set of the users of a filter."""
        self._sessions.check(request, SUPER_USER)
        return self._write_role_set(request, None)

    def _write_role_set(self, request: web.Request, role_set: RoleSet | None) -> web.Response:
        wanted = query(request).get("filter", "")
        if not wanted:
            raise Refused(400, "filter.required")
        for user in matching(self._tenant, wanted):
            self._tenant.set_role_set(user, role_set)
            note(self._tenant, request, user, f"roleset.given {role_set.name}" if role_set else "roleset.taken")
        return done()
