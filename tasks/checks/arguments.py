"""Launch arguments: whether the vLLM of an image understands them."""

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
    """vLLM's own parser, in the very image, takes these arguments of `vllm serve`."""

    image: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"the vLLM of {self.image} understands the arguments"

    def probe(self) -> Command:
        run = ("docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", self.image, "-")
        return command(*run, *self.arguments, stdin=script("parse_arguments.py"), timeout=180)

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
