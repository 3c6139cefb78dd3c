"""A look at a host as the ledger keeps it: its facts, and the numbers that are worth a history (pure)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tasks.checks.memory import GIB
from tasks.sight import Gpu, HostSight

STATUS = ("facts_at", "reachable", "state", "declared", "failed_looks", "error", "findings")
"""What is written beside the facts with each look, a failed one as well."""

_NO_GPU = Gpu("", None, None, None)


def facts_of(sight: HostSight, before: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a sight; a MAC address that was seen once stays, for it wakes the host."""
    facts = {key: value for key, value in asdict(sight).items() if key != "public_key"}
    return {**facts, "mac": (sight.lan and sight.lan.mac) or before.get("mac") or ""}


def numbers_of(sight: HostSight) -> dict[str, float]:
    """GiB, percent, degrees Celsius, watts and MHz by name; what the host did not tell is not there."""
    gpu = sight.gpu or _NO_GPU
    held = sum(each.mib or 0.0 for each in sight.gpu_processes) / 1024
    found = {
        "memory_available_gib": sight.memory_available / GIB,
        "page_cache_gib": _gib(sight.page_cache),
        "swap_used_gib": _gib(sight.swap_used),
        "disk_free_gib": _gib(sight.disk_free),
        "gpu_memory_gib": held if sight.gpu else None,
        "gpu_percent": gpu.utilization,
        "gpu_celsius": gpu.temperature,
        "gpu_watts": gpu.power,
        "gpu_mhz": gpu.clock,
        "load": sight.load[0] if sight.load else None,
    }
    return {name: round(value, 2) for name, value in found.items() if value is not None}


def _gib(size: int | None) -> float | None:
    return None if size is None else size / GIB
