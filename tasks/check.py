"""The vocabulary of looking at a host and changing it: Command, Answer, Verdict, Check, Finding (pure)."""

import json
import math
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Seen = TypeVar("Seen")

SLACK_SECONDS = 10
"""How much longer than the host our own side waits, so that the host's time limit speaks first."""

TIMED_OUT = 124
"""Exit code of coreutils' `timeout` when it ended the command."""


class Unreadable(Exception):
    """An answer that cannot be understood: what could not be seen must not be fixed."""


class CheckFailed(Exception):
    """A check does not hold, and its fix did not help."""


@dataclass(frozen=True)
class Command:
    """
    A program and its arguments for one host.

    Attributes:
        words: The program and its arguments; quoted in one place, `line`.
        stdin: Text given to the program; for scripts, file texts and secrets, since it is never logged.
        timeout: Seconds after which the host itself ends the command.
        first_word: Seconds after which a line that has brought nothing yet is taken for dead, for a
            command that speaks at once.
    """

    words: tuple[str, ...]
    stdin: str = ""
    timeout: float = 30
    first_word: float = math.inf

    @property
    def line(self) -> str:
        """The one line of shell that is sent: every word quoted once, its time limit held on the host."""
        limited = ("env", "LC_ALL=C", "timeout", "-k", "5", f"{self.timeout:g}", *self.words)
        if any("\0" in word for word in limited):
            raise ValueError("a command cannot hold a NUL character")
        return shlex.join(limited)

    def patience(self, *, spoke: bool) -> float:
        """Seconds our own side waits for its end; `spoke`: it has said something."""
        return self.timeout + SLACK_SECONDS if spoke else min(self.first_word, self.timeout + SLACK_SECONDS)

    def __str__(self) -> str:
        return shlex.join(self.words)


def command(*words: str, stdin: str = "", timeout: float = 30, first_word: float = math.inf) -> Command:
    """A command of these words."""
    return Command(words, stdin, timeout, first_word)


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    stdout: str = ""
    stderr: str = ""

    @property
    def ok(self) -> bool:
        """True for exit code 0."""
        return self.code == 0

    @property
    def said(self) -> str:
        """The end of what it said, for a message: stderr where there is any."""
        text = (self.stderr or self.stdout).strip()
        return text[-600:] if text else f"nothing (exit code {self.code})"


Made = TypeVar("Made")


def read_json(answer: Answer, make: Callable[[Any], Made], unread: str, unasked: str) -> Made:
    """
    What `make` makes of the JSON that a command printed; it raises TypeError for what does not fit.

    Args:
        answer: What the command said.
        make: Such as `lambda said: Held(**said)`.
        unread: "what is there cannot be read", for an answer that is none.
        unasked: "it could not be deleted", for a command that failed.
    """
    if not answer.ok:
        raise Unreadable(f"{unasked}: {answer.said}")
    try:
        return make(json.loads(answer.stdout))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"{unread}: {answer.said}") from error


@dataclass(frozen=True)
class Verdict:
    """Whether what was seen will do: no faults, or the reasons why not."""

    faults: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True without faults."""
        return not self.faults


@dataclass(frozen=True)
class Finding(Generic[Seen]):
    """One look at one check."""

    seen: Seen
    verdict: Verdict


class Check(ABC, Generic[Seen]):
    """
    One thing that should be true of a host: a value that does no I/O.

    It says what to ask (`probe`), what the answer means (`read`), whether that will do (`verdict`) and
    what to run if not (`fix`).  `tasks.ensure` does the asking and the running.
    """

    tries: int = 1
    """How many looks a fix gets before the check is called failed."""

    pause: float = 2
    """Seconds between those looks."""

    @abstractmethod
    def probe(self) -> Command:
        """What to ask; it changes nothing."""

    @abstractmethod
    def read(self, answer: Answer) -> Seen:
        """What the answer means; raises `Unreadable` rather than guess."""

    @abstractmethod
    def verdict(self, seen: Seen) -> Verdict:
        """Whether that will do, and if not, why."""

    def fix(self, seen: Seen) -> Sequence[Command]:
        """What to run, given what was seen; nothing when only time or a person can help."""
        return ()

    def find(self, answer: Answer) -> Finding[Seen]:
        """The finding that an answer makes."""
        seen = self.read(answer)
        return Finding(seen, self.verdict(seen))
