"""Finding existing accounts: one listing or one query each, whichever costs fewer requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from provisor.connector import Capabilities, Page, Target
from provisor.domain.error import Rejected
from provisor.domain.resource import Account
from provisor.engine.lookup import Lookup
from provisor.ledger import Claim, Ledger


class Shelf:
    """A target that counts what it is asked, and the memory of one cycle."""

    def __init__(self, mails: Sequence[str], page: int = 10, total: int | None = None, refuses: str = "") -> None:
        self.capabilities = Capabilities(page_size=page)
        self.accounts = [Account(f"a{at}", {"email": mail}) for at, mail in enumerate(mails)]
        self.pages = self.queries = self.without_account = 0
        self._page, self._total, self._refuses = page, total, refuses
        self._listed: dict[str, list[Account]] = defaultdict(list)

    async def list(self) -> AsyncIterator[Page]:
        for start in range(0, len(self.accounts), self._page):
            self.pages += 1
            total = self._total if self._total is not None else len(self.accounts)
            yield Page(self.accounts[start : start + self._page], total)

    async def find(self, attribute: str, value: str) -> Sequence[Account]:
        self.queries += 1
        if value == self._refuses:
            raise Rejected(value=value)
        return [one for one in self.accounts if str(one.attributes[attribute]).casefold() == value.casefold()]

    async def unlinked(self) -> int:
        return self.without_account

    async def list_accounts(self, accounts: Mapping[str, Sequence[Account]]) -> None:
        for claim, found in accounts.items():
            self._listed[claim].extend(found)

    async def listed(self, claims: Sequence[str]) -> Mapping[str, Sequence[Account]]:
        return {claim: self._listed[claim] for claim in claims if claim in self._listed}


async def look_up(shelf: Shelf, *mails: str, unlinked: int | None = None) -> tuple[dict[str, list[str]], Any]:
    shelf.without_account = len(mails) if unlinked is None else unlinked
    lookup = Lookup(cast(Ledger, shelf), cast(Target, shelf), ("email",))
    found, refused = await lookup.find({mail: (Claim("email", mail),) for mail in mails})
    return {mail: [one.id for one in accounts] for mail, accounts in found.items() if accounts}, refused


MANY = [f"m{number}@x.example" for number in range(100)]


async def test_a_target_whose_filter_turns_out_not_to_work_is_listed_once() -> None:
    class Turncoat(Shelf):
        async def find(self, attribute: str, value: str) -> Sequence[Account]:
            self.capabilities = replace(self.capabilities, filter=False)
            return await super().find(attribute, value)

    shelf = Turncoat(MANY)
    found, _ = await look_up(shelf, "m3@x.example", "nobody@x.example", "m5@x.example")
    assert found == {"m3@x.example": ["a3"], "m5@x.example": ["a5"]}
    assert (shelf.pages, shelf.queries) == (1 + 10, 1)


async def test_few_people_are_asked_for_one_by_one() -> None:
    shelf = Shelf(MANY)
    assert (await look_up(shelf, "m3@x.example", "nobody@x.example"))[0] == {"m3@x.example": ["a3"]}
    assert (shelf.pages, shelf.queries) == (1, 2)


async def test_one_person_costs_one_query_and_no_page() -> None:
    shelf = Shelf(MANY)
    await look_up(shelf, "m3@x.example")
    assert (shelf.pages, shelf.queries) == (0, 1)


async def test_many_people_are_found_in_one_listing() -> None:
    shelf = Shelf(MANY)
    found, _ = await look_up(shelf, *MANY[:50], "nobody@x.example")
    assert len(found) == 50
    assert (shelf.pages, shelf.queries) == (10, 0)


async def test_the_case_of_a_matching_value_does_not_matter() -> None:
    assert (await look_up(Shelf(MANY), "M3@X.example"))[0] == {"M3@X.example": ["a3"]}
    assert len((await look_up(Shelf(MANY), *(mail.upper() for mail in MANY)))[0]) == 100


async def test_whom_an_incomplete_listing_does_not_show_is_asked_for_before_being_created() -> None:
    shelf = Shelf(MANY, total=103)
    found, _ = await look_up(shelf, *MANY[:50], "nobody@x.example")
    assert len(found) == 50
    assert (shelf.pages, shelf.queries) == (10, 1)


async def test_two_accounts_of_one_value_are_both_given() -> None:
    assert (await look_up(Shelf(["m@x", "M@x"]), "m@x"))[0] == {"m@x": ["a0", "a1"]}


async def test_a_look_up_that_is_refused_is_one_entrys_error() -> None:
    found, refused = await look_up(Shelf(MANY, refuses="m1@x.example"), "m1@x.example", "m2@x.example", unlinked=1)
    assert found == {"m2@x.example": ["a2"]}
    assert {mail: error.code for mail, error in refused.items()} == {"m1@x.example": "UnprocessableEntity"}
