"""Containers and images: what is there, what is gone."""

import json
import re
from dataclasses import dataclass
from typing import Any

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command

STOP_GRACE_SECONDS = 10
NOT_FOUND = 127
"""Exit code of a shell or of `timeout` when there is no such program."""


def list_command(name: str) -> Command:
    """Lists the container of exactly that name, running or not."""
    pattern = f"name=^/{re.escape(name)}$"
    return command("docker", "ps", "-a", "--filter", pattern, "--format", "{{json .}}")


def read_rows(answer: Answer) -> list[dict[str, Any]]:
    """The rows of `docker ps --format '{{json .}}'`; where there is no docker there are no containers."""
    if answer.code == NOT_FOUND:
        return []
    if not answer.ok:
        raise Unreadable(f"docker cannot list its containers: {answer.said}")
    try:
        rows = [json.loads(line) for line in answer.stdout.splitlines() if line.strip()]
        return [{"Names": row["Names"], "State": row["State"], **row} for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"docker's list cannot be read: {answer.stdout[:200]!r}") from error


@dataclass(frozen=True)
class ContainerGone(Check[str]):
    """No container of that name is there, running or not; what was seen is its state, blank when gone."""

    name: str
    tries = 10
    pause = 1

    def __str__(self) -> str:
        return f"container {self.name} is gone"

    def probe(self) -> Command:
        return list_command(self.name)

    def read(self, answer: Answer) -> str:
        rows = [row for row in read_rows(answer) if row["Names"] == self.name]
        return str(rows[0]["State"]) if rows else ""

    def verdict(self, seen: str) -> Verdict:
        return Verdict((f"container {self.name} is still there ({seen})",)) if seen else Verdict()

    def fix(self, seen: str) -> tuple[Command, ...]:
        stop = command("docker", "stop", "-t", str(STOP_GRACE_SECONDS), self.name, timeout=60)
        remove = command("docker", "rm", "-f", self.name, timeout=60)
        return (stop, remove) if seen == "running" else (remove,)


@dataclass(frozen=True)
class ImageThere(Check[str]):
    """An image is on the host; what was seen is its id, blank when there is none."""

    image: str

    def __str__(self) -> str:
        return f"image {self.image} is there"

    def probe(self) -> Command:
        return command("docker", "image", "inspect", "--format", "{{.Id}}", self.image)

    def read(self, answer: Answer) -> str:
        if answer.ok:
            return answer.stdout.strip()
        if "No such image" in answer.stderr or "no such image" in answer.stderr:
            return ""
        raise Unreadable(f"docker cannot be asked for image {self.image}: {answer.said}")

    def verdict(self, seen: str) -> Verdict:
        return Verdict() if seen else Verdict((f"image {self.image} is not on the host",))
