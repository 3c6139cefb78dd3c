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
    tries: int = 120
    pause = 0.5

    def __str__(self) -> str:
        return f"{self.gib:.0f} GiB of memory are free"

    def probe(self) -> Command:
        return command("bash", "-c", "free -b && sleep 1 && free -b")

    def read(self, answer: Answer) -> tuple[int, int]:
        rows = [line.split() for line in answer.stdout.splitlines() if line.startswith("Mem:")]
        try:
            first, second = (int(row[6]) for row in rows)
        except (ValueError, IndexError):
            raise Unreadable(f"'free' cannot be read: {answer.said}") from None
        return first, second

    def verdict(self, seen: tuple[int, int]) -> Verdict:
        first, second = (value / GIB for value in seen)
        if min(first, second) < self.gib:
            return Verdict((f"{min(first, second):.1f} GiB are free, {self.gib:.1f} are needed",))
        if abs(second - first) > self.steady_gib:
            return Verdict((f"free memory is still changing ({first:.1f} to {second:.1f} GiB)",))
        return Verdict()
