"""POST users: one person, or several who get the same. Who is there already comes back as if invited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

from provisor.connector import Made
from provisor.connectors.gotomeeting.account import invitation
from provisor.connectors.gotomeeting.admin import Admin
from provisor.connectors.gotomeeting.licences import Licences
from provisor.connectors.gotomeeting.moves import Ours
from provisor.connectors.gotomeeting.roles import Grant
from provisor.connectors.gotomeeting.wire import Invited, User
from provisor.domain.error import (
    Conflict,
    DuplicateTargetEntries,
    EntryError,
    LicenseLimitExceeded,
    NotFound,
    Rejected,
    RetryLater,
)
from provisor.domain.resource import Account, Attributes

Invitee = tuple[Attributes, Grant]


class Invitations:
    """`search`: the users of an e-mail address."""

    def __init__(self, admin: Admin, licences: Licences, search: Callable[[str], Awaitable[Sequence[User]]]) -> None:
        self._admin = admin
        self._licences = licences
        self._search = search

    async def one(self, desired: Attributes, grant: Grant) -> tuple[User, Sequence[str]]:
        """The user, and the licences that are ours; with other licences where the seats turn out to be gone."""
        email = str(desired["email"])
        try:
            chosen = await self._licences.choose(grant.products)
        except LicenseLimitExceeded:
            there = await self._search(email)  # he may hold the last seat: an earlier answer was lost
            if len(there) != 1:
                raise
            return there[0], await self._covering(there[0], grant)
        tried = [set(chosen)]
        answer, made = await self._admin.invite(invitation([desired], grant, chosen))
        while not answer.ok:
            await self._licences.refused(chosen)
            chosen = await self._licences.choose(grant.products)
            if set(chosen) in tried:
                raise LicenseLimitExceeded(product=", ".join(grant.products), said=answer.said)
            tried.append(set(chosen))
            answer, made = await self._admin.invite(invitation([desired], grant, chosen))
        keys = [str(one.key) for one in made if (one.email or email).casefold() == email.casefold()]
        keys = keys or [user.id for user in await self._search(email)]
        if len(set(keys)) > 1:
            raise DuplicateTargetEntries(accounts=", ".join(keys))
        if not keys:
            raise Rejected(email=email, problem="NotInvited", said=answer.said)
        try:
            user = await self._admin.user(keys[0])
        except NotFound as error:  # made a moment ago, and not to be seen yet
            error.account = Account(keys[0], {}, grants=Ours(frozenset(chosen), frozenset(grant.admin_roles)).note())
            raise
        if (user.email or "").casefold() != email.casefold():
            raise Conflict(email=email, account=user.id, holds=user.email)
        self._licences.freed(set(chosen).difference(user.licences))
        return user, await self._covering(user, grant)

    async def many(self, people: Sequence[Invitee]) -> Sequence[Made]:
        """Accounts in the order of the people, as `CreatesMany.create_many` has it; raises JobError alone.

        A request takes as many as get the same and as there are seats for. Whom the answer does not name is passed
        over, or has no seat, if there is none any more; so is everybody of a request that was refused as a whole.
        """
        answers: list[Made] = [None] * len(people)
        alike: dict[Grant, list[int]] = defaultdict(list)
        for place, (_, grant) in enumerate(people):
            alike[grant].append(place)
        for grant, places in alike.items():
            for licences, seated in (await self._seat(grant, places, answers)).items():
                invited = await self._invite([people[place][0] for place in seated], grant, licences)
                for place, answer in zip(seated, invited, strict=True):
                    answers[place] = answer
        return answers

    async def _seat(
        self, grant: Grant, places: Sequence[int], answers: list[Made]
    ) -> Mapping[tuple[str, ...], Sequence[int]]:
        """Seats for as many as there are, by the licences that give them; the answer to the others is that."""
        seated: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for taken, place in enumerate(places):
            try:
                licences = tuple(await self._licences.choose(grant.products))
            except LicenseLimitExceeded as error:
                for left in places[taken:]:
                    answers[left] = error
                break
            seated[licences].append(place)
        return seated

    async def _invite(self, people: Sequence[Attributes], grant: Grant, licences: Sequence[str]) -> Sequence[Made]:
        try:
            _, made = await self._admin.invite(invitation(people, grant, licences))
        except RetryLater as error:
            return [error] * len(people)
        except EntryError:  # one of them is at fault; which, each finds out by itself
            self._licences.freed([*licences] * len(people))
            return [None] * len(people)
        note = Ours(frozenset(licences), frozenset(grant.admin_roles)).note()
        joined = [_account(made, str(person["email"]), note) for person in people]
        missing = sum(account is None for account in joined)
        self._licences.freed([*licences] * missing)
        no_seat = await self._licences.exhausted(grant.products) if missing else None
        return [no_seat if account is None else account for account in joined]

    async def _covering(self, user: User, grant: Grant) -> Sequence[str]:
        """The licences of a user that his roles call for: in answer to a create these are ours."""
        licences = await self._licences.products()
        return [key for key in user.licences if set(grant.products).intersection(licences.get(key, ()))]


def _account(made: Sequence[Invited], email: str, grants: Attributes) -> Made:
    """Of whom the answer says this address; its order says nothing."""
    keys = list(dict.fromkeys(str(one.key) for one in made if (one.email or "").casefold() == email.casefold()))
    if len(keys) > 1:
        return DuplicateTargetEntries(accounts=", ".join(keys))
    return Account(keys[0], {}, grants=grants) if keys else None
