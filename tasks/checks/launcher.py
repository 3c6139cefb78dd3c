"""The launcher's checkout and image: how old they are, and whether they can be brought up to date."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from blocks.launcher_news import faults_of_news
from tasks.check import Answer, Check, Command, Unreadable, Verdict, command
from tasks.remote import script_with

UPDATES = "updates/"
"""Subjects of the ledger: each host's image, and on the vLLM host the news of the launcher."""


@dataclass(frozen=True)
class News:
    """
    What upstream has that a checkout has not.

    Attributes:
        fault: Why it cannot be told at all; blank otherwise.
        head, branch: Where the checkout is.
        dirty: Tracked files with local changes.
        error: Why upstream could not be asked; blank otherwise.
        behind, ahead: Commits that only upstream has, and that only the checkout has; None: not known.
        commits: The former, newest first: id, at (seconds since 1970), subject, body.
    """

    fault: str = ""
    head: str = ""
    branch: str = ""
    dirty: tuple[str, ...] = ()
    error: str = ""
    behind: int | None = None
    ahead: int | None = None
    commits: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class LauncherUpToDate(Check[News]):
    """The launcher's checkout can be brought to upstream's state without losing anything."""

    directory: str
    fetch: bool = True

    def __str__(self) -> str:
        return f"the launcher in {self.directory} can be updated"

    def probe(self) -> Command:
        text = script_with("launcher_news.py", directory=self.directory, fetch=self.fetch)
        return command("python3", "-", stdin=text, timeout=150)

    def read(self, answer: Answer) -> News:
        try:
            said: dict[str, Any] = json.loads(answer.stdout)
            lists = {"dirty": tuple(said.pop("dirty", ())), "commits": tuple(said.pop("commits", ()))}
            told: dict[str, Any] = {**said, **lists}
            return News(**told)
        except (ValueError, TypeError, AttributeError):
            raise Unreadable(f"the launcher's checkout cannot be looked at: {answer.said}") from None

    def verdict(self, seen: News) -> Verdict:
        return Verdict(tuple(faults_of_news(seen.fault, seen.error, seen.dirty, seen.ahead)))


@dataclass(frozen=True)
class ImageSeen(Check[tuple[str, str]]):
    """An image is on the host; seen are its id and when it was made (RFC 3339), blank when there is none."""

    image: str

    def __str__(self) -> str:
        return f"image {self.image} is there"

    def probe(self) -> Command:
        return command("docker", "image", "inspect", "--format", "{{.Id}} {{.Created}}", self.image)

    def read(self, answer: Answer) -> tuple[str, str]:
        if answer.ok and len(words := answer.stdout.split()) == 2:
            return words[0], words[1]
        if "no such image" in answer.stderr.lower():
            return "", ""
        raise Unreadable(f"docker cannot be asked for image {self.image}: {answer.said}")

    def verdict(self, seen: tuple[str, str]) -> Verdict:
        return Verdict() if seen[0] else Verdict((f"image {self.image} is not on the host",))


def before_tag(image: str) -> str:
    """The name under which the image from before an update is kept."""
    name, colon, tag = image.rpartition(":")
    return f"{name if colon and '/' not in tag else image}:before-update"


def updates_data(image: str, seen: tuple[str, str], news: News | None) -> dict[str, Any]:
    """What the ledger keeps of a host: `image`, `image_id`, `image_created`, and `launcher` where it lies."""
    told = {"launcher": asdict(news)} if news else {}
    return {"image": image, "image_id": seen[0], "image_created": seen[1], **told}
