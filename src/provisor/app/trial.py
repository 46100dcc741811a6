"""Mappings tried on one person: what each reads, and what the account would hold before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provisor.app import mappings, people, provisioning
from provisor.app.installation import Installation
from provisor.domain.change import Adopt, Create, Reason, Update
from provisor.domain.error import EntryError, JobError, Refused, RetryLater
from provisor.domain.resource import Attributes, Entry, Value
from provisor.domain.schema import AttributeMapping, ObjectMapping, SynchronizationSchema
from provisor.expression import compile_expression
from provisor.expression.compiler import REDACTED, ROLES
from provisor.flow.in_scope import InScope, Scope, compile_rules, effective_roles, in_scope
from provisor.flow.map import Desired, LeftOut, MappingProgram, compile_mapping, map_each, source_of
from provisor.ledger import Candidate, Line
from provisor.schema.edit import mapping_of
from provisor.store import candidates, default_domain, plans
from provisor.store.apps import App

Fate: TypeAlias = Literal["written", "unchanged", "onCreation", "cleared", "kept", "entryLeftOut", "failed"]
"""What becomes of one attribute.

onCreation: it has a value, which only a new account gets · kept: it has none, and what the account holds is left alone
"""


@dataclass(frozen=True, slots=True)
class Flow:
    """One attribute mapping, tried: what it reads gives `result`, and with that the account is as it is `after`.

    Values that nobody may see are not in it.
    """

    mapping: AttributeMapping
    read: Attributes
    result: Value
    before: Value
    after: Value
    fate: Fate
    reason: Reason | None = None  # why it failed, or why the whole entry is left out


@dataclass(frozen=True, slots=True)
class Trial:
    """A schema, tried on somebody. `line`: what would be done; `unknown` says why nobody can tell."""

    app: App
    entry: Entry
    scope: Scope
    line: Line | None
    unknown: Reason | None
    flows: Sequence[Flow]


async def try_mappings(
    installation: Installation, word: str, user: str, schema: SynchronizationSchema | None = None
) -> Trial:
    """Try the saved mappings, or these, on one person; reads from the target, and writes nothing to it.

    Refused where the schema has faults, or there is no such person.
    """
    stored = await mappings.get(installation, word)
    if schema is not None:
        mappings.check(stored.app, schema)
    mapping = mapping_of(schema or stored.schema, "User", stored.app.name)
    async with installation.database.read() as connection:
        entry = await people.find(connection, installation, "User", user)
        [candidate] = await candidates.candidates_of(connection, stored.job, [entry.id], installation.clock())
        domain = await default_domain.default_domain(connection, stored.job.directory_id)
    rules = compile_rules(mapping, stored.job, told=True)
    scope = in_scope(entry, candidate.roles, rules, candidate.memberships)
    line, unknown = await planned(installation, stored.app, entry, schema)
    parts = provisioning.parts(installation, schema)
    program = compile_mapping(mapping, parts.seal)
    tried = map_each(entry, _as_if_in_scope(scope, candidate), program, parts.context(domain)())
    flows = [_flow(one, tried.get(one.target), candidate, line, program) for one in mapping.mappings]
    return Trial(stored.app, entry, scope, line, unknown, flows)


async def planned(
    installation: Installation, app: App, entry: Entry, schema: SynchronizationSchema | None = None
) -> tuple[Line | None, Reason | None]:
    """What would be done for somebody now, or why nobody can tell."""
    try:
        plan = await provisioning.make_plan(installation, app.id, schema, [entry.id])
    except (Refused, JobError, RetryLater) as error:
        return None, error.reason
    try:
        async with installation.database.read() as connection:
            lines = await plans.lines_of(connection, plan.row.cycle.id)
    finally:
        await provisioning.discard(installation, plan.row.cycle.id)
    return (lines[0], None) if lines else (None, Reason("MappingOff"))


def read_by(mapping: ObjectMapping, candidate: Candidate) -> Attributes:
    """What mappings and filter read of an entry, without the values that nobody may see."""
    program = compile_mapping(mapping)
    values = _values(candidate, program)
    compiled = [compile_expression(one.source) for one in mapping.mappings if one.source is not None]
    names = dict.fromkeys(name for one in compiled for name in sorted(one.attributes))
    names |= dict.fromkeys(clause.attribute for group in mapping.scope_filter for clause in group.clauses)
    hidden = {name for one in compiled if one.redacted for name in one.attributes}
    return {name: REDACTED if name in hidden else values[name] for name in names if values.get(name) is not None}


def _values(candidate: Candidate, program: MappingProgram) -> Attributes:
    """All that expressions may read; of the roles, their values."""
    roles = [role.value for role in effective_roles(candidate.roles)]
    return {**source_of(candidate.entry, InScope(()), program), ROLES: roles}


def _as_if_in_scope(scope: Scope, candidate: Candidate) -> InScope:
    """The roles that give an account, also of somebody who is to have none."""
    if isinstance(scope, InScope):
        return scope
    return InScope(effective_roles(candidate.roles))


# ---- one attribute --------------------------------------------------------------------------------------------------


def _flow(
    one: AttributeMapping,
    tried: Desired | LeftOut | EntryError | None,
    candidate: Candidate,
    line: Line | None,
    program: MappingProgram,
) -> Flow:
    values = _values(candidate, program)
    names = sorted(compile_expression(one.source).attributes) if one.source is not None else ()
    read, before = {name: values.get(name) for name in names}, _before(one.target, candidate, line)
    result, after, fate, reason = _fate(one.target, tried, before, candidate, line, program)
    if one.target in program.redacted:
        read = {name: _masked(value) for name, value in read.items()}
        result, before, after = _masked(result), _masked(before), _masked(after)
    return Flow(one, read, result, before, after, fate, reason)


def _before(target: str, candidate: Candidate, line: Line | None) -> Value:
    """What the account holds, as far as we know."""
    match line.change.action if line else None:
        case Create():
            return None
        case Adopt(account, _, _):
            return account.attributes.get(target)
        case Update(link, _, differences):
            changed = [one.old for one in differences if one.attribute == target]
            return changed[0] if changed else link.sent.get(target)
        case _:
            return candidate.link.sent.get(target) if candidate.link else None


def _fate(
    target: str,
    tried: Desired | LeftOut | EntryError | None,
    before: Value,
    candidate: Candidate,
    line: Line | None,
    program: MappingProgram,
) -> tuple[Value, Value, Fate, Reason | None]:
    """What the mapping gives, what the account then holds, and how that came."""
    if tried is None:  # the attribute is read only
        return None, before, "kept", None
    if isinstance(tried, LeftOut):
        return None, before, "entryLeftOut", Reason("LeftOutByMapping", {"attribute": target})
    if isinstance(tried, EntryError):
        return None, before, "failed", tried.reason
    action = line.change.action if line else None
    if isinstance(action, Create) and target in action.desired:  # with the value that nobody else has
        return action.desired[target], action.desired[target], "written", None
    result = tried.whole.get(target)
    new = isinstance(action, Create) or not (candidate.link or isinstance(action, Adopt))
    if target in tried.cleared and not new:
        return None, None, "unchanged" if before in (None, "", []) else "cleared", None
    if result is None:
        return None, before, "kept", None
    if target not in tried.always and not new:
        return result, before, "onCreation", None
    if isinstance(action, Adopt | Update):
        for one in action.differences:
            if one.attribute == target:
                return result, one.new, "written", None
        return result, before, "unchanged", None
    comparable = program.comparable[target]
    return result, result, "unchanged" if comparable(before) == comparable(result) else "written", None


def _masked(value: Value) -> Value:
    return None if value is None else REDACTED
