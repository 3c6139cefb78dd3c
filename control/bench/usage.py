"""What a process has used: CPU time and memory, read from /proc (proc(5))."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(below for child in found for below in tree(int(child)))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """CPU time of the processes so far, user and system, to a hundredth of a second each."""
    return sum(_ticks(pid) for pid in pids) / _TICKS


def resident(pids: Iterable[int]) -> float:
    """Memory in MB (RSS); pages shared by several processes count for each."""
    return sum(_kilobytes(pid, "status", "VmRSS:") for pid in pids) / 1024


def share(pids: Iterable[int]) -> float:
    """Memory in MB (PSS); pages shared by several processes are divided among them."""
    return sum(_kilobytes(pid, "smaps_rollup", "Pss:") for pid in pids) / 1024


def peak(pids: Iterable[int]) -> float:
    """The most memory in MB (RSS) since `forget_peak`."""
    return sum(_kilobytes(pid, "status", "VmHWM:") for pid in pids) / 1024


def forget_peak(pids: Iterable[int]) -> None:
    """Let `peak` begin anew."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def files(pids: Iterable[int]) -> int:
    """How many files and sockets they have open."""
    return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)


def _ticks(pid: int) -> int:
    # The name, in parentheses, may hold spaces; user and system time are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _kilobytes(pid: int, file: str, name: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0
