"""One client's connection: requests in, answers out, one after the other."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway.edge.exchange import Exchange
from gateway.edge.reader import Reader
from gateway.edge.wire import WRITE_HIGH_WATER, Wire
from gateway.problem import Problem

if TYPE_CHECKING:
    from gateway.edge.server import Server

log = logging.getLogger(__name__)

_QUEUED = 8
"""Requests that may wait behind the one being answered before we stop reading (pipelining)."""
_LEAST_BYTES = 4096
"""What a client that sends a body has to bring within each `stall_seconds`."""


class ClientConnection(Wire):
    """
    Has each request of a client answered by the server's app.

    Attributes:
        closing: The server stops: no request after the present ones.
    """

    def __init__(self, server: "Server") -> None:
        super().__init__(server.loop, server.limits.stall_seconds)
        self.closing = False
        self._server = server
        self._reader = Reader(self, server.limits, self.loop.time)
        self._active: Exchange | None = None
        self._queue: deque[Exchange] = deque()
        self._quiet_since = self._window_began = self.loop.time()
        self._window_bytes = 0
        self._tunnel: Callable[[bytes], None] | None = None
        self._tunnel_lost: Callable[[], None] | None = None
        self._early = bytearray()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._server.admits(self):
            self.refuse(Problem(503, "too many connections are open", "busy", headers={"retry-after": "1"}))

    def data_received(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel(data)
        elif not self.discarding:
            self._window_bytes += len(data)
            self._reader.feed(data)
            self._start_next()

    def eof_received(self) -> None:
        self._drop()
        self.leave()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.forget(self)
        self._drop()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._active is not None and self._active.on_pause is not None:
            self._active.on_pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._active is not None and self._active.on_room is not None:
            self._active.on_room()
        self._start_next()

    def _drop(self) -> None:
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
        """The head of a request is complete; behind one that is refused nothing counts."""
        if self.discarding:
            return
        self._queue.append(exchange)
        if len(self._queue) > _QUEUED:
            self.read_no_more()
        self.discarding = exchange.refusal is not None

    def refuse(self, problem: Problem) -> None:
        """Say why there is no request to answer, once those before it are answered."""
        refused = Exchange(self, "GET", b"/", [], http10=False)
        refused.refusal = problem
        self.arrives(refused)
        self._start_next()

    def break_body(self, exchange: Exchange, problem: Problem) -> None:
        """The rest of a body cannot be read, nor what follows it."""
        self.discarding = exchange.close = True
        exchange.body.fails(problem)

    def keep_early(self, data: bytes) -> None:
        """What came before the upstream agreed to a WebSocket."""
        self._early += data
        if len(self._early) > WRITE_HIGH_WATER:
            self.read_no_more()

    # The exchanges' side

    def read_on(self) -> None:
        """Take more from the client, unless too many of its requests wait."""
        if self.held and len(self._queue) <= _QUEUED:
            self._begin_window(self.loop.time())
            self._reader.head_began = self._window_began
            super().read_on()

    def answered(self, exchange: Exchange) -> None:
        """The answer is whole: close, or go on with the next request."""
        self._active = None
        self._quiet_since = self.loop.time()
        if not (exchange.close or self.closing):
            self._start_next()
            self.read_on()
        elif exchange.body.complete and exchange.refusal is None and not self._queue:
            self.close()
        else:
            self._linger()

    def broke_off(self, *, reset: bool) -> None:
        """Close without a clean end."""
        self._active = None
        if reset:
            self.reset()
        else:
            self._linger()

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
        if self._active is not None or not self._queue or self.blocked:
            return
        exchange = self._active = self._queue.popleft()
        self._begin_window(self.loop.time())
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
        self._queue.clear()
        self._tunnel = self._tunnel_lost = None
        self.linger()

    # Time

    def check(self, now: float) -> None:
        """Called each second: whoever keeps us waiting too long is told, or dropped."""
        limits, active = self._server.limits, self._active
        if self.is_too_late(now):
            self.abort()
        elif active is not None and active.body.failed:
            if now - self._window_began > limits.stall_seconds:  # its answer should have ended
                self.abort()
        elif self.discarding or self.held:
            return
        elif self._reader.in_head and now - self._reader.head_began > limits.head_seconds:
            self.refuse(Problem(408, "the head of the request took too long", "too_slow"))
        elif active is not None:
            self._check_body(active, now)
        elif now - self._quiet_since > limits.idle_seconds and not self._reader.in_head:
            self.close()

    def _check_body(self, active: Exchange, now: float) -> None:
        """While somebody waits for a body, the client has to send it."""
        if not active.body.is_awaited:
            self._begin_window(now)
        elif now - self._window_began > self._server.limits.stall_seconds:
            if self._window_bytes < _LEAST_BYTES:
                slow = Problem(408, "the body of the request came too slowly", "too_slow")
                self.break_body(active, slow)
            self._begin_window(now)

    def _begin_window(self, now: float) -> None:
        self._window_began, self._window_bytes = now, 0

    def tell(self, problem: Problem) -> None:
        """Answer a request that still waits for its turn or its model, and let it go."""
        active = self._active
        if active is not None and active.task is not None and not (active.begun or active.keeps_on):
            active.task.cancel()
            active.answer_problem(problem)

    def stop(self) -> None:
        """Take no further request; an idle connection closes at once."""
        self.closing = True
        if self._active is None and not self._queue and not self._reader.in_head and not self.discarding:
            self.close()
