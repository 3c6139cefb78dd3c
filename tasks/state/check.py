"""The vocabulary of a host's state: Facts of one look, what a StateCheck makes of them, and a Fix (pure)."""

import inspect
import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from blocks.cluster import Host
from tasks.check import Command, Unreadable

Said = Mapping[str, tuple[str, ...]]
"""The lines of tasks/remote/state.sh, by key."""

END = "END_OF_INPUT"


@dataclass(frozen=True)
class Facts:
    """
    What one look at a host said.

    Attributes:
        others: The same of the other hosts that were looked at and answered, by name.
    """

    host: Host
    said: Said
    others: Mapping[str, Said] = field(default_factory=dict)

    def one(self, key: str) -> str:
        """What the host said of this, maybe blank; `Unreadable` when it did not come to it."""
        if key not in self.said:
            raise Unreadable(f"the look at the host ended before it said anything of {key.replace('_', ' ')}")
        return self.said[key][0]

    def every(self, key: str) -> tuple[str, ...]:
        """All that it said of this."""
        return self.said.get(key, ())

    def elsewhere(self, key: str) -> dict[str, str]:
        """What the other hosts said of it, by name; those that said nothing are left out."""
        return {name: said[key][0] for name, said in self.others.items() if said.get(key, ("",))[0]}


@dataclass(frozen=True)
class Judged:
    """
    What a check makes of the facts.

    Attributes:
        found: What there is, in words.
        faults: Why it will not do; none: it will.
        skipped: Why the check does not matter here; blank: it does.
    """

    found: str
    faults: tuple[str, ...] = ()
    skipped: str = ""


@dataclass(frozen=True)
class Fix:
    """
    How a fault is put right.

    Attributes:
        words: What is done, one sentence.
        commands: What is run on the host, without sudo.
        root: They need root.
        by_hand: Why it is left to a person in any case; blank: it is not.
    """

    words: str
    commands: tuple[Command, ...]
    root: bool = True
    by_hand: str = ""

    @property
    def to_run(self) -> tuple[Command, ...]:
        """The commands as we run them: sudo must not ask for a password."""
        sudo = ("sudo", "-n") if self.root else ()
        return tuple(Command((*sudo, *one.words), one.stdin, one.timeout) for one in self.commands)

    @property
    def script(self) -> str:
        """The same for a person, lines of a shell script."""
        return "".join(_line(one, root=self.root) for one in self.commands)


class StateCheck(ABC):
    """
    One thing that should be true of a host.

    The docstring is its contract: a sentence, then what is `Asked:`, what is `Wanted:`, what the `Fix:` does
    and the `Source:` of all this; docs/contracts/ensure-state.md is made of them.
    """

    name: ClassVar[str]
    group: ClassVar[str]

    @abstractmethod
    def judge(self, facts: Facts) -> Judged:
        """What the facts mean; `Unreadable` rather than guess."""

    def fix(self, facts: Facts) -> Fix | None:
        """How to put right what was found wrong; None: only what stands in the contract helps."""
        del facts
        return None

    @classmethod
    def promise(cls, part: str) -> str:
        """A part of the docstring: blank for its sentence, `Asked`, `Wanted`, `Fix` or `Source`."""
        text = inspect.cleandoc(cls.__doc__ or "")
        found = re.search(rf"^{part}: (.*?)(?=^[A-Z][a-z]+: |\Z)", text, re.DOTALL | re.MULTILINE)
        return " ".join((found[1] if found else "").split()) if part else text.partition("\n\n")[0].strip()


def _line(command: Command, *, root: bool) -> str:
    line = shlex.join(("sudo", *command.words) if root else command.words)
    if not command.stdin:
        return f"{line}\n"
    return f"{line} <<'{END}'\n{command.stdin.rstrip()}\n{END}\n"
