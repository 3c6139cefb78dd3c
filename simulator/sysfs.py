"""The part of /sys that is asked of a Spark: interfaces, and the RoCE adapters of the fast link."""

from __future__ import annotations

from pathlib import Path

from simulator.network import interfaces

_ADAPTERS = {
    # adapter: (interface, state, rate); one cable: the first port of each pair has none
    "rocep1s0f0": ("enp1s0f0np0", "1: DOWN", "40 Gb/sec (4X QDR)"),
    "rocep1s0f1": ("enp1s0f1np1", "4: ACTIVE", "200 Gb/sec (4X HDR)"),
    "roceP2p1s0f0": ("enP2p1s0f0np0", "1: DOWN", "40 Gb/sec (4X QDR)"),
    "roceP2p1s0f1": ("enP2p1s0f1np1", "4: ACTIVE", "200 Gb/sec (4X HDR)"),
}


def write_sysfs(host: Path) -> None:
    """Lay it into HOST/sys; what a test wrote there is put right."""
    for one in interfaces(host):
        _put(host / "sys/class/net" / one.name / "address", one.mac)
        _put(host / "sys/class/net" / one.name / "operstate", one.state.lower())
    for adapter, (interface, state, rate) in _ADAPTERS.items():
        folder = host / "sys/class/infiniband" / adapter
        (folder / "device/net" / interface).mkdir(parents=True, exist_ok=True)
        _put(folder / "ports/1/state", state)
        _put(folder / "ports/1/rate", rate)


def _put(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{line}\n")
