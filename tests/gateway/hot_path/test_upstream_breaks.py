"""An answer that breaks off is told, and never taken for a whole one."""

import asyncio
import json
from itertools import product

import pytest

from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, OK, Client, NewClient, ask, chunked, request

EVENTS = OK + b"content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
PLAIN = OK + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
SHORT = OK + b"content-type: application/json\r\ncontent-length: 100\r\n\r\n"
ENDS = [Call.hang_up, Call.reset]


def part(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def breaks(upstream: FakeUpstream, sent: bytes, end) -> None:
    """The upstream sends that and goes."""

    async def script(call: Call) -> None:
        await call.send(sent)
        end(call)

    upstream.script = script


async def test_in_a_stream_of_events_it_is_an_event(clients: NewClient, upstream: FakeUpstream):
    for said, end in product((b"data: one\n\n", b"data: half a sen", b""), ENDS):
        breaks(upstream, EVENTS + (part(said) if said else b""), end)
        client = await clients()
        got = await client.ask(ask())
        rest = got.body.removeprefix(said)
        event = json.loads(rest.partition(b"data: ")[2])

        assert not got.whole
        assert rest.startswith(b"\n\nevent: error\ndata: ")
        assert rest.endswith(b"}\n\n")
        assert (event["error"]["type"], event["error"]["code"]) == ("server_error", "upstream_broke")
        assert "vllm on spark-1 (model alpha) broke off" in event["error"]["message"]
        assert await client.ended() == b""


async def test_elsewhere_it_is_an_end_that_is_not_clean(clients: NewClient, upstream: FakeUpstream):
    for sent, end in product((PLAIN + part(b"[1, 2"), SHORT + b"[1, 2"), ENDS):
        breaks(upstream, sent, end)
        client = await clients()
        got = await client.ask(ask())

        assert (got.status, got.body, got.whole) == (200, b"[1, 2", False)
        assert await client.ended() == b""


async def test_a_client_of_the_old_days_gets_a_reset(clients: NewClient, upstream: FakeUpstream):
    for head in (EVENTS, PLAIN):
        breaks(upstream, head + part(b"data: one\n\n"), Call.hang_up)
        client = await clients()
        await client.send(b"POST %b HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}" % CHAT.encode())

        with pytest.raises(ConnectionResetError):
            await client.ended()


async def test_a_compressed_stream_is_not_spoiled_by_words(client: Client, upstream: FakeUpstream):
    head = EVENTS.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
    breaks(upstream, head + part(b"\x1f\x8b\x08"), Call.hang_up)
    got = await client.ask(ask())

    assert (got.body, got.whole) == (b"\x1f\x8b\x08", False)


async def test_chunks_that_are_no_chunks_break_an_answer_off(client: Client, upstream: FakeUpstream):
    breaks(upstream, EVENTS + part(b"data: one\n\n") + b"xyz\r\n", Call.hang_up)
    got = await client.ask(ask())

    assert got.body.startswith(b"data: one\n\n\n\nevent: error\ndata: ")
    assert b"not HTTP" in got.body
    assert not got.whole


async def test_an_answer_until_the_end_that_is_reset_is_not_whole(client: Client, upstream: FakeUpstream):
    breaks(upstream, OK + b"content-type: audio/wav\r\n\r\nRIFF", Call.reset)
    got = await client.ask(ask())

    assert not got.whole


async def test_an_answer_that_names_its_end_and_reaches_it_is_whole(client: Client, upstream: FakeUpstream):
    breaks(upstream, EVENTS + chunked(b"data: [DONE]\n\n"), Call.reset)
    got = await client.ask(ask())

    assert (got.body, got.whole) == (b"data: [DONE]\n\n", True)


async def test_an_error_in_place_of_a_stream_keeps_status_and_body(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.answer(b'{"object":"error"}', b"HTTP/1.1 " + status + b"\r\nretry-after: 3\r\n")

    upstream.script = script
    for status in (b"400 Bad Request", b"404 Not Found", b"429 Slow", b"500 Oh", b"503 Busy"):
        got = await client.ask(request("POST", CHAT, body=b'{"model":"alpha","stream":true}'))

        assert (got.line, got.body) == (b"HTTP/1.1 " + status, b'{"object":"error"}')
        assert got[b"retry-after"] == b"3"


async def test_an_error_that_ends_a_stream_which_had_begun_passes_as_it_is(
    client: Client, upstream: FakeUpstream
):
    said = b'data: {"error": {"message": "theirs"}}\n\n', b"data: [DONE]\n\n"

    async def script(call: Call) -> None:
        await call.send(EVENTS, chunked(*said))

    upstream.script = script
    got = await client.ask(ask())

    assert (got.body, got.whole) == (b"".join(said), True)


async def test_what_is_said_beyond_an_answer_is_nobodys(client: Client, upstream: FakeUpstream):
    second = b"HTTP/1.1 500 Stray\r\nx-stray: 1\r\ncontent-length: 5\r\n\r\nstray"
    breaks(upstream, OK + b"content-length: 2\r\n\r\n{}" + second, lambda _call: None)
    first = await client.ask(ask())
    next_one = await client.ask(ask())

    assert [(got.status, got.body, got.all(b"x-stray")) for got in (first, next_one)] == [
        (200, b"{}", []), (200, b"{}", []),
    ]  # fmt: skip


async def test_what_is_said_between_two_answers_is_nobodys(client: Client, upstream: FakeUpstream):
    stray = asyncio.Event()

    async def script(call: Call) -> None:
        await call.answer(b"{}")
        if not stray.is_set():
            await call.send(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 9\r\n\r\nstr")
            stray.set()

    upstream.script = script
    await client.ask(ask())
    await stray.wait()

    assert (await client.ask(ask())).status == 200
