"""Expect: 100-continue, and uploads that are refused before they are read."""

import asyncio
from dataclasses import replace

import pytest

from blocks.ledger.keys import create_key
from blocks.ledger.store import Ledger
from gateway.edge.exchange import Exchange
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.edge.conftest import LIMIT, Edge
from tests.gateway.edge.raw import Raw, request
from tests.gateway.fake_upstream import Call, FakeUpstream

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def offer(path: str, size: int, *headers: str, method: str = "POST", version: str = "1.1") -> bytes:
    """The head of a request that waits for a word before it sends so many bytes."""
    return request(
        method, path, None, "expect: 100-continue", f"content-length: {size}", *headers, version=version
    )


async def test_a_client_that_asks_first_is_told_to_go_on_once(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(offer("/a", 4))
        assert await raw.exactly(len(CONTINUE)) == CONTINUE
        await raw.send(b"bo", b"dy")

        assert (await raw.answer()).body == b"POST /a 4"
        await raw.send(request("GET", "/b"))
        assert (await raw.answer()).body == b"GET /b 0"


async def test_a_client_that_asks_first_and_sends_in_chunks_is_told_to_go_on(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, "expect: 100-Continue", "transfer-encoding: chunked"))
        assert await raw.exactly(len(CONTINUE)) == CONTINUE
        await raw.send(b"4\r\nbody\r\n0\r\n\r\n")

        assert (await raw.answer()).body == b"POST /a 4"


@pytest.mark.parametrize("sent", [offer("/a", 4) + b"body", offer("/a", 4, version="1.0") + b"body"])
async def test_no_word_is_said_when_the_body_is_there_already(edge: Edge, sent: bytes):
    async with Raw(edge.port) as raw:
        await raw.send(sent)

        assert (await raw.answer()).body == b"POST /a 4"


async def test_no_word_is_said_before_the_answer_to_an_earlier_request(edge: Edge):
    go, told = asyncio.Event(), []

    async def script(exchange: Exchange) -> None:
        if exchange.path == b"/a":
            await go.wait()
        told.append(await exchange.body.whole(10))
        exchange.answer(200, [], exchange.path)

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a"), offer("/b", 4))
        go.set()
        assert (await raw.answer()).body == b"/a"
        assert await raw.exactly(len(CONTINUE)) == CONTINUE
        await raw.send(b"body")

        assert (await raw.answer()).body == b"/b"
    assert told == [b"", b"body"]


@pytest.mark.parametrize(("path", "size", "status"), [("/a", LIMIT + 1, 413), ("/missing", 4, 404)])
async def test_what_is_refused_is_refused_at_once_without_that_word(
    edge: Edge, path: str, size: int, status: int
):
    async with Raw(edge.port) as raw:
        await raw.send(offer(path, size))
        answer = await raw.answer()

        assert (answer.status, answer.headers[b"connection"]) == (status, b"close")
        assert await raw.is_closed()


async def test_a_client_that_sends_all_the_same_can_read_why_it_was_refused(edge: Edge):
    size, sent = 64 * 1024 * 1024, 0
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, f"content-length: {size}"))
        while sent < size // 2 and not raw.reader.at_eof():
            await raw.send(bytes(2**18))
            sent += 2**18

        assert (await raw.answer()).code == "body_too_large"
        assert await raw.is_closed()


async def test_an_upload_in_chunks_is_refused_as_soon_as_it_is_too_large(edge: Edge):
    part = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, "transfer-encoding: chunked"), *[part] * 40)

        assert (await raw.answer()).status == 413
        assert await raw.is_closed()
    assert (edge.cut, edge.seen) == (1, [])


@pytest.fixture
def key(ledger: Ledger) -> str:
    return create_key(ledger, "phone", ["inference", "control"])


@pytest.fixture
def options(options: Options, key: str) -> Options:
    """Of a gateway with a key and small limits."""
    return replace(options, body_limit=10_000, upload_limit=20_000)


REFUSED = [
    ("POST", "/v1/chat/completions", 10_001, True, 413), ("POST", "/upstream/vllm/x", 20_001, True, 413),
    ("POST", "/v1/audio/transcriptions", 20_001, True, 413), ("POST", "/api/swap", 2_000_000, True, 413),
    ("POST", "/v1/chat/completions", 2, False, 401), ("POST", "/api/swap", 2, False, 401),
    ("PUT", "/v1/chat/completions", 2, True, 405), ("POST", "/api/status", 2, True, 405),
    ("POST", "/upstream/nobody/x", 2, True, 404), ("POST", "/api/nothing", 2, True, 404),
]  # fmt: skip
"""Method, path, length of the body, whether with the key, and the status."""


async def test_the_gateway_refuses_before_it_reads(gateway: Running, upstream: FakeUpstream, key: str):
    for method, path, size, keyed, status in REFUSED:
        async with Raw(gateway.port) as raw:
            await raw.send(offer(path, size, f"x-api-key: {key if keyed else ''}", method=method))
            answer = await raw.answer()

            assert (answer.status, answer.headers[b"connection"]) == (status, b"close"), path
            assert await raw.is_closed()
    assert upstream.calls.empty()


async def test_an_upload_goes_through_as_it_comes_once_it_was_asked_for(
    gateway: Running, upstream: FakeUpstream, key: str
):
    came = asyncio.Event()

    async def script(call: Call) -> None:
        came.set()
        await call.answer(call.body)

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await raw.send(offer("/upstream/vllm/x", 8, f"x-api-key: {key}"))
        assert await raw.exactly(len(CONTINUE)) == CONTINUE
        assert not came.is_set()
        await raw.send(b"body", b"body")

        assert (await raw.answer()).body == b"bodybody"
