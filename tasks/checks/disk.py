"""Disk: room where it will be needed."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command
from tasks.checks.memory import GIB

START_GIB = 5.0
"""What a start may write: compiled graphs, autotuned kernels, its log."""


@dataclass(frozen=True)
class DiskFree(Check[int]):
    """So much room is left below a folder; seen are the bytes."""

    folder: str
    gib: float

    def __str__(self) -> str:
        return f"{self.gib:.0f} GiB of disk are free"

    def probe(self) -> Command:
        return command("df", "-B1", "--output=avail", self.folder)

    def read(self, answer: Answer) -> int:
        try:
            return int(answer.stdout.split()[-1])
        except (ValueError, IndexError):
            raise Unreadable(f"'df' cannot be read: {answer.said}") from None

    def verdict(self, seen: int) -> Verdict:
        if seen >= self.gib * GIB:
            return Verdict()
        return Verdict((f"{seen / GIB:.1f} GiB of disk are free, {self.gib:.0f} are needed",))
