"""Sends the packet that wakes a host, without rights of root; prints where it went, as JSON.

`GIVEN`: `mac`, `address` and `port`.  To the address of everybody, 255.255.255.255, the kernel sends by one
interface only: then the packet goes to the broadcast address of every interface as well.
"""

import json
import socket
import subprocess
import sys
from typing import Any

GIVEN: dict[str, Any]

EVERYBODY = "255.255.255.255"
TIMES = 3
"""Nothing tells whether a packet arrived: each is sent more than once."""


def broadcasts() -> list[str]:
    """The broadcast addresses of this machine's interfaces."""
    try:
        done = subprocess.run(["ip", "-j", "-4", "addr"], capture_output=True, timeout=5, check=False)
        told = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return [
        entry["broadcast"]
        for interface in told
        for entry in interface.get("addr_info", ())
        if "broadcast" in entry
    ]


def send(packet: bytes, address: str) -> str:
    """Send it to one address; why it could not be sent, else blank."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, GIVEN["port"], type=socket.SOCK_DGRAM)[
            0
        ]
        with socket.socket(family, kind, protocol) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for _ in range(TIMES):
                sender.sendto(packet, place)
    except OSError as error:
        return f"{address}: {error.strerror or error}"
    return ""


packet = b"\xff" * 6 + bytes.fromhex(GIVEN["mac"].replace(":", "")) * 16
addresses = [GIVEN["address"], *(broadcasts() if GIVEN["address"] == EVERYBODY else ())]
faults = {address: fault for address in dict.fromkeys(addresses) if (fault := send(packet, address))}
if len(faults) == len(set(addresses)):
    sys.exit("; ".join(faults.values()))
sys.stdout.write(json.dumps({"sent_to": [address for address in addresses if address not in faults]}))
