"""The server: listens, keeps an eye on the time, and stops gracefully."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

from gateway.edge.client_connection import ClientConnection
from gateway.edge.exchange import Exchange
from gateway.edge.limits import Limits
from gateway.problem import Problem, retry_after

log = logging.getLogger(__name__)

App = Callable[[Exchange], Awaitable[None]]

_BACKLOG = 2048
_KEEPALIVE_SECONDS = 60
"""A client that is silent for so long is asked by TCP whether it is still there."""


class Server:
    """
    Serves one app on one or more sockets.

    Args:
        app: Answers an exchange; what it raises is logged, and answered with 500.
        on_tick: Called each second with the loop's time.
        on_stop: Called when running answers have had their time and are to be told.
    """

    def __init__(
        self,
        app: App,
        limits: Limits,
        *,
        on_tick: Callable[[float], None] = lambda _now: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.app = app
        self.limits = limits
        self._on_tick = on_tick
        self._on_stop = on_stop
        self._connections: set[ClientConnection] = set()
        self._empty = asyncio.Event()
        self._listening: list[asyncio.Server] = []
        self._ticking: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def admits(self, connection: ClientConnection) -> bool:
        """Take a connection in; False when there are too many."""
        self._connections.add(connection)
        connection.closing = self._stopping  # one more may come out of the backlog
        return len(self._connections) <= self.limits.connections

    def forget(self, connection: ClientConnection) -> None:
        """A connection is closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    async def listen(self, host: str, port: int) -> None:
        """Listen on an address."""
        await self._listen(host=host, port=port)

    async def listen_on(self, sock: socket.socket) -> None:
        """Listen on a bound socket."""
        await self._listen(sock=sock)

    async def _listen(self, **where: str | int | socket.socket) -> None:
        server = await self.loop.create_server(  # type: ignore[call-overload]
            lambda: ClientConnection(self), **where, backlog=_BACKLOG
        )
        for listening in server.sockets:  # what it accepts inherits these
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if sys.platform == "linux":
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
        self._listening.append(server)
        if self._ticking is None:
            self._ticking = self.loop.create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            now = self.loop.time()
            try:
                for connection in tuple(self._connections):
                    connection.check(now)
                self._on_tick(now)
            except Exception:
                log.exception("a look at the time failed")

    async def stop(self, seconds: float) -> None:
        """Take no new request, give running answers that long, then tell whoever is still there."""
        self._stopping = True
        for server in self._listening:
            server.close()
        for connection in tuple(self._connections):
            connection.stop()
        if not await self._emptied(seconds):
            self._on_stop()
            for connection in tuple(self._connections):
                connection.tell(_stopping())
            if not await self._emptied(1.0):
                for connection in tuple(self._connections):
                    connection.abort()
                await self._emptied(1.0)
        if self._ticking is not None:
            self._ticking.cancel()

    async def _emptied(self, seconds: float) -> bool:
        self._empty.clear()
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)
        return not self._connections


def _stopping() -> Problem:
    return Problem(503, "the gateway is being stopped", "stopping", headers=retry_after(5))


async def until_told() -> None:
    """Wait for SIGTERM or SIGINT."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
