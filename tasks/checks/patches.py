"""The speech container's patches: looks, commands and what they mean (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from blocks.cluster import Service
from blocks.patches import KEPT, PatchedFile, SpeechPatches, judged, patch_digest, sha256, worst
from tasks.check import Answer, Check, Command, Unreadable, Verdict, command, read_json
from tasks.checks.memory import GIB
from tasks.remote import script_with

PUT_SECONDS = 300


@dataclass(frozen=True)
class PatchesSeen:
    """
    The patches as they are in a container.

    Attributes:
        state: Docker's word for the container; blank when there is none.
        memory: The cap of its memory in bytes; 0: none.
        cuda_python: The version of cuda-python in it; blank without.
        runs: Digest of the patch that the service says it runs; blank when it does not answer or say.
    """

    files: tuple[PatchedFile, ...] = ()
    state: str = ""
    memory: int = 0
    cuda_python: str = ""
    runs: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """As plain values, for the ledger."""
        return {
            "state": worst(file.state for file in self.files) if self.state else "no_container",
            "container_state": self.state,
            "memory_gib": round(self.memory / GIB, 1),
            "cuda_python": self.cuda_python,
            "runs_ours": self.runs_ours,
            "files": [asdict(file) for file in self.files],
        }

    @property
    def runs_ours(self) -> bool:
        """The service runs the very files that we would put there."""
        return self.runs == patch_digest({file.name: file.ours for file in self.files})

    def changed(self) -> list[PatchedFile]:
        """Files that are not ours."""
        return [file for file in self.files if file.state != "in_sync"]


@dataclass(frozen=True)
class PatchesInPlace(Check[PatchesSeen]):
    """
    The files of the patch in a container are ours.

    Attributes:
        overlay: Their texts by name.
        bases: SHA-256 by name of what is known to be replaced by ours.
    """

    service: Service
    patches: SpeechPatches
    overlay: Mapping[str, str]
    bases: Mapping[str, Iterable[str]]

    def __str__(self) -> str:
        return f"the patches of {self.service.name} are in place"

    def probe(self) -> Command:
        return self._command("look", list(self.overlay), kept=KEPT)

    def read(self, answer: Answer) -> PatchesSeen:
        return read_json(answer, self._seen, "the patches cannot be read", "the patches cannot be looked at")

    def verdict(self, seen: PatchesSeen) -> Verdict:
        if not seen.state:
            return Verdict((f"there is no container {self.service.container}",))
        return Verdict(tuple(f"{file.name} is {file.state}" for file in seen.changed()))

    def put(self, seen: PatchesSeen) -> Command:
        """Puts ours in their place, the original of each kept once."""
        keep = [file.name for file in seen.files if file.is_kept]
        return self._command("put", dict(self.overlay), keep=keep, kept=KEPT)

    def undo(self) -> Command:
        """Puts back what was there before."""
        return self._command("undo", [])

    def forget(self) -> Command:
        """Removes what was kept for that on the host."""
        return self._command("forget", [])

    def _command(self, verb: str, files: Any, **more: Any) -> Command:
        given = {"container": self.service.container, "directory": self.patches.directory, "files": files}
        words = script_with("patches.py", verb=verb, **given, **more)
        return command("python3", "-", stdin=words, timeout=PUT_SECONDS)

    def _seen(self, said: Any) -> PatchesSeen:
        if not said["state"]:
            return PatchesSeen(tuple(self._file(name, "", "") for name in self.overlay))
        files = tuple(self._file(name, said["files"][name], said["originals"][name]) for name in self.overlay)
        return PatchesSeen(files, said["state"], int(said["memory"]), str(said["cuda_python"]))

    def _file(self, name: str, found: str, original: str) -> PatchedFile:
        return judged(name, sha256(self.overlay[name]), found, original, self.bases.get(name, ()))


@dataclass(frozen=True)
class MemoryCapped(Check[int]):
    """A container may take so much memory at most; seen is its cap in bytes, 0 without one."""

    container: str
    gib: int

    def __str__(self) -> str:
        return f"the memory of container {self.container} is capped at {self.gib} GiB"

    def probe(self) -> Command:
        wanted = "{{.HostConfig.Memory}}"
        return command("docker", "inspect", "--type", "container", "--format", wanted, self.container)

    def read(self, answer: Answer) -> int:
        text = answer.stdout.strip()
        if not answer.ok or not text.isdecimal():
            raise Unreadable(f"the memory cap of {self.container} cannot be read: {answer.said}")
        return int(text)

    def verdict(self, seen: int) -> Verdict:
        if seen == self.gib * GIB or not self.gib:
            return Verdict()
        told = f"is capped at {seen / GIB:.1f} GiB" if seen else "has no cap"
        return Verdict((f"the memory of container {self.container} {told}, not at {self.gib} GiB",))

    def fix(self, seen: int) -> tuple[Command, ...]:
        cap = f"{self.gib}g"
        return (command("docker", "update", "--memory", cap, "--memory-swap", cap, self.container),)
