"""The network card of a simulated host that sleeps: it listens for the magic packet with its own address."""

from __future__ import annotations

import asyncio
from pathlib import Path

from simulator.environment import fault
from simulator.network import interfaces

ASLEEP = "asleep"  # what the fault `unreachable` says of a host that can be woken
BOOT_SECONDS = 40


class Card(asyncio.DatagramProtocol):
    """Boots its host, which takes a while, when the packet for its LAN interface comes."""

    def __init__(self, folder: Path, scale: str) -> None:
        self._folder = folder
        self._boot_seconds = BOOT_SECONDS * float(scale)
        self._booting: asyncio.TimerHandle | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asleep = fault("unreachable", self._folder) == ASLEEP
        lan = interfaces(self._folder)[1]
        if asleep and not self._booting and magic(lan.mac) in data:
            loop = asyncio.get_running_loop()
            self._booting = loop.call_later(self._boot_seconds, self._rise)

    def _rise(self) -> None:
        self._booting = None
        (self._folder / "faults" / "unreachable").unlink(missing_ok=True)


def magic(mac: str) -> bytes:
    """What wakes the card of that address: six bytes of ones, then the address sixteen times."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16
