"""Plan lines: rows to nouns and back, and what a person is shown of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, get_args

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from provisor.domain.change import (
    Action,
    Adopt,
    Change,
    Create,
    Delete,
    Difference,
    Disable,
    Reason,
    Skip,
    SkipKind,
    StepType,
    Update,
    action_name,
    differences_from_nothing,
)
from provisor.domain.log import Scoping
from provisor.domain.resource import Account
from provisor.flow.push import rank
from provisor.flow.record import differences_in, masked, masked_differences
from provisor.ledger import Claim, Draft, Line
from provisor.store.apps import active_links
from provisor.store.database import Connection
from provisor.store.document import decode, decode_as, encode
from provisor.store.links import LINK, link_from
from provisor.store.tables import cycle, entry, job, link, plan_line

FAILING: Final[Sequence[SkipKind]] = ("failed", "disputed")


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a plan as a person sees it."""

    seq: int
    entry_id: str
    name: str
    login: str | None
    action: str
    state: str
    failed: bool
    reason: Reason
    target_id: str | None
    modified: tuple[Difference, ...]


def row_from(cycle_id: str, seq: int, draft: Draft) -> dict[str, Any]:
    change, desired, differences, target_id = draft.change, None, None, None
    match change.action:
        case Create(wanted):
            desired = encode(wanted)
        case Adopt(account, wanted, changed):
            desired, differences, target_id = encode(wanted), encode([changed, account]), account.id
        case Update(known, wanted, changed):
            desired, differences, target_id = encode(wanted), encode([changed, None]), known.target_id
        case Disable(known) | Delete(known):
            target_id = known.target_id
        case Skip():
            differences = encode(change.action)
    return {
        "cycle_id": cycle_id,
        "seq": seq,
        "entry_id": change.entry_id,
        "name": draft.name,
        "login": draft.login,
        "resource_type": change.resource_type,
        "action": action_name(change.action),
        "rank": rank(change.action),
        "state": "planned",
        "reason": encode(change.reason),
        "target_id": target_id,
        "privileged": isinstance(change.action, Adopt) and change.action.account.privileged,
        "destructive": change.destructive,
        "desired": desired,
        "differences": differences,
        "sealed": encode(change.sealed) if change.sealed else None,
        "claimed": draft.claim.value if draft.claim else None,
        "claim": str(draft.claim) if draft.claim else None,
        "entry_change_no": draft.entry_change_no,
        "link_version": draft.link_version,
        "scoping": encode(draft.scoping) if draft.scoping is not None else None,
        "listed": draft.listed,
        "recorded": False,
    }


WITH_LINK = (
    sa.select(plan_line, *LINK, entry.c.change_no)
    .select_from(plan_line)
    .join(cycle, cycle.c.id == plan_line.c.cycle_id)
    .outerjoin(entry, entry.c.id == plan_line.c.entry_id)
    .outerjoin(link, (link.c.job_id == cycle.c.job_id) & (link.c.entry_id == plan_line.c.entry_id))
)
"""A line, the number of its entry's last change, and its link."""

_LINK = slice(len(plan_line.c), len(plan_line.c) + len(LINK))  # where the link is in a row of these


def line_from(row: sa.Row[Any], *, in_doubt: bool = False) -> Line:
    change = Change(row.entry_id, row.resource_type, action_from(row), decode_as(row.reason, Reason), _sealed(row))
    claim = Claim(row.claim.partition("=")[0], row.claimed) if row.claim else None
    return Line(
        seq=row.seq,
        change=change,
        claim=claim,
        name=row.name,
        login=row.login,
        listed=row.listed,
        held=row.state == "held",
        in_doubt=in_doubt,
        moved=in_doubt and moved(row),
        scoping=decode_as(row.scoping, Scoping) if row.scoping else None,
    )


def action_from(row: sa.Row[Any]) -> Action:
    match row.action:
        case "Create":
            return Create(decode(row.desired))
        case "Adopt":
            changed, _ = _differences(row.differences)
            return Adopt(adopted(row), decode(row.desired), changed)
        case "Update":
            changed, _ = _differences(row.differences)
            return Update(link_from(row[_LINK]), decode(row.desired), changed)
        case "Disable":
            return Disable(link_from(row[_LINK]))
        case "Delete":
            return Delete(link_from(row[_LINK]))
        case _:
            return decode_as(row.differences, Skip)


def adopted(row: sa.Row[Any]) -> Account:
    """The account that an Adopt takes over."""
    _, account = _differences(row.differences)
    assert account is not None, "whoever is taken over was found"
    return account


def _differences(text: str) -> tuple[tuple[Difference, ...], Account | None]:
    return msgspec.json.decode(text, type=tuple[tuple[Difference, ...], Account | None])


def moved(row: sa.Row[Any]) -> bool:
    """Has the entry, its assignment or its link changed since this line was planned?"""
    return (row.change_no, row.link_now or 0) != (row.entry_change_no, row.link_version)


async def lines_of(connection: Connection, cycle_id: str) -> Sequence[Line]:
    """The whole of a short plan, in the order in which it was made."""
    rows = await connection.execute(WITH_LINK.where(plan_line.c.cycle_id == cycle_id).order_by(plan_line.c.seq))
    return [line_from(row) for row in rows.all()]


async def shown_lines(
    connection: Connection, cycle_id: str, *, action: str | None = None, after: int = 0, limit: int = 100
) -> Sequence[Shown]:
    """A page of a plan, in the order in which it is pushed."""
    query = WITH_LINK.where(plan_line.c.cycle_id == cycle_id)
    if action:
        query = query.where(plan_line.c.action == action)
    rows = await connection.execute(query.order_by(plan_line.c.rank, plan_line.c.seq).offset(after).limit(limit))
    return [_shown(row) for row in rows.all()]


def _shown(row: sa.Row[Any]) -> Shown:
    gone = row.action in ("Update", "Disable", "Delete") and row[_LINK][0] is None
    gone |= row.sealed is not None and row.desired is None  # carried out, and forgotten
    action = Skip() if gone else action_from(row)
    change = Change(row.entry_id, row.resource_type, action, decode_as(row.reason, Reason), _sealed(row))
    return Shown(
        seq=row.seq,
        entry_id=row.entry_id,
        name=row.name,
        login=row.login,
        action=row.action,
        state=row.state,
        failed=isinstance(action, Skip) and action.kind in FAILING,
        reason=change.reason,
        target_id=row.target_id,
        modified=_modified(change),
    )


def _modified(change: Change) -> tuple[Difference, ...]:
    if isinstance(change.action, Create):
        return differences_from_nothing(masked(change.action.desired, change.sealed))
    return differences_in(change)


def _sealed(row: sa.Row[Any]) -> Mapping[str, str | None] | None:
    return decode(row.sealed) if row.sealed else None


async def forget_redacted(connection: Connection, cycle_id: str) -> None:
    """The plan is carried out: values that nobody may see are kept no longer, nor what stood beside them.

    Only of a line whose account may still turn up it is kept what else that was given.
    """
    sealed = (plan_line.c.cycle_id == cycle_id) & plan_line.c.sealed.is_not(None)
    ended = sealed & (plan_line.c.state != "sending") & (plan_line.c.action != "Skip")
    await connection.execute(sa.update(plan_line).where(ended).values(desired=None, differences=None))
    doubtful = sa.select(plan_line).where(sealed, plan_line.c.state == "sending", plan_line.c.desired.is_not(None))
    for row in (await connection.execute(doubtful)).all():
        hidden = _sealed(row)
        values = {"desired": encode(masked(decode(row.desired), hidden))}
        if row.action in ("Adopt", "Update"):
            changed, account = _differences(row.differences)
            shown = replace(account, attributes=masked(account.attributes, hidden)) if account else None
            values["differences"] = encode([masked_differences(changed, hidden), shown])
        line = (plan_line.c.cycle_id == cycle_id) & (plan_line.c.seq == row.seq)
        await connection.execute(sa.update(plan_line).where(line).values(values))


async def count_actions(connection: Connection, cycle_id: str) -> Mapping[tuple[str, str], int]:
    """Lines by action and state."""
    query = sa.select(plan_line.c.action, plan_line.c.state, sa.func.count().label("lines"))
    rows = await connection.execute(
        query.where(plan_line.c.cycle_id == cycle_id).group_by(plan_line.c.action, plan_line.c.state)
    )
    return {(str(row.action), str(row.state)): int(row.lines) for row in rows.all()}


async def first_moved(connection: Connection, cycle_id: str, limit: int = 5) -> Sequence[str]:
    """Names of entries that changed since this plan was made."""
    other, holder = link.alias(), entry.alias()
    taken = sa.exists().where(
        plan_line.c.action == "Adopt",
        other.c.job_id == cycle.c.job_id,
        other.c.target_id == plan_line.c.target_id,
        other.c.entry_id != plan_line.c.entry_id,
        holder.c.id == other.c.entry_id,
        ~holder.c.purged & holder.c.deleted_at.is_(None),
    )
    query = WITH_LINK.where(
        plan_line.c.cycle_id == cycle_id,
        entry.c.change_no.is_distinct_from(plan_line.c.entry_change_no)
        | (sa.func.coalesce(link.c.version, 0) != plan_line.c.link_version)
        | taken,
    )
    return [row.name for row in (await connection.execute(query.limit(limit))).all()]


async def schema_moved(connection: Connection, cycle_id: str) -> bool:
    query = sa.select(cycle.c.schema_version != job.c.schema_version).join(job, job.c.id == cycle.c.job_id)
    return bool((await connection.execute(query.where(cycle.c.id == cycle_id))).scalar_one())


async def count_destructive(connection: Connection, cycle_id: str) -> int:
    query = sa.select(sa.func.count()).where(plan_line.c.cycle_id == cycle_id, plan_line.c.destructive)
    return int((await connection.execute(query)).scalar_one())


class Weight(NamedTuple):
    """How many lines take something away, how many take an account over, and what of."""

    destructive: int
    adoptions: int
    active: int  # accounts that are ours, and active as far as we know
    initial: bool  # no cycle of this job has succeeded so far


async def weigh(connection: Connection, job_id: str, cycle_id: str) -> Weight:
    counts = await count_actions(connection, cycle_id)
    adoptions = sum(lines for (action, _), lines in counts.items() if action == "Adopt")
    destructive = await count_destructive(connection, cycle_id) if any(a != "Skip" for a, _ in counts) else 0
    if not adoptions and not destructive:
        return Weight(0, 0, 0, initial=True)
    regular = (cycle.c.job_id == job_id) & cycle.c.chosen.is_(None)
    succeeded = sa.select(cycle.c.id).where(regular, cycle.c.state == "succeeded")
    return Weight(
        destructive=destructive,
        adoptions=adoptions,
        active=await active_links(connection, job_id),
        initial=(await connection.execute(succeeded.limit(1))).first() is None,
    )


async def count_failing(connection: Connection, cycle_id: str) -> int:
    """Lines that say why nothing can be done for an entry."""
    failing = [encode(Skip(kind, at)) for kind in FAILING for at in get_args(StepType)]
    query = sa.select(sa.func.count()).where(
        plan_line.c.cycle_id == cycle_id, plan_line.c.action == "Skip", plan_line.c.differences.in_(failing)
    )
    return int((await connection.execute(query)).scalar_one())


async def agree(connection: Connection, cycle_id: str) -> None:
    """A person applies this plan: nothing in it is held any longer."""
    held = sa.update(plan_line).where(plan_line.c.cycle_id == cycle_id, plan_line.c.state == "held")
    await connection.execute(held.values(state="planned"))
