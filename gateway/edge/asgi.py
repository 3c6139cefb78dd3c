"""An ASGI app behind the edge: for the control API, whose requests are few."""

import asyncio
from typing import Any
from urllib.parse import unquote_to_bytes

from litestar.types import ASGIApp

from gateway.edge.exchange import Exchange
from gateway.edge.head import Header


class Asgi:
    """
    Lets an ASGI app answer exchanges.

    The app is not cancelled when the client leaves: a change it has begun is not to end half-way.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, exchange: Exchange, more: list[Header]) -> int:
        """
        Answer one exchange; returns the status.

        Args:
            exchange: With the client.
            more: Headers of ours for the answer.
        """
        exchange.keeps_on = True
        channel = _Channel(exchange, more)
        await self._app(_scope(exchange), channel.receive, channel.send)  # type: ignore[arg-type]
        return channel.status


class _Channel:
    """ASGI's receive and send for one exchange."""

    def __init__(self, exchange: Exchange, more: list[Header]) -> None:
        self._exchange = exchange
        self._more = more
        self.status = 0
        self._asked = False
        self._room: asyncio.Future[None] | None = None
        self._gone = asyncio.get_running_loop().create_future()
        exchange.on_pause, exchange.on_room, exchange.on_leave = self._pause, self._resume, self._leave

    async def receive(self) -> dict[str, Any]:
        exchange = self._exchange
        if not self._asked:
            data = await exchange.body.part()
            self._asked = exchange.body.complete and not exchange.body.waiting
            return {"type": "http.request", "body": data, "more_body": not self._asked}
        await self._gone
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            exchange.begin(self.status, [*(message.get("headers") or ()), *self._more])
        elif message["type"] == "http.response.body":
            exchange.write(message.get("body", b""))
            if not message.get("more_body", False):
                exchange.end()
                self._leave()  # whoever waits for the client to leave need not wait longer
            else:
                exchange.flush()
                if self._room is not None:
                    await self._room

    def _pause(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def _resume(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def _leave(self) -> None:
        self._resume()
        if not self._gone.done():
            self._gone.set_result(None)


def _scope(exchange: Exchange) -> dict[str, Any]:
    # A HEAD is answered as the GET would be; the edge leaves the body away.
    method = "GET" if exchange.method == "HEAD" else exchange.method
    host = (exchange.header(b"host") or b"").decode("latin-1")
    name, _colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.0" if exchange.http10 else "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(exchange.path).decode("utf-8", "replace"),
        "raw_path": exchange.path,
        "query_string": exchange.query,
        "root_path": "",
        "headers": exchange.headers,
        "client": (exchange.client, 0),
        "server": (name or host, int(port) if port.isdigit() else 80),
        "extensions": {},
        "state": {},
    }
