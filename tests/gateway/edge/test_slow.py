"""Who sends or takes too slowly is told or dropped, and nobody else is."""

import asyncio

import pytest

from gateway.edge.exchange import Exchange
from gateway.edge.limits import Limits
from tests.gateway.edge.conftest import Edge
from tests.gateway.edge.raw import Raw, request

HALF = b"GET /a HTTP/1.1\r\nhost: he"


@pytest.fixture
def limits() -> Limits:
    return Limits(connections=3)


async def arrived(edge: Edge) -> None:
    """Everything that was written has been read: a later connection was served."""
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/after"))
        await raw.answer()


async def test_half_a_head_is_waited_for_ten_seconds_however_it_drips(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(HALF)
        await arrived(edge)
        edge.later(9)
        await raw.send(b"re\r\n\r\n")
        assert (await raw.answer()).status == 200
        await raw.send(*(HALF[n : n + 1] for n in range(len(HALF))))
        await arrived(edge)
        edge.later(11)
        answer = await raw.answer()

        assert (answer.status, answer.code) == (408, "too_slow")
        assert await raw.is_closed()


async def test_a_head_is_not_slow_while_the_client_has_to_wait(edge: Edge):
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        begun.set()
        await go.wait()
        exchange.answer(200, [])

    async with Raw(edge.port) as raw:
        edge.script = script
        await raw.send(request("GET", "/a") * 12 + HALF)
        await begun.wait()
        edge.later(11)
        go.set()
        await raw.send(b"re\r\n\r\n")

        assert {(await raw.answer()).status for _ in range(13)} == {200}


async def test_a_body_that_stalls_is_told_so(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, "content-length: 100000"), bytes(4000))
        await arrived(edge)
        edge.later(59)
        edge.later(61)
        answer = await raw.answer()

        assert (answer.status, answer.code) == (408, "too_slow")
        assert await raw.is_closed()
    assert (edge.cut, edge.seen) == (1, [("GET", b"/after", b"")])


async def test_a_body_that_is_slow_but_steady_is_waited_for(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, "content-length: 15000"))
        for minute in range(1, 4):
            await raw.send(bytes(5000))
            await arrived(edge)
            edge.later(61 * minute)

        assert (await raw.answer()).body == b"POST /a 15000"


@pytest.mark.parametrize("header", ["a: b", "expect: 100-continue"])
async def test_a_body_is_not_slow_while_nobody_wants_it(edge: Edge, header: str):
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        begun.set()
        await go.wait()
        exchange.answer(200, [], await exchange.body.whole(10))

    async with Raw(edge.port) as raw:
        edge.script = script
        await raw.send(request("POST", "/a", None, header, "content-length: 4"))
        await begun.wait()
        edge.later(900)
        go.set()
        await asyncio.sleep(0)
        edge.later(901)
        if header.startswith("expect"):
            await raw.until(b"100 Continue\r\n\r\n")
        await raw.send(b"body")

        assert (await raw.answer()).body == b"body"


@pytest.mark.parametrize("asked", [b"", b"\r\n", request("GET", "/a")])
async def test_an_idle_connection_is_kept_for_a_while(edge: Edge, asked: bytes):
    async with Raw(edge.port) as raw:
        await raw.send(asked)
        if len(asked) > 2:
            await raw.answer()
        await arrived(edge)
        edge.later(74)
        await raw.send(request("GET", "/b"))
        assert (await raw.answer()).status == 200
        edge.later(76)

        assert await raw.is_closed()


async def test_a_stream_that_nobody_reads_is_dropped_and_its_work_ends(edge: Edge):
    blocked, left = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        exchange.on_pause, exchange.on_leave = blocked.set, left.set
        exchange.begin(200, [])
        while not blocked.is_set():
            exchange.write(bytes(2**18))
            exchange.flush()
            await asyncio.sleep(0)
        await asyncio.Event().wait()

    edge.script = script
    async with Raw(edge.port, small=True) as raw:
        await raw.send(request("GET", "/a"))
        await asyncio.wait_for(blocked.wait(), 10)
        edge.later(59)
        assert not left.is_set()
        edge.later(61)
        await asyncio.wait_for(left.wait(), 5)
        await edge.empty()


@pytest.mark.parametrize(("header", "seconds"), [("connection: close", [59]), ("a: b", [74, 76])])
async def test_the_last_of_an_answer_that_nobody_takes_is_dropped(
    edge: Edge, header: str, seconds: list[int]
):
    done = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        exchange.begin(200, [])
        while not exchange._connection._transport.get_write_buffer_size():
            exchange.write(bytes(2**14))
            exchange.flush()
        exchange.end()
        done.set()

    edge.script = script
    async with Raw(edge.port, small=True) as raw:
        await raw.send(request("GET", "/a", None, header))
        await done.wait()
        for passed in seconds:
            edge.later(passed)
            assert edge.server.connections == 1
        edge.later(61)
        await edge.empty()


async def test_requests_of_a_client_that_reads_nothing_are_not_answered_in_advance(edge: Edge):
    answered = []

    async def script(exchange: Exchange) -> None:
        answered.append(exchange.path)
        exchange.answer(200, [], bytes(2**20 if exchange.path == b"/a" else 1))

    edge.script = script
    async with Raw(edge.port, small=True) as raw:
        await raw.send(request("GET", "/a") * 500)
        for _ in range(20):
            await arrived(edge)
    assert 0 < answered.count(b"/a") < 30, "MB are waiting for a client that takes none"


async def test_a_client_that_was_refused_and_does_not_close_is_closed(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(b"nonsense\r\n\r\n")
        assert (await raw.answer()).status == 400
        edge.later(3)
        await edge.empty()


async def test_nonsense_behind_a_long_answer_does_not_cut_it(edge: Edge):
    begun, go = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        begun.set()
        await go.wait()
        exchange.answer(200, [], b"long")

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a") + b"nonsense\r\n\r\n")
        await begun.wait()
        edge.later(900)
        go.set()

        assert (await raw.answer()).body == b"long"
        assert (await raw.answer()).status == 400


async def test_an_answer_to_a_body_that_broke_has_to_end(edge: Edge):
    left = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        exchange.on_leave = left.set
        exchange.begin(200, [])
        exchange.flush()
        await asyncio.Event().wait()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, "transfer-encoding: chunked"))
        assert (await raw.head()).headers[b"connection"] == b"close"
        await raw.send(b"zz\r\n")
        edge.script = edge._say_back
        await arrived(edge)
        edge.later(61)
        await asyncio.wait_for(left.wait(), 5)


async def test_a_connection_too_many_is_told_to_come_back(edge: Edge):
    async with Raw(edge.port) as one, Raw(edge.port) as two, Raw(edge.port) as three:
        for raw in (one, two, three):
            await raw.send(request("GET", "/a"))
            assert (await raw.answer()).status == 200
        async with Raw(edge.port) as fourth:
            answer = await fourth.answer()
            assert (answer.status, answer.code, answer.headers[b"retry-after"]) == (503, "busy", b"1")
            assert await fourth.is_closed()
        await one.send(request("GET", "/b"))
        assert (await one.answer()).status == 200
