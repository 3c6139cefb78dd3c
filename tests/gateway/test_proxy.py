"""The hot path: bytes in, bytes out, and nobody works for a client that left."""

import asyncio
import json

import httpx
import pytest

from tests.gateway.conftest import Running
from tests.gateway.fake_upstream import Call, FakeUpstream

CHAT = "/v1/chat/completions"
ASK = {"model": "alpha", "messages": [{"role": "user", "content": "hi"}], "stream": True}


async def open_raw(gateway: Running, body: bytes, path: str = CHAT) -> tuple:
    """A request written by hand; its reader and writer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    head = f"POST {path} HTTP/1.1\r\nhost: here\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    return reader, writer


async def test_bytes_go_through_unchanged_both_ways(http: httpx.AsyncClient, upstream: FakeUpstream):
    answer = b'{"odd":  "spacing\\u00e9", "n": 1.50}'

    async def script(call: Call) -> None:
        head = b"HTTP/1.1 418 I'm a teapot\r\nx-kept: yes\r\nretry-after: 7\r\n"
        head += b"connection: keep-alive, x-hop\r\nx-hop: no\r\n"
        await call.answer(answer, head)

    upstream.script = script
    sent = b'{ "model" :"alpha",\n"messages": [ ], "seed": 12345678901234567890 }'
    headers = {
        "authorization": "Bearer ours", "x-api-key": "ours", "x-request-id": "7", "te": "trailers",
        "connection": "keep-alive, x-private", "x-private": "1", "accept-encoding": "br;q=0.5",
    }  # fmt: skip
    got = await http.post(f"{CHAT}?a=%2F&b=1", content=sent, headers=headers)
    call = upstream.calls.get_nowait()

    assert (got.status_code, got.content) == (418, answer)
    assert (got.headers["x-kept"], got.headers["retry-after"]) == ("yes", "7")
    assert "x-hop" not in got.headers
    assert call.line == b"POST /v1/chat/completions?a=%2F&b=1 HTTP/1.1"
    assert call.body == sent
    assert call.headers[b"host"] == f"127.0.0.1:{upstream.port}".encode()
    assert call.headers[b"x-request-id"] == b"7"
    assert call.headers[b"accept-encoding"] == b"br;q=0.5"
    assert not {b"authorization", b"x-api-key", b"te", b"x-private"} & set(call.headers)


async def test_the_first_event_leaves_while_the_model_still_thinks(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    go_on = asyncio.Event()

    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: one\n\n")
        await go_on.wait()
        await call.chunk(b"data: two\n\n")
        await call.send(b"0\r\n\r\n")

    upstream.script = script
    async with http.stream("POST", CHAT, json=ASK) as answer:
        parts = answer.aiter_raw()
        assert await anext(parts) == b"data: one\n\n"
        go_on.set()
        assert b"".join([part async for part in parts]) == b"data: two\n\n"


async def test_a_client_that_leaves_before_the_first_word_frees_the_model(
    gateway: Running, upstream: FakeUpstream
):
    upstream.script = Call.wait_until_left
    _reader, writer = await open_raw(gateway, json.dumps(ASK).encode())
    call = await upstream.calls.get()
    writer.close()

    await asyncio.wait_for(call.left.wait(), 2)


async def test_a_client_that_leaves_in_the_middle_frees_the_model(gateway: Running, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: one\n\n")
        await call.wait_until_left()

    upstream.script = script
    reader, writer = await open_raw(gateway, json.dumps(ASK).encode())
    await reader.readuntil(b"data: one\n\n")
    call = await upstream.calls.get()
    writer.close()

    await asyncio.wait_for(call.left.wait(), 2)


@pytest.mark.parametrize("end", [Call.hang_up, Call.reset])
async def test_an_answer_that_breaks_off_is_not_mistaken_for_a_whole_one(
    gateway: Running, upstream: FakeUpstream, end
):
    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: half a sen")
        end(call)

    upstream.script = script
    reader, writer = await open_raw(gateway, json.dumps(ASK).encode())
    got = await asyncio.wait_for(reader.read(), 5)
    writer.close()

    assert b"data: half a sen" in got
    assert b"\n\nevent: error\ndata: " in got
    assert b"vllm on spark-1 (model alpha)" in got
    assert not got.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("end", [Call.hang_up, Call.reset])
async def test_an_upstream_that_closes_without_a_word_gives_an_answer_in_our_envelope(
    http: httpx.AsyncClient, upstream: FakeUpstream, end
):
    async def script(call: Call) -> None:
        end(call)

    upstream.script = script
    got = await http.post(CHAT, json=ASK, timeout=2)

    assert got.status_code == 502
    assert got.json()["error"]["type"] == "server_error"
    assert "vllm on spark-1 (model alpha)" in got.json()["error"]["message"]
    assert upstream.calls.qsize() == 1, "a POST is never sent twice"


async def test_an_upstream_that_refuses_gives_an_answer_in_our_envelope(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    await http.post(CHAT, json=ASK)
    await upstream.stop()
    got = await http.post(CHAT, json=ASK, timeout=2)

    assert (got.status_code, got.json()["error"]["code"]) == (503, "upstream_unreachable")
    assert "vllm on spark-1" in got.json()["error"]["message"]
    assert "alpha" in got.json()["error"]["message"]


async def test_an_answer_that_is_not_http_gives_an_answer_in_our_envelope(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.send(b"220 smtp ready\r\n\r\n")

    upstream.script = script
    got = await http.post(CHAT, json=ASK)

    assert got.status_code == 502
    assert got.json()["error"]["code"] == "upstream_broke"


async def test_an_answer_without_a_length_ends_with_its_connection(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nto the ", b"end")
        call.hang_up()

    upstream.script = script
    got = await http.post(CHAT, json=ASK)

    assert (got.status_code, got.text) == (200, "to the end")


async def test_connections_are_kept_and_a_stale_one_never_surfaces(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    for _ in range(3):
        await http.post(CHAT, json=ASK)
    kept = upstream.connections

    async def answer_and_hang_up(call: Call) -> None:
        await call.answer(b"{}")
        call.hang_up()

    upstream.script = answer_and_hang_up
    statuses = [(await http.post(CHAT, json=ASK)).status_code for _ in range(20)]

    assert kept <= 2
    assert statuses == [200] * 20


async def test_a_large_answer_waits_for_a_slow_client(gateway: Running, upstream: FakeUpstream):
    part = b"x" * 65536
    sent = 0

    async def script(call: Call) -> None:
        nonlocal sent
        await call.begin_stream()
        for _ in range(1600):
            await call.chunk(part)
            sent += len(part)
        await call.send(b"0\r\n\r\n")

    upstream.script = script
    reader, writer = await open_raw(gateway, json.dumps(ASK).encode())
    await reader.readuntil(b"\r\n\r\n")
    before = -1
    while sent > before:  # until it stands still
        before = sent
        await asyncio.sleep(0.3)
    assert sent < 60 * 1024 * 1024, "the gateway took what nobody reads"
    got = 0
    while data := await reader.read(1 << 20):
        got += len(data)
        if data.endswith(b"0\r\n\r\n"):
            break
    writer.close()

    assert got > 1600 * len(part)
