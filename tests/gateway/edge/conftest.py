"""The edge alone with a small app, or the whole gateway; nothing of a test may be left in either."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import psutil
import pytest

from gateway.edge.exchange import Exchange
from gateway.edge.limits import Limits
from gateway.edge.server import Server
from gateway.problem import Problem
from tests.gateway.conftest import Running
from tests.gateway.edge.raw import SECONDS

LIMIT = 1024 * 1024
"""Largest body the small app takes."""


class Edge:
    """
    A server in the test's own loop, whose app says back what it was asked.

    Attributes:
        seen: Method, path and body of each request that was answered.
        cut: How many bodies could not be read to their end.
        script: Answers in the place of the small app.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.seen: list[tuple[str, bytes, bytes]] = []
        self.cut = 0
        self.script: Callable[[Exchange], Awaitable[None]] = self._say_back

    async def start(self) -> None:
        self.server = Server(self._answer, self.limits)
        await self.server.listen("127.0.0.1", 0)
        self.port = self.server._listening[0].sockets[0].getsockname()[1]

    async def stop(self, seconds: float = 0.0) -> None:
        await self.server.stop(seconds)

    async def empty(self) -> None:
        """Wait until no client is connected."""
        assert await self.server._emptied(SECONDS), "a connection is left"

    def later(self, seconds: float) -> None:
        """What the server does when so many seconds have gone by."""
        now = self.server.loop.time() + seconds
        for connection in tuple(self.server._connections):
            connection.check(now)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            await self.script(exchange)
        except Problem as problem:
            self.cut += 1
            if not exchange.begun:
                exchange.answer_problem(problem)

    async def _say_back(self, exchange: Exchange) -> None:
        if exchange.path == b"/missing":
            raise Problem(404, "there is nothing here", "not_found")
        exchange.refuse_longer_than(LIMIT)
        body = await exchange.body.whole(LIMIT)
        self.seen.append((exchange.method, exchange.path, body))
        said = b"%b %b %d" % (exchange.method.encode(), exchange.path, len(body))
        exchange.answer(200, [(b"content-type", b"text/plain")], said)


@pytest.fixture
async def gateway(gateway: Running) -> AsyncIterator[Running]:
    """The whole gateway, in which no client and no answer is left after the test."""
    yield gateway
    for _ in range(1000):
        left = _left(gateway)
        if not left:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(left)


def _left(gateway: Running) -> list[object]:
    sockets = psutil.Process().net_connections("tcp")
    open_here = [each for each in sockets if each.laddr.port == gateway.port and each.status != "LISTEN"]
    answering = [task.get_coro() for task in asyncio.all_tasks(gateway._loop)]
    return [*open_here, *(each for each in answering if each.__qualname__ == "ClientConnection._run")]


@pytest.fixture
def limits() -> Limits:
    """Of the edge; a test module sets its own."""
    return Limits()


@pytest.fixture
async def edge(limits: Limits) -> AsyncIterator[Edge]:
    before = asyncio.all_tasks()
    edge = Edge(limits)
    await edge.start()
    yield edge
    await edge.empty()
    await edge.stop()
    async with asyncio.timeout(SECONDS):
        while left := asyncio.all_tasks() - before - {asyncio.current_task()}:
            await asyncio.wait(left)
