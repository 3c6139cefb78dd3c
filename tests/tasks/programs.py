"""Stand-in programs on a PATH of their own, and scripts run as a host would run them."""

import os
import subprocess
from pathlib import Path

from tasks.check import Answer, Command


class Programs:
    """
    A folder of small bash programs that come before the real ones.

    Attributes:
        home: The home folder that scripts see.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bin"
        self.home = folder / "home"
        self.folder.mkdir()
        self.home.mkdir()

    def add(self, name: str, text: str) -> None:
        """A program of that name with that text."""
        program = self.folder / name
        program.write_text(f"#!/bin/bash\n{text}\n")
        program.chmod(0o755)

    def run(self, command: Command, **environment: str) -> Answer:
        """Run a command as sshd would: its one line in a shell, its text on stdin."""
        path = f"{self.folder}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command.line],
            input=command.stdin.encode(),
            capture_output=True,
            check=False,
            cwd=self.home,
            env={"HOME": str(self.home), "PATH": path, **environment},
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
