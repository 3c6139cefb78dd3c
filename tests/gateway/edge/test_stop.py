"""A server that is told to stop: nobody new, running answers get their time, then they are told."""

import asyncio
import os
import signal
import socket
import sys
from dataclasses import replace

import pytest

from gateway.edge.exchange import Exchange
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.edge.conftest import Edge
from tests.gateway.edge.raw import SECONDS, Raw, request
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

ASK = request("POST", "/v1/completions", b'{"model": "alpha", "stream": true}')


async def test_idle_connections_close_at_once_and_nobody_new_is_let_in(edge: Edge):
    async with Raw(edge.port) as raw, Raw(edge.port) as other:
        await raw.send(request("GET", "/a"))
        await raw.answer()
        await asyncio.wait_for(edge.stop(SECONDS), SECONDS / 2)

        assert await raw.is_closed()
        assert await other.is_closed()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", edge.port)


async def test_an_answer_under_way_ends_and_what_waits_behind_it_is_not_begun(edge: Edge):
    begun, go, asked = asyncio.Event(), asyncio.Event(), []

    async def script(exchange: Exchange) -> None:
        asked.append(exchange.path)
        begun.set()
        await go.wait()
        exchange.answer(200, [], exchange.path)

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a") + request("GET", "/b"))
        await begun.wait()
        stopping = asyncio.create_task(edge.stop(SECONDS))
        await asyncio.sleep(0)
        go.set()
        answer = await raw.answer()

        assert (answer.body, answer.headers[b"connection"]) == (b"/a", b"close")
        assert await raw.is_closed()
    await asyncio.wait_for(stopping, SECONDS / 2)
    assert asked == [b"/a"]


async def test_a_request_that_is_half_here_gets_its_answer(edge: Edge):
    async with Raw(edge.port) as raw, Raw(edge.port) as other:
        await raw.send(request("GET", "/a")[:10])
        await other.send(request("GET", "/b"))
        await other.answer()
        stopping = asyncio.create_task(edge.stop(SECONDS))
        assert await other.is_closed()
        await raw.send(request("GET", "/a")[10:])

        assert (await raw.answer()).body == b"GET /a 0"
        await asyncio.wait_for(stopping, SECONDS / 2)


async def test_who_has_no_answer_yet_is_told(edge: Edge):
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a"))
        await begun.wait()
        await asyncio.wait_for(edge.stop(0.0), SECONDS)
        answer = await raw.answer()

        assert (answer.status, answer.headers[b"connection"]) == (503, b"close")
        assert b"the gateway is being stopped" in answer.body
        assert await raw.is_closed()
    assert cancelled.is_set()


async def test_who_never_ends_is_dropped(edge: Edge):
    begun, left = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        exchange.on_leave = left.set
        exchange.begin(200, [])
        exchange.flush()
        begun.set()
        await asyncio.Event().wait()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a"))
        await begun.wait()
        await asyncio.wait_for(edge.stop(0.0), SECONDS)
    assert left.is_set()


@pytest.fixture
def options(options: Options) -> Options:
    return replace(options, drain_seconds=SECONDS)


async def test_a_stream_through_the_gateway_ends_within_its_time(options: Options, upstream: FakeUpstream):
    go = asyncio.Event()

    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: one\n\n")
        await go.wait()
        await call.chunk(b"data: [DONE]\n\n")
        await call.send(b"0\r\n\r\n")

    upstream.script = script
    running = Running(options)
    await asyncio.to_thread(running.start)
    async with Raw(running.port) as raw:
        await raw.send(ASK)
        await raw.until(b"data: one\n\n\r\n")
        stopping = asyncio.create_task(asyncio.to_thread(running.stop))
        while not await _refuses(running.port):
            pass
        go.set()

        assert (await raw.rest()).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    await asyncio.wait_for(stopping, SECONDS)


async def test_the_process_tells_whoever_does_not_end_and_exits_as_asked(
    options: Options, upstream: FakeUpstream, prefect: FakePrefect
):
    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: one\n\n")
        await call.wait_until_left()

    upstream.script = script
    port = str(_free_port())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", stderr=asyncio.subprocess.PIPE,
        env=os.environ | {
            "SPARK_GATEWAY_PORT": port, "PREFECT_API_URL": prefect.url, "SPARK_ACCESS_LOG": "off",
            "SPARK_LEDGER_URL": options.ledger_url, "SPARK_DRAIN_SECONDS": "0.5",
        },
    )  # fmt: skip
    try:
        async for line in process.stderr:
            if b"listening on" in line:
                break
        async with Raw(int(port)) as raw, Raw(int(port)):
            await raw.send(ASK)
            await raw.until(b"data: one\n\n\r\n")
            process.send_signal(signal.SIGTERM)
            rest = await raw.rest()
        call = await upstream.calls.get()
        await asyncio.wait_for(call.left.wait(), SECONDS)

        said = await asyncio.wait_for(process.stderr.read(), SECONDS)
        assert await process.wait() == 0, said
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
    assert b"\n\nevent: error\ndata: " in rest
    assert b"the gateway is being stopped" in rest
    assert not rest.endswith(b"0\r\n\r\n")


async def _refuses(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:  # refused, or reset when it was about to be accepted
        return True
    writer.close()
    return False


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
