"""A whole answer of an upstream, for questions of our own."""

import asyncio

from gateway.heads import Header, request_head
from gateway.upstream_address import Address
from gateway.upstream_connection import Connection, UpstreamBroke
from gateway.upstream_pool import Pool


class Collect:
    """A sink that keeps a whole answer, up to a limit in bytes."""

    def __init__(self, connection: Connection, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        self._body = bytearray()
        self._done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def answer(self) -> bytes:
        """The body; `UpstreamBroke` when it does not come whole."""
        return await self._done

    def head(self) -> None:
        """Nothing to do: status and headers stay on the connection."""

    def body(self, data: bytes) -> None:
        """Keep it."""
        self._body += data
        if len(self._body) > self._limit:
            self._connection.close("its answer is too long")

    def settled(self) -> None:
        """Nothing to do: it is kept until the end."""

    def end(self) -> None:
        """That was all."""
        if not self._done.done():
            self._done.set_result(bytes(self._body))

    def broke(self, why: str) -> None:
        """There will be no answer."""
        if not self._done.done():
            self._done.set_exception(UpstreamBroke(why))

    def room(self, *, free: bool) -> None:
        """Nothing is sent beyond the head."""


async def fetch(
    pool: Pool, address: Address, request: bytes, limit: int = 1024 * 1024
) -> tuple[int, list[Header], bytes]:
    """
    Status, headers and body of one request, which is sent once.

    Args:
        pool: Connections to take one from.
        address: Where it goes.
        request: Head and body, ready to be sent.
        limit: Longest body in bytes.

    `Unreachable` or `UpstreamBroke` when there is no whole answer.
    """
    connection = pool.take(address) or await pool.connect(address)
    return await _exchange(pool, address, connection, request, limit)


async def get(
    pool: Pool, address: Address, path: str, headers: list[Header], limit: int = 1024 * 1024
) -> tuple[int, bytes]:
    """Status and body of a GET; it is sent again when a kept connection turns out to be dead."""
    request = request_head("GET", path.encode(), address.authority, (), 0, headers)
    kept = pool.take(address)
    if kept is not None:
        try:
            status, _headers, body = await _exchange(pool, address, kept, request, limit)
        except UpstreamBroke:
            if not kept.bare:
                raise
        else:
            return status, body
    status, _headers, body = await fetch(pool, address, request, limit)
    return status, body


async def _exchange(
    pool: Pool, address: Address, connection: Connection, request: bytes, limit: int
) -> tuple[int, list[Header], bytes]:
    collect = Collect(connection, limit)
    try:
        connection.begin(request, collect)
        body = await collect.answer()
        return connection.status, connection.headers, body
    finally:
        pool.give_back(address, connection)
