"""Start a program in a session of its own, away from this one, its output kept in a log with timestamps.

`GIVEN`: `process` (its name), `mark`, `link` (address on the fast link; blank: none), `environment`, `argv`.
The folder ~/.local/state/spark-control/processes/NAME holds `mark`, `pid` (number and start in clock ticks),
`log`, and `code` once it has ended.
"""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

GIVEN: dict[str, Any]

STATE = Path.home() / ".local" / "state" / "spark-control" / "processes"
LONGEST_LINE = 65536
LINK_VARIABLES = ("NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "TP_SOCKET_IFNAME")


def start_of(pid: int) -> str:
    """When a process started; blank when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def is_running(folder: Path) -> bool:
    """Whether the recorded process is there."""
    try:
        pid, start = (folder / "pid").read_text().split()
    except (OSError, ValueError):
        return False
    return start_of(int(pid)) == start


def interface_of(address: str) -> str:
    """The name of the interface with that address; `SystemExit` when there is none."""
    said = subprocess.run(["ip", "-o", "-4", "addr"], capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        words = line.split()
        if words[3].partition("/")[0] == address:
            return words[1]
    sys.exit(f"no interface of this host has the address {address}")


class Log:
    """The log of one process, to which both its streams are written line by line."""

    def __init__(self, file: Path) -> None:
        self.file = file.open("ab", buffering=0)
        self.guard = threading.Lock()
        self.last = 0

    def keep(self, stream: "IO[bytes]") -> None:
        """Write a stream down, each line after the time as docker writes it, never twice the same."""
        while line := stream.readline(LONGEST_LINE):
            with self.guard:
                self.last = max(time.time_ns(), self.last + 1)
                seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.last // 10**9))
                stamp = f"{seconds}.{self.last % 10**9:09d}Z "
                self.file.write(stamp.encode() + line.rstrip(b"\n") + b"\n")


def watch(child: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Keep what it prints, and its exit code; bars come by the other stream than lines do."""
    log = Log(folder / "log")
    streams = [stream for stream in (child.stdout, child.stderr) if stream]
    keepers = [threading.Thread(target=log.keep, args=(stream,)) for stream in streams]
    for keeper in keepers:
        keeper.start()
    (folder / "code").write_text(f"{child.wait()}\n")


def begin(folder: Path, environment: dict[str, str]) -> None:
    """Start it and say in the record what it is; an error of the start reaches the caller."""
    child = subprocess.Popen(
        GIVEN["argv"],
        env=environment,
        cwd=Path.home(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    (folder / "mark").write_text(f"{GIVEN['mark']}\n")
    (folder / "pid").write_text(f"{child.pid} {start_of(child.pid)}\n")
    print(child.pid, flush=True)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    watch(child, folder)


def main() -> None:
    """Carry the order out; returns in the caller's process once the program runs."""
    folder = STATE / GIVEN["process"]
    if is_running(folder):
        sys.exit(f"a process named {GIVEN['process']} is already running")
    environment = {**os.environ, **GIVEN["environment"]}
    if own := environment.get("VIRTUAL_ENV"):
        # What it builds while it starts (ninja, for its kernels) is looked up by name.
        environment["PATH"] = f"{own}/bin:{environment.get('PATH', '/usr/bin:/bin')}"
    if GIVEN["link"]:
        environment = {**dict.fromkeys(LINK_VARIABLES, interface_of(GIVEN["link"])), **environment}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    answer, told = os.pipe()
    if os.fork() == 0:
        os.setsid()
        os.close(answer)
        os.dup2(told, 1)
        os.dup2(told, 2)
        os.close(told)
        try:
            begin(folder, environment)
        except OSError as error:
            print(f"it cannot be started: {error}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
        sys.exit()
    os.close(told)
    with os.fdopen(answer) as said:
        pid = said.read().strip()
    print(pid)
    sys.exit(0 if pid.isdecimal() else 1)


main()
