"""A service's own key is sent to it and seen nowhere else."""

import asyncio
import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.options import Options
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, OK, Client, NewClient, received, request

KEY = "sk-of-the-upstream-0123456789"
FAULTS = (
    b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}",
    b"hello\r\n\r\n",
    OK + b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n",
    b"HTTP/1.1 500 Oh\r\ncontent-length: 27\r\n\r\nCUDA error: illegal address",
)


@pytest.fixture
def prefect(prefect: FakePrefect, speech: FakeUpstream) -> FakePrefect:
    prefect.documents["cluster"]["services"].append(
        {"name": "qdrant", "kind": "qdrant", "host": "spark-2", "port": speech.port, "container": "qdrant"}
    )
    prefect.documents["upstream-keys"] = {"keys": {"vllm": KEY, "qdrant": KEY}}
    return prefect


@pytest.fixture
def options(options: Options, tmp_path: Path) -> Options:
    return replace(options, access_log=str(tmp_path / "access.log"))


async def test_the_key_takes_the_place_of_the_clients(client: Client, upstream: FakeUpstream):
    await client.ask(request("POST", CHAT, "authorization: Bearer mine", "x-api-key: mine", body=b"{}"))
    sent = received(upstream.calls.get_nowait())

    assert [pair for pair in sent if pair[0] in (b"authorization", b"x-api-key")] == [
        (b"authorization", b"Bearer " + KEY.encode())
    ]


async def test_qdrant_gets_it_in_its_own_header_and_once(client: Client, speech: FakeUpstream):
    await client.ask(request("GET", "/upstream/qdrant/collections", "api-key: mine", "x-kept: 1"))
    sent = received(speech.calls.get_nowait())

    assert [value for name, value in sent if name == b"api-key"] == [KEY.encode()]
    assert (b"x-kept", b"1") in sent


class TestWatch:
    @pytest.fixture
    def upstream(self, upstream: FakeUpstream) -> FakeUpstream:
        upstream.key = KEY.encode()
        return upstream

    async def test_a_service_that_asks_for_its_key_everywhere_is_seen_to_be_up(self, client: Client):
        got = await client.ask(request("GET", "/v1/models"))

        assert [m["state"] for m in json.loads(got.body)["data"] if m["id"] == "alpha"] == ["loaded"]


async def test_the_key_is_in_no_answer_and_no_log(
    clients: NewClient, upstream: FakeUpstream, options: Options, caplog: pytest.LogCaptureFixture
):
    async def script(call: Call) -> None:
        await call.send(next(faults))
        call.hang_up()

    upstream.script, faults = script, iter(FAULTS)
    told = b""
    with caplog.at_level(logging.DEBUG):
        for _ in FAULTS:
            client = await clients()
            await client.send(request("POST", CHAT, "connection: close", body=b'{"model": "alpha"}'))
            told += await client.ended()
    log = Path(options.access_log)
    async with asyncio.timeout(10):
        while not log.exists() or log.read_bytes().count(b"\n") < len(FAULTS):  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert told.count(b"HTTP/1.1 ") == len(FAULTS)
    assert KEY.encode() not in told
    assert KEY not in log.read_text()
    assert KEY not in caplog.text
