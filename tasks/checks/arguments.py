"""Launch arguments: whether the vLLM that will get them understands them."""

import json
from dataclasses import dataclass

from tasks.check import TIMED_OUT, Answer, Check, Command, Unreadable, Verdict, command
from tasks.remote import script


@dataclass(frozen=True)
class Parsed:
    """What vLLM's own parser said; `fault` blank when it took the arguments."""

    fault: str
    version: str = ""


@dataclass(frozen=True)
class ArgumentsParse(Check[Parsed]):
    """
    vLLM's own parser takes these arguments of `vllm serve`; the engine that runs is not touched.

    Attributes:
        where: The image, or the virtual environment.
        variables: The engine's environment as NAME=VALUE.
        python: Interpreter of the virtual environment; blank: the image's own.
    """

    where: str
    arguments: tuple[str, ...]
    variables: tuple[str, ...] = ()
    python: str = ""

    def __str__(self) -> str:
        return f"the vLLM of {self.where} understands the arguments"

    def probe(self) -> Command:
        asked = (*self._interpreter(), "-", *self.arguments)
        return command(*asked, stdin=script("parse_arguments.py"), timeout=180)

    def read(self, answer: Answer) -> Parsed:
        if answer.code == 2 and "error:" in answer.stderr:
            return Parsed(answer.stderr.rpartition("error:")[2].strip())
        if answer.code == TIMED_OUT:
            raise Unreadable("vLLM's parser did not answer within 180 s")
        try:
            said = json.loads(answer.stdout.strip().splitlines()[-1])
            return Parsed("" if said["ok"] else said["error"] or "without a word", said["version"])
        except (ValueError, KeyError, IndexError, TypeError):
            raise Unreadable(f"vLLM's parser could not be asked: {answer.said}") from None

    def verdict(self, seen: Parsed) -> Verdict:
        return Verdict((f"vLLM refuses the arguments: {seen.fault}",)) if seen.fault else Verdict()

    def _interpreter(self) -> tuple[str, ...]:
        if self.python:
            return ("env", *self.variables, "nice", self.python)
        given = tuple(word for pair in self.variables for word in ("-e", pair))
        # Beside an engine that serves or starts: little memory, few cores, no GPU, no network.
        modest = ("--network", "none", "--cpus", "2", "--memory", "8g")
        return ("docker", "run", "--rm", "-i", *modest, *given, "--entrypoint", "python3", self.where)
