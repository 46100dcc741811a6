"""7 log: say the outcome, once it is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec.structs import replace

from provisor.domain.change import Action, Adopt, Change, Create, Delete, Difference, Disable, Reason, Skip, Update
from provisor.domain.error import Conflict, EntryError, NotFound, ProvisorError
from provisor.domain.job import LAG, LineState, Retry
from provisor.domain.log import Detail, LogEntry, LoggedAction, Result
from provisor.domain.resource import Account, Attributes, Link, Value
from provisor.expression.compiler import REDACTED
from provisor.ledger import Claim, Line, Outcome


def record(line: Line, account: Account | None, began: datetime, ended: datetime) -> Outcome:
    """The target did it. `account` is what it then holds; None: nothing any more."""
    action = line.change.action
    link = None if account is None else _link(line, action, account, ended)
    log = _log(line, "success", line.change.reason, account.id if account else _target(action), began, ended)
    return Outcome(line.seq, "done", log, link=link, unlink=account is None, freed=_freed(line), well=True)


def record_refusal(line: Line, error: EntryError, began: datetime, ended: datetime) -> Outcome:
    """The target refused: tried again, while the others go on. An account that came of it all the same is ours."""
    action = line.change.action
    gone = isinstance(error, NotFound) and not _made_just_now(action, ended)
    if gone and isinstance(action, Disable | Delete):
        return record(line, None, began, ended)  # gone already, which is what was wanted
    link = None if error.account is None else _linked_as_far_as(line, action, error.account, ended)
    retry: Retry = "next cycle" if line.change.destructive or link else error.retry  # a leaver is not made to wait
    log = _log(line, "failure", error.reason, link.target_id if link else _target(action), began, ended)
    unlink = gone and link is None
    cause = str(line.claim) if isinstance(error, Conflict) and line.claim else error.cause
    return Outcome(line.seq, "failed", log, link=link, unlink=unlink, retry=retry, cause=cause)


def unseen(link: Link, at: datetime) -> bool:
    """Was the account made a moment ago, and never seen so far?"""
    return link.seen is not None and not any(link.seen.values()) and at - link.since < LAG


def _made_just_now(action: Action, at: datetime) -> bool:
    match action:
        case Update(link, _, _) | Disable(link) | Delete(link):
            return unseen(link, at)
        case _:
            return False


def record_doubt(line: Line, error: ProvisorError, began: datetime, ended: datetime) -> Outcome:
    """Nobody answered: it may have been carried out. A line that may have made an account stays in doubt."""
    action = line.change.action
    link = None
    if isinstance(action, Update):
        known = action.link
        unknown = {difference.attribute for difference in action.differences}
        sent = {name: value for name, value in known.sent.items() if name not in unknown}
        seen = known.sent if known.seen is None else known.seen  # what is to be cleared may be there still
        link = replace(known, sent=sent, seen=seen, believed_active=True, version=known.version + 1)
    state: LineState = "sending" if isinstance(action, Create) else "failed"
    log = _log(line, "failure", error.reason, _target(action), began, ended)
    return Outcome(line.seq, state, log, link=link, retry="next cycle")


def undertaken(entry_id: str, account: Account, now: datetime) -> Link:
    """The link to an account that is about to be taken over: ours from before the first request, and perhaps active."""
    return Link(
        entry_id=entry_id,
        target_id=account.id,
        sent={},
        seen=None,
        believed_active=True,
        grants=account.grants,
        since=now,
        version=0,  # as without a link, so that the line which takes it over still holds
    )


def record_found(line: Line, account: Account, now: datetime) -> Outcome:
    """An unanswered create was carried out after all: ours, with all that it holds; what it lacks is sent again."""
    mine = replace(account, grants=account.holds)
    link = _linked_as_far_as(line, line.change.action, mine, now)
    return replace(record(line, mine, now, now), link=link)


def record_skip(line: Line, at: datetime) -> Outcome:
    """Nothing was sent: nothing was to be done, something is wrong, or the guard holds it."""
    action = line.change.action
    if line.held:
        log = _log(
            line,
            "skipped",
            Reason("HeldBack", {**line.change.reason.parameters, "why": line.change.reason.code}),
            _target(action),
            at,
            at,
        )
        return Outcome(line.seq, "held", log, retry="next cycle")
    assert isinstance(action, Skip)
    failed = action.kind in ("failed", "disputed")
    log = _log(line, "failure" if failed else "skipped", line.change.reason, None, at, at)
    claim = str(line.claim) if line.claim else None
    retry: Retry | None = "back off" if action.kind == "disputed" else None
    return Outcome(
        line.seq, "failed" if failed else "done", log, retry=retry, cause=claim, well=action.kind == "redundant"
    )


def foreseen(line: Line, at: datetime) -> LogEntry:
    """What the log would say of a line that is only planned."""
    action = line.change.action
    if line.held or isinstance(action, Skip):
        return record_skip(line, at).log
    return _log(line, "success", line.change.reason, _target(action), at, at)


def _freed(line: Line) -> str | None:
    """The matching value that somebody else may have now."""
    action = line.change.action
    if not isinstance(action, Update) or line.claim is None:
        return None
    old = (one.old for one in action.differences if one.attribute == line.claim.attribute)
    return next((str(Claim(line.claim.attribute, str(value))) for value in old if value), None)


def _linked_as_far_as(line: Line, action: Action, account: Account, now: datetime) -> Link:
    """A link that says only what the account really holds, so that the rest is sent again."""
    link = _link(line, action, account, now)
    kept = {name: value for name, value in link.sent.items() if account.attributes.get(name) == value}
    return replace(link, sent={**kept, "active": account.active})  # what is sealed is never shown, so it goes again


def _link(line: Line, action: Action, account: Account, now: datetime) -> Link:
    match action:
        case Create(desired) | Adopt(_, desired, _):
            return _linked(line.change, account, desired, now, version=1)
        case Update(link, desired, _):
            return _linked(line.change, account, desired, link.since, link.version + 1)
        case Disable(link) | Delete(link):
            kept = {name: value for name, value in link.sent.items() if account.attributes.get(name) == value}
            sent = {**kept, "active": account.active}
            return _linked(line.change, account, sent, link.since, link.version + 1)
        case Skip():
            raise AssertionError("a skip is not sent")


def _linked(change: Change, account: Account, sent: Attributes, since: datetime, version: int) -> Link:
    seen = {name: account.attributes.get(name) for name in sent}
    if change.sealed:
        sealed = {name: value for name, value in change.sealed.items() if name in sent}
        sent, seen = {**sent, **sealed}, {**seen, **sealed}
    return Link(
        entry_id=change.entry_id,
        target_id=account.id,
        sent=sent,
        seen=None if seen == dict(sent) else seen,
        believed_active=account.active,
        grants=account.grants,
        since=since,
        version=version,
    )


def _log(
    line: Line, status: Result, reason: Reason, target_id: str | None, began: datetime, ended: datetime
) -> LogEntry:
    change = line.change
    meant = logged_action(change.action)
    detail = Detail(
        reason=reason,
        meant=meant,
        planned=change.reason,
        matched=_matched(line),
        created=masked(change.action.desired, change.sealed) if isinstance(change.action, Create) else None,
        changed=differences_in(change),
        duration_ms=int((ended - began) / timedelta(milliseconds=1)),
        scoping=line.scoping,
        at=change.action.at if isinstance(change.action, Skip) else "export",
    )
    return LogEntry(
        entry_id=change.entry_id,
        name=line.name,
        login=line.login,
        action=("stagedDelete" if change.destructive else "other") if line.held else meant,
        status=status,
        target_id=target_id,
        at=ended,
        detail=detail,
    )


def logged_action(action: Action) -> LoggedAction:
    """Graph's provisioningAction."""
    match action:
        case Create():
            return "create"
        case Adopt() | Update():
            return "update"
        case Disable():
            return "disable"
        case Delete():
            return "delete"
        case Skip():
            return "other"


def differences_in(change: Change) -> tuple[Difference, ...]:
    """What is changed in an account that is there, as it may be shown."""
    match change.action:
        case Adopt(_, _, differences) | Update(_, _, differences):
            return masked_differences(differences, change.sealed)
        case Disable():
            return (Difference("active", True, False),)
        case Create() | Delete() | Skip():
            return ()


# ---- values that nobody may see -------------------------------------------------------------------------------------

Sealed: TypeAlias = Mapping[str, str | None]


def masked(attributes: Attributes, sealed: Sealed | None) -> Attributes:
    """The same, without the values that nobody may see."""
    if not sealed:
        return attributes
    return {name: _mask(value) if name in sealed else value for name, value in attributes.items()}


def masked_differences(differences: tuple[Difference, ...], sealed: Sealed | None) -> tuple[Difference, ...]:
    if not sealed:
        return differences
    return tuple(
        Difference(one.attribute, _mask(one.old), _mask(one.new)) if one.attribute in sealed else one
        for one in differences
    )


def _mask(value: Value) -> Value:
    return None if value is None else REDACTED


# ---- what matching found --------------------------------------------------------------------------------------------


def _matched(line: Line) -> Reason:
    match line.change.action:
        case Create():
            return Reason("NoAccountFound", {"claim": str(line.claim or "")})
        case Adopt(account, _, _):
            return Reason("AccountFound", {"account": account.id})
        case Update(link, _, _) | Disable(link) | Delete(link):
            return Reason("AccountLinked", {"account": link.target_id})
        case Skip():
            return Reason("NotLookedUp")


def _target(action: Action) -> str | None:
    match action:
        case Adopt(account, _, _):
            return account.id
        case Update(link, _, _) | Disable(link) | Delete(link):
            return link.target_id
        case _:
            return None
