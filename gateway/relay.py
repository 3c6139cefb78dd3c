"""The relay: waits for a service's turn, connects, sends the request and has the answer forwarded."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from blocks.wedge_signs import wedge_sign
from gateway.edge.body import too_large
from gateway.edge.exchange import Exchange
from gateway.forward import Forward
from gateway.heads import request_head
from gateway.options import Options
from gateway.problem import Problem, retry_after
from gateway.target import Target
from gateway.tunnel import Tunnel
from gateway.turns import Turn, Turns
from gateway.upstream_address import Unreachable
from gateway.upstream_connection import Connection
from gateway.upstream_pool import Pool
from gateway.upstreams import Upstreams
from gateway.visit import Visit
from gateway.wedge import Wedge
from gateway.wedge import problem as wedged

_NO_SUCH_PATH = (b'{"detail":"Not Found"}', b"404: Not Found", b"404 page not found")
"""What servers answer to a path they do not know, as opposed to a model (vLLM 0.13-0.33)."""


class Relay:
    """
    Sends requests to services, each once, and passes the answers on.

    When a client leaves, its task is cancelled: its turn goes to the next, and the upstream is let go at
    once, or the GPU would work for nobody.
    """

    def __init__(
        self, pool: Pool, upstreams: Upstreams, turns: Turns, wedge: Wedge, options: Options
    ) -> None:
        self._pool = pool
        self._upstreams = upstreams
        self._turns = turns
        self._wedge = wedge
        self._options = options
        self._running: dict[Forward, Target] = {}

    async def send(self, visit: Visit, target: Target, path: bytes, *, newer: bool = False) -> None:
        """
        Pass one request on, and its answer back; `Problem` when there is none.

        Args:
            visit: The request.
            target: Where it goes.
            path: What the service gets, bytes unchanged.
            newer: A service that does not know the path is too old for it.
        """
        turn = await self._turn(visit, target)
        try:
            connection = await self.connect(target)
            examine = self.examine(target)
            if newer:
                examine[404] = partial(self._not_served, target, path)
            kind = Tunnel if visit.exchange.upgrade else Forward
            why = partial(self._upstreams.why, target)
            try:
                await self._send(visit, kind(visit, connection, target.who, examine, why), target, path)
            finally:
                self.release(target, connection)
        finally:
            turn.give_back()

    @asynccontextmanager
    async def turn(self, visit: Visit, target: Target) -> AsyncIterator[None]:
        """A turn of a service, for whoever speaks to it in another way."""
        turn = await self._turn(visit, target)
        try:
            yield
        finally:
            turn.give_back()

    def examine(self, target: Target) -> dict[int, Callable[[bytes], Problem | None]]:
        """What is looked for in the answers of a service before they are passed on."""
        return {500: partial(self._wedged, target.service.name)}

    async def run(self, forward: Forward, target: Target) -> None:
        """Wait until an answer has passed."""
        self._running[forward] = target
        try:
            await forward.run()
            if forward.is_good:
                self._wedge.answered(target.service.name)
        finally:
            del self._running[forward]

    def release(self, target: Target, connection: Connection) -> None:
        """A connection is not needed any more: it is kept when it can carry another exchange."""
        self._pool.give_back(target.address, connection)

    async def connect(self, target: Target) -> Connection:
        """A connection to a service; `Problem` when it does not answer."""
        try:
            return self._pool.take(target.address) or await self._pool.connect(target.address)
        except Unreachable as error:
            raise await self._upstreams.unreachable(target, str(error)) from None

    async def _turn(self, visit: Visit, target: Target) -> Turn:
        name = target.service.name
        visit.record.service, visit.record.model = name, target.model
        turn = self._turns.take(name, visit.client)
        if turn is None:
            turn = await self._turns.wait(name, visit.client)
            visit.queued(turn.position, turn.queued_seconds)
            try:
                await self._upstreams.require_still(target)
            except Problem:
                turn.give_back()
                raise
        return turn

    async def _send(self, visit: Visit, forward: Forward, target: Target, path: bytes) -> None:
        exchange, connection = visit.exchange, forward.connection
        query = exchange.query if target.query is None else target.query
        url = path + b"?" + query if query else path
        body, length = target.body, target.length
        if body is None and exchange.body.complete:
            body = target.rewritten(await exchange.body.whole(self._options.upload_limit))
        if body is not None:
            length = len(body)
        more = [(b"x-request-id", visit.record.request_id.encode()), *target.credentials]
        if exchange.upgrade:
            more += [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
        headers = target.without_clients_key(exchange.headers)
        head = request_head(exchange.method, url, target.address.authority, headers, length, more)
        if body is not None:
            connection.begin(head + body if body else head, forward, head=exchange.method == "HEAD")
            await self.run(forward, target)
            return
        connection.begin(head, forward, more=True, chunked=length is None, head=exchange.method == "HEAD")
        upload = asyncio.ensure_future(self._upload(exchange, forward, target))
        try:
            await self.run(forward, target)
        finally:
            upload.cancel()
            with suppress(asyncio.CancelledError):
                await upload

    async def _upload(self, exchange: Exchange, forward: Forward, target: Target) -> None:
        """Send the body on as it comes; what makes that impossible ends the exchange."""
        connection = forward.connection
        limit = self._options.upload_limit
        try:
            while data := await exchange.body.part():
                if exchange.body.received > limit:
                    raise too_large(limit)
                connection.write_body(target.rewritten(data, more=True))
                await forward.drain()
            connection.write_body(target.rewritten(b""))
            connection.end_body()
        except Problem as problem:
            forward.give_up(problem)

    def _wedged(self, name: str, body: bytes) -> Problem | None:
        """A service that died inside is looked at; the client is told to come back."""
        sign = wedge_sign(body)
        if not sign:
            return None
        self._wedge.saw(name, sign)
        return wedged(name)

    def _not_served(self, target: Target, path: bytes, body: bytes) -> Problem | None:
        return self._upstreams.not_served(target, path) if body.strip() in _NO_SUCH_PATH else None

    def tick(self, _now: float) -> None:
        """Called each second: ends what takes too long."""
        now, options = time.monotonic(), self._options
        for forward, target in tuple(self._running.items()):
            if forward.tick(
                now,
                longest=options.longest_seconds,
                idle=target.service.idle_seconds,
                heartbeat=options.heartbeat_seconds,
            ):
                self._wedge.timed_out(target.service.name)

    def tell_all(self) -> None:
        """Tell every client that still waits that the gateway stops."""
        for forward in tuple(self._running):
            forward.give_up(
                Problem(
                    503, f"{forward.who}: the gateway is being stopped", "stopping", headers=retry_after(5)
                )
            )
