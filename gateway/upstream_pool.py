"""Connections to upstreams that are kept open between exchanges."""

import asyncio
import time
from collections import defaultdict

from gateway.upstream_address import Address, Resolver, Unreachable
from gateway.upstream_connection import Connection

CONNECT_SECONDS = 2.0

KEEP_SECONDS = 1.0
"""An idle connection is used again within this time: well before vLLM's server closes it (5 s)."""


class Pool:
    """Idle connections by address; the newest is used first, so that a quiet time lets the rest go."""

    def __init__(self) -> None:
        self._idle: defaultdict[Address, list[Connection]] = defaultdict(list)
        self._resolver = Resolver()

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
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._connect(address)
        except TimeoutError:
            raise Unreachable(f"no answer within {CONNECT_SECONDS:.0f} seconds") from None

    async def _connect(self, address: Address) -> Connection:
        """The first of its addresses that takes a connection."""
        loop = asyncio.get_running_loop()
        failure = Unreachable(f"the name {address.host} has no address")
        for host in await self._resolver.resolve(address.host):
            try:
                _, connection = await loop.create_connection(Connection, host, address.port)
            except ConnectionRefusedError:
                failure = Unreachable("the connection was refused")
            except OSError as error:
                failure = Unreachable((error.strerror or "no connection").lower())
            else:
                return connection
        raise failure

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
