"""Many at once: creates that share a request, and accounts that are found or read back by one listing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from provisor.connector import CreatesMany, Page, Target
from provisor.domain.change import Create
from provisor.domain.error import Conflict, EntryError, NotFound, RetryLater, Unavailable
from provisor.domain.resource import Account
from provisor.flow.push.line import tactful, without_redacted
from provisor.ledger import Claim, Line


@dataclass(slots=True)
class Answers:
    """What became of a batch, line by line."""

    made: list[tuple[Line, Account]] = field(default_factory=list)  # still to be read back
    refused: list[tuple[Line, EntryError]] = field(default_factory=list)
    passed_over: list[Line] = field(default_factory=list)  # not made, and no word why
    unclear: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Made:
    """An account that a batch made, and that is still to be read back; until then its line is in doubt."""

    line: Line
    account: Account  # as far as it is known
    began: datetime


def fits_a_batch(line: Line) -> bool:
    """Only who is known to have no account: a batch says nothing of those who are there already."""
    return isinstance(line.change.action, Create) and line.listed and not line.in_doubt


async def create_many(target: Target, lines: Sequence[Line]) -> Answers:
    """One call for all. Raises JobError."""
    wanted = [line.change.action.desired for line in lines if isinstance(line.change.action, Create)]
    answers = Answers()
    try:
        with tactful(lines):
            told = await cast(CreatesMany, target).create_many(wanted)
    except RetryLater:
        answers.unclear.extend(lines)
        return answers
    for line, answer in zip(lines, told, strict=True):
        match answer:
            case str():
                answers.made.append((line, Account(answer, {})))
            case Account():
                answers.made.append((line, answer))
            case EntryError():
                answer.reason = without_redacted(answer.reason, [line])
                answers.refused.append((line, answer))
            case RetryLater():
                answers.unclear.append(line)
            case _:
                answers.passed_over.append(line)
    return answers


async def find_all(target: Target, claims: Collection[Claim]) -> Mapping[str, Sequence[Account]]:
    """The accounts of each claim, by one listing or one query each, whichever takes fewer requests.

    Whose query is refused is left out. Raises RetryLater, also where nothing shows everybody, and JobError.
    """
    found: dict[str, list[Account]] = {str(claim): [] for claim in claims}
    complete = target.capabilities.list and await _listed(target, found, {claim.attribute for claim in claims})
    for claim in claims:
        if not complete and not found[str(claim)]:
            try:
                found[str(claim)] = list(await target.find(claim.attribute, claim.value))
            except EntryError:
                del found[str(claim)]
    return found


async def _listed(target: Target, found: Mapping[str, list[Account]], attributes: Collection[str]) -> bool:
    """Fill in what a listing shows. False where it shows not everybody, or would cost more than queries."""
    seen, total = set[str](), None
    async for page in target.list():
        if not seen and target.capabilities.filter and costs_more(page, len(found)):
            return False
        seen.update(account.id for account in page.accounts)
        total = total if page.total is None else page.total
        for account in page.accounts:
            values = ((name, account.attributes.get(name)) for name in attributes)
            for claim in {str(Claim(name, value)) for name, value in values if isinstance(value, str)} & found.keys():
                found[claim].append(account)
    return shows_everybody(target, len(seen), total)


def shows_everybody(target: Target, listed: int, total: int | None) -> bool:
    """Does a listing of so many accounts hold every one? Raises Unavailable where it does not, and nothing else could.

    A filter can still find whom the listing does not show; without one, somebody might be taken for absent.
    """
    if target.capabilities.filter:
        return listed == total
    if total is not None and listed < total:
        raise Unavailable(problem="ListingIncomplete", listed=listed, total=total)
    return True


async def read_back(target: Target, ids: Collection[str]) -> Mapping[str, Account]:
    """The accounts of these ids, by listing or one by one; those that are not shown are left out."""
    found: dict[str, Account] = {}
    listed = False
    async for page in target.list():
        if not listed and costs_more(page, len(ids)):
            break
        listed = True
        found.update((account.id, account) for account in page.accounts if account.id in ids)
    for one in ids:
        if one not in found:
            with suppress(EntryError):
                found[one] = await target.get(one)
    return found


def costs_more(first: Page, queries: int) -> bool:
    """Would the pages still to come cost more requests than so many queries?"""
    if first.total is None or not first.accounts:
        return False
    return -(-first.total // len(first.accounts)) - 1 > queries


def disbelieved(one: Made, found: Account | None, strangers: Collection[str]) -> EntryError | None:
    """Why the account that a batch told us of is not to be believed; or not to be seen yet, and ours all the same."""
    if one.account.id in strangers:
        return Conflict(account=one.account.id, claim=str(one.line.claim))
    if found is not None:
        return None
    hidden = NotFound(account=one.account.id, problem="NotShown")
    hidden.account = one.account
    return hidden
