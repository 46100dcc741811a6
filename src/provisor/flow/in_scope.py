"""2 scope: assigned with a valid role, through the scoping filter, and allowed to hold an account at all?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from provisor.domain.assignment import AppRole
from provisor.domain.change import Reason
from provisor.domain.error import FilterUndecided, RoleNeeded
from provisor.domain.job import Job
from provisor.domain.log import Scoping
from provisor.domain.resource import Attributes, Entry, Membership
from provisor.domain.schema import ObjectMapping
from provisor.flow.filter import Filter, Verdict, compile_filter


class Rules(Struct, frozen=True):
    """Whom a job is for, compiled once a cycle.

    `everybody`: assigned or not · `leave`: who is in scope no longer keeps the account as it is · `of_roles`: target
    attributes that only a role can fill · `told`: what was found is kept also where it is nothing unusual.
    """

    filter: Filter | None = None
    everybody: bool = False
    leave: bool = False
    of_roles: tuple[str, ...] = ()
    told: bool = False


class InScope(Struct, frozen=True):
    """`roles` are those that provision, highest priority first; `scoping` None: there is nothing to tell of it."""

    roles: tuple[AppRole, ...]
    scoping: Scoping | None = None


class OutOfScope(Struct, frozen=True):
    """`left`: an account that is there stays as it is."""

    reason: Reason
    scoping: Scoping | None = None
    left: bool = False


class Undecided(Struct, frozen=True):
    """Neither in scope nor out of it: the account, if there is one, stays as it is until that can be told."""

    error: FilterUndecided
    scoping: Scoping | None = None


Scope: TypeAlias = InScope | OutOfScope | Undecided

ASSIGNED = Rules()


def compile_rules(mapping: ObjectMapping, job: Job, *, told: bool = False) -> Rules:
    """Raises FilterUnusable."""
    required = {definition.name for definition in mapping.attributes if definition.required}
    of_roles = (one for one in mapping.mappings if "approleassignments" in (one.source or "").casefold())
    return Rules(
        filter=compile_filter(mapping.scope_filter),
        everybody=job.scope == "all",
        leave=job.skip_out_of_scope,
        of_roles=tuple(one.target for one in of_roles if one.target in required and one.default is None),
        told=told,
    )


def in_scope(
    entry: Entry, roles: Sequence[AppRole], rules: Rules = ASSIGNED, memberships: Sequence[Membership] = ()
) -> Scope:
    """Should this entry hold an account in the target, and if not, why?"""
    effective = effective_roles(roles)
    reason = _kept_out(entry, roles, effective, rules)
    if rules.filter is None and reason is None and not rules.told:
        return InScope(effective, Scoping(everybody=True) if rules.everybody else None)
    verdict = _judged(entry, rules, memberships)
    scoping = Scoping(
        active=entry.enabled,
        assigned=bool(roles),
        entitled=bool(effective) or rules.everybody,
        everybody=rules.everybody,
        clauses=verdict.clauses,
    )
    if reason is None and verdict.undecided is not None:
        return Undecided(verdict.undecided, scoping)
    if reason is None and not verdict.met:
        reason = Reason("NotInProvisioningScope", {"failed": verdict.why})
    if reason is None:
        return InScope(effective, scoping)
    return OutOfScope(reason, scoping, left=rules.leave and entry.enabled)


def effective_roles(roles: Sequence[AppRole]) -> tuple[AppRole, ...]:
    """Those that give an account."""
    return tuple(role for role in roles if role.provisions and role.enabled)


def without_role(scope: InScope, wanted: Attributes, rules: Rules) -> RoleNeeded | None:
    """Why an entry in scope has no account where the target asks for a role, and nobody gave it one."""
    if scope.roles:
        return None
    empty = [name for name in rules.of_roles if wanted.get(name) in (None, "", [])]
    return RoleNeeded(attribute=", ".join(empty)) if empty else None


def _kept_out(entry: Entry, roles: Sequence[AppRole], effective: Sequence[AppRole], rules: Rules) -> Reason | None:
    """Why no filter can bring this entry in."""
    if entry.purged:
        return Reason("DeletedForGood")
    if entry.deleted_at is not None:
        return Reason("SoftDeleted")
    if not roles and not rules.everybody:
        return Reason("NotAssigned")
    if not effective and not rules.everybody:
        return Reason("NotEffectivelyEntitled", {"role": ", ".join(role.display_name for role in roles)})
    if not entry.enabled:
        return Reason("AccountDisabled")
    return None


def _judged(entry: Entry, rules: Rules, memberships: Sequence[Membership]) -> Verdict:
    if rules.filter is None or entry.purged:  # of whom nothing is left that a filter could ask for
        return Verdict(met=True, clauses={})
    return rules.filter.judge(entry, memberships)
