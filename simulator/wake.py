"""`wakeonlan`: wakes a simulated host that sleeps, which is one whose fault `unreachable` says `asleep`."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

from simulator.environment import fault, here, scaled
from simulator.network import interfaces

BOOT_SECONDS = 40


def main(words: list[str]) -> int:
    """`wakeonlan [-i ADDRESS] MAC`: nothing tells whether anybody woke, as with the real one."""
    if words[:1] == ["-i"]:
        words = words[2:]
    if len(words) != 1 or not re.fullmatch(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", words[0]):
        print(f"wakeonlan: unknown arguments: {' '.join(words)}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"Sending magic packet to 255.255.255.255:9 with payload {words[0]}")  # noqa: T201
    for host in here().parent.glob("spark-*"):
        if fault("unreachable", host) == "asleep" and words[0].lower() in _addresses(host):
            time.sleep(scaled(BOOT_SECONDS))
            (host / "faults" / "unreachable").unlink(missing_ok=True)
    return 0


def _addresses(host: Path) -> list[str]:
    return [interface.mac for interface in interfaces(host)]
