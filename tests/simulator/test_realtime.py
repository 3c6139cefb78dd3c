"""The realtime stand-in, through OpenAI's client, a WebSocket client and bare frames."""

import asyncio
import base64
import os

import openai
import pytest
import pytest_asyncio
import websockets

from tests.simulator.engines import Spark

# One server answers every test here: what it is asked leaves nothing behind.
pytestmark = pytest.mark.asyncio(loop_scope="module")

UPGRADE = (
    b"GET /v1/realtime?model=m HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
HELLO = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "Hello, wörld"}],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def realtime(tmp_path_factory):
    spark = Spark(tmp_path_factory.mktemp("cluster") / "spark-2")
    async with spark.runs("realtime-server") as running:
        yield await running.ready()


def connect(realtime, **options):
    return websockets.connect(f"ws://127.0.0.1:{realtime.port}/v1/realtime", proxy=None, **options)


async def codes(realtime) -> list[int]:
    """The codes with which sessions ended, once none is open any more."""
    while (seen := (await realtime.client.get("/simulator/sessions")).json())["open"]:
        pass
    return seen["codes"]


async def bare(realtime, *sent: bytes) -> bytes:
    """What the server says to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", realtime.port)
    writer.write(b"".join(sent))
    said = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return said


async def test_openais_client_has_a_conversation(realtime):
    async with (
        openai.AsyncOpenAI(base_url=f"{realtime.url}/v1", api_key="none") as client,
        client.realtime.connect(model="gpt-realtime") as session,
    ):
        assert (await session.recv()).session.model == "gpt-realtime"
        await session.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        await session.conversation.item.create(item=HELLO)
        await session.response.create()
        text = ""
        async for event in session:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                break
    assert text == "You said: Hello, wörld"
    assert event.response.status == "completed"


async def test_what_is_no_event_is_answered_with_an_error(realtime):
    async with connect(realtime) as socket:
        await socket.recv()
        await socket.send("{")
        assert '"code": "invalid_json"' in await socket.recv()
        await socket.send('{"type": "unheard.of", "event_id": "e1"}')
        refusal = await socket.recv()
        assert '"code": "invalid_value"' in refusal
        assert '"event_id": "e1"' in refusal


@pytest.mark.parametrize("size", [0, 5, 126, 70_000])
async def test_binary_messages_of_any_size_come_back(realtime, size):
    data = os.urandom(size)
    async with connect(realtime, max_size=None) as socket:
        await socket.recv()
        await socket.send(data)
        assert await socket.recv() == data
        await socket.send([data, data, b"end"])
        assert await socket.recv() == data + data + b"end"


async def test_the_subprotocol_is_named_when_it_is_offered(realtime):
    async with connect(realtime, subprotocols=["other", "realtime"]) as socket:
        assert socket.subprotocol == "realtime"
    async with connect(realtime) as socket:
        assert socket.subprotocol is None


async def test_pings_are_answered_and_close_codes_arrive_both_ways(realtime):
    async with connect(realtime) as socket:
        await socket.recv()
        await (await socket.ping())
        await socket.send('{"type": "simulator.close", "code": 4001, "reason": "enough"}')
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.recv()
    assert (socket.close_code, socket.close_reason) == (4001, "enough")
    async with connect(realtime) as socket:
        await socket.close(4002, "done")
    assert (await codes(realtime))[-2:] == [4001, 4002]


async def test_a_client_that_just_leaves_is_seen_as_lost(realtime):
    async with connect(realtime) as socket:
        await socket.recv()
        socket.transport.abort()
    assert (await codes(realtime))[-1] == 1006


async def test_the_answer_to_the_handshake_is_that_of_the_standard(realtime):
    said = await bare(realtime, UPGRADE, b"\x88\x80\x00\x00\x00\x00")
    head, _, frames = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    assert frames.endswith(b"\x88\x00")


@pytest.mark.parametrize(
    "wrong",
    [
        b"\x81\x01a",
        b"\xc1\x81\x00\x00\x00\x00a",
        b"\x80\x80\x00\x00\x00\x00",
        b"\x83\x80\x00\x00\x00\x00",
        b"\x81\x81\x00\x00\x00\x00\xff",
    ],
    ids=["not masked", "reserved bit", "continues nothing", "no such kind", "not UTF-8"],
)
async def test_frames_that_break_the_rules_end_the_session(realtime, wrong):
    said = await bare(realtime, UPGRADE, wrong)
    assert b"\x03\xea" in said[-110:]


async def test_an_ordinary_request_is_told_to_upgrade(realtime):
    assert (await realtime.client.get("/v1/realtime")).status_code == 426
    key = base64.b64encode(b"0" * 16).decode()
    old = {"upgrade": "websocket", "sec-websocket-key": key, "sec-websocket-version": "8"}
    assert (await realtime.client.get("/v1/realtime", headers=old)).status_code == 426
