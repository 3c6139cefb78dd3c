"""A simulator started as a process of its own, and a plain SSH client to its hosts, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import yaml

SCALE = "0.01"


@dataclass(frozen=True)
class Simulation:
    """A running simulator: its folder, its process and what cluster.yaml says."""

    folder: Path
    process: subprocess.Popen[str]
    config: dict[str, Any]

    def home(self, number: int = 1) -> Path:
        return self.folder / f"spark-{number}" / "home"

    @contextmanager
    def fault(self, name: str, content: str = "", number: int = 1) -> Iterator[None]:
        """A fault on a host while the block lasts."""
        file = self.folder / f"spark-{number}" / "faults" / name
        file.write_text(content)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)

    def connect(self, number: int = 1, **changes: Any) -> Any:
        """An SSH connection as the controller makes it: own key, known host key, no agent."""
        host = self.config["hosts"][number - 1]
        known = asyncssh.import_known_hosts(f"[{host['address']}]:{host['ssh_port']} {host['host_key']}")
        wanted = {
            "host": host["address"], "port": host["ssh_port"], "username": host["user"],
            "client_keys": [host["key_path"]], "known_hosts": known, "agent_path": None, "config": None,
        }  # fmt: skip
        return asyncssh.connect(**(wanted | changes))

    @asynccontextmanager
    async def shell(self, number: int = 1) -> AsyncIterator[Any]:
        """A function that runs one command and gives (exit status, stdout, stderr)."""
        async with self.connect(number) as connection:

            async def run(command: str, given: str | None = None) -> tuple[int | None, str, str]:
                kept = asyncssh.DEVNULL if given is None else asyncssh.PIPE
                done = await connection.run(command, input=given, stdin=kept)
                return done.exit_status, str(done.stdout), str(done.stderr)

            yield run


def start(folder: Path, *arguments: str, scale: str = SCALE) -> Simulation:
    """Start a simulator and wait for its line `ready`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--dir", folder, "--scale", scale, *arguments],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout
    line = process.stdout.readline()
    assert line == f"ready {folder}/cluster.yaml\n", line
    config = yaml.safe_load((folder / "cluster.yaml").read_text())
    return Simulation(folder, process, config)


def stop(simulation: Simulation) -> None:
    simulation.process.send_signal(signal.SIGTERM)
    assert simulation.process.wait(20) == 0
    assert simulation.process.stdout
    simulation.process.stdout.close()


def living(folder: Path) -> list[int]:
    """Processes that still belong to a simulated host in that folder."""
    mark = f"SIM_HOST_DIR={folder}/".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if any(item.startswith(mark) for item in environment.split(b"\0")):
                found.append(int(entry.name))
    return found
