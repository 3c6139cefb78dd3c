"""Connections to upstreams that are kept open between exchanges."""

import asyncio
import socket
import time
from collections import defaultdict
from typing import NamedTuple

from gateway.upstream_connection import Connection, UpstreamBroke

CONNECT_SECONDS = 2.0

KEEP_SECONDS = 1.0
"""An idle connection is used again within this time: well before vLLM's server closes it (5 s)."""


class Address(NamedTuple):
    """Where an upstream listens."""

    host: str
    port: int

    @property
    def authority(self) -> bytes:
        """The Host header for it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{name}:{self.port}".encode()


class Unreachable(Exception):
    """No connection to the upstream could be made; the message says why in plain words."""


class Pool:
    """Idle connections by address; the newest is used first, so that a quiet time lets the rest go."""

    def __init__(self) -> None:
        self._idle: defaultdict[Address, list[Connection]] = defaultdict(list)

    def take(self, address: Address) -> Connection | None:
        """A kept connection that is surely alive, or None."""
        kept = self._idle[address]
        oldest = time.monotonic() - KEEP_SECONDS
        while kept:
            connection = kept.pop()
            if connection.idle_since > oldest and not connection.is_stale():
                return connection
            connection.close()
        return None

    async def connect(self, address: Address) -> Connection:
        """A new connection; `Unreachable` after two seconds at the latest."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, connection = await loop.create_connection(Connection, *address)
        except TimeoutError:
            raise Unreachable(f"no answer within {CONNECT_SECONDS:.0f} seconds") from None
        except ConnectionRefusedError:
            raise Unreachable("the connection was refused") from None
        except socket.gaierror:
            raise Unreachable(f"the name {address.host} is not known") from None
        except OSError as error:
            raise Unreachable((error.strerror or "no connection").lower()) from None
        return connection

    def give_back(self, address: Address, connection: Connection) -> None:
        """Keep a connection for the next exchange, or close it when it cannot carry one."""
        if connection.reusable:
            connection.idle_since = time.monotonic()
            self._idle[address].append(connection)
        else:
            connection.close()

    def sweep(self) -> None:
        """Close what has been idle for too long."""
        oldest = time.monotonic() - KEEP_SECONDS
        for address, kept in list(self._idle.items()):
            fresh = [c for c in kept if c.idle_since > oldest and not c.closed]
            for connection in set(kept) - set(fresh):
                connection.close()
            self._idle[address] = fresh
            if not fresh:
                del self._idle[address]

    def close(self) -> None:
        """Close every idle connection."""
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()


async def fetch(pool: Pool, address: Address, path: str, limit: int = 1024 * 1024) -> tuple[int, bytes]:
    """
    Status and body of a GET.

    `Unreachable` or `UpstreamBroke` when there is no whole answer; a dead kept connection is replaced.
    """
    head = b"GET %s HTTP/1.1\r\nhost: %s\r\naccept: */*\r\n\r\n" % (path.encode(), address.authority)
    kept = pool.take(address)
    if kept is not None:
        try:
            return await _get(pool, address, kept, head, limit)
        except UpstreamBroke:
            if not kept.bare:
                raise
    return await _get(pool, address, await pool.connect(address), head, limit)


async def _get(
    pool: Pool, address: Address, connection: Connection, head: bytes, limit: int
) -> tuple[int, bytes]:
    body = bytearray()
    try:
        connection.begin(head)
        await connection.answer()
        while data := await connection.read():
            body += data
            if len(body) > limit:
                raise UpstreamBroke("its answer is too long")
        return connection.status, bytes(body)
    finally:
        pool.give_back(address, connection)
