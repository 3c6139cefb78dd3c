"""A tiny HTTP/1.1 server: keep-alive, streams, and a handler that is cancelled when its client leaves.

A handler takes a Request and returns an Answer; the body of an Answer is bytes, or an async
generator of bytes that is sent chunk by chunk as it is made.
"""

import asyncio
import json
import socket
import struct
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.engine.wire import Intake, Malformed, Request, chunk, head

__all__ = ["Answer", "CutError", "Handler", "Request", "as_json", "bind", "listen"]

KEEP_ALIVE = 5.0  # seconds uvicorn leaves an idle connection open


class CutError(Exception):
    """Raised by a body to have its connection reset."""


@dataclass(slots=True)
class Answer:
    """One response; with `successor` its connection speaks another protocol from then on."""

    body: bytes | AsyncGenerator[bytes, None] = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    successor: asyncio.Protocol | None = None


Handler = Callable[[Request], Awaitable[Answer]]


def as_json(value: Any, status: int = 200) -> Answer:
    """An answer of compact JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Answer(text.encode(), status)


def bind(address: str, port: int) -> socket.socket:
    """Take a port without listening yet; raises OSError when somebody listens there."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


async def listen(handler: Handler, sock: socket.socket) -> asyncio.Server:
    """Start to answer on a bound socket."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _Connection(handler), sock=sock, backlog=512)


class _Connection(asyncio.Protocol):
    """One client; requests on a connection are answered in turn."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._intake = Intake()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._idle: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport
        self._writable.set()
        peer = transport.get_extra_info("peername") or ("?", 0)
        self._client = f"{peer[0]}:{peer[1]}"
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _wait(self) -> None:
        """Close the connection unless something comes soon."""
        later = asyncio.get_running_loop().call_later
        self._idle = later(KEEP_ALIVE, self._transport.close)

    def _stop_waiting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()

    def data_received(self, data: bytes) -> None:
        self._stop_waiting()
        self._intake.buffer += data
        if self._task is None:
            self._advance()

    def _advance(self) -> None:
        """Take up the next request if all of it is here."""
        try:
            request = self._intake.next()
        except Malformed as reason:
            self._send_whole(as_json({"detail": str(reason)}, 400), keep=False)
            self._transport.close()
            return
        if request is None:
            if self._intake.wants_continue():
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        self._stop_waiting()
        request.client = self._client
        self._task = asyncio.get_running_loop().create_task(self._answer(request))
        self._task.add_done_callback(self._check)

    async def _answer(self, request: Request) -> None:
        keep = request.headers.get("connection", "").lower() != "close"
        keep = keep and request.headers["http-version"] != "HTTP/1.0"
        try:
            answer = await self._handler(request)
            if answer.successor is not None:
                self._hand_over(answer, answer.successor)
                return
            if isinstance(answer.body, bytes):
                self._send_whole(answer, keep, with_body=request.method != "HEAD")
                await self._writable.wait()
            else:
                await self._send_stream(answer, answer.body, keep)
        except CutError:
            self._reset()
            return
        self._task = None
        if not keep:
            self._transport.close()
        elif not self._transport.is_closing():
            self._wait()
            self._advance()

    def _hand_over(self, answer: Answer, successor: asyncio.Protocol) -> None:
        """Let another protocol have the connection, and what has already arrived for it."""
        self._transport.write(head(answer.status, answer.headers))
        self._transport.set_protocol(successor)
        successor.connection_made(self._transport)
        if self._intake.buffer:
            successor.data_received(bytes(self._intake.buffer))

    def _check(self, task: asyncio.Task[None]) -> None:
        """A handler that fails is a bug here: say it and cut the connection."""
        if not task.cancelled() and (error := task.exception()) is not None:
            traceback.print_exception(error)
            self._reset()

    def _headers(self, answer: Answer, keep: bool) -> dict[str, str]:
        common = {"server": "uvicorn", "content-type": answer.content_type} | answer.headers
        return common if keep else common | {"connection": "close"}

    def _send_whole(self, answer: Answer, keep: bool, with_body: bool = True) -> None:
        assert isinstance(answer.body, bytes)  # noqa: S101
        headers = self._headers(answer, keep) | {"content-length": str(len(answer.body))}
        body = answer.body if with_body else b""
        self._transport.write(head(answer.status, headers) + body)

    async def _send_stream(self, answer: Answer, body: AsyncGenerator[bytes, None], keep: bool) -> None:
        headers = self._headers(answer, keep) | {"transfer-encoding": "chunked"}
        self._transport.write(head(answer.status, headers))
        try:
            async for piece in body:
                self._transport.write(chunk(piece))
                await self._writable.wait()
        finally:
            # A generator left in the middle must see it now, not when it is collected.
            await body.aclose()
        self._transport.write(b"0\r\n\r\n")

    def _reset(self) -> None:
        """Close with RST, as a crashed process does."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
