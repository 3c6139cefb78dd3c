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
        self._asking: dict[str, asyncio.Task[list[str]]] = {}

    async def resolve(self, host: str) -> list[str]:
        """The addresses of a host, IPv4 first: on a LAN a name's IPv6 address is often a dead one."""
        if _is_literal(host):
            return [host]
        known = self._known.get(host)
        if known is not None and time.monotonic() - known[0] < KEEP_SECONDS:
            return known[1]
        asking = self._asking.get(host)
        if asking is None or asking.done():
            asking = self._asking[host] = asyncio.create_task(self._look_up(host))
            asking.add_done_callback(_heed)
        try:
            return await asyncio.wait_for(asyncio.shield(asking), RESOLVE_SECONDS)
        except (socket.gaierror, UnicodeError):
            raise Unreachable(f"the name {host} is not known") from None
        except TimeoutError:
            raise Unreachable(f"the name {host} could not be looked up in time") from None

    async def _look_up(self, host: str) -> list[str]:
        """Ask, once for all who want to know: a look-up that hangs keeps a thread busy."""
        addresses = await _addresses(host)
        self._known[host] = (time.monotonic(), addresses)
        return addresses


def _heed(asking: asyncio.Task[list[str]]) -> None:
    """A failure is told to those who wait, and is no news when nobody does any more."""
    if not asking.cancelled():
        asking.exception()


async def _addresses(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    ordered = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return list(dict.fromkeys(str(entry[4][0]) for entry in ordered))


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
