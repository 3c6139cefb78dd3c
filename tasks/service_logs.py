"""The log of a container or process on one host or several: its last lines, and what follows (reads only)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from blocks.cluster import Host
from tasks.check import Unreadable
from tasks.engine import without_secrets
from tasks.launchers.kinds import FORMS
from tasks.ssh import Unreachable, run
from tasks.steward import ServiceFailed
from tasks.vllm_log import split_timestamp

POLL_SECONDS = 1.0
MOST_LINES = 2000
"""Of one look at one host."""
MOST_IN_ALL = 20_000
LONGEST_LINE = 2000

Lines = list[tuple[str, str]]


class Listener(Protocol):
    """What is given the lines: a `Report`."""

    def log(self, host: str, lines: Sequence[str]) -> None:
        """Take lines of a host."""


@dataclass
class LogWatch:
    """
    What was shown of the logs of one name.

    Attributes:
        since: By host, the timestamp of the last line shown.
        shown: How many lines in all.
    """

    hosts: list[Host]
    name: str
    since: dict[str, str] = field(default_factory=dict)
    shown: int = 0

    def show_last(self, listener: Listener, tail: int) -> None:
        """Show the last lines of every host; `ServiceFailed` when there is no log on any."""
        found = {host.name: read_log(host, self.name, tail) for host in self.hosts}
        if all(lines is None for lines in found.values()):
            where = " or ".join(found)
            raise ServiceFailed(f"there is no container and no process {self.name} on {where}")
        for host, lines in found.items():
            self._show(listener, host, lines or [])

    def follow(self, listener: Listener, seconds: float) -> None:
        """Show what is new once a second, until time or `MOST_IN_ALL` lines are over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.shown < MOST_IN_ALL:
            time.sleep(POLL_SECONDS)
            for host in self.hosts:
                self._show(listener, host.name, self.fresh(host.name, _patiently(host, self.name)))

    def fresh(self, host: str, lines: Lines) -> Lines:
        """Of these lines those that were not shown before (pure)."""
        since = self.since.get(host, "")
        return [(stamp, line) for stamp, line in lines if stamp > since]

    def _show(self, listener: Listener, host: str, lines: Lines) -> None:
        listener.log(host, [line for _, line in lines])
        self.shown += len(lines)
        self.since[host] = max((stamp for stamp, _ in lines), default=self.since.get(host, ""))


def read_log(host: Host, name: str, most: int) -> Lines | None:
    """The last lines of a log, oldest first, secrets masked; None when there is no such log."""
    for form in FORMS:
        answer = run(host, form.logs(name, most))
        if answer.ok:
            said = [line for text in (answer.stdout, answer.stderr) for line in text.split("\n") if line]
            lines = [split_timestamp(without_secrets(line[:LONGEST_LINE])) for line in sorted(said)]
            return lines[-most:]
    return None


def _patiently(host: Host, name: str) -> Lines:
    """The same for a look among many: a host that is away for a moment has no new lines."""
    try:
        return read_log(host, name, MOST_LINES) or []
    except (Unreachable, Unreadable):
        return []
