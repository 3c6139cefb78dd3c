"""Silence and length: heartbeats while a stream is silent, and an end when it takes too long."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.options import Options
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, OK, Answer, Client, NewClient, ask, request

BEAT = b": waiting\n\n"
EVENTS = OK + b"content-type: text/event-stream\r\n"


CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
PLAIN = {
    "gzip": (EVENTS + b"content-encoding: gzip\r\n" + CHUNKED, b"2\r\n\n\n\r\n", b"2\r\nok\r\n0\r\n\r\n"),
    "measured": (EVENTS + b"content-length: 4\r\n\r\n", b"\n\n", b"ok"),
    "json": (
        OK + b"content-type: application/json\r\n" + CHUNKED, b"2\r\n\n\n\r\n", b"2\r\nok\r\n0\r\n\r\n"
    ),
    "late": (b"", b"", b"HTTP/1.1 422 Unprocessable\r\ncontent-length: 2\r\n\r\n{}"),
}  # fmt: skip
"""What is sent first, and after a long silence."""


class TestHeartbeats:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, heartbeat_seconds=0.5)

    async def test_a_silent_stream_gets_comments_between_events_only(
        self, client: Client, upstream: FakeUpstream
    ):
        go_on = [asyncio.Event() for _ in range(3)]

        async def script(call: Call) -> None:
            await call.begin_stream()
            await go_on[0].wait()
            await call.chunk(b"data: one\n")
            await go_on[1].wait()
            await call.chunk(b"\n")
            await go_on[2].wait()
            await call.send(b"0\r\n\r\n")

        upstream.script = script
        await client.send(ask())
        await client.head()
        assert [await client.chunk(), await client.chunk()] == [BEAT, BEAT]
        go_on[0].set()
        while (part := await client.chunk()) == BEAT:
            pass
        assert part == b"data: one\n"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.reader.readexactly(1), 2.2)
        go_on[1].set()
        assert [await client.chunk(), await client.chunk()] == [b"\n", BEAT]
        go_on[2].set()
        rest = await client.reader.readuntil(b"0\r\n\r\n")

        assert rest.replace(b"b\r\n" + BEAT + b"\r\n", b"") == b"0\r\n\r\n"

    async def test_nothing_is_added_to_what_is_no_plain_stream_of_events(
        self, clients: NewClient, upstream: FakeUpstream
    ):
        async def script(call: Call) -> None:
            head, body, rest = PLAIN[call.line.split()[1].removeprefix(b"/").decode()]
            await call.send(head, body)
            await asyncio.sleep(2.2)  # two ticks of the gateway's clock
            await call.send(rest)

        async def asked(name: str) -> Answer:
            return await (await clients()).ask(request("GET", f"/upstream/vllm/{name}"))

        upstream.script = script
        got = await asyncio.gather(*(asked(name) for name in PLAIN))

        assert [(one.status, one.body, one.whole) for one in got[:3]] == [(200, b"\n\nok", True)] * 3
        assert (got[3].status, got[3].body) == (422, b"{}"), "an error before the first byte keeps its status"


class TestHeartbeatsAndSilence:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, heartbeat_seconds=0.5)

    @pytest.fixture
    def prefect(self, prefect: FakePrefect) -> FakePrefect:
        prefect.documents["cluster"]["services"][0]["idle_seconds"] = 2
        return prefect

    async def test_heartbeats_do_not_keep_a_dead_upstream_alive(self, client: Client, upstream: FakeUpstream):
        async def script(call: Call) -> None:
            await call.begin_stream()
            await call.wait_until_left()

        upstream.script = script
        got = await client.ask(ask())

        assert got.body.startswith(BEAT)
        assert b"event: error" in got.body
        assert b"it said nothing for 2 seconds" in got.body
        assert not got.whole


class TestLongest:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, longest_seconds=2.0)

    async def test_what_takes_too_long_is_told_and_the_upstream_let_go(
        self, clients: NewClient, upstream: FakeUpstream
    ):
        async def script(call: Call) -> None:
            if call.body == b"{}":
                await call.begin_stream()
                with suppress(ConnectionError):
                    while True:
                        await call.chunk(b"data: x\n\n")
                        await asyncio.sleep(0.1)
                call.left.set()
            await call.wait_until_left()

        upstream.script = script
        one, two = await clients(), await clients()
        asked = one.ask(ask()), two.ask(request("POST", CHAT, body=b"{}"))
        never_begins, never_ends = await asyncio.gather(*asked)

        assert (never_begins.status, never_begins[b"content-type"]) == (504, b"application/json")
        assert b"vllm on spark-1 (model alpha): it took longer than 2 seconds" in never_begins.body
        assert b"event: error" in never_ends.body
        assert b"it took longer than 2 seconds" in never_ends.body
        assert not never_ends.whole
        for _ in range(2):
            await asyncio.wait_for(upstream.calls.get_nowait().left.wait(), 5)
