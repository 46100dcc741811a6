import asyncio
import time

import aiohttp
import pytest
from tests.contract.emulator.raw import Raw, Start

from provisor.testing.gotomeeting import Fault, Options

USERS = "/admin/rest/v1/accounts/{accountKey}/users"


async def statuses(raw: Raw, number: int, path: str = "users") -> list[int]:
    return [(await raw.send("GET", path))[0] for _ in range(number)]


async def test_a_burst_over_the_limit_is_answered_429_without_a_wait(start: Start) -> None:
    made = await start(Options(rate_limit=10))
    began = time.monotonic()
    got = [status for status, _ in await asyncio.gather(*(made.send("GET", "users") for _ in range(40)))]
    seconds = time.monotonic() - began
    assert 10 <= got.count(200) <= 10 * (int(seconds) + 1)
    assert got.count(200) + got.count(429) == 40
    assert made.goto.requests["GET", USERS] == 40
    assert made.goto.gate.answers["GET", USERS, 429] == got.count(429)


async def test_a_429_has_no_retry_after(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="too-many-requests"))
    async with raw.session.get(raw.goto.url + "/admin/rest/v1/me") as answer:
        assert answer.status == 429
        assert not {"Retry-After", "X-RateLimit-Reset"} & answer.headers.keys()
        assert (await answer.json())["errorCode"] == "TOO_MANY_REQUESTS"


async def test_each_api_has_a_limit_of_its_own(start: Start) -> None:
    made = await start(Options(rate_limit=0.01))
    assert await statuses(made, 3) == [200, 429, 429]
    status, _ = await made.form("/oauth/token", {}, ("emulator-client", "emulator-secret"))
    assert status == 429
    made.goto.options.rate_limit = None
    assert await statuses(made, 3) == [200] * 3


async def test_a_fault_strikes_so_many_times_after_so_many_requests(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="server-error", status=504, after=1, times=2))
    assert await statuses(raw, 5) == [200, 504, 504, 200, 200]


async def test_a_fault_strikes_every_nth_request_until_lifted(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="too-many-requests", every=3))
    assert await statuses(raw, 6) == [200, 200, 429, 200, 200, 429]
    raw.goto.clear_faults()
    assert await statuses(raw, 3) == [200] * 3


async def test_a_fault_strikes_only_the_method_and_path_it_names(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="server-error", method="GET", path="/licenses$"))
    raw.goto.inject(Fault(kind="server-error", path="^/oauth/"))
    assert await statuses(raw, 1) == [200]
    assert await statuses(raw, 1, "licenses?pageSize=5") == [502]
    async with raw.session.post(raw.goto.url + "/oauth/token") as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")


async def test_a_fault_can_name_the_person_it_strikes(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="server-error", path="ada@example.com"))
    assert await statuses(raw, 1, "users?filter=email%20eq%20%22ada%40example.com%22") == [502]
    assert await statuses(raw, 1, "users?filter=email%20eq%20%22bob%40example.com%22") == [200]


async def test_after_a_lost_reply_the_write_is_done(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="lost-reply", method="POST", path="/users$", times=1))
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw.create("ada@example.com", "G2M")
    assert (await raw.find("ada@example.com"))["status"] == "INVITED"
    status, _ = await raw.create("ada@example.com", "G2M")
    assert status == 201
    assert [write.effect for write in raw.goto.journal] == ["user.created", "user.existing"]
    assert [mail.kind for mail in raw.goto.mails] == ["invitation"]


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_gateway_error_comes_before_the_write_or_after_it(raw: Raw, carried_out: bool) -> None:
    raw.goto.inject(Fault(kind="server-error", method="POST", times=1, carried_out=carried_out))
    assert (await raw.create("ada@example.com", "G2M"))[0] == 502
    assert len(raw.goto.users) == 1 + carried_out


async def test_an_html_page_can_stand_in_for_an_answer(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="html", times=1))
    status, body = await raw.create("ada@example.com")
    assert status == 200
    assert body.startswith("<html>")
    assert len(raw.goto.users) == 1


async def test_a_slow_answer_comes_late_and_complete(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="slow", seconds=0.3, times=1))
    began = time.monotonic()
    assert (await raw.create("ada@example.com"))[0] == 201
    assert time.monotonic() - began >= 0.3


async def test_latency_holds_every_answer_back(raw: Raw) -> None:
    raw.goto.options.latency = 0.1
    began = time.monotonic()
    await statuses(raw, 2)
    assert time.monotonic() - began >= 0.2


async def test_a_token_can_end_in_the_middle_of_a_listing(raw: Raw) -> None:
    raw.goto.inject(Fault(kind="expired-token", path="/users", after=1, times=1))
    assert await statuses(raw, 3) == [200, 401, 401]
    await raw.sign_in()
    assert await statuses(raw, 1) == [200]


async def test_seats_can_run_out_on_demand(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com", products=())
    raw.goto.inject(Fault(kind="no-seat", times=2))
    path = f"licenses/{raw.goto.licence('G2M').key}/users/{user.key}"
    assert await raw.code("PUT", path) == (409, "license.seats.exceeded")
    assert (await raw.create("bob@example.com", "G2M"))[0] == 409
    assert (await raw.send("PUT", path))[0] == 204


async def test_a_licence_removal_can_fail_silently_or_loudly(raw: Raw) -> None:
    user = raw.goto.add_user("ada@example.com")
    path = f"licenses/{raw.goto.licence('G2M').key}/users/{user.key}"
    raw.goto.inject(Fault(kind="licence-kept", times=1))
    assert (await raw.send("DELETE", path))[0] == 204
    raw.goto.inject(Fault(kind="licence-kept", times=1, status=500))
    assert await raw.code("DELETE", path) == (500, "license.removal.failed")
    assert raw.goto.status("ada@example.com") == "ACTIVE"
    assert raw.goto.journal == []


async def test_people_outlive_an_outage(raw: Raw) -> None:
    raw.goto.add_user("ada@example.com")
    port = int(raw.goto.url.rsplit(":", 1)[1])
    await raw.goto.stop()
    with pytest.raises(aiohttp.ClientConnectionError):
        await raw.send("GET", "users")
    await raw.goto.start(port)
    assert (await raw.find("ada@example.com"))["status"] == "ACTIVE"


def test_a_fault_needs_a_regular_expression() -> None:
    from provisor.testing.gotomeeting.fault import Faults

    with pytest.raises(ValueError, match="not a regular expression"):
        Faults().inject(Fault(kind="html", path="("))
