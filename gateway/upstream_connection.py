"""One connection to an upstream: asyncio's Protocol around httptools' parser, one exchange at a time."""

import asyncio
import os
import select
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import httptools

from gateway.heads import Header
from gateway.upstream_sink import Sink


class UpstreamBroke(Exception):
    """The upstream closed, reset or left HTTP before its answer was whole."""


class Connection(asyncio.Protocol):
    """
    A connection that carries one exchange after another.

    `begin`, then `write_body` and `end_body` when there is more; the answer goes to the sink.

    Attributes:
        status, reason: Of the present answer.
        headers, trailers: Before and behind its body; names in lower case.
        whole: The answer is complete.
        bare: Not one byte of an answer has come.
    """

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._poll = select.poll()
        self._sink: Sink | None = None
        self._tunnel: Callable[[bytes], None] | None = None
        self._fault = ""
        self.closed = False
        self.idle_since = 0.0
        self._start(chunked=False, more=False, head=False)

    # One exchange

    def _start(self, *, chunked: bool, more: bool, head: bool) -> None:
        self.status = 0
        self.reason = b""
        self.headers: list[Header] = []
        self.trailers: list[Header] = []
        self._parts: list[bytes] = []
        self._chunked, self._sending, self._is_head = chunked, more, head
        self._head_done = self._head_told = self._keep_alive = self._framed = self._paused = False
        self.whole, self.bare = False, True

    def begin(
        self, data: bytes, sink: Sink, *, more: bool = False, chunked: bool = False, head: bool = False
    ) -> None:
        """
        Start an exchange.

        Args:
            sink: Takes the answer.
            data: The head of the request, and its body unless there is more to come.
            more: The body follows by `write_body` and `end_body`.
            chunked: It goes in chunks, because nobody knows its length.
            head: It is a HEAD: the answer has no body whatever its headers say.
        """
        self._start(chunked=chunked, more=more, head=head)
        self._sink = sink
        if self._fault:
            self._break()
        else:
            self._transport.write(data)

    def write_body(self, data: bytes) -> None:
        """Send more of the request's body."""
        if data and not self.closed:
            if not self._chunked:
                self._transport.write(data)
            else:
                self._transport.writelines((b"%x\r\n" % len(data), data, b"\r\n"))

    def end_body(self) -> None:
        """The request's body is complete."""
        self._sending = False
        if self._chunked and not self.closed:
            self._transport.write(b"0\r\n\r\n")

    def pause(self) -> None:
        """Take no more of the answer for the moment."""
        if not self._paused and not self.closed:
            self._paused = True
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Take more of the answer."""
        if self._paused and not self.closed:
            self._paused = False
            self._transport.resume_reading()

    def tunnel(self, receive: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """From now on bytes pass as they are; returns what sends them to the upstream."""
        self._tunnel = receive
        return self._transport.write

    def finish(self) -> None:
        """Close a tunnel once what was written has left."""
        self.closed, self._sink = True, None
        self._transport.close()

    def close(self, why: str = "closed by the gateway") -> None:
        """Close at once; a sink that still waits is told why."""
        self._fault = self._fault or why
        self.closed = True
        self._transport.abort()
        self._break()

    @property
    def reusable(self) -> bool:
        """Another exchange may follow this one."""
        return self.whole and self._keep_alive and not (self._sending or self._paused or self.closed)

    def is_stale(self) -> bool:
        """True when the upstream has closed or spoken out of turn: asked of the socket itself."""
        return self.closed or bool(self._poll.poll(0))

    def _break(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.broke(self._fault)

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel(data)
            return
        if self._sink is None:
            self.close("it spoke out of turn")
            return
        self.bare = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._fault = "its answer is not HTTP that can be passed on"
        self._hand_over()
        if self._fault:
            self.close()

    def _upgraded(self, rest: bytes) -> None:
        if self.status != 101:
            self.close("its answer is not HTTP that can be passed on")
            return
        self._hand_over()
        if rest and self._tunnel is not None:
            self._tunnel(rest)

    def _hand_over(self) -> None:
        """Give the sink what the last read brought, in one piece."""
        sink = self._sink
        if sink is None or not self._head_done:
            return
        if not self._head_told:
            self._head_told = True
            sink.head()
        if self._parts:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts.clear()
            sink.body(data)
        if self.whole and self._sink is not None:
            self._sink = None
            sink.end()
        else:
            sink.settled()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self._paused:
            self._hear_last_words()
        self.closed = True
        if self._head_done and not self._framed and exc is None and not self._fault and self._tunnel is None:
            self.whole = True  # an answer without a length ends with the connection
            self._hand_over()
        elif not self._fault:
            self._fault = "it closed the connection" if exc is None else "it reset the connection"
        self._break()

    def _hear_last_words(self) -> None:
        """Read what came before a write failed: one that refuses a body says why, then closes."""
        fd = self._transport.get_extra_info("socket").fileno()
        with suppress(OSError):
            while self._sink is not None and (data := os.read(fd, 65536)):
                self.data_received(data)

    def pause_writing(self) -> None:
        if self._sink is not None:
            self._sink.room(free=False)

    def resume_writing(self) -> None:
        if self._sink is not None:
            self._sink.room(free=True)

    # httptools' side

    def on_message_begin(self) -> None:
        if self.whole:  # it spoke out of turn: the rest is nobody's answer
            raise UpstreamBroke("it spoke out of turn")

    def on_status(self, status: bytes) -> None:
        self.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        lower = name.lower()
        if self._head_done:
            self.trailers.append((lower, value))
            return
        if lower in (b"content-length", b"transfer-encoding"):
            self._framed = True
            if lower == b"transfer-encoding" and value.lower() != b"chunked":
                raise UpstreamBroke("it compresses what nobody asked it to")
        self.headers.append((lower, value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200 and self.status != 101:
            self.headers.clear()
            self.reason = b""
            self._framed = False
            return
        self._head_done = True
        self._framed = self._framed or self.status in (204, 304)
        if self._is_head:
            self.whole = True  # the parser waits for a body that does not come: the connection is not kept

    def on_body(self, body: bytes) -> None:
        if not self._is_head:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._head_done and self.status != 101:
            self._keep_alive = not self._is_head and self._parser.should_keep_alive()
            self.whole = True
