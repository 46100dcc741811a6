"""What every connector promises, as tests: inherit `TargetContract` and give it a `bench`.

    class TestAcme(TargetContract):
        @pytest.fixture
        async def bench(self) -> AsyncIterator[Bench]:
            async with AcmeServer() as server:
                yield AcmeBench(server)

Tests are coroutines: run them with pytest-asyncio in auto mode, or any plugin like it.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeVar, cast

from provisor.connector import CreatesMany, Made, Target
from provisor.domain.change import Difference
from provisor.domain.error import EntryError, JobError, NotFound, RateLimited, RetryLater, Unauthorized, Unavailable
from provisor.domain.resource import Account, Attributes, Link, Value
from provisor.testing.log_lines import log_lines

Trouble = Literal["unauthorized", "rate-limited", "server-error", "dropped"]
E = TypeVar("E", bound=Exception)


class Bench(Protocol):
    """A target and the server behind it, for one test; retries are few and their waits short."""

    @property
    def target(self) -> Target:
        """What is tested."""
        ...

    matching: str
    """The attribute that accounts are found by."""
    changed: Attributes
    """New values for one attribute or more of any person."""
    missing_id: str
    """An id that no account has."""
    retry_after: float | None
    """The wait, in seconds, that the server names when it answers 429; None where it names none."""
    secrets: Sequence[str]
    """What must never be shown; a target that failed to sign in has seen all of it."""

    def person(self, number: int) -> Attributes:
        """What a new account is to hold, another one for every number."""
        ...

    async def seed(self, count: int) -> None:
        """Put that many accounts into the server, behind the connector's back and beyond one page."""
        ...

    async def trouble(self, kind: Trouble) -> None:
        """From now on every request fails so; `unauthorized`: with a fresh token as well."""
        ...

    async def lose_reply_to_create(self) -> None:
        """Carry out the next create, but drop the connection instead of answering."""
        ...

    async def clear(self) -> None:
        """End all trouble."""
        ...

    async def ids(self) -> Sequence[str]:
        """The id of every account that the server holds."""
        ...


class TargetContract:
    """Every connector passes these. `bench` is a pytest fixture of the subclass."""

    async def test_what_is_created_can_be_found(self, bench: Bench) -> None:
        made = await bench.target.create(bench.person(1))
        value = str(bench.person(1)[bench.matching])
        for asked in (value, value.upper()):
            assert [found.id for found in await bench.target.find(bench.matching, asked)] == [made.id]
        assert (await bench.target.get(made.id)).id == made.id
        assert made.id in await bench.ids()

    async def test_what_is_created_holds_what_was_asked_for(self, bench: Bench) -> None:
        desired = bench.person(1)
        made = await bench.target.create(desired)
        again = await bench.target.get(made.id)
        assert named(made, desired) == comparable(desired)
        assert named(again, desired) == comparable(desired)
        assert made.active
        assert again.active

    async def test_creating_twice_yields_one_account(self, bench: Bench) -> None:
        first = await bench.target.create(bench.person(1))
        held = len(await bench.ids())
        with suppress(EntryError):  # refusing is as good
            assert (await bench.target.create(bench.person(1))).id == first.id
        assert len(await bench.ids()) == held

    async def test_a_lost_reply_to_create_makes_no_second_account(self, bench: Bench) -> None:
        before = len(await bench.ids())
        await bench.lose_reply_to_create()
        await raised(RetryLater, bench.target.create(bench.person(1)))
        await bench.clear()
        found = await bench.target.find(bench.matching, str(bench.person(1)[bench.matching]))
        assert len(found) == 1
        with suppress(EntryError):  # refusing is as good
            assert (await bench.target.create(bench.person(1))).id == found[0].id
        assert len(await bench.ids()) == before + 1

    async def test_a_value_that_nobody_has_finds_nobody(self, bench: Bench) -> None:
        await bench.target.create(bench.person(1))
        for value in (str(bench.person(2)[bench.matching]), 'a" or "b', "back\\slash", "*"):
            assert list(await bench.target.find(bench.matching, value)) == []

    async def test_update_leaves_unnamed_attributes_alone(self, bench: Bench) -> None:
        made = await bench.target.create(bench.person(1))
        other = await bench.target.create(bench.person(2))
        updated = await bench.target.update(link(made, bench.person(1)), differences(made, bench.changed))
        again = await bench.target.get(made.id)
        for account in (updated, again):
            assert account.attributes == {**made.attributes, **bench.changed}
            assert account.active
        assert (await bench.target.get(other.id)).attributes == other.attributes

    async def test_an_update_that_changes_nothing_is_no_error(self, bench: Bench) -> None:
        made = await bench.target.create(bench.person(1))
        twice = differences(made, bench.changed)
        await bench.target.update(link(made, bench.person(1)), twice)
        updated = await bench.target.update(link(made, bench.person(1)), twice)
        assert updated.attributes == {**made.attributes, **bench.changed}

    async def test_a_disabled_account_still_exists_and_reads_as_inactive(self, bench: Bench) -> None:
        made = await bench.target.create(bench.person(1))
        other = await bench.target.create(bench.person(2))
        disabled = await bench.target.disable(link(made, bench.person(1)))
        again = await bench.target.get(made.id)
        assert (disabled.active, again.active) == (False, False)
        assert (again.attributes["active"], again.id) == (False, made.id)
        assert (await bench.target.get(other.id)).active
        await bench.target.disable(link(made, bench.person(1)))  # once more is no error

    async def test_a_disabled_account_can_be_made_active_again(self, bench: Bench) -> None:
        desired = bench.person(1)
        made = await bench.target.create(desired)
        disabled = await bench.target.disable(link(made, desired))
        back = await bench.target.update(link(disabled, {}), differences(disabled, desired))
        assert (back.id, back.active) == (made.id, True)
        assert named(back, desired) == comparable(desired)

    async def test_what_is_missing_is_not_found(self, bench: Bench) -> None:
        gone = link(Account(bench.missing_id, bench.person(1)), bench.person(1))
        await raised(NotFound, bench.target.get(bench.missing_id))
        await raised(NotFound, bench.target.update(gone, differences(Account("", {}), bench.changed)))
        await raised(NotFound, bench.target.disable(gone))

    async def test_all_pages_are_read(self, bench: Bench) -> None:
        await bench.seed(bench.target.capabilities.page_size + 3)
        listed, largest = [], 0
        async with aclosing(bench.target.list()) as pages:  # type: ignore[type-var]
            async for page in pages:
                listed += [account.id for account in page.accounts]
                largest = max(largest, len(page.accounts))
                assert page.total in (None, len(await bench.ids()))
        assert sorted(listed) == sorted(await bench.ids())
        assert 0 < largest <= bench.target.capabilities.page_size

    async def test_401_is_unauthorized(self, bench: Bench) -> None:
        await bench.trouble("unauthorized")
        for doing in self._everything(bench):
            await raised(Unauthorized, doing)

    async def test_429_is_rate_limited_and_tells_its_wait(self, bench: Bench) -> None:
        await bench.trouble("rate-limited")
        for doing in self._everything(bench):
            wait, asked = (await raised(RateLimited, doing)).wait, bench.retry_after
            assert wait == asked or (wait and asked and 0 < wait < asked + 1)  # some of it may be over

    async def test_a_server_error_is_unavailable(self, bench: Bench) -> None:
        await bench.trouble("server-error")
        for doing in self._everything(bench):
            await raised(Unavailable, doing)

    async def test_a_dropped_connection_is_unavailable(self, bench: Bench) -> None:
        await bench.trouble("dropped")
        for doing in self._everything(bench):
            await raised(Unavailable, doing)

    async def test_a_target_that_was_stopped_asks_to_be_tried_later(self, bench: Bench) -> None:
        held = sorted(await bench.ids())
        bench.target.stop()
        for doing in self._everything(bench):
            await raised(RetryLater, doing)
        assert sorted(await bench.ids()) == held

    async def test_declared_capabilities_are_true(self, bench: Bench) -> None:
        capabilities = bench.target.capabilities
        made = await bench.target.create(bench.person(1))
        own = await bench.target.own_account()
        assert own is None or own in await bench.ids()
        if capabilities.filter:
            assert len(await bench.target.find(bench.matching, str(bench.person(1)[bench.matching]))) == 1
        if capabilities.list:
            assert [page async for page in bench.target.list()]
        if capabilities.disable:
            assert not (await bench.target.disable(link(made, bench.person(1)))).active
        if capabilities.delete:
            await bench.target.delete(link(made, bench.person(1)))
            await raised(NotFound, bench.target.get(made.id))
            await raised(NotFound, bench.target.delete(link(made, bench.person(1))))

    async def test_many_are_made_at_once(self, bench: Bench) -> None:
        """A target that cannot do it has nothing to show here; what it can do may only be known once it was listed."""
        assert await first_page(bench.target) is not None
        many = bench.target.capabilities.create_many
        if not many:
            return
        people = [bench.person(number) for number in range(1, min(many, 5) + 1)]
        before = len(await bench.ids())
        made = await cast(CreatesMany, bench.target).create_many(people)
        ids = [id_of(one) for one in made]
        assert len(ids) == len(people) == len(await bench.ids()) - before
        for person, key in zip(people, ids, strict=True):
            assert named(await bench.target.get(key), person) == comparable(person)
        again = await cast(CreatesMany, bench.target).create_many([*people[:1], bench.person(9)])
        assert isinstance(again[0], EntryError) or id_of(again[0]) == ids[0]
        assert id_of(again[1]) in await bench.ids()
        assert len(await bench.ids()) - before == len(people) + 1

    async def test_many_whose_answer_was_lost_are_in_doubt(self, bench: Bench) -> None:
        await first_page(bench.target)
        if not bench.target.capabilities.create_many:
            return
        people = [bench.person(number) for number in (1, 2)]
        await bench.trouble("dropped")
        with suppress(RetryLater):  # said once for all of them, or one by one
            made = await cast(CreatesMany, bench.target).create_many(people)
            assert [one for one in made if not isinstance(one, RetryLater)] == []

    async def test_a_sound_connection_passes_its_own_check(self, bench: Bench) -> None:
        before = sorted(await bench.ids())
        steps = [step async for step in bench.target.check()]
        assert steps
        assert [step for step in steps if step.status == "failure"] == []
        assert sorted(await bench.ids()) == before

    async def test_a_check_that_fails_ends_with_the_step_that_failed(self, bench: Bench) -> None:
        for kind in TROUBLES:
            await bench.trouble(kind)
            steps = [step async for step in bench.target.check()]
            assert [step.status for step in steps].index("failure") == len(steps) - 1
            assert steps[-1].reason.code
            await bench.clear()

    async def test_no_secret_is_in_a_repr_an_error_or_a_log(self, bench: Bench) -> None:
        shown = []
        with log_lines() as lines:
            await bench.target.create(bench.person(1))
            for kind in TROUBLES:
                await bench.trouble(kind)
                for doing in self._everything(bench):
                    error = await raised(Exception, doing)
                    shown += [repr(error), *traceback.format_exception(error)]
                shown += [repr(step) async for step in bench.target.check()]
                await bench.clear()
        shown += [repr(bench.target), str(bench.target), repr(getattr(bench.target, "__dict__", {})), *lines]
        assert bench.secrets
        for secret in bench.secrets:
            assert [text for text in shown if secret in text] == []

    def _everything(self, bench: Bench) -> Iterator[Awaitable[object]]:
        """One of each request that a target takes; to be awaited in order."""
        some = link(Account(bench.missing_id, bench.person(3)), bench.person(3))
        yield bench.target.get(bench.missing_id)
        yield bench.target.find(bench.matching, str(bench.person(3)[bench.matching]))
        yield first_page(bench.target)
        yield bench.target.create(bench.person(3))
        yield bench.target.update(some, differences(Account("", {}), bench.changed))
        yield bench.target.disable(some)


TROUBLES: Sequence[Trouble] = ("unauthorized", "rate-limited", "server-error", "dropped")


async def raised(kind: type[E], doing: Awaitable[object]) -> E:
    """The error that this raises; it must be of one of the three families as well."""
    try:
        answer = await doing
    except kind as error:
        if not isinstance(error, RetryLater | EntryError | JobError):
            raise
        return error
    raise AssertionError(f"{kind.__name__} was not raised, but there was an answer: {answer!r}")


def id_of(made: Made) -> str:
    """The id of the account that one of many became."""
    assert isinstance(made, str | Account), repr(made)
    return made if isinstance(made, str) else made.id


async def first_page(target: Target) -> object:
    """The first page of a listing."""
    async for page in target.list():
        return page
    return None


def link(account: Account, sent: Attributes) -> Link:
    """The account as ours."""
    return Link(
        entry_id="00000000-0000-0000-0000-000000000001",
        target_id=account.id,
        sent=sent,
        seen=None,
        believed_active=account.active,
        grants=account.grants,
        since=datetime(2026, 1, 1, tzinfo=UTC),
    )


def differences(account: Account, wanted: Attributes) -> tuple[Difference, ...]:
    """What an engine would ask to be changed."""
    known = account.attributes
    return tuple(
        Difference(name, known.get(name), value)
        for name, value in wanted.items()
        if name not in known or comparable({name: known[name]}) != comparable({name: value})
    )


def named(account: Account, desired: Attributes) -> dict[str, object]:
    """What the account has of the attributes that `desired` names."""
    return comparable({name: account.attributes.get(name) for name in desired})


def comparable(attributes: Attributes) -> dict[str, object]:
    """Several values have no order."""
    return {name: _unordered(value) for name, value in attributes.items()}


def _unordered(value: Value) -> object:
    return sorted(value) if isinstance(value, list) else value
