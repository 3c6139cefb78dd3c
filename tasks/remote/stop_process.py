"""Stop what run_process.py started, if it is ours.  Arguments: name, variable of the mark, seconds of grace.

First the process group by SIGTERM, after the grace by SIGKILL; then whatever else bears the mark: an engine's
workers can outlive it and keep its memory.  The log is kept beside as NAME.log until the next stop.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

STATE = Path.home() / ".local" / "state" / "spark-control" / "processes"


def start_of(pid: int) -> str:
    """When a process started; blank when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def bearers(mark: str) -> list[int]:
    """Processes with that mark in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            words = (entry / "environ").read_bytes().split(b"\0")
            if mark.encode() in words and start_of(int(entry.name)):
                found.append(int(entry.name))
    return found


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a process group; one that has gone is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_group(pid: int, mark: str, grace: float) -> None:
    """End the group of a process that bears the mark."""
    signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while bearers(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_group(pid, signal.SIGKILL)


def main() -> None:
    """Stop it and forget its record."""
    name, variable, grace = sys.argv[1:]
    folder = STATE / name
    mark = f"{variable}={(folder / 'mark').read_text().strip()}"
    pid, start = (folder / "pid").read_text().split()
    if start_of(int(pid)) == start and int(pid) in bearers(mark):
        end_group(int(pid), mark, float(grace))
    for straggler in bearers(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(straggler, signal.SIGKILL)
    with contextlib.suppress(OSError):
        (folder / "log").replace(STATE / f"{name}.log")
    shutil.rmtree(folder)


main()
