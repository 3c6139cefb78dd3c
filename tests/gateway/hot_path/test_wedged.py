"""A service whose GPU context is dead: the client is told to come back, and the service is looked at."""

import asyncio
import json
from itertools import product
from typing import Any

import pytest

from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream, say_ok
from tests.gateway.hot_path.wire import CHAT, Client, NewClient, ask, chunked, request

FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\n"
DEAD = b'{"detail":"cuFFT error: CUFFT_INTERNAL_ERROR"}'
TRACEBACK = b'{"detail":"' + b"  File line\\n" * 3_000 + b'RuntimeError"}'


def fails(upstream: FakeUpstream, body: bytes, framing: str) -> None:
    """The upstream answers 500 with that body."""

    async def script(call: Call) -> None:
        if framing == "length":
            await call.answer(body, FAILED)
        else:
            await call.send(FAILED, b"transfer-encoding: chunked\r\n\r\n", chunked(body[:9], body[9:]))

    upstream.script = script


async def until_asked(deep_checks: list[Any]) -> None:
    async with asyncio.timeout(10):
        while not deep_checks:  # noqa: ASYNC110 - it happens in another thread
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_the_client_is_told_when_to_come_back_and_one_deep_check_is_started(
    client: Client, upstream: FakeUpstream, deep_checks: list[Any], framing: str
):
    fails(upstream, DEAD, framing)
    got = [await client.ask(ask()) for _ in range(3)]
    await until_asked(deep_checks)

    for one in got:
        assert (one.status, one[b"retry-after"]) == (503, b"60")
        assert json.loads(one.body)["error"]["code"] == "upstream_wedged"
    assert [check["service"] for check in deep_checks] == ["vllm"]
    assert "CUFFT_INTERNAL_ERROR" in deep_checks[0]["reason"]


async def test_a_long_failure_that_begins_with_the_sign_is_one_too(
    client: Client, upstream: FakeUpstream, deep_checks: list[Any]
):
    fails(
        upstream, b"CUDA error: an illegal memory access was encountered\n" + b"at line\n" * 9_000, "length"
    )
    got = await client.ask(ask())
    await until_asked(deep_checks)

    assert (got.status, got[b"retry-after"]) == (503, b"60")


async def test_any_other_failure_passes_unchanged(
    client: Client, upstream: FakeUpstream, deep_checks: list[Any]
):
    for body, framing in product((b'{"detail":"out of luck"}', TRACEBACK, b""), ("length", "chunks")):
        fails(upstream, body, framing)
        got = await client.ask(ask())

        assert (got.line, got.body, got.whole) == (b"HTTP/1.1 500 Internal Server Error", body, True)
        assert got[b"content-type"] == b"application/json"
    # That one failure follows another is a reason to look, none of these texts is.
    assert {check["reason"] for check in deep_checks} <= {"3 requests in a row failed"}


async def test_a_good_answer_may_speak_of_cuda(
    client: Client, upstream: FakeUpstream, deep_checks: list[Any]
):
    async def script(call: Call) -> None:
        await call.answer(DEAD)

    upstream.script = script

    assert (await client.ask(ask())).body == DEAD
    assert deep_checks == []


class TestSilence:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect) -> FakePrefect:
        prefect.documents["cluster"]["services"][0]["idle_seconds"] = 1
        return prefect

    @pytest.mark.parametrize("begun", [False, True])
    async def test_three_silences_in_a_row_are_a_wedge(
        self, clients: NewClient, upstream: FakeUpstream, deep_checks: list[Any], begun: bool
    ):
        async def script(call: Call) -> None:
            if begun:
                await call.begin_stream()
            await call.wait_until_left()

        upstream.script = script
        three = [await clients() for _ in range(3)]
        got = await asyncio.gather(*(one.ask(ask()) for one in three))
        await until_asked(deep_checks)

        assert [one.status for one in got] == [200 if begun else 504] * 3
        assert all(b"vllm on spark-1 (model alpha): it said nothing for 1 seconds" in one.body for one in got)
        assert [check["service"] for check in deep_checks] == ["vllm"]

    async def test_a_good_answer_between_them_makes_them_three_again(
        self, clients: NewClient, upstream: FakeUpstream, deep_checks: list[Any]
    ):
        for _ in range(2):
            upstream.script = Call.wait_until_left
            two = [await clients() for _ in range(2)]
            got = await asyncio.gather(*(one.ask(ask()) for one in two))
            upstream.script = say_ok

            assert [one.status for one in got] == [504, 504]
            assert (await two[0].ask(ask())).status == 200
        assert deep_checks == []


class TestKeptWaiting:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect) -> FakePrefect:
        prefect.documents["cluster"]["services"][0] |= {"idle_seconds": 2, "at_once": 1, "queue": 4}
        return prefect

    async def test_waiting_for_a_turn_is_not_the_upstreams_silence(
        self, clients: NewClient, upstream: FakeUpstream
    ):
        first_may_end = asyncio.Event()

        async def script(call: Call) -> None:
            await call.begin_stream()
            while not first_may_end.is_set():
                await call.chunk(b"data: x\n\n")
                await asyncio.sleep(0.2)
            await asyncio.sleep(1.2)  # a tick of the gateway's clock happens meanwhile
            await call.send(b"0\r\n\r\n")

        upstream.script = script
        one, two = await clients(), await clients()
        await one.send(ask())
        await one.head()
        waiting = asyncio.create_task(two.ask(request("POST", CHAT, body=b"{}")))
        await asyncio.sleep(2.5)  # longer than the upstream may be silent
        first_may_end.set()
        got = await waiting

        assert (got.status, got.whole) == (200, True)
        assert int(got[b"x-queue-ms"]) > 2000
