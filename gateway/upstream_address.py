"""Where upstreams listen: their addresses, IPv4 first, looked up anew every few seconds."""

import asyncio
import ipaddress
import socket
import time
from typing import NamedTuple

RESOLVE_SECONDS = 0.8
"""A name that is not known by then is said to be unknown: the client gets its error within a second."""

KEEP_SECONDS = 5.0


class Unreachable(Exception):
    """No connection to the upstream could be made; the message says why in plain words."""


class Address(NamedTuple):
    """Where an upstream listens."""

    host: str
    port: int

    @property
    def authority(self) -> bytes:
        """The Host header for it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{name}:{self.port}".encode()


class Resolver:
    """Addresses of names; an answer is used for five seconds, so that a changed one is picked up."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, list[str]]] = {}

    async def resolve(self, host: str) -> list[str]:
        """The addresses of a host, IPv4 first: on a LAN a name's IPv6 address is often a dead one."""
        if _is_literal(host):
            return [host]
        known = self._known.get(host)
        if known is not None and time.monotonic() - known[0] < KEEP_SECONDS:
            return known[1]
        addresses = await _look_up(host)
        self._known[host] = (time.monotonic(), addresses)
        return addresses


async def _look_up(host: str) -> list[str]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise Unreachable(f"the name {host} is not known") from None
    except TimeoutError:
        raise Unreachable(f"the name {host} could not be looked up in time") from None
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in ordered))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
