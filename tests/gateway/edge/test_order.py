"""One connection, many requests: pipelining, keep-alive, HEAD, OPTIONS and the forms a target may have."""

import asyncio

import pytest

from gateway.edge.exchange import Exchange
from tests.gateway.edge.conftest import Edge
from tests.gateway.edge.raw import Raw, request


async def test_many_requests_in_one_packet_are_answered_in_their_order(edge: Edge):
    asked = [(f"/{n}", b"x" * n) for n in range(300)]
    async with Raw(edge.port) as raw:
        await raw.send(b"".join(request("POST", path, body) for path, body in asked))
        got = [(await raw.answer()).body for _ in asked]

    assert got == [f"POST {path} {len(body)}".encode() for path, body in asked]


async def test_what_was_asked_behind_a_running_stream_waits_for_its_end(edge: Edge):
    go = asyncio.Event()

    async def script(exchange: Exchange) -> None:
        if exchange.path != b"/stream":
            exchange.answer(200, [], exchange.path)
            return
        exchange.begin(200, [])
        exchange.write(b"one")
        exchange.flush()
        await go.wait()
        exchange.write(b"two")
        exchange.end()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/stream") + request("GET", "/a"), request("GET", "/b"))
        assert (await raw.head()).headers[b"transfer-encoding"] == b"chunked"
        assert await raw.exactly(8) == b"3\r\none\r\n"
        go.set()

        assert await raw.exactly(13) == b"3\r\ntwo\r\n0\r\n\r\n"
        assert [(await raw.answer()).body for _ in "ab"] == [b"/a", b"/b"]


async def test_a_client_that_leaves_takes_its_waiting_requests_with_it(edge: Edge):
    begun, left, asked = asyncio.Event(), asyncio.Event(), []

    async def script(exchange: Exchange) -> None:
        asked.append(exchange.path)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(b"".join(request("GET", path) for path in ("/a", "/b", "/c")))
        await begun.wait()
    await asyncio.wait_for(left.wait(), 5)
    await edge.empty()

    assert asked == [b"/a"]


@pytest.mark.parametrize("size", [10, 100_000, 250_000])
async def test_a_client_that_leaves_is_noticed_however_large_its_request_was(edge: Edge, size: int):
    begun, left = asyncio.Event(), asyncio.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.body.whole(size)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", bytes(size)))
        await begun.wait()
    await asyncio.wait_for(left.wait(), 5)


async def test_requests_wait_at_the_client_when_too_many_are_here(edge: Edge):
    go, body = asyncio.Event(), bytes(200_000)

    async def script(exchange: Exchange) -> None:
        await go.wait()
        exchange.answer(200, [], b"%d" % len(await exchange.body.whole(2**20)))

    edge.script = script
    async with Raw(edge.port) as raw:
        sending = asyncio.create_task(raw.send(*[request("POST", "/a", body)] * 100))
        done, _ = await asyncio.wait([sending], timeout=1.0)
        assert not done, "20 MB were taken although nothing is answered"
        go.set()

        assert {(await raw.answer()).body for _ in range(100)} == {b"200000"}
        await sending


@pytest.mark.parametrize(
    ("version", "header", "kept"),
    [
        ("1.1", "a: b", True), ("1.1", "connection: keep-alive", True), ("1.1", "connection: close", False),
        ("1.1", "connection: x-disclosed", True), ("1.0", "a: b", False),
        ("1.0", "connection: keep-alive", True), ("1.0", "connection: Keep-Alive, close", False),
    ],
)  # fmt: skip
async def test_a_connection_is_kept_as_the_client_asks(edge: Edge, version: str, header: str, kept: bool):
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a", None, header, version=version))
        answer = await raw.answer()
        assert answer.body == b"GET /a 0"
        said = answer.headers.get(b"connection")
        assert said == ((b"keep-alive" if version == "1.0" else None) if kept else b"close")
        if not kept:
            assert await raw.is_closed()
            return
        await raw.send(request("GET", "/b", None, header, version=version))

        assert (await raw.answer()).body == b"GET /b 0"


async def test_a_stream_to_an_old_client_ends_with_its_connection(edge: Edge):
    async def script(exchange: Exchange) -> None:
        exchange.begin(200, [])
        exchange.write(b"one")
        exchange.flush()
        exchange.write(b"two")
        exchange.end()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a", None, "connection: keep-alive", version="1.0"))
        answer = await raw.answer()

    assert (answer.body, answer.headers[b"connection"]) == (b"onetwo", b"close")
    assert b"transfer-encoding" not in answer.headers


async def test_a_stream_to_an_old_client_that_breaks_off_ends_with_a_reset(edge: Edge):
    async def script(exchange: Exchange) -> None:
        exchange.begin(200, [])
        exchange.write(b"one")
        exchange.flush()
        await go.wait()
        exchange.break_off()

    go = asyncio.Event()
    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a", version="1.0"))
        assert await raw.until(b"one")
        go.set()

        assert await raw.rest() == b"<reset>"


async def test_a_stream_that_breaks_off_has_no_last_chunk(edge: Edge):
    async def script(exchange: Exchange) -> None:
        exchange.begin(200, [])
        exchange.write(b"one")
        exchange.break_off()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a") * 2)
        answer = await raw.answer()

        assert (answer.body, answer.whole) == (b"one", False)
        assert await raw.is_closed()


async def test_an_answer_shorter_than_it_said_closes_the_connection(edge: Edge):
    async def script(exchange: Exchange) -> None:
        exchange.begin(200, [(b"content-length", b"10")])
        exchange.write(b"one")
        exchange.end()

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a") * 2)
        assert (await raw.head()).headers[b"content-length"] == b"10"

        assert await raw.rest() == b"one"


async def test_a_fault_of_the_app_is_told_without_its_details_and_the_connection_goes_on(
    edge: Edge, caplog: pytest.LogCaptureFixture
):
    async def script(exchange: Exchange) -> None:
        raise ZeroDivisionError("secret")

    say_back, edge.script = edge.script, script
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/a"))
        broken = await raw.answer()
        edge.script = say_back
        await raw.send(request("GET", "/b"))

        assert (broken.status, broken.code) == (500, "internal")
        assert b"secret" not in broken.body
        assert "secret" in caplog.text
        assert (await raw.answer()).body == b"GET /b 0"
