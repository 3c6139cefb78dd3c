"""The unified memory of a simulated host: who holds how much, and how it comes back."""

from __future__ import annotations

import os
import time
from pathlib import Path

from simulator.environment import fault, scaled
from simulator.processes import alive, environment

TOTAL_KB = 127_600_748  # MemTotal of a GB10 host
BASE_GIB = 7.0  # operating system and desktop of an idle host
FADE_SECONDS = 60  # after a big process died its memory comes back this slowly
KB_IN_GIB = 1024 * 1024


def held(host: Path) -> float:
    """GiB held by processes now, those included whose memory has not yet come back."""
    return sum(_share(host, file) for file in _entries(host))


def available_kb(host: Path) -> int:
    """What `free` says is available."""
    taken = float(fault("memory-taken", host) or 0)
    return max(TOTAL_KB - int((BASE_GIB + taken + held(host)) * KB_IN_GIB), 262_144)


def holders(host: Path) -> dict[int, float]:
    """GiB by the id of each live process that holds memory."""
    entries = {int(file.name): _number(file) for file in _entries(host)}
    return {pid: size for pid, size in entries.items() if _lives(host, pid)}


def _entries(host: Path) -> list[Path]:
    return [file for file in (host / "memory").glob("*") if file.name.isdigit()]


def _share(host: Path, file: Path) -> float:
    """All of a live process's memory; of a dead one's, what has not faded since it was first missed."""
    size = _number(file)
    died = host / "memory-fading" / file.name
    if _lives(host, int(file.name)):
        died.unlink(missing_ok=True)
        return size
    if fault("memory-stays", host) is not None:
        return size
    if not died.exists():
        died.parent.mkdir(exist_ok=True)
        died.touch()
    left = 1 - (time.time() - _changed(died)) / max(scaled(FADE_SECONDS), 0.001)
    if left <= 0:
        file.unlink(missing_ok=True)
        died.unlink(missing_ok=True)
    return size * max(left, 0.0)


def _lives(host: Path, pid: int) -> bool:
    # The environment is asked as well, since process ids are used again.
    return alive(pid) and environment(pid).get("SIM_HOST_DIR", "") == str(host)


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return time.time()


def _number(file: Path) -> float:
    try:
        return float(file.read_text() or 0)
    except (OSError, ValueError):
        return 0.0


def note_the_dead() -> None:
    """Start the fading of everything that died; called when a container ends."""
    held(Path(os.environ["SIM_HOST_DIR"]))
