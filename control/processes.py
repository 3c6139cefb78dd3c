"""Starting the processes of a Procfile, keeping them up, and ending them without a trace."""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from control.environment import CHECKOUT

STOP_SECONDS = {"worker": 75.0}
"""How long a process may take to end; the worker lets its runs reach a known state."""
USUAL_STOP_SECONDS = 15.0
LONGEST_BACKOFF = 30.0
_LINE = re.compile(r"^(?P<name>[a-z][a-z0-9-]*):\s*(?P<command>\S.*)$")


class NotReady(Exception):
    """A process did not get ready; the message names its log."""


def read_procfile(text: str) -> dict[str, list[str]]:
    """Commands by process name; `python` means this interpreter."""
    commands = {}
    for line in text.splitlines():
        if match := _LINE.match(line):
            words = shlex.split(match["command"])
            commands[match["name"]] = [sys.executable, *words[1:]] if words[0] == "python" else words
    return commands


@dataclass
class Process:
    """One process of the house, restarted with growing pauses when it ends by itself."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log_file: Path
    say: Callable[[str], None]
    child: subprocess.Popen[bytes] | None = None
    ending: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)
    restarts: int = 0
    _keeper: threading.Thread | None = None

    def start(self) -> None:
        """Start it, and a thread that starts it again should it end."""
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, name=f"keep {self.name}", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """SIGTERM, patience, SIGKILL to whatever is left of its group."""
        with self.turn:  # a restart that has begun is waited for, and its process ended as well
            self.ending.set()
        if self.child is None:
            return
        self.child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(STOP_SECONDS.get(self.name, USUAL_STOP_SECONDS))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        if self._keeper:
            self._keeper.join()

    def _spawn(self) -> None:
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self.child = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _keep(self) -> None:
        pause = 1.0
        while self.child is not None:
            started = time.monotonic()
            code = self.child.wait()
            if self.ending.is_set():
                return
            pause = 1.0 if time.monotonic() - started > 60 else min(pause * 2, LONGEST_BACKOFF)
            self.say(f"{self.name} ended with code {code} (log: {self.log_file}); again in {pause:.0f} s")
            self.ending.wait(pause)
            with self.turn:
                if self.ending.is_set():
                    return
                self.restarts += 1
                self._spawn()


@dataclass
class House:
    """All processes, started in the order of the Procfile and ended in reverse."""

    environment: Mapping[str, str]
    log_folder: Path
    say: Callable[[str], None]
    processes: dict[str, Process] = field(default_factory=dict)

    def add(self, name: str, command: list[str]) -> Process:
        """Start one more process."""
        log_file = self.log_folder / f"{name}.log"
        process = Process(name, command, self.environment, log_file, self.say)
        process.start()
        self.processes[name] = process
        return process

    def wait_for(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a process is ready; `NotReady` tells the end of its log."""
        process = self.processes[name]
        deadline = time.monotonic() + seconds
        while not ready():
            if time.monotonic() > deadline or process.restarts > 2:
                tail = process.log_file.read_text(encoding="utf-8", errors="replace")[-1500:]
                raise NotReady(f"{name} did not get ready; the end of {process.log_file}:\n{tail}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End every process, the last one started first."""
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()
