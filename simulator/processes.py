"""Which real processes belong to a simulated host or container, and how to end them (Linux /proc)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Signal = signal.Signals


def running() -> Iterator[int]:
    """Every process id there is."""
    return (int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit())


def environment(pid: int) -> dict[str, str]:
    """The environment a process was started with; empty when it is gone, a zombie or not ours."""
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (item.partition("=") for item in os.fsdecode(raw).split("\0"))
    return {name: value for name, _, value in pairs if name}


def marked(belongs: Callable[[dict[str, str]], bool]) -> list[int]:
    """Processes whose environment satisfies `belongs`, this one left out."""
    return [pid for pid in running() if pid != os.getpid() and belongs(environment(pid))]


def started(pid: int) -> str:
    """Start time in clock ticks since boot, which tells a process from a later one of the same id."""
    return _stat(pid)[19] if _stat(pid) else ""


def alive(pid: int, since: str = "") -> bool:
    """Whether the process runs (a zombie does not) and, if given, is the one started at `since`."""
    stat = _stat(pid)
    return bool(stat) and stat[0] not in "ZX" and since in ("", stat[19])


def signal_named(text: str) -> Signal:
    """A signal by number or name, with or without SIG."""
    return Signal(int(text)) if text.isdigit() else Signal.__members__[f"SIG{text.removeprefix('SIG')}"]


def catches(pid: int, number: Signal) -> bool:
    """Whether the process has a handler for a signal."""
    return _mask(pid, "SigCgt") >> (number - 1) & 1 == 1


def ignores(pid: int, number: Signal) -> bool:
    """Whether the process ignores a signal, as `nohup` makes it."""
    return _mask(pid, "SigIgn") >> (number - 1) & 1 == 1


def group(leader: int) -> list[int]:
    """Members of a process group."""
    return [pid for pid in running() if (stat := _stat(pid)) and stat[2] == str(leader)]


def send(pid: int, number: Signal) -> None:
    """Signal a process; one that is gone already is no error."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end(belongs: Callable[[dict[str, str]], bool], within: float = 5.0) -> list[int]:
    """Kill all processes that belong, and their children born meanwhile; returns the ids killed."""
    killed: list[int] = []
    deadline = time.monotonic() + within
    while (pids := marked(belongs)) and time.monotonic() < deadline:
        for pid in pids:
            send(pid, Signal.SIGKILL)
        killed += pids
        time.sleep(0.01)
    return killed


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on; nothing when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _mask(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith(f"{field}:")]
    return int(found[0], 16) if found else 0


def command_line(pid: int) -> str:
    """What the process was started as, for people to read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").strip()
    except OSError:
        return ""
