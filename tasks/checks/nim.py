"""NIM containers: the folder of their downloads, the words that start them, why they ended (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from blocks.nim import Nim
from tasks.check import Answer, Check, Command, Unreadable, Verdict, command
from tasks.remote import script_with

UID = 1000
"""A NIM runs as this user, who must be able to write its cache (spark-tools.md 4.6)."""
CACHE_INSIDE = "/opt/nim/.cache"
LABEL = "spark-control.nim"
"""Its value is the run that started the container."""

_OWNER = 'd="${1/#\\~/$HOME}"; if [ -d "$d" ]; then stat -c %u "$d"; fi'
_MAKE = (
    'd="${1/#\\~/$HOME}"; mkdir -p "$d" && [ "$(stat -c %u "$d")" = "$2" ] || '
    'docker run --rm --user 0 --entrypoint chown -v "$d:$3" "$4" -R "$2:$2" "$3"'
)


@dataclass(frozen=True)
class CacheOwned(Check[int | None]):
    """
    The folder that a NIM downloads to belongs to the user it runs as; seen is the owner, None without it.

    Root of a container gives it away, for there may be no sudo on the host.
    """

    folder: str
    image: str

    def __str__(self) -> str:
        return f"{self.folder} belongs to user {UID}"

    def probe(self) -> Command:
        return command("bash", "-c", _OWNER, "-", self.folder)

    def read(self, answer: Answer) -> int | None:
        text = answer.stdout.strip()
        if not answer.ok or not (text.isdecimal() or not text):
            raise Unreadable(f"the owner of {self.folder} cannot be read: {answer.said}")
        return int(text) if text else None

    def verdict(self, seen: int | None) -> Verdict:
        if seen == UID:
            return Verdict()
        told = "is not there" if seen is None else f"belongs to user {seen}, not to {UID}"
        return Verdict((f"{self.folder} {told}",))

    def fix(self, seen: int | None) -> tuple[Command, ...]:
        words = (self.folder, str(UID), CACHE_INSIDE, self.image)
        return (command("bash", "-c", _MAKE, "-", *words, timeout=300),)


def run_words(nim: Nim, name: str, port: int, cache: str, mark: str) -> list[str]:
    """The words of `docker run`; no restart policy: a NIM that fails at its start would fail for ever."""
    return [
        *("docker", "run", "-d", "--name", name, "--label", mark),
        *("--gpus", "all", f"--shm-size={nim.shm_gib}g", "--ulimit", "nofile=2048"),
        *("--env-file", "ENV_FILE", "-v", f"{cache}:{CACHE_INSIDE}"),
        *("-p", f"{port}:{nim.inside_port}", nim.image),
    ]


def nim_command(verb: str, name: str, **more: object) -> Command:
    """Runs remote/nim.py with a verb; what is secret goes by its standard input."""
    return command("python3", "-", stdin=script_with("nim.py", verb=verb, name=name, **more), timeout=180)


@dataclass
class PullProgress:
    """How far `docker pull` has come, from its lines: layers named, and layers that are there."""

    layers: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def feed(self, line: str) -> None:
        """Take in a line like '8d3f…: Pull complete'."""
        if found := re.fullmatch(r"([0-9a-f]{6,64}): (.+)", line.strip()):
            self.layers.add(found[1])
            if found[2] in ("Pull complete", "Already exists"):
                self.done.add(found[1])

    @property
    def fraction(self) -> float:
        """0 to 1; layers are of very different size, so this is a rough word."""
        return len(self.done) / len(self.layers) if self.layers else 0.0


_CAUSES = (
    (
        r"permission denied.*\.cache|\.cache.*permission denied",
        "it may not write the folder of its downloads",
    ),
    (
        r"\b401\b|\b403\b|unauthorized|authentication (required|error)|invalid api key",
        "NVIDIA refuses the NGC key: see that it is valid and that its scope has 'NGC Catalog'",
    ),
    (r"no space left on device", "the disk is full"),
    (r"compatible profile|no .*profile.* found", "it has no build for this GPU"),
    (r"out of memory|cuda.*memory allocation", "there was not enough memory"),
    (r"manifestdownloaderror|failed to download", "its model could not be downloaded"),
)


def why_ended(lines: Sequence[str]) -> str:
    """Why a NIM has ended, from its log: a known cause in plain words, else its last line, if any."""
    for line in lines:
        for pattern, words in _CAUSES:
            if re.search(pattern, line, re.I):
                return f"{words} ({line.strip()[:300]})"
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
