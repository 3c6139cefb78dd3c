"""Whenever a client leaves, the upstream is let go at once and the next one has its turn."""

import asyncio

import pytest

from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream, say_ok
from tests.gateway.hot_path.wire import CHAT, OK, Client, NewClient, ask, chunked, request, until_waiting

RUN = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["cluster"]["services"][0] |= {"at_once": 1, "queue": 4}
    return prefect


async def leaves_and_the_next_is_served(client: Client, other: Client, upstream: FakeUpstream) -> None:
    """The client goes; its upstream connection closes, and there is room again."""
    call = await asyncio.wait_for(upstream.calls.get(), 5)
    client.leave()
    await asyncio.wait_for(call.left.wait(), 5)
    upstream.script, upstream.reads_bodies = say_ok, True

    assert (await asyncio.wait_for(other.ask(ask()), 5)).status == 200


async def test_before_the_first_byte(client: Client, clients: NewClient, upstream: FakeUpstream):
    upstream.script = Call.wait_until_left
    await client.send(ask())

    await leaves_and_the_next_is_served(client, await clients(), upstream)


async def test_with_a_reset(client: Client, clients: NewClient, upstream: FakeUpstream):
    upstream.script = Call.wait_until_left
    await client.send(ask())
    call = await asyncio.wait_for(upstream.calls.get(), 5)
    client.writer.transport.abort()

    await asyncio.wait_for(call.left.wait(), 5)


@pytest.mark.parametrize(
    "begin",
    [
        OK + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n",
        OK + b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n{",
        OK + b"content-type: audio/wav\r\n\r\nRIFF",
        b"HTTP/1.1 500 Oh\r\ncontent-length: 1000\r\n\r\n{",
    ],
    ids=["stream", "length", "until the end", "held back"],
)
async def test_in_the_middle_of_an_answer(
    client: Client, clients: NewClient, upstream: FakeUpstream, begin: bytes
):
    async def script(call: Call) -> None:
        await call.send(begin)
        await call.wait_until_left()

    upstream.script = script
    await client.send(ask())
    if b"500" not in begin:
        await client.head()

    await leaves_and_the_next_is_served(client, await clients(), upstream)


async def test_in_the_middle_of_an_answer_that_nobody_reads(
    client: Client, clients: NewClient, upstream: FakeUpstream
):
    full = asyncio.Event()

    async def script(call: Call) -> None:
        await call.begin_stream()
        call.writer.transport.set_write_buffer_limits(0)
        try:
            while True:
                async with asyncio.timeout(0.5):
                    await call.chunk(b"x" * 65536)
        except TimeoutError:
            full.set()
        await call.wait_until_left()

    upstream.script = script
    client.writer.transport.pause_reading()
    await client.send(ask())
    await asyncio.wait_for(full.wait(), 20)

    await leaves_and_the_next_is_served(client, await clients(), upstream)


@pytest.mark.parametrize("framing", ["content-length: 1000000", "transfer-encoding: chunked"])
async def test_in_the_middle_of_an_upload(
    client: Client, clients: NewClient, upstream: FakeUpstream, framing: str
):
    upstream.script, upstream.reads_bodies = Call.wait_until_left, False
    part = chunked(b"x" * 1000).removesuffix(b"0\r\n\r\n") if "chunked" in framing else b"x" * 1000
    await client.send(request("POST", "/upstream/vllm/audio", framing), part)

    await leaves_and_the_next_is_served(client, await clients(), upstream)


async def test_before_a_json_body_is_whole(client: Client, clients: NewClient, upstream: FakeUpstream):
    await client.send(request("POST", CHAT, "content-length: 1000"), b'{"model":')
    client.leave()

    assert (await (await clients()).ask(ask())).status == 200
    assert upstream.calls.qsize() == 1


async def test_while_it_waits_for_its_turn(client: Client, clients: NewClient, upstream: FakeUpstream):
    go = asyncio.Event()

    async def script(call: Call) -> None:
        await go.wait()
        await say_ok(call)

    upstream.script = script
    leaving, last, watching = await clients(), await clients(), await clients()
    await client.send(ask())
    await upstream.calls.get()
    await leaving.send(request("POST", CHAT, body=b'{"n": "of the one that leaves"}'))
    await until_waiting(watching, 1)
    leaving.leave()
    await until_waiting(watching, 0)
    await last.send(request("POST", CHAT, body=b'{"n": "of the last"}'))
    await until_waiting(watching, 1)
    go.set()
    got = await last.answer()

    assert (await client.answer()).status == got.status == 200
    assert got[b"x-queue-position"] == b"1", "who left takes no place"
    assert upstream.calls.get_nowait().body == b'{"n": "of the last"}'
    assert upstream.calls.empty()


async def test_while_it_waits_for_a_model(
    client: Client, clients: NewClient, upstream: FakeUpstream, ledger: Ledger, prefect: FakePrefect
):
    prefect.add_run("RUNNING", "beta", RUN)
    start_run(ledger, RUN, "swap", "beta", 200.0)
    report(ledger, RUN, "phase", {"phase": "loading"}, phase="loading")
    await client.send(ask("beta"))
    staying = await clients()
    await staying.send(ask("beta"))
    client.leave()
    upstream.models = ["beta"]

    assert (await staying.answer()).status == 200
    assert upstream.calls.qsize() == 1
