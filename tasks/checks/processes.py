"""Processes that were started away from their SSH session: what runs, what has gone."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command
from tasks.launch import LAUNCH_MARK
from tasks.remote import script

GRACE_SECONDS = 10
MOST_LINES = 2000


def look_command(name: str, since: str, most: int = MOST_LINES) -> Command:
    """Looks at the process of that name; `since` is the timestamp of the last line seen, or blank."""
    return command("bash", "-s", "--", name, since, str(most), stdin=script("process.sh"), timeout=60)


def log_command(name: str, most: int) -> Command:
    """Prints the last lines of its log, each after its timestamp; fails when there is none."""
    path = f"~/.local/state/spark-control/processes/{name}/log"
    ask = f'tail -n "$1" {path}'
    return command("bash", "-c", ask, "-", str(most), timeout=60)


def facts_of(answer: Answer) -> dict[str, str]:
    """What a look says before the log: state, engine, code and mark."""
    head, log, _ = answer.stdout.partition("\nlog\n")
    facts = dict(line.split("=", 1) for line in head.splitlines() if "=" in line)
    if not log or "state" not in facts:
        raise Unreadable(f"the look at the process cannot be read: {answer.said}")
    return facts


@dataclass(frozen=True)
class ProcessGone(Check[str]):
    """No process of that name is there; what was seen is its state, blank when gone."""

    name: str
    tries = 10
    pause = 1

    def __str__(self) -> str:
        return f"process {self.name} is gone"

    def probe(self) -> Command:
        return look_command(self.name, "", 0)

    def read(self, answer: Answer) -> str:
        return facts_of(answer)["state"]

    def verdict(self, seen: str) -> Verdict:
        return Verdict((f"process {self.name} is still there ({seen})",)) if seen else Verdict()

    def fix(self, seen: str) -> tuple[Command, ...]:
        words = ("python3", "-", self.name, LAUNCH_MARK, str(GRACE_SECONDS))
        return (command(*words, stdin=script("stop_process.py"), timeout=60),)
