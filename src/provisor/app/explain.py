"""Why somebody is in an app, or is not: what is known of them, what a cycle would do now, and when."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from provisor.app import mappings, people
from provisor.app.installation import Installation
from provisor.app.trial import planned
from provisor.domain.assignment import AppRole
from provisor.domain.change import Adopt, Create, Delete, Disable, Reason, Skip, Update
from provisor.domain.job import Job
from provisor.domain.log import LogEntry
from provisor.domain.resource import Entry, Link
from provisor.engine.lock import SERVICE, running
from provisor.flow.in_scope import OutOfScope, Scope, Undecided, compile_rules, in_scope
from provisor.flow.record import foreseen
from provisor.ledger import Line
from provisor.schema.edit import mapping_of
from provisor.store import apps, candidates, directories, jobs, logs
from provisor.store.apps import App
from provisor.store.database import Connection
from provisor.store.jobs import Waiting
from provisor.store.logs import LogRow
from provisor.text import moment


@dataclass(frozen=True, slots=True)
class Held:
    """A role, and how somebody has it: `group` None means that they were assigned themselves."""

    role: AppRole
    group: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`line`: what a cycle would do now, and `planned` what the log would say of it; `unknown` says why nobody
    can tell. `last`: what was done last.
    """

    app: App
    entry: Entry
    roles: Sequence[Held]
    scope: Scope
    link: Link | None
    line: Line | None
    planned: LogEntry | None
    unknown: Reason | None
    last: LogRow | None
    waiting: Waiting | None
    next: Reason

    @property
    def verdict(self) -> Reason:
        """The answer in one sentence."""
        account = {"account": self.link.target_id} if self.link else {}
        action = self.line.change.action if self.line else None
        why = {**self.line.change.reason.parameters, "why": self.line.change.reason.code} if self.line else {}
        if self.line is not None and self.line.held:
            return Reason("ExplainedHeld", {**why, **account})
        match action:
            case None:
                return self._from_scope(account)
            case Create():
                return Reason("ExplainedVanished" if self.link else "ExplainedCreate", {**why, **account})
            case Adopt(found, _, _):
                return Reason("ExplainedAdopt", {"account": found.id})
            case Update():
                return Reason("ExplainedUpdate", account)
            case Disable():
                return Reason("ExplainedLeaver", {**why, **account})
            case Delete():
                return Reason("ExplainedDelete", {**why, **account})
            case Skip(kind, at):
                if at == "scoping":
                    return self._from_scope(account)
                if kind == "redundant":
                    return Reason("ExplainedProvisioned", account)
                return Reason("ExplainedStuck" if self.link else "ExplainedWithout", {**why, **account})

    def _from_scope(self, account: dict[str, str]) -> Reason:
        """What can be said without the target."""
        if isinstance(self.scope, Undecided):
            reason = self.scope.error.reason
            return Reason("ExplainedUndecided", {**reason.parameters, "why": reason.code, **account})
        if isinstance(self.scope, OutOfScope):
            code = "ExplainedWithout"
            if self.link is not None:
                code = "ExplainedLeaver" if self.link.believed_active else "ExplainedDisabled"
                code = "ExplainedLeftAlone" if self.link.believed_active and self.scope.left else code
            reason = self.scope.reason
            return Reason(code, {**reason.parameters, "why": reason.code, **account})
        return Reason("ExplainedUnknown" if self.link is None else "ExplainedLinked", account)


async def explain(installation: Installation, word: str, user: str) -> Explanation:
    """Asks the target where that can be, and writes nothing to it. Refused where there is no such app or person."""
    stored = await mappings.get(installation, word)
    app, job, mapping = stored.app, stored.job, mapping_of(stored.schema, "User", stored.app.name)
    async with installation.database.read() as connection:
        entry = await people.find(connection, installation, "User", user)
        [candidate] = await candidates.candidates_of(connection, job, [entry.id], installation.clock())
        roles = await _held(connection, app, entry)
        waiting = await jobs.get_escrow(connection, job.id, entry.id)
        rows = await logs.provisioning_rows(connection, app_id=app.id, user=([entry.id], ""), limit=1)
        due = await jobs.next_cycle_at(connection, job.id)
    rules = compile_rules(mapping, job, told=True)
    scope = in_scope(entry, candidate.roles, rules, candidate.memberships)
    line, unknown = await planned(installation, app, entry)
    served = (running(installation.home) or {}).get("purpose") == SERVICE
    found = Explanation(
        app=app,
        entry=entry,
        roles=roles,
        scope=scope,
        link=candidate.link,
        line=line,
        planned=foreseen(line, installation.clock()) if line else None,
        unknown=unknown,
        last=rows[0] if rows else None,
        waiting=waiting,
        next=Reason("NextNothing"),
    )
    return replace(found, next=_next(found, job, due, served=served))


async def _held(connection: Connection, app: App, entry: Entry) -> Sequence[Held]:
    """The roles of somebody, directly or as a direct member of a group, the highest first."""
    roles = {role.id: role for role in await apps.roles_of(connection, app.id)}
    found = await directories.groups_of(connection, entry.id)
    groups = {group.id: group.display_name for group in found if group.deleted_at is None}
    assigned = await apps.list_assignments(connection, app.id, [entry.id, *groups])
    held = [Held(roles[one.app_role_id], groups.get(one.principal_id)) for one in assigned]
    return sorted(held, key=lambda one: (-one.role.priority, one.role.display_name, one.group or ""))


def _next(about: Explanation, job: Job, due: datetime | None, *, served: bool) -> Reason:
    """What happens next, and when."""
    action, named = about.line.change.action if about.line else None, {"app": shlex.quote(about.app.name)}
    waiting, on = about.waiting, served and job.schedule == "Active"
    if (about.line is not None and about.line.held) or (waiting is not None and waiting.reason.code == "HeldBack"):
        return Reason("NextHeld", named)
    if isinstance(action, Skip) and action.kind in ("redundant", "skipped"):
        return Reason("NextNothing")
    if waiting is not None and waiting.next_attempt is not None:
        times = {"at": moment(waiting.next_attempt), "since": moment(waiting.first_failed)}
        return Reason("NextAttempt" if on else "NextAttemptOff", {**named, **times})
    if isinstance(action, Skip):
        return Reason("NextMend")
    if isinstance(about.scope, OutOfScope) and not (about.link and about.link.believed_active):
        return Reason("NextNothing")
    if on:
        return Reason("NextCycle", {"at": moment(due)} if due else {})
    return Reason("NextService" if job.schedule == "Active" else "NextOff", named)
