"""An upstream that gives no answer: the client gets ours, within a second, and a POST is sent once."""

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream, say_ok
from tests.gateway.hot_path.wire import OK, Answer, Client, NewClient, ask, request

LENGTH = b"content-length: 2\r\n"


async def sends(sent: bytes, end: Callable[[Call], None] | None, call: Call) -> None:
    """A script: that, and then perhaps an end."""
    await call.send(sent)
    if end is not None:
        end(call)


async def soon(client: Client, asked: bytes) -> Answer:
    """The answer, which has to be there within a second (and a half, on a busy machine)."""
    before = time.monotonic()
    got = await client.ask(asked)
    assert time.monotonic() - before < 1.5
    assert got[b"content-type"] == b"application/json"
    assert int(got[b"retry-after"]) >= 1
    return got


def message(got: Answer) -> str:
    """What it says, in our envelope."""
    error = json.loads(got.body)["error"]
    assert set(error) == {"message", "type", "code", "param"}
    assert error["type"] == "server_error"
    return str(error["message"])


NO_ANSWERS = {
    "closes": (b"", Call.hang_up),
    "resets": (b"", Call.reset),
    "closes in its head": (b"HTTP/1.1 200 OK\r\ncontent-ty", Call.hang_up),
    "another protocol": (b"220 smtp ready\r\n\r\n", None),
    "TLS": (b"\x16\x03\x01\x00\xa5\x01\x00", None),
    "length and chunks": (OK + LENGTH + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", None),
    "two lengths": (OK + LENGTH + b"content-length: 3\r\n\r\n{}x", None),
    "an encoding nobody asked for": (OK + b"transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n", None),
    "a length below zero": (OK + b"content-length: -2\r\n\r\n{}", None),
    "switches": (b"HTTP/1.1 101 Yes\r\nconnection: upgrade\r\nupgrade: odd\r\n\r\n", None),
}


async def test_what_is_no_answer_becomes_ours_and_is_asked_for_once(client: Client, upstream: FakeUpstream):
    for sent, end in NO_ANSWERS.values():
        upstream.script = partial(sends, sent, end)
        got = await soon(client, ask())

        assert got.status == 502
        assert message(got).startswith("vllm on spark-1 (model alpha) gave no answer: ")
        assert upstream.calls.qsize() == 1

        upstream.script = say_ok
        assert (await client.ask(ask())).status == 200, "and the next one is served"
        upstream.calls = asyncio.Queue()


async def test_one_that_refuses_is_named(client: Client, upstream: FakeUpstream):
    await upstream.stop()
    await asyncio.sleep(0.1)  # until the connection that was kept is seen to be closed
    got = await soon(client, ask())

    assert got.status == 503
    assert message(got) == "vllm on spark-1 (model alpha) does not answer: the connection was refused"


class TestUnknownName:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect) -> FakePrefect:
        prefect.documents["cluster"]["hosts"].append({"name": "lost", "address": "nobody.invalid"})
        prefect.documents["cluster"]["services"].append(
            {"name": "ears", "kind": "stt", "host": "lost", "port": 9, "container": "ears"}
        )
        return prefect

    async def test_one_whose_name_nobody_knows_is_named(self, client: Client):
        got = await soon(client, request("POST", "/v1/audio/transcriptions", body=b"x"))

        assert got.status == 503
        assert message(got).startswith("ears on lost does not answer: the name nobody.invalid ")


async def test_a_connection_that_closes_behind_each_answer_never_surfaces(
    client: Client, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.answer(b"{}")
        call.hang_up()

    upstream.script = script
    statuses = [(await client.ask(ask())).status for _ in range(200)]

    assert statuses == [200] * 200
    assert upstream.calls.qsize() == 200


async def test_connections_that_died_together_do_not_surface(
    client: Client, upstream: FakeUpstream, clients: NewClient
):
    met = asyncio.Barrier(8)

    async def script(call: Call) -> None:
        await met.wait()
        await call.answer(b"{}")

    upstream.script = script
    many = [await clients() for _ in range(8)]
    assert [got.status for got in await asyncio.gather(*(one.ask(ask()) for one in many))] == [200] * 8
    port = upstream.port
    await upstream.stop()
    upstream.script = say_ok
    await upstream.start(port)

    assert [got.status for got in await asyncio.gather(*(one.ask(ask()) for one in many))] == [200] * 8
