"""What a preflight found, as data and as plain words (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.markdown import plain

About = Literal[
    "host", "launch", "software", "files", "weights", "arguments", "memory", "cache", "port", "disk"
]
State = Literal["ok", "fault", "unknown"]

MAY_BE_UNKNOWN: tuple[About, ...] = ("cache", "disk", "memory")
"""What a start may be tried without: its own checks decide then, and stop in time."""


@dataclass(frozen=True)
class PreflightFinding:
    """
    One thing that was looked at before a start.

    Attributes:
        host: Where; blank when it is about all hosts of the launch.
        about: What it is about.
        state: `unknown` when it could not be seen.
        sentence: In plain words what was found.
        advice: What to do about it; blank when nothing.
    """

    host: str
    about: About
    state: State
    sentence: str
    advice: str = ""

    @property
    def prevents(self) -> bool:
        """True when a start must not be tried."""
        return self.state == "fault" or (self.state == "unknown" and self.about not in MAY_BE_UNKNOWN)


ADVICE: dict[About, str] = {  # the sentences about memory hold theirs, with numbers
    "host": "Switch it on, or look at its network and SSH.",
    "launch": "Change the recipe.",
    "software": "Build the image and copy it to every host (update-launcher does), or name another.",
    "files": "Put it there, or change the recipe.",
    "weights": "Download the model to that host again.",
    "arguments": "Change or remove these arguments in the recipe, or use another image.",
    "memory": "",
    "cache": "",
    "port": "Stop the other program, or give the service vllm another port.",
    "disk": "Delete models that are not used, or old images.",
}


def good(host: str, about: About, sentence: str) -> PreflightFinding:
    """Nothing is in the way."""
    return PreflightFinding(host, about, "ok", sentence)


def bad(host: str, about: About, sentence: str, advice: str = "") -> PreflightFinding:
    """It would fail."""
    return PreflightFinding(host, about, "fault", sentence, advice or ADVICE[about])


def unseen(
    host: str, about: About, sentence: str, advice: str = "Look at the host itself, and try again."
) -> PreflightFinding:
    """It could not be seen, or is not sure."""
    return PreflightFinding(host, about, "unknown", sentence, advice)


def in_words(title: str, findings: Sequence[PreflightFinding]) -> str:
    """The result of a preflight in one paragraph."""
    against = [finding for finding in findings if finding.prevents]
    open_questions = [finding for finding in findings if finding.state == "unknown" and not finding.prevents]
    rest = "".join(f" Not sure: {finding.sentence}." for finding in open_questions)
    if not against:
        return f"{title} can be started.{rest}"
    told = " ".join(f"{finding.sentence}. {finding.advice}".strip() for finding in against)
    return f"{title} would not start: {told}{rest}"


def as_table(findings: Sequence[PreflightFinding]) -> str:
    """The findings as a Markdown table."""
    rows = [
        f"| {one.host or 'all'} | {one.about} | {one.state} | {plain(one.sentence)} | {plain(one.advice)} |"
        for one in findings
    ]
    return "\n".join(["| host | about | | found | advice |", "| --- | --- | --- | --- | --- |", *rows, ""])
