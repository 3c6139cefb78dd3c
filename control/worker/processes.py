"""Processes of this machine, named so that a name never means a later process with the same id."""

import os
import socket
from pathlib import Path

import anyio

FORK_SERVER = "control.worker.forks"


def name_of(pid: int) -> str:
    """Return `host:pid:start` (start in clock ticks since boot; 0 when the process is gone)."""
    return f"{socket.gethostname()}:{pid}:{_stat(pid)[1]}"


def is_here(name: str | None) -> bool:
    """Return whether the process has its name from this machine, alive or not."""
    return bool(name) and str(name).split(":")[0] == socket.gethostname()


def pid_of(name: str | None) -> int | None:
    """Return the id of a process of this machine while it lives, else None."""
    if not name or not is_here(name):
        return None
    pid = int(name.split(":")[1])
    return pid if name == name_of(pid) and _stat(pid)[1] else None


def fork_server_of(pid: int) -> int | None:
    """Return the id of the fork server that is the parent; None for an orphan of a dead one."""
    parent = _stat(pid)[0]
    try:
        line = Path(f"/proc/{parent}/cmdline").read_bytes()
    except OSError:
        return None
    return parent if FORK_SERVER.encode() in line.split(b"\0") else None


async def ended(pid: int) -> None:
    """Wait until the process, which need not be our child, has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        await anyio.wait_readable(handle)
    finally:
        os.close(handle)


def _stat(pid: int) -> tuple[int, int]:
    """Return (parent, start) as proc(5) gives them in fields 4 and 22; (0, 0) for no process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0, 0
    return (0, 0) if fields[0] in "ZX" else (int(fields[1]), int(fields[19]))
