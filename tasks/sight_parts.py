"""The parts of a look at a host: GPU, containers, processes, network; read line by line (pure)."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_THROTTLING = {
    0x2: "held to a set clock",
    0x4: "held within its power limit",
    0x8: "slowed down by the hardware",
    0x20: "slowed down by the driver: too hot",
    0x40: "slowed down by the hardware: too hot",
    0x80: "slowed down by the hardware: too little power from outside",
}
"""Bits of nvidia-smi's clocks_event_reasons.active that lower the clock while there is work (NVML)."""

_VPN = ("tailscale", "wg", "tun", "zt")
"""How the interfaces of VPNs begin: Tailscale, WireGuard, OpenVPN and its like, ZeroTier."""


@dataclass(frozen=True)
class Gpu:
    """
    The GPU as nvidia-smi tells; None where a GB10 says [N/A].

    Attributes:
        utilization: Percent.
        temperature: Degrees Celsius.
        power: Watts.
        clock: Of the processors, in MHz.
        throttling: Why it is slower than it could be, in words.
    """

    name: str
    utilization: float | None
    temperature: float | None
    power: float | None
    clock: float | None = None
    throttling: tuple[str, ...] = ()
    driver: str = ""


@dataclass(frozen=True)
class GpuProcess:
    """One process that holds memory of the GPU; `container` is blank when it runs in none."""

    pid: int
    name: str
    mib: float | None
    container: str = ""


@dataclass(frozen=True)
class ContainerSeen:
    """
    One container, running or not.

    Attributes:
        state: docker's word: running, exited, restarting, …
        status: The same for people: Up 2 hours.
        restarts: How often docker itself restarted it; None: not told.
        started_at: Docker's time stamp of its last start; blank: not told.
        health: Of its health check; blank without one.
    """

    name: str
    state: str
    status: str
    image: str
    restarts: int | None = None
    started_at: str = ""
    health: str = ""
    id: str = ""


@dataclass(frozen=True)
class ProcessSeen:
    """One process that was started away from its session; `mark` says which launch of the ledger it is."""

    name: str
    state: str
    mark: str


@dataclass(frozen=True)
class Address:
    """An IPv4 address of an interface."""

    interface: str
    address: str


@dataclass(frozen=True)
class Lan:
    """The interface by which the host reaches the world; its MAC address is what wakes it."""

    interface: str
    address: str
    mac: str


@dataclass(frozen=True)
class Link:
    """A RoCE port: `state` such as ACTIVE or DOWN; `gigabits` a second, None when not told."""

    adapter: str
    interface: str
    state: str
    gigabits: float | None


def number(text: str) -> float | None:
    """A number, or None for what a GB10 prints in its place: [N/A], N/A, Not Supported or nothing."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_gpu(line: str) -> Gpu:
    """Name, use, temperature, power, clock, reasons and driver, as they were asked for."""
    name, utilization, temperature, power, clock, reasons, driver = map(str.strip, line.split(","))
    return Gpu(
        name, number(utilization), number(temperature), number(power), number(clock),
        read_throttling(reasons), driver,
    )  # fmt: skip


def read_throttling(mask: str) -> tuple[str, ...]:
    """The reasons in a mask such as 0x0000000000000004; none where it is not told."""
    try:
        bits = int(mask, 16)
    except ValueError:
        return ()
    return tuple(words for bit, words in _THROTTLING.items() if bits & bit)


def read_gpu_processes(lines: Sequence[str], containers: Sequence[ContainerSeen]) -> tuple[GpuProcess, ...]:
    """Lines of container id, process id, MiB and name; a line that is none is left out."""
    names = {seen.id: seen.name for seen in containers if seen.id}
    found = []
    for line in lines:
        container, pid, mib, name = (cell.strip() for cell in line.split(",", maxsplit=3))
        if pid.isdigit():
            found.append(GpuProcess(int(pid), name, number(mib), names.get(container, container[:12])))
    return tuple(found)


def read_containers(rows: Sequence[str], inspected: Sequence[str]) -> tuple[ContainerSeen, ...]:
    """Rows of `docker ps`, each with what `docker inspect` said of it; one may have gone in between."""
    more: dict[str, Mapping[str, str]] = {}
    for line in inspected:
        identity, restarts, started_at, health = [*line.split(), ""][:4]
        more[identity] = {"restarts": restarts, "started_at": started_at, "health": health}
    return tuple(_container(json.loads(row), more) for row in rows)


def read_process(line: str) -> ProcessSeen:
    """Name, state and mark."""
    name, state, mark = line.split(" ")
    return ProcessSeen(name, state, mark)


def read_pressure(lines: Sequence[str]) -> dict[str, float] | None:
    """The 10-second averages of /proc/pressure/memory; None where the kernel keeps none."""
    found = {}
    for line in lines:
        kind, _, rest = line.partition(" ")
        average = rest.partition("avg10=")[2].split(" ")[0]
        if (value := number(average)) is not None:
            found[kind] = value
    return found or None


def read_addresses(lines: Sequence[str]) -> tuple[Address, ...]:
    """Lines of interface and address with its prefix."""
    pairs = (line.split() for line in lines)
    return tuple(Address(pair[0], pair[1].partition("/")[0]) for pair in pairs if len(pair) == 2)


def read_lan(line: str, addresses: Sequence[Address]) -> Lan | None:
    """The interface of the default route; None without one."""
    interface, _, mac = line.partition(" ")
    if not interface:
        return None
    own = next((each.address for each in addresses if each.interface == interface), "")
    return Lan(interface, own, mac)


def vpn_of(addresses: Sequence[Address]) -> Address | None:
    """The first address of an interface that is a VPN's."""
    return next((each for each in addresses if each.interface.startswith(_VPN)), None)


def read_links(lines: Sequence[str]) -> tuple[Link, ...]:
    """Lines of adapter, interface (may be blank), state and rate in Gb/s."""
    found = []
    for line in lines:
        adapter, interface, state, rate = line.split(" ", maxsplit=3)
        found.append(Link(adapter, interface, state, number(rate)))
    return tuple(found)


def _container(row: Mapping[str, str], more: Mapping[str, Mapping[str, str]]) -> ContainerSeen:
    identity = row.get("ID", "")
    said = more.get(identity, {})
    return ContainerSeen(
        row["Names"], row["State"], row.get("Status", ""), row.get("Image", ""),
        restarts=int(said["restarts"]) if said else None,
        started_at=said.get("started_at", ""), health=said.get("health", ""), id=identity,
    )  # fmt: skip
