"""WebSockets pass byte for byte both ways, end when one side ends."""

import asyncio
import random

import pytest

from tests.gateway.conftest import Running
from tests.gateway.edge.raw import SECONDS, Raw, request
from tests.gateway.edge.websocket import AGREED, ASK, agreed
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

CLOSE_BY_CLIENT = b"\x88\x82\x01\x02\x03\x04\x02\xea"  # code 1000, masked
CLOSE_BY_SERVER = b"\x88\x02\x0f\xa1"  # code 4001


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["cluster"]["services"][0]["realtime"] = True
    return prefect


async def echo(call: Call) -> None:
    """Agree, and send every byte back."""
    await call.send(AGREED)
    while data := await call.reader.read(2**16):
        await call.send(data)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/v1/realtime?model=alpha", b"GET /v1/realtime?model=alpha"),
        ("/upstream/vllm/ws?a=%2F", b"GET /ws?a=%2F"),
    ],
)
async def test_frames_of_any_size_pass_both_ways(
    gateway: Running, upstream: FakeUpstream, path: str, line: bytes
):
    upstream.script = echo
    frames = [random.Random(n).randbytes(n) for n in (1, 2, 125, 126, 65535, 65536, 300_000)]
    async with Raw(gateway.port) as raw:
        await agreed(raw, path)
        for frame in frames:
            await raw.send(frame)
            assert await raw.exactly(len(frame)) == frame

    call = await upstream.calls.get()
    assert call.line == line + b" HTTP/1.1"
    assert call.headers[b"sec-websocket-key"] == b"dGhlIHNhbXBsZSBub25jZQ=="
    assert call.headers[b"connection"] == b"Upgrade"


async def test_frames_sent_before_the_upstream_agrees_wait_for_it(gateway: Running, upstream: FakeUpstream):
    go = asyncio.Event()

    async def script(call: Call) -> None:
        await go.wait()
        await echo(call)

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await raw.send(request("GET", "/v1/realtime", None, *ASK) + b"\x82first")
        call = await asyncio.wait_for(upstream.calls.get(), SECONDS)
        await raw.send(b"GET /second HTTP/1.1\r\n\r\n", b"third")
        assert not call.reader._buffer
        go.set()
        assert (await raw.head()).status == 101

        assert await raw.exactly(35) == b"\x82firstGET /second HTTP/1.1\r\n\r\nthird"


async def test_frames_sent_behind_a_running_answer_wait_for_it(gateway: Running, upstream: FakeUpstream):
    go = asyncio.Event()

    async def script(call: Call) -> None:
        if call.line.startswith(b"GET"):
            await echo(call)
        else:
            await go.wait()
            await call.answer(b"{}")

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await raw.send(request("POST", "/v1/completions", b'{"model": "alpha"}'))
        await asyncio.wait_for(upstream.calls.get(), SECONDS)
        await raw.send(request("GET", "/v1/realtime", None, *ASK), b"\x82first", b"second")
        go.set()
        assert (await raw.answer()).body == b"{}"
        assert (await raw.head()).status == 101

        assert await raw.exactly(12) == b"\x82firstsecond"


async def test_close_frames_and_their_codes_pass_both_ways(gateway: Running, upstream: FakeUpstream):
    heard = []

    async def script(call: Call) -> None:
        await call.send(AGREED)
        heard.append(await call.reader.readexactly(len(CLOSE_BY_CLIENT)))
        await call.send(CLOSE_BY_SERVER)
        call.hang_up()

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await agreed(raw)
        await raw.send(CLOSE_BY_CLIENT)

        assert await raw.rest() == CLOSE_BY_SERVER
    assert heard == [CLOSE_BY_CLIENT]


async def test_the_last_frame_of_an_upstream_arrives_although_the_client_is_still_sending(
    gateway: Running, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.send(AGREED)
        await call.reader.readexactly(10)
        await call.send(CLOSE_BY_SERVER)
        call.hang_up()

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await agreed(raw)
        await raw.send(bytes(100_000), bytes(100_000))

        assert await raw.rest() == CLOSE_BY_SERVER


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"404 Not Found", b"200 OK"])
async def test_an_upstream_that_does_not_agree_is_heard(
    gateway: Running, upstream: FakeUpstream, status: bytes
):
    async def script(call: Call) -> None:
        await call.answer(b'{"why": "not you"}', b"HTTP/1.1 %b\r\nx-kept: yes\r\n" % status)

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await raw.send(request("GET", "/v1/realtime", None, *ASK) + b"\x82early")
        answer = await raw.answer()

        assert (answer.status, answer.body) == (int(status[:3]), b'{"why": "not you"}')
        assert (answer.headers[b"x-kept"], answer.headers[b"connection"]) == (b"yes", b"close")
        assert await raw.is_closed()


@pytest.mark.parametrize("end", [Call.hang_up, Call.reset])
async def test_a_client_learns_at_once_that_the_upstream_died(gateway: Running, upstream: FakeUpstream, end):
    async def script(call: Call) -> None:
        await call.send(AGREED)
        await call.reader.readexactly(4)
        end(call)

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await agreed(raw)
        await raw.send(b"ping")

        assert await raw.is_closed()


async def test_an_upstream_learns_at_once_that_the_client_died(gateway: Running, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(AGREED)
        await call.wait_until_left()

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await agreed(raw)
    call = await upstream.calls.get()

    await asyncio.wait_for(call.left.wait(), 5)


@pytest.mark.parametrize("origin", ["https://other.example", "null", "http://here:1"])
async def test_a_page_of_another_origin_is_refused(gateway: Running, upstream: FakeUpstream, origin: str):
    async with Raw(gateway.port) as raw:
        await raw.send(request("GET", "/v1/realtime", None, *ASK, f"origin: {origin}"))
        answer = await raw.answer()

        assert (answer.status, answer.code) == (403, "other_origin")
        assert await raw.is_closed()
    assert upstream.calls.empty()


async def test_a_page_of_our_own_may_open_one(gateway: Running, upstream: FakeUpstream):
    upstream.script = echo
    async with Raw(gateway.port) as raw:
        await agreed(raw, "/v1/realtime", "origin: http://here")


async def test_who_does_not_ask_for_a_websocket_is_told_to(gateway: Running):
    async with Raw(gateway.port) as raw:
        await raw.send(request("GET", "/v1/realtime"))
        answer = await raw.answer()

    assert (answer.status, answer.headers[b"upgrade"]) == (426, b"websocket")
