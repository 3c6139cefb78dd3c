"""A WebSocket passes as it is: frames, close codes and ends both ways."""

import asyncio

import pytest

from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream, say_ok
from tests.gateway.hot_path.wire import Client, NewClient, received, request

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ASKED = (
    "connection: keep-alive, Upgrade", "upgrade: websocket", f"sec-websocket-key: {KEY}",
    "sec-websocket-version: 13", "sec-websocket-protocol: realtime, b", "authorization: Bearer mine",
)  # fmt: skip
AGREED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: realtime\r\n\r\n"
)
FRAME = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
CLOSE = b"\x88\x02\x0f\xa0"


@pytest.fixture
def prefect(prefect: FakePrefect, speech: FakeUpstream) -> FakePrefect:
    ears = {"name": "ears", "kind": "stt", "host": "spark-2", "port": speech.port, "container": "ears"}
    prefect.documents["cluster"]["services"].append(ears | {"realtime": True, "at_once": 1})
    return prefect


async def echo(call: Call) -> None:
    """Agree, and send everything back."""
    await call.send(AGREED)
    while data := await call.reader.read(4096):
        await call.send(data)
    call.left.set()


async def opened(client: Client) -> None:
    await client.send(request("GET", "/v1/realtime?model=m%20x&a=1&a=2", *ASKED))
    assert (await client.head()).line == b"HTTP/1.1 101 Switching Protocols"


async def test_the_handshake_reaches_the_other_end(client: Client, speech: FakeUpstream):
    speech.script = echo
    await client.send(request("GET", "/v1/realtime?model=m%20x&a=1&a=2", *ASKED))
    got = await client.head()
    call = speech.calls.get_nowait()
    sent = received(call)

    assert call.line == b"GET /v1/realtime?model=m%20x&a=1&a=2 HTTP/1.1"
    assert (b"upgrade", b"websocket") in sent
    assert (b"connection", b"Upgrade") in sent
    assert (b"sec-websocket-key", KEY.encode()) in sent
    assert b"authorization" not in dict(sent)
    assert (got[b"upgrade"].lower(), got[b"connection"].lower()) == (b"websocket", b"upgrade")
    assert got[b"sec-websocket-protocol"] == b"realtime"


async def test_frames_pass_both_ways_however_they_are_cut(client: Client, speech: FakeUpstream):
    speech.script = echo
    await opened(client)
    for piece in (FRAME, FRAME[:3], FRAME[3:] + FRAME, b"\xff" * 300_000):
        await client.send(piece)
        assert await asyncio.wait_for(client.reader.readexactly(len(piece)), 10) == piece


async def test_what_comes_with_the_handshake_is_not_lost(client: Client, speech: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(AGREED + FRAME)
        await echo(call)

    speech.script = script
    await client.send(request("GET", "/v1/realtime", *ASKED) + b"early")
    await client.head()

    assert await client.reader.readexactly(len(FRAME)) == FRAME
    rest = await client.reader.readexactly(len(AGREED) + 5)
    assert rest.endswith(b"early")


async def test_a_close_by_the_upstream_reaches_the_client(client: Client, speech: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(AGREED + CLOSE)
        call.hang_up()

    speech.script = script
    await opened(client)

    assert await client.ended() == CLOSE


async def test_a_client_that_leaves_frees_the_service(
    client: Client, clients: NewClient, speech: FakeUpstream
):
    speech.script = echo
    await opened(client)
    call = speech.calls.get_nowait()
    await client.send(CLOSE)
    await client.reader.readexactly(len(CLOSE))
    client.leave()
    await asyncio.wait_for(call.left.wait(), 5)
    speech.script = say_ok

    assert (await (await clients()).ask(request("GET", "/upstream/ears/x"))).status == 200


async def test_a_refusal_of_the_upstream_is_an_ordinary_answer(client: Client, speech: FakeUpstream):
    async def script(call: Call) -> None:
        await call.answer(b'{"detail":"no"}', b"HTTP/1.1 403 No\r\nx-kept: 1\r\n")

    speech.script = script
    got = await client.ask(request("GET", "/v1/realtime", *ASKED))

    assert (got.status, got.body, got[b"x-kept"]) == (403, b'{"detail":"no"}', b"1")


async def test_an_upstream_that_is_gone_is_named(client: Client, speech: FakeUpstream):
    await speech.stop()
    await asyncio.sleep(0.1)  # until the connection that was kept is seen to be closed
    got = await client.ask(request("GET", "/v1/realtime", *ASKED))

    assert got.status == 503
    assert b"ears on spark-2 does not answer" in got.body


async def test_a_request_that_is_no_websocket_is_told_to_be_one(client: Client, speech: FakeUpstream):
    got = await client.ask(request("GET", "/v1/realtime"))

    assert (got.status, got[b"upgrade"]) == (426, b"websocket")
    assert speech.calls.empty()
