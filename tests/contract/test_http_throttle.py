"""One limit for all who ask a target: spaced, paused and slowed down together, and nobody waits for another target."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from tests.contract.stub import HASTY, Script, says, serving, transport

from provisor.connectors.http import Limits
from provisor.connectors.http.throttle import throttle_of
from provisor.domain.error import RateLimited, Unavailable

EVER = Limits(patience=600)


def now() -> float:
    return asyncio.get_running_loop().time()


async def seen(script: Script, requests: int = 1) -> None:
    while len(script.seen) < requests:
        await asyncio.sleep(0.002)


async def test_while_the_target_asks_for_a_pause_nobody_sends_anything() -> None:
    script = Script(says(429, Retry_After="0.3"), says(200, {}))
    async with serving(script) as url, transport(concurrency=1) as one, transport(concurrency=1) as other:
        await asyncio.gather(*(sender.call("GET", url) for sender in (one, other, one, other)))
    assert len(script.seen) == 5
    assert min(script.at[1:]) - script.at[0] >= 0.29  # the clock of a loop is coarse


async def test_a_target_that_is_out_of_service_is_left_alone_by_everybody() -> None:
    script = Script(says(503, Retry_After="0.3"), says(200, {}))
    async with serving(script) as url, transport() as one, transport() as other:
        with pytest.raises(Unavailable):
            await one.call("POST", url)
        await other.call("POST", url)
    assert script.at[1] - script.at[0] >= 0.29


async def test_two_transports_to_one_target_keep_to_one_rate() -> None:
    script = Script(says(200, {}))
    async with serving(script) as url, transport(rate=40) as one, transport(rate=40) as other:
        began = now()
        await asyncio.gather(*(sender.call("GET", url) for sender in (one, other) for _ in range(10)))
        assert now() - began >= 19 / 40 - 0.01


async def test_two_transports_to_one_target_share_its_places() -> None:
    under_way = most = 0

    async def counts(_request: web.Request) -> web.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return web.json_response({})

    async with serving(counts) as url, transport(concurrency=3) as one, transport(concurrency=3) as other:
        await asyncio.gather(*(sender.call("GET", url) for sender in (one, other) for _ in range(10)))
    assert most == 3


async def test_a_429_to_one_slows_the_other_down() -> None:
    script = Script(*[says(429)] * 3, says(200, {}))
    limits = Limits(tries=5, patience=60, first_wait=0.001, longest_wait=0.05)
    async with serving(script) as url, transport(limits, concurrency=1) as one, transport(concurrency=1) as other:
        await one.call("GET", url)
        await other.call("GET", url)
        await other.call("GET", url)
        assert script.at[3] - script.at[2] >= 0.04
        assert script.at[5] - script.at[4] >= 0.03


async def test_a_long_pause_outlives_the_transport_that_met_it_and_nothing_is_sent_before_its_end() -> None:
    script = Script(says(429, Retry_After="3244"), says(200, {}))
    async with serving(script) as url:
        for said in ({"status": "429"}, {}):
            async with transport() as sender:
                with pytest.raises(RateLimited) as refusal:
                    await sender.call("POST", f"{url}/users")
            assert refusal.value.wait == pytest.approx(3244, abs=30)
            told = dict(refusal.value.reason.parameters)
            assert told.pop("until").endswith(" UTC")
            assert told == {"method": "POST", "address": f"{url}/users", **said}
    assert len(script.seen) == 1


async def test_a_target_that_never_answers_holds_nobody_up_but_those_who_ask_it() -> None:
    arrived, go = asyncio.Event(), asyncio.Event()

    async def stuck(_request: web.Request) -> web.Response:
        arrived.set()
        await go.wait()
        return web.json_response({})

    quick = Script(says(200, {}))
    async with serving(stuck) as silent, serving(quick) as lively, transport() as one, transport() as other:
        waiting = [asyncio.create_task(one.call("POST", silent)) for _ in range(50)]
        await arrived.wait()
        await asyncio.gather(*(sender.call("POST", lively) for sender in (other, one) for _ in range(50)))
        assert not any(task.done() for task in waiting)
        go.set()
        await asyncio.gather(*waiting)
    assert len(quick.seen) == 100


async def test_a_target_that_asks_for_a_pause_holds_nobody_up_but_those_who_ask_it() -> None:
    busy, quick = Script(says(429, Retry_After="50")), Script(says(200, {}))
    async with serving(busy) as strained, serving(quick) as lively, transport(EVER) as one, transport() as other:
        waiting = [asyncio.create_task(one.call("POST", strained)) for _ in range(20)]
        await seen(busy)
        await asyncio.gather(*(sender.call("POST", lively) for sender in (other, one) for _ in range(20)))
        assert not any(task.done() for task in waiting)
        one.stop()
        assert all(isinstance(end, Unavailable) for end in await asyncio.gather(*waiting, return_exceptions=True))
    assert len(quick.seen) == 40


async def test_stop_reaches_who_waits_for_a_lane() -> None:
    arrived, go = asyncio.Event(), asyncio.Event()

    async def stuck(_request: web.Request) -> web.Response:
        arrived.set()
        await go.wait()
        return web.json_response({})

    async with serving(stuck) as url, transport(concurrency=1) as one, transport() as other:
        busy = asyncio.create_task(one.call("POST", url))
        await arrived.wait()
        waiting = asyncio.create_task(other.call("POST", url))
        for _ in range(5):
            await asyncio.sleep(0)
        other.stop()
        with pytest.raises(Unavailable) as refusal:
            await waiting
        assert refusal.value.reason.parameters["problem"] == "Stopping"
        assert not busy.done()
        go.set()
        assert (await busy).ok


async def test_who_waits_out_a_pause_leaves_the_lanes_to_others() -> None:
    script = Script(says(429, Retry_After="50"))
    async with serving(script) as url, transport(EVER, concurrency=1) as one:
        waiting = [asyncio.create_task(one.call("GET", url)) for _ in range(3)]
        await seen(script)
        lanes = throttle_of(url, 1).lanes
        await asyncio.wait_for(lanes.acquire(), 20)
        lanes.release()
        one.stop()
        assert all(isinstance(end, Unavailable) for end in await asyncio.gather(*waiting, return_exceptions=True))


async def test_waiting_for_a_turn_costs_no_patience() -> None:
    script = Script(says(200, {}))
    limits = Limits(tries=3, patience=0.1, first_wait=0.001, longest_wait=0.001)
    async with serving(script) as url, transport(limits, rate=50) as sender:
        await asyncio.gather(*(sender.call("GET", url) for _ in range(20)))
        script.handlers = (says(503), says(200, {}))
        script.seen.clear()
        assert (await sender.call("GET", url)).ok


async def test_an_endless_429_ends_with_what_the_target_said() -> None:
    async with serving(says(429)) as url, transport(HASTY) as sender:
        with pytest.raises(RateLimited) as refusal:
            await sender.call("GET", url)
    assert sender.requests == 3
    assert "until" not in refusal.value.reason.parameters
