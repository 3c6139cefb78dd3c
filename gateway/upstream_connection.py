"""One connection to an upstream: asyncio's Protocol around httptools' parser, one exchange at a time."""

import asyncio
import select
from typing import cast

import httptools

HIGH_WATER = 128 * 1024
"""Bytes of an answer that wait for a slow client before we stop reading from the upstream."""


class UpstreamBroke(Exception):
    """The upstream closed, reset or left HTTP before its answer was whole."""


class Connection(asyncio.Protocol):
    """
    A connection that carries one exchange after another.

    `begin`, then `write_body` and `end_body` when there is more; `answer` waits for status and headers,
    `read` gives the body as it comes and `b""` at its end.  Both raise `UpstreamBroke`.

    Attributes:
        status: Of the present answer.
        headers: Of the present answer, names in lower case.
        whole: The answer is complete.
        reusable: The exchange ended so that another may follow.
        bare: Not one byte of an answer has come.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._fault = ""
        self.closed = False
        self.idle_since = 0.0
        self._start(chunked=False, more=False)

    # One exchange

    def _start(self, *, chunked: bool, more: bool) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._chunks: list[bytes] = []
        self._waiting_bytes = 0
        self._chunked = chunked
        self._sending = more
        self._head_done = self.whole = self._keep_alive = self._framed = self._paused = False
        self.bare = True

    def begin(self, data: bytes, *, more: bool = False, chunked: bool = False) -> None:
        """
        Start an exchange.

        Args:
            data: The head of the request, and its body unless there is more to come.
            more: The body follows by `write_body` and `end_body`.
            chunked: It goes in chunks, because nobody knows its length.
        """
        self._start(chunked=chunked, more=more)
        self._transport.write(data)

    def write_body(self, data: bytes) -> None:
        """Send more of the request's body."""
        if data and not self.closed:
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def end_body(self) -> None:
        """The request's body is complete."""
        self._sending = False
        if self._chunked and not self.closed:
            self._transport.write(b"0\r\n\r\n")

    async def drain(self) -> None:
        """Wait until the upstream takes more."""
        if self._room is not None:
            await self._room

    async def answer(self) -> None:
        """Wait for status and headers."""
        while not self._head_done:
            await self._arrival()

    async def read(self) -> bytes:
        """The next part of the body as it came; `b""` at its end."""
        while not self._chunks:
            if self.whole:
                return b""
            await self._arrival()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._waiting_bytes = 0
        if self._paused and not self.closed:
            self._paused = False
            self._transport.resume_reading()
        return data

    def close(self, why: str = "closed by the gateway") -> None:
        """Close at once; whoever waits for the answer gets `UpstreamBroke`."""
        self._fault = self._fault or why
        self.closed = True
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    @property
    def reusable(self) -> bool:
        """Another exchange may follow this one."""
        return self.whole and self._keep_alive and not (self._sending or self._paused or self.closed)

    def is_stale(self) -> bool:
        """True when the upstream has closed or spoken out of turn: asked of the socket itself."""
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(poll.poll(0))

    async def _arrival(self) -> None:
        if self._fault:
            raise UpstreamBroke(self._fault)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.bare = False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.close("its answer is not HTTP that can be passed on")
        self._wake()
        if self._waiting_bytes > HIGH_WATER and not self._paused and not self.closed:
            self._paused = True
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._head_done and not self._framed and exc is None and not self._fault:
            self.whole = True  # an answer without a length ends with the connection
        elif not self._fault:
            self._fault = "it closed the connection" if exc is None else "it reset the connection"
        self.resume_writing()
        self._wake()

    def pause_writing(self) -> None:
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    # httptools' side

    def on_message_begin(self) -> None:
        if self.whole:
            self._keep_alive = False  # it spoke out of turn

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_done:
            return  # a trailer
        lower = name.lower()
        if lower in (b"content-length", b"transfer-encoding"):
            self._framed = True
        self.headers.append((lower, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
            self._framed = False
            return
        self._head_done = True
        self._framed = self._framed or self.status in (204, 304)

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._waiting_bytes += len(body)

    def on_message_complete(self) -> None:
        if self._head_done:
            self._keep_alive = self._parser.should_keep_alive()
            self.whole = True
