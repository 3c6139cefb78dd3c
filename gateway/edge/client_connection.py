"""One client's connection: requests in, answers out, one after the other."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from gateway.edge.exchange import Exchange
from gateway.edge.reader import Reader
from gateway.problem import Problem

if TYPE_CHECKING:
    from gateway.edge.server import Server

log = logging.getLogger(__name__)

WRITE_HIGH_WATER = 128 * 1024
_SMALL = 16 * 1024
"""Up to here one copy is cheaper than several buffers."""
_QUEUED = 8
"""Requests that may wait behind the one being answered before we stop reading (pipelining)."""
_LEAST_BYTES = 4096
"""What a client that sends a body has to bring within each `stall_seconds`."""
_LINGER_SECONDS = 2.0
"""How long what a client still sends is thrown away, so that it can read why it was refused."""


class ClientConnection(asyncio.Protocol):
    """
    Has each request of a client answered by the server's app.

    Attributes:
        client: The client's address.
        closing: The server stops: no request after the present ones.
    """

    def __init__(self, server: "Server") -> None:
        self.loop = server.loop
        self.client = ""
        self.closing = False
        self._server = server
        self._reader = Reader(self, server.limits, self.loop.time)
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._active: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        self._quiet_since = self._window_began = self.loop.time()
        self._window_bytes = 0
        self._held = False
        self._blocked_since: float | None = None
        self._discard_until: float | None = None
        self._tunnel: Callable[[bytes], None] | None = None
        self._tunnel_lost: Callable[[], None] | None = None
        self._early = bytearray()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        self.client = (transport.get_extra_info("peername") or ("",))[0]
        if not self._server.admits(self):
            self.refuse(Problem(503, "too many connections are open", "busy", headers={"retry-after": "1"}))

    def data_received(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel(data)
        elif self._discard_until is None:
            self._window_bytes += len(data)
            if self._active is not None and self._active.upgrade:
                self.keep_early(data)
            else:
                self._reader.feed(data)
            self._start_next()

    def eof_received(self) -> None:
        self._leave()
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.forget(self)
        self._leave()

    def pause_writing(self) -> None:
        self._blocked_since = self.loop.time()
        if self._active is not None and self._active.on_pause is not None:
            self._active.on_pause()

    def resume_writing(self) -> None:
        self._blocked_since = None
        if self._active is not None and self._active.on_room is not None:
            self._active.on_room()

    def _leave(self) -> None:
        """The client is gone: nobody has to go on for it."""
        active, self._active = self._active, None
        self._queue.clear()
        lost, self._tunnel, self._tunnel_lost = self._tunnel_lost, None, None
        if lost is not None:
            lost()
        if active is not None:
            active.leaves()

    # The reader's side

    def arrives(self, exchange: Exchange) -> None:
        """The head of a request is complete."""
        self._window_began, self._window_bytes = self.loop.time(), 0
        self._queue.append(exchange)
        if len(self._queue) > _QUEUED:
            self.read_no_more()

    def refuse(self, problem: Problem) -> None:
        """Say why there is no request to answer, once those before it are answered."""
        refused = Exchange(self, "GET", b"/", [], http10=False)
        refused.refusal = problem
        self._queue.append(refused)
        self.discard()
        self._start_next()

    def discard(self) -> None:
        """Throw away whatever the client still sends."""
        self._discard_until = self.loop.time() + self._server.limits.stall_seconds

    def keep_early(self, data: bytes) -> None:
        """What came before the upstream agreed to a WebSocket."""
        self._early += data
        if len(self._early) > WRITE_HIGH_WATER:
            self.read_no_more()

    # The exchanges' side

    def read_no_more(self) -> None:
        """Let the client wait."""
        if not self._held and self._discard_until is None and not self._transport.is_closing():
            self._held = True
            self._transport.pause_reading()

    def read_on(self) -> None:
        """Take more from the client."""
        if self._held:
            self._held = False
            self._window_began, self._window_bytes = self.loop.time(), 0
            if not self._transport.is_closing():
                self._transport.resume_reading()

    @property
    def blocked(self) -> bool:
        """The client does not take what was sent."""
        return self._blocked_since is not None

    def send_continue(self) -> None:
        """Tell a client that waits for a word to send its body."""
        self.send([b"HTTP/1.1 100 Continue\r\n\r\n"])

    def send(self, parts: list[bytes]) -> None:
        """Write, unless the client is gone; in one system call."""
        if not self._transport.is_closing():
            if sum(map(len, parts)) < _SMALL:
                self._transport.write(b"".join(parts))
            else:
                self._transport.writelines(parts)

    def send_frames(self, data: bytes) -> None:
        """Write what passes through a tunnel."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def answered(self, exchange: Exchange) -> None:
        """The answer is whole: close, or go on with the next request."""
        self._active = None
        self._quiet_since = self.loop.time()
        if not exchange.body.complete or exchange.refusal is not None:
            self._linger()
        elif exchange.close or self.closing:
            self._transport.close()
        else:
            if len(self._queue) <= _QUEUED:
                self.read_on()
            self._start_next()

    def broke_off(self, *, reset: bool) -> None:
        """Close without a clean end."""
        self._active = None
        self._queue.clear()
        if reset:
            self._transport.abort()
        else:
            self._transport.close()

    def tunnel(self, upstream: Callable[[bytes], None], lost: Callable[[], None]) -> Callable[[bytes], None]:
        """Pass bytes as they are from now on; see `Exchange.tunnel`."""
        self._tunnel, self._tunnel_lost = upstream, lost
        early, self._early = bytes(self._early), bytearray()
        if early:
            upstream(early)
        self.read_on()
        return self.send_frames

    # Answering

    def _start_next(self) -> None:
        if self._active is not None or not self._queue:
            return
        exchange = self._active = self._queue.popleft()
        if exchange.refusal is not None:
            exchange.answer_problem(exchange.refusal)
        else:
            exchange.task = self.loop.create_task(self._run(exchange))

    async def _run(self, exchange: Exchange) -> None:
        try:
            await self._server.app(exchange)
        except asyncio.CancelledError:
            if not exchange.gone:
                raise
        except Exception:
            log.exception("%s %s failed", exchange.method, exchange.path.decode("latin-1"))
            if not exchange.begun and not exchange.over:
                message = "the gateway could not answer; its log says why"
                exchange.answer_problem(Problem(500, message, "internal"))
        finally:
            exchange.break_off()

    def _linger(self) -> None:
        """Close after the client could read the answer: a close with unread bytes would destroy it."""
        self._queue.clear()
        self.read_on()
        self._discard_until = self.loop.time() + _LINGER_SECONDS
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    # Time

    def check(self, now: float) -> None:
        """Called each second: whoever keeps us waiting too long is told, or dropped."""
        limits, active = self._server.limits, self._active
        if self._is_too_late(now):
            self._transport.abort()
        elif self._discard_until is not None:
            return
        elif self._reader.in_head and now - self._reader.head_began > limits.head_seconds:
            self.refuse(Problem(408, "the head of the request took too long", "too_slow"))
        elif active is None:
            if now - self._quiet_since > limits.idle_seconds and not self._reader.in_head:
                self._transport.close()
        elif active.body.is_awaited and not self._held and now - self._window_began > limits.stall_seconds:
            if self._window_bytes < _LEAST_BYTES:
                active.body.fails(Problem(408, "the body of the request came too slowly", "too_slow"))
            self._window_began, self._window_bytes = now, 0

    def _is_too_late(self, now: float) -> bool:
        blocked, until = self._blocked_since, self._discard_until
        if blocked is not None and now - blocked > self._server.limits.stall_seconds:
            return True
        return until is not None and now > until

    def stop(self) -> None:
        """Take no further request; an idle connection closes at once."""
        self.closing = True
        if self._active is None and not self._queue and not self._reader.in_head:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()
