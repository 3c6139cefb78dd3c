"""Ports: who listens where."""

from dataclasses import dataclass

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command

LISTENING = "0A"
"""The kernel's word for it in /proc/net/tcp."""


@dataclass(frozen=True)
class PortFree(Check[bool]):
    """Nobody listens at a port, on whichever address; seen is whether that is so."""

    port: int

    def __str__(self) -> str:
        return f"port {self.port} is free"

    def probe(self) -> Command:
        # A host without IPv6 has no second file: what can be read of both is enough.
        return command("bash", "-c", "cat /proc/net/tcp && { cat /proc/net/tcp6 2>/dev/null || true; }")

    def read(self, answer: Answer) -> bool:
        rows = [line.split() for line in answer.stdout.splitlines() if ":" in line]
        try:
            taken = {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENING}
        except (ValueError, IndexError):
            raise Unreadable(f"the list of ports cannot be read: {answer.said}") from None
        if not answer.ok:
            raise Unreadable(f"the list of ports cannot be read: {answer.said}")
        return self.port not in taken

    def verdict(self, seen: bool) -> Verdict:
        return Verdict() if seen else Verdict((f"another program listens at port {self.port}",))
