"""`python -m control.bench.upstream PORT`: a fake vLLM and speech server, as quick as Python can be."""

import asyncio
import hashlib
import json
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import httptools
import uvloop

MODEL = "bench"
MARK = "#token"
"""In the text of every streamed event, so that a target that writes events anew can be checked too."""
PIECE = bytes(range(256)) * 256
"""64 KiB; spoken audio is this again and again."""

TEXT = "The quick brown fox jumps over the lazy dog. " * 6


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _chunk(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def _event(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    about = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1700000000, "model": MODEL}
    return b"data: " + _json({**about, "choices": [choice]}) + b"\n\n"


ANSWER = _json(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1700000000,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT, "tool_calls": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 200, "completion_tokens": 64, "total_tokens": 264},
    }
)
"""The whole answer to a question that is not streamed, some 600 bytes."""
EVENTS = tuple(_event({"content": f"{MARK} {word}"}, None) for word in ("tick", "tock"))
"""Streamed events, all of one length; they take turns, as LiteLLM ends a stream that repeats itself."""
LAST = _event({}, "stop") + b"data: [DONE]\n\n"

_MODELS = _json({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "vllm"}]})
_EVENT_STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)
_TOKEN_CHUNKS = tuple(_chunk(event) for event in EVENTS)
_LAST_CHUNK = _chunk(LAST) + b"0\r\n\r\n"


def _head(status: bytes, kind: bytes, length: int) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (status, kind, length)


class Ticker:
    """One clock for all streams of a pace: an engine gives each of its sequences a token at each step."""

    def __init__(self, rate: float) -> None:
        self.members: set[Conversation] = set()
        self._loop = asyncio.get_running_loop()
        self._pause = 1 / rate
        self._next = self._loop.time()
        self._tick()

    def _tick(self) -> None:
        for member in tuple(self.members):
            member.token()
        self._next += self._pause  # from when it was due, so that a late step is caught up with
        self._loop.call_at(self._next, self._tick)


class Conversation(asyncio.Protocol):
    """One connection: reads a request, answers it, reads the next."""

    def __init__(self, tickers: dict[float, Ticker]) -> None:
        self._tickers = tickers
        self._ticker: Ticker | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._loop = asyncio.get_running_loop()
        self._go_on: Callable[[], None] | None = None
        self._waits = False
        self._coming = False
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._go_on = None
        self._leave()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def pause_writing(self) -> None:
        self._waits = True

    def resume_writing(self) -> None:
        self._waits = False
        if self._go_on:
            self._go_on()

    def on_url(self, url: bytes) -> None:
        self._path = url
        self._body = bytearray()
        self._size = 0
        self._hash = hashlib.sha256() if url == b"/v1/audio/transcriptions" else None

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._hash:
            self._hash.update(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        match self._path:
            case b"/v1/chat/completions":
                self._chat(json.loads(self._body))
            case b"/v1/audio/transcriptions" if self._hash:
                heard = {"text": f"{self._size} bytes", "bytes": self._size, "sha256": self._hash.hexdigest()}
                self._send(_json(heard))
            case b"/v1/audio/speech":
                self._speak(json.loads(self._body))
            case b"/v1/models":
                self._send(_MODELS)
            case b"/health":
                self._send(b"{}")
            case _:
                self._send(b'{"error":{"message":"no such path"}}', b"404 Not Found")

    def _send(self, body: bytes, status: bytes = b"200 OK") -> None:
        self._transport.write(_head(status, b"application/json", len(body)) + body)

    def _chat(self, asked: dict[str, Any]) -> None:
        if not asked.get("stream"):
            self._send(ANSWER)
            return
        self._left = int(asked["max_tokens"])
        self._transport.write(_EVENT_STREAM)
        rate = float(asked.get("x_rate", 0))
        if not rate:
            self._go_on = self._soon
            self._soon()
            return
        self._ticker = self._tickers.get(rate)
        if self._ticker is None:
            self._ticker = self._tickers[rate] = Ticker(rate)
        self._ticker.members.add(self)
        self.token()

    def _leave(self) -> None:
        if self._ticker:
            self._ticker.members.discard(self)
            self._ticker = None

    def token(self) -> None:
        """Send one event, and the end after the last."""
        self._left -= 1
        self._transport.write(_TOKEN_CHUNKS[self._left % len(EVENTS)])
        if not self._left:
            self._go_on = None
            self._leave()
            self._transport.write(_LAST_CHUNK)

    def _soon(self) -> None:
        if not self._coming:  # one event a turn of the loop, so that all streams advance
            self._coming = True
            self._loop.call_soon(self._flat_out)

    def _flat_out(self) -> None:
        self._coming = False
        if self._go_on and not self._waits:
            self.token()
            self._soon()

    def _speak(self, asked: dict[str, Any]) -> None:
        self._left = int(asked["input"])
        self._transport.write(_head(b"200 OK", b"audio/wav", self._left))
        self._go_on = self._speak_on
        self._speak_on()

    def _speak_on(self) -> None:
        while self._left and not self._waits:
            piece = PIECE[: self._left]
            self._left -= len(piece)
            self._transport.write(piece)
        if not self._left:
            self._go_on = None


async def serve(port: int) -> None:
    """Answer on the loopback until the process is ended."""
    loop = asyncio.get_running_loop()
    tickers: dict[float, Ticker] = {}
    coming: set[asyncio.Task[object]] = set()
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    listener.setblocking(False)

    def accept() -> None:
        # All who wait: libuv takes one a turn of the loop, which with many streams are few a second.
        with suppress(BlockingIOError):
            while True:
                taken = loop.create_task(
                    loop.connect_accepted_socket(lambda: Conversation(tickers), listener.accept()[0])
                )
                coming.add(taken)
                taken.add_done_callback(coming.discard)

    loop.add_reader(listener, accept)
    await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
