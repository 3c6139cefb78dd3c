"""The words of a `vllm serve` command, parted into what a recipe holds and what the house decides."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from blocks.community.notes import CannotRead, NotHonoured
from blocks.flag_rules import owned_flag
from blocks.flags import Part, split, text_of

_VARIABLE = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
_SERVED = "--served-model-name"
_HOSTS = "--tensor-parallel-size"
_BACKEND = "--distributed-executor-backend"
_SPREAD = ("--pipeline-parallel-size", "--data-parallel-size")
_WHY = {
    "--host": "the engine listens where the cluster's settings say",
    "--port": "the engine listens on the cluster's port",
    "--api-key": "a key is a secret and stands in no recipe",
    _BACKEND: "the hosts work together without Ray, as run-recipe has it by default",
}
_WHY_LAUNCHER = "the launcher sets it itself"


@dataclass
class Serve:
    """What a `vllm serve` command says."""

    model: str
    env: dict[str, str]
    served_name: str = ""
    hosts: int = 1
    args: list[str] = field(default_factory=list)
    notes: list[NotHonoured] = field(default_factory=list)

    def pin(self, revision: str) -> None:
        """Serve that revision, unless the command names one."""
        if all(part.flag != "--revision" for part in split(self.args)):
            self.args += ["--revision", revision]


def serve_of(words: Sequence[str]) -> Serve:
    """
    The parts of a `vllm serve` command.

    Raises:
        CannotRead: It runs something else, names no model, or spreads it in a way that is not launched here.
    """
    env = {}
    while words and (found := _VARIABLE.fullmatch(words[0])):
        env[found[1]] = found[2]
        words = words[1:]
    if list(words[:2]) != ["vllm", "serve"]:
        raise CannotRead("command", f"it runs {' '.join(words[:2]) or 'nothing'}, not vllm serve")
    parts = list(split(words[2:]))
    first = parts.pop(0) if parts and not parts[0].flag else None
    serve = Serve("" if first is None else first.words[0], env)
    for part in parts:
        _take(serve, part)
    if not serve.model:
        raise CannotRead("command", "vllm serve is given no model")
    return serve


def _take(serve: Serve, part: Part) -> None:
    value = text_of(part.value)
    if not part.flag:
        raise CannotRead("command", f"{part.words[0]!r} belongs to no flag")
    if part.flag == "--model":
        serve.model = serve.model or value
    elif part.flag == _HOSTS:
        serve.hosts = _count(part.flag, value)
    elif part.flag in _SPREAD and _count(part.flag, value) > 1:
        raise CannotRead("command", f"{part.flag} {value}: a model is spread by {_HOSTS} only")
    elif part.flag == _SERVED:
        serve.served_name, *others = value.split(" ") if isinstance(part.value, tuple) else [value]
        if others:
            serve.notes.append(NotHonoured("command", f"{_SERVED}: it answers to the first name only"))
    elif part.flag == _BACKEND or owned_flag(part.flag):
        why = _WHY.get(part.flag, _WHY_LAUNCHER)
        shown = part.flag if part.flag == "--api-key" else " ".join(part.words)
        serve.notes.append(NotHonoured("command", f"{shown}: {why}"))
    else:
        serve.args += part.words


def _count(flag: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or not 0 < int(value) <= 16:
        raise CannotRead("command", f"{flag} {value[:20]}: it is no number of hosts from 1 to 16")
    return int(value)
