"""The transport that connectors share: every answer becomes the right error, and repeating is safe."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.contract.stub import HASTY, Handler, Script, drops, says, sends, serving, transport, truncates

from provisor.connectors.http import Limits, NotReached
from provisor.domain.error import (
    Conflict,
    Incompatible,
    InsufficientRights,
    Misconfigured,
    NotFound,
    ProvisorError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)


async def refused(url: str, method: str = "GET", limits: Limits = HASTY) -> tuple[ProvisorError, int]:
    """The error, and how many requests it took."""
    async with transport(limits) as sender:
        with pytest.raises(ProvisorError) as refusal:
            (await sender.call(method, url)).decode(dict)
        return refusal.value, sender.requests


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Incompatible),
        (400, Rejected),
        (401, Unauthorized),
        (403, InsufficientRights),
        (404, NotFound),
        (405, Incompatible),
        (409, Conflict),
        (410, NotFound),
        (422, Rejected),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
async def test_every_status_is_one_error(status: int, kind: type[ProvisorError]) -> None:
    async with serving(says(status, {"message": "so it is"}, Location="http://127.0.0.1:9/")) as url:
        error, _ = await refused(f"{url}/thing?token=hush", "POST")
    assert type(error) is kind
    assert error.reason.parameters["status"] == str(status)
    assert error.reason.parameters["address"] == f"{url}/thing"


@pytest.mark.parametrize("status", [200, 400, 403, 404])
async def test_a_page_for_people_is_incompatible_and_names_the_address(status: int) -> None:
    async with serving(sends(status, "<html>Please sign in</html>")) as url:
        error, _ = await refused(f"{url}/users?filter=secret")
    assert type(error) is Incompatible
    assert error.reason.parameters["address"] == f"{url}/users"
    assert error.reason.parameters["content_type"].startswith("text/html")


async def test_text_that_is_no_json_is_incompatible() -> None:
    async with serving(sends(200, "hello", "text/plain")) as url:
        assert type((await refused(url))[0]) is Incompatible


@pytest.mark.parametrize(
    ("said", "wait"),
    [("3", 3.0), ("0.25", 0.25), (None, None), ("soon", None), ("-1", None), ("nan", None), ("inf", None)],
)
async def test_429_tells_its_wait(said: str | None, wait: float | None) -> None:
    headers = {} if said is None else {"Retry_After": said}
    async with serving(says(429, **headers)) as url:
        error, _ = await refused(url, limits=Limits(tries=1))
    assert isinstance(error, RateLimited)
    assert error.wait == wait


async def test_429_may_name_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    async with serving(says(429, Retry_After=date)) as url:
        error, _ = await refused(url, limits=Limits(tries=1))
    assert isinstance(error, RateLimited)
    assert error.wait is not None
    assert 0 < error.wait <= 100


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_429_is_repeated_whatever_the_method(method: str) -> None:
    script = Script(says(429), says(429), says(200, {}))
    async with serving(script) as url, transport() as sender:
        assert (await sender.call(method, url)).ok
    assert script.seen == [method] * 3


async def test_a_wait_beyond_our_patience_is_left_to_the_caller() -> None:
    script = Script(says(429, Retry_After="3600"))
    async with serving(script) as url:
        error, _ = await refused(url)
    assert isinstance(error, RateLimited)
    assert error.wait == 3600
    assert len(script.seen) == 1


@pytest.mark.parametrize("trouble", [says(500), says(502), drops, truncates])
async def test_trouble_is_repeated_for_reading_only(trouble: Handler) -> None:
    for method, tries in (("GET", 3), ("POST", 1)):
        async with serving(trouble) as url:
            error, sent = await refused(url, method)
        assert type(error) is Unavailable
        assert sent == tries


async def test_a_put_that_fails_is_left_to_the_caller() -> None:
    script = Script(says(503, Retry_After="7"), says(200, {}))
    async with serving(script) as url:
        error, _ = await refused(url, "PUT")
    assert isinstance(error, Unavailable)
    assert error.wait == 7
    assert script.seen == ["PUT"]


async def test_where_no_connection_is_made_any_method_is_repeated() -> None:
    async with serving(says(200)) as url:
        pass
    error, sent = await refused(url, "POST")
    assert type(error) is NotReached
    assert isinstance(error, Unavailable)
    assert sent == 3


async def test_a_name_that_does_not_exist_is_unavailable() -> None:
    error, _ = await refused("http://no-such-host.invalid/", limits=Limits(tries=1))
    assert isinstance(error, Unavailable)
    assert error.reason.parameters["problem"] == "NameNotResolved"


async def test_a_slow_answer_is_unavailable() -> None:
    async def sleeps(_request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async with serving(sleeps) as url:
        error, _ = await refused(url, "POST", Limits(answer=0.1))
    assert type(error) is Unavailable
    assert error.reason.parameters["problem"] == "TimedOut"


async def test_an_answer_without_end_is_cut_off() -> None:
    async with serving(sends(200, "x" * 5000, "application/json")) as url:
        error, _ = await refused(url, limits=Limits(size=4096))
    assert type(error) is Incompatible
    assert error.reason.parameters["problem"] == "TooLarge"


async def test_json_that_stops_half_way_is_unavailable() -> None:
    async with serving(sends(200, '{"results": [', "application/json")) as url:
        assert type((await refused(url))[0]) is Unavailable


async def test_an_address_that_is_none_is_a_misconfiguration() -> None:
    for address in ("nowhere", "ftp://example.com/", "http://[::bad/", ""):
        assert type((await refused(address, limits=Limits(tries=1)))[0]) is Misconfigured


async def test_tls_where_there_is_none_is_incompatible() -> None:
    async with serving(says(200)) as url:
        assert type((await refused(url.replace("http:", "https:"), "POST"))[0]) is Incompatible


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Of a server on this machine that nobody vouches for."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    (folder / "certificate.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted_and_nothing_is_sent(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=own_certificate(tmp_path))
    async with server:
        error, _ = await refused(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "POST")
    assert type(error) is Incompatible
    assert error.reason.parameters["problem"] == "CertificateNotTrusted"
    assert b"".join(heard) == b""


async def test_what_does_not_speak_http_is_incompatible() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        error, _ = await refused(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "POST")
    assert type(error) is Incompatible


async def test_a_redirect_is_not_followed() -> None:
    script = Script(says(307, Location="/elsewhere"))
    async with serving(script) as url:
        assert type((await refused(url, "POST"))[0]) is Incompatible
    assert len(script.seen) == 1


async def test_the_targets_words_are_short_printable_and_without_our_secrets() -> None:
    body = {"errors": [{"code": "bad\x07value", "value": "s3cret/pass\ns3cret%2Fpass" + "y" * 500}], "other": "unsaid"}
    async with serving(says(400, body)) as url, transport(hidden=["s3cret/pass"]) as sender:
        with pytest.raises(Rejected) as refusal:
            await sender.call("POST", url)
    said = refusal.value.reason.parameters["said"]
    assert said.startswith("bad value: ••• •••yyy")
    assert len(said) == 300
    assert "unsaid" not in said


async def test_a_status_that_the_caller_expects_is_given_back() -> None:
    async with serving(says(404, {"code": "gone"})) as url, transport() as sender:
        assert (await sender.call("DELETE", url, expected=(404,))).said == "gone"


class Tokens:
    """A signer whose tokens count up."""

    def __init__(self) -> None:
        self.number = 0
        self.stale: list[str | None] = []

    async def token(self, stale: str | None) -> str:
        self.stale.append(stale)
        if stale is not None:
            self.number += 1
        return f"token-{self.number}"


async def test_a_401_gets_one_fresh_token_and_one_repetition() -> None:
    script = Script(says(401), says(200, {}))
    async with serving(script) as url, transport() as sender:
        sender.signer = Tokens()
        assert (await sender.call("POST", url, body={"a": 1})).ok
    assert script.headers == ["Bearer token-0", "Bearer token-1"]
    script = Script(says(401))
    async with serving(script) as url, transport() as sender:
        sender.signer = tokens = Tokens()
        with pytest.raises(Unauthorized):
            await sender.call("GET", url)
    assert tokens.stale == [None, "token-0"]
    assert len(script.seen) == 2


async def test_requests_are_spaced_evenly_and_never_in_a_burst() -> None:
    script = Script(says(200, {}))
    async with serving(script) as url, transport(rate=40, concurrency=40) as sender:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(*(sender.call("GET", url) for _ in range(21)))
        assert asyncio.get_running_loop().time() - began >= 20 / 40 - 0.01
        assert sender.requests == 21


async def test_no_more_than_so_many_are_on_their_way_at_once() -> None:
    now, most = 0, 0

    async def counts(_request: web.Request) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.json_response({})

    async with serving(counts) as url, transport(concurrency=3) as sender:
        await asyncio.gather(*(sender.call("GET", url) for _ in range(20)))
    assert most == 3


async def test_after_stop_nothing_is_sent_and_what_is_on_its_way_ends_well() -> None:
    arrived, go = asyncio.Event(), asyncio.Event()

    async def waits(_request: web.Request) -> web.Response:
        arrived.set()
        await go.wait()
        return web.json_response({"done": True})

    async with serving(waits) as url, transport(concurrency=1) as sender:
        first = asyncio.create_task(sender.call("POST", url))
        await arrived.wait()
        second = asyncio.create_task(sender.call("POST", url))
        await asyncio.sleep(0)
        sender.stop()
        go.set()
        assert (await first).decode(dict) == {"done": True}
        with pytest.raises(Unavailable) as refusal:
            await second
        assert refusal.value.reason.parameters["problem"] == "Stopping"
        assert sender.requests == 1


async def test_stop_ends_a_pause() -> None:
    script = Script(says(429, Retry_After="50"))
    async with serving(script) as url, transport(Limits(patience=600)) as sender:
        waiting = asyncio.create_task(sender.call("GET", url))
        while not script.seen:
            await asyncio.sleep(0.005)
        sender.stop()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(waiting, 20)


async def test_a_transport_and_its_requests_show_no_secret() -> None:
    async with transport(hidden=["s3cret-pass"]) as sender:
        assert "s3cret" not in repr(sender)
