"""What every launcher can be asked for: commands to start, stop and look at an engine, and what it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from blocks.cluster import Host
from tasks.check import Answer, Check, Command
from tasks.checks.arguments import ArgumentsParse
from tasks.launch import LaunchPlan


@dataclass(frozen=True)
class Step:
    """One command of a start; an exit code of 0 means dispatched and nothing more."""

    host: Host
    command: Command


class Launcher(Protocol):
    """One way to start an engine; values in, commands and checks out."""

    def start(self, plan: LaunchPlan) -> Sequence[Step]:
        """What starts it, in this order; `CannotLaunch` when the recipe does not make a command."""

    def refusal(self, answer: Answer) -> str:
        """Why a step of the start was refused, in words; blank when it was dispatched."""

    def look(self, name: str, since: str) -> Command:
        """Looks at the engine of that name, with its log since that timestamp, as `read_engine` reads it."""

    def logs(self, name: str, most: int) -> Command:
        """Prints the last lines of its log, each after its timestamp."""

    def gone(self, name: str) -> Check[str]:
        """The engine of that name is gone; the fix stops it."""

    def software(self, plan: LaunchPlan, host: Host) -> Check[Any]:
        """What the engine runs from is on a host; seen is its identity, the same on all hosts, or blank."""

    def files(self, plan: LaunchPlan, host: Host) -> tuple[str, ...]:
        """Files and folders that must be on a host besides."""

    def parser(self, plan: LaunchPlan) -> ArgumentsParse | None:
        """The question to vLLM's own parser; None where the engine is not vLLM."""
