"""What passes through costs no memory, however large it is and however slowly it is taken."""

import asyncio
import gc
import hashlib
import random
import time
from dataclasses import replace

import psutil
import pytest

from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.edge.raw import SECONDS, Raw, request
from tests.gateway.edge.websocket import AGREED, ASK, agreed
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

PART = random.Random(7).randbytes(2**18)
PARTS = 400
BIG = PARTS * len(PART)
DIGEST = hashlib.sha256(PART * PARTS).digest()
MOST = BIG // 2
"""Far more than buffers of sockets and pipes take, far less than what passes."""


@pytest.fixture
def options(options: Options) -> Options:
    """Of a gateway that waits long enough for every test of the first kind."""
    return replace(options, stall_seconds=30.0)


class Growth:
    """`within()`: memory has not grown by much since the test began."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss

    def within(self) -> bool:
        """What a test before this one leaves behind is freed a moment later on a busy machine."""
        deadline = time.monotonic() + 5
        while not (small := self._process.memory_info().rss - self._before < MOST):
            if time.monotonic() > deadline:
                break
            gc.collect()
            time.sleep(0.1)
        return small


async def digest_of(reader: asyncio.StreamReader, left: int = BIG) -> bytes:
    """Of the next bytes, as they are."""
    digest = hashlib.sha256()
    while left:
        data = await asyncio.wait_for(reader.read(min(left, 2**18)), SECONDS)
        assert data, f"{left} bytes are missing"
        digest.update(data)
        left -= len(data)
    return digest.digest()


async def stands_still(sending: asyncio.Task[None]) -> bool:
    """It does not come to its end by itself."""
    done, _ = await asyncio.wait([sending], timeout=1.0)
    return not done


async def send_all(call: Call) -> None:
    for _ in range(PARTS):
        await call.send(PART)


async def test_a_download_waits_for_a_slow_reader_and_arrives_whole(gateway: Running, upstream: FakeUpstream):
    sending: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    async def script(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % BIG)
        sending.set_result(asyncio.create_task(send_all(call)))
        await sending.result()

    upstream.script = script
    async with Raw(gateway.port, small=True) as raw:
        await raw.send(request("GET", "/upstream/vllm/weights"))
        assert (await raw.head()).headers[b"content-length"] == b"%d" % BIG
        growth = Growth()
        assert await stands_still(await sending)
        assert growth.within()
        raw.widen()

        assert await digest_of(raw.reader) == DIGEST
        assert growth.within()


async def test_an_upload_waits_for_a_slow_upstream_and_arrives_whole(
    gateway: Running, upstream: FakeUpstream
):
    go = asyncio.Event()

    async def script(call: Call) -> None:
        await go.wait()
        await call.answer((await digest_of(call.reader)).hex().encode())

    upstream.script = script
    upstream.reads_bodies = False
    async with Raw(gateway.port) as raw:
        await raw.send(request("POST", "/upstream/vllm/weights", None, f"content-length: {BIG}"))
        growth = Growth()
        sending = asyncio.create_task(raw.send(*[PART] * PARTS))
        assert await stands_still(sending)
        assert growth.within()
        go.set()

        assert (await raw.answer()).body == DIGEST.hex().encode()
        assert growth.within()
        await sending


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["cluster"]["services"][0]["realtime"] = True
    return prefect


async def test_a_websocket_waits_for_a_client_that_reads_nothing(gateway: Running, upstream: FakeUpstream):
    sending: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    async def script(call: Call) -> None:
        await call.send(AGREED)
        sending.set_result(asyncio.create_task(send_all(call)))
        await call.wait_until_left()

    upstream.script = script
    async with Raw(gateway.port, small=True) as raw:
        await agreed(raw)
        growth = Growth()
        assert await stands_still(await sending)
        assert growth.within()
        raw.widen()

        assert await digest_of(raw.reader) == DIGEST
        assert growth.within()


async def test_a_websocket_waits_for_an_upstream_that_reads_nothing(gateway: Running, upstream: FakeUpstream):
    go, digest = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def script(call: Call) -> None:
        await call.send(AGREED)
        await go.wait()
        digest.set_result(await digest_of(call.reader))

    upstream.script = script
    async with Raw(gateway.port) as raw:
        await agreed(raw)
        growth = Growth()
        sending = asyncio.create_task(raw.send(*[PART] * PARTS))
        assert await stands_still(sending)
        assert growth.within()
        go.set()

        assert await asyncio.wait_for(digest, SECONDS) == DIGEST
        assert growth.within()
        await sending


async def test_frames_that_come_before_the_upstream_agrees_are_held_back(
    gateway: Running, upstream: FakeUpstream
):
    go, digest = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def script(call: Call) -> None:
        await go.wait()
        await call.send(AGREED)
        digest.set_result(await digest_of(call.reader))

    upstream.script = script
    async with Raw(gateway.port) as raw:
        growth = Growth()
        sending = asyncio.create_task(raw.send(request("GET", "/v1/realtime", None, *ASK), *[PART] * PARTS))
        assert await stands_still(sending)
        assert growth.within()
        go.set()

        assert await asyncio.wait_for(digest, SECONDS) == DIGEST
        await sending


class TestWithoutPatience:
    """A gateway that waits one second for a client."""

    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, stall_seconds=1.0)

    async def test_an_endless_stream_that_nobody_reads_is_given_up_with_its_upstream(
        self, gateway: Running, upstream: FakeUpstream
    ):
        gone = asyncio.Event()

        async def script(call: Call) -> None:
            await call.begin_stream()
            try:
                while True:
                    await call.chunk(PART)
            except ConnectionError:
                gone.set()

        upstream.script = script
        async with Raw(gateway.port, small=True) as raw:
            await raw.send(request("POST", "/v1/completions", b'{"model": "alpha", "stream": true}'))
            growth = Growth()
            await asyncio.wait_for(gone.wait(), SECONDS)
            assert growth.within()

    async def test_an_upload_that_stalls_is_told_so_and_its_upstream_is_let_go(
        self, gateway: Running, upstream: FakeUpstream
    ):
        upstream.script = Call.wait_until_left
        upstream.reads_bodies = False
        async with Raw(gateway.port) as raw:
            await raw.send(request("POST", "/upstream/vllm/x", None, "content-length: 10000") + bytes(4000))
            answer = await raw.answer()
            call = await upstream.calls.get()
            await asyncio.wait_for(call.left.wait(), SECONDS)

        assert (answer.status, answer.code) == (408, "too_slow")

    async def test_a_websocket_that_nobody_reads_is_given_up(self, gateway: Running, upstream: FakeUpstream):
        gone = asyncio.Event()

        async def script(call: Call) -> None:
            await call.send(AGREED)
            try:
                await send_all(call)
            except ConnectionError:
                gone.set()

        upstream.script = script
        async with Raw(gateway.port, small=True) as raw:
            await agreed(raw)
            await asyncio.wait_for(gone.wait(), SECONDS)
