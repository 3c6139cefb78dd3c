"""Memory: free enough, and steady."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command

GIB = 1024**3


@dataclass(frozen=True)
class MemoryFree(Check[tuple[int, int]]):
    """
    So much memory is available and no longer changing; seen are two readings a second apart, in bytes.

    After an engine has ended, its memory comes back over seconds; a start into that window crashes GB10
    hosts (spark-tools.md 5.4).
    """

    gib: float
    steady_gib: float = 1.0
    tries = 60
    pause = 2

    def __str__(self) -> str:
        return f"{self.gib:.0f} GiB of memory are free"

    def probe(self) -> Command:
        return command("bash", "-c", "free -b && sleep 1 && free -b")

    def read(self, answer: Answer) -> tuple[int, int]:
        available = [line.split()[6] for line in answer.stdout.splitlines() if line.startswith("Mem:")]
        if not answer.ok or len(available) != 2:
            raise Unreadable(f"'free' cannot be read: {answer.said}")
        return int(available[0]), int(available[1])

    def verdict(self, seen: tuple[int, int]) -> Verdict:
        first, second = (value / GIB for value in seen)
        if min(first, second) < self.gib:
            return Verdict((f"{min(first, second):.1f} GiB are free, {self.gib:.1f} are needed",))
        if abs(second - first) > self.steady_gib:
            return Verdict((f"free memory is still changing ({first:.1f} to {second:.1f} GiB)",))
        return Verdict()
