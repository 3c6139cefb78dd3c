"""Realtime through the gateway: OpenAI's client, a WebSocket client, and how sessions end on both sides."""

import os

import httpx
import openai
import pytest
import websockets

from tests.simulator.engines import MODEL

pytestmark = pytest.mark.asyncio(loop_scope="session")

HELLO = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello, wörld"}]}


@pytest.fixture
def connect(home):
    def connect(**options):
        url = home.v1.replace("http:", "ws:")
        return websockets.connect(f"{url}/realtime?model={MODEL}", proxy=None, max_size=None, **options)

    return connect


async def codes(home) -> list[int]:
    """The codes with which sessions ended at the service, once none is open any more."""
    while (seen := (await home.realtime.client.get("/simulator/sessions")).json())["open"]:
        pass
    return seen["codes"]


async def test_openais_client_has_a_conversation(home):
    async with (
        openai.AsyncOpenAI(base_url=home.v1, api_key="none") as client,
        client.realtime.connect(model="gpt-realtime") as session,
    ):
        assert (await session.recv()).session.model == "gpt-realtime"
        await session.conversation.item.create(item=HELLO)
        await session.response.create()
        text = ""
        async for event in session:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                break
    assert text == "You said: Hello, wörld"


async def test_what_is_no_event_comes_back_as_an_error(connect):
    async with connect() as socket:
        await socket.recv()
        await socket.send('{"type": "unheard.of"}')
        assert '"type": "error"' in await socket.recv()


@pytest.mark.parametrize("size", [0, 126, 70_000, 3_000_000])
async def test_binary_messages_pass_whatever_their_size(connect, size):
    data = os.urandom(size)
    async with connect() as socket:
        await socket.recv()
        await socket.send(data)
        assert await socket.recv() == data
        await socket.send([data, b"end"])
        assert await socket.recv() == data + b"end"


async def test_the_subprotocol_is_agreed_with_the_service(connect):
    async with connect(subprotocols=["other", "realtime"]) as socket:
        assert socket.subprotocol == "realtime"


async def test_pings_are_answered(connect):
    async with connect() as socket:
        assert await (await socket.ping()) >= 0


async def test_the_services_close_code_reaches_the_client(connect):
    async with connect() as socket:
        await socket.recv()
        await socket.send('{"type": "simulator.close", "code": 4001, "reason": "enough"}')
        with pytest.raises(websockets.ConnectionClosedError):
            await socket.recv()
    assert (socket.close_code, socket.close_reason) == (4001, "enough")


async def test_the_clients_close_code_reaches_the_service(home, connect):
    async with connect() as socket:
        await socket.close(4002, "done")
    assert (await codes(home))[-1] == 4002


async def test_a_client_that_just_leaves_is_lost_to_the_service_too(home, connect):
    async with connect() as socket:
        await socket.recv()
        socket.transport.abort()
    assert (await codes(home))[-1] == 1006


async def test_an_ordinary_request_is_told_to_upgrade(home):
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{home.v1}/realtime")).status_code == 426


async def test_a_handshake_that_the_service_refuses_is_refused(connect):
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with connect(additional_headers={"sec-websocket-version": "8"}):
            pass
    assert caught.value.response.status_code == 426
