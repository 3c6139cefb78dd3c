"""Uploads pass as they come, and an answer that comes early reaches the client."""

import asyncio
from dataclasses import replace

import pytest

from gateway.options import Options
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import Client, NewClient, chunked, request

PATH = "/upstream/vllm/upload"
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nconnection: close\r\ncontent-length: 6\r\n\r\ntheirs"
FRAMINGS = ["content-length: 50000000", "transfer-encoding: chunked"]


async def test_an_upload_waits_for_a_slow_upstream(client: Client, upstream: FakeUpstream):
    go_on = asyncio.Event()

    async def script(call: Call) -> None:
        call.writer.transport.pause_reading()
        await go_on.wait()
        call.writer.transport.resume_reading()
        for _ in range(50):
            await call.reader.readexactly(1_000_000)
        await call.answer(b"{}")

    upstream.script, upstream.reads_bodies = script, False
    await client.send(request("POST", PATH, "content-length: 50000000"))
    sending = asyncio.create_task(client.send(*[b"x" * 1_000_000] * 50))
    left = -1
    while (now := client.writer.transport.get_write_buffer_size()) != left:  # until it stands still
        left = now
        await asyncio.sleep(0.5)
    assert left > 20_000_000, "the gateway took what nobody reads"
    go_on.set()
    await sending

    assert (await client.answer()).status == 200


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return chunked(data).removesuffix(b"0\r\n\r\n")


@pytest.mark.parametrize("framing", FRAMINGS)
async def test_a_refusal_in_the_middle_of_an_upload_reaches_the_client(
    client: Client, upstream: FakeUpstream, framing: str
):
    async def script(call: Call) -> None:
        await call.reader.readexactly(100_000)
        await call.send(TOO_LARGE)
        call.hang_up()

    upstream.script, upstream.reads_bodies = script, False
    part = b"x" * 200_000
    await client.send(request("POST", PATH, framing), chunk(part) if "chunked" in framing else part)
    got = await client.answer()

    assert (got.status, got.body, got[b"connection"]) == (413, b"theirs", b"close")
    assert await client.ended() == b""


async def test_a_refusal_reaches_a_client_that_goes_on_sending(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(TOO_LARGE)
        call.hang_up()

    async def send_all() -> None:
        for _ in range(50):
            await client.send(b"x" * 100_000)

    upstream.script, upstream.reads_bodies = script, False
    await client.send(request("POST", PATH, "content-length: 5000000"))
    sending = asyncio.create_task(send_all())
    got = await client.answer()
    await asyncio.gather(sending, return_exceptions=True)

    assert (got.status, got.body) == (413, b"theirs")


async def test_an_upstream_that_goes_in_the_middle_of_an_upload_is_named(
    client: Client, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        call.reset()

    upstream.script, upstream.reads_bodies = script, False
    await client.send(request("POST", PATH, "content-length: 5000000"), b"x" * 1_000)
    got = await client.answer()

    assert got.status == 502
    assert b"vllm on spark-1 gave no answer" in got.body


async def test_a_body_that_breaks_http_in_the_middle_is_refused_and_the_upstream_let_go(
    client: Client, upstream: FakeUpstream
):
    upstream.script, upstream.reads_bodies = Call.wait_until_left, False
    await client.send(request("POST", PATH, "transfer-encoding: chunked"), chunk(b"x" * 1000))
    call = await asyncio.wait_for(upstream.calls.get(), 5)
    await client.send(b"no size\r\n")
    got = await client.answer()

    assert got.status == 400
    await asyncio.wait_for(call.left.wait(), 5)


class TestLimit:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, upload_limit=10_000, body_limit=1_000)

    async def test_a_length_beyond_the_limit_is_refused_unread(self, client: Client, upstream: FakeUpstream):
        got = await client.ask(request("POST", PATH, "content-length: 10001"))

        assert (got.status, upstream.calls.qsize()) == (413, 0)

    async def test_chunks_beyond_the_limit_are_refused_on_the_way(
        self, client: Client, upstream: FakeUpstream
    ):
        upstream.script, upstream.reads_bodies = Call.wait_until_left, False
        await client.send(request("POST", PATH, "transfer-encoding: chunked"), chunk(b"x" * 9_000))
        call = await asyncio.wait_for(upstream.calls.get(), 5)
        await client.send(chunk(b"x" * 2_000))
        got = await client.answer()

        assert (got.status, got[b"content-type"]) == (413, b"application/json")
        await asyncio.wait_for(call.left.wait(), 5)

    async def test_chunks_that_come_all_at_once_count_as_well(self, client: Client, upstream: FakeUpstream):
        asked = request("POST", PATH, "transfer-encoding: chunked") + chunked(b"x" * 6_000, b"x" * 6_000)

        assert (await client.ask(asked)).status == 413
        assert upstream.calls.empty()

    async def test_json_beyond_its_limit_is_refused(self, clients: NewClient, upstream: FakeUpstream):
        for asked in (
            request("POST", "/v1/completions", "content-length: 1001"),
            request("POST", "/v1/completions", "transfer-encoding: chunked") + chunk(b" " * 1_001),
        ):
            assert (await (await clients()).ask(asked)).status == 413
        assert upstream.calls.empty()
