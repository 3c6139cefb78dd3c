"""The speech container's patches: where they belong, and what a file there is to ours (pure)."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from blocks.words import Path

PATCHES = "patches/state"
"""Subject of the ledger: the patches as they were last looked at."""

FileState = Literal["in_sync", "missing", "drift", "unknown_base"]
"""
What a file in the container is to ours: the same; not there; another one that we know, or have replaced
before; another one that nobody knows.
"""

WORST: tuple[FileState, ...] = ("in_sync", "missing", "drift", "unknown_base")

KEPT = ".original"
"""Ends the name of what was there before us, which is kept beside the file."""

_DONE: Mapping[FileState, str] = {
    "missing": "Put {names} there, which the container has not.",
    "drift": "Put ours in the place of {names}.",
    "unknown_base": "Put ours in the place of {names}, which nobody knows.",
}


class SpeechPatches(BaseModel):
    """Where the patches of the speech container belong, and how much memory it may take."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    service: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9._-]{0,62})?$",
        description="The service whose container is patched; blank: the first of kind stt",
    )
    directory: Path = Field(default="/app", description="The folder of its program in the container")
    memory_gib: int = Field(
        default=24, ge=0, le=1024, description="Memory that its container may take at most; 0: no cap"
    )


@dataclass(frozen=True)
class PatchedFile:
    """
    A file of the patch, as it is in the container.

    Attributes:
        ours: SHA-256 of ours.
        found: SHA-256 of what is there; blank when nothing is.
        original: SHA-256 of what was there before us and is kept; blank when nothing is.
    """

    name: str
    state: FileState
    ours: str
    found: str
    original: str

    @property
    def is_kept(self) -> bool:
        """What is there now is an original: it is kept before ours takes its place."""
        return bool(self.state != "in_sync" and self.found and not self.original)


def judged(name: str, ours: str, found: str, original: str, bases: Iterable[str]) -> PatchedFile:
    """A file with its state; `bases`: SHA-256 of what is known to be replaced by ours."""
    if not found:
        state: FileState = "missing"
    elif found == ours:
        state = "in_sync"
    elif original or found in bases:
        state = "drift"
    else:
        state = "unknown_base"
    return PatchedFile(name, state, ours, found, original)


def worst(states: Iterable[FileState]) -> FileState:
    """The state of the whole; `in_sync` when every file is."""
    return max(states, key=WORST.index, default="in_sync")


def file_sentences(files: Sequence[PatchedFile]) -> list[str]:
    """What is done to the files, in words; nothing for those that are ours."""
    said = []
    for state, words in _DONE.items():
        if names := [file.name for file in files if file.state == state]:
            said.append(words.format(names=_listed(names)))
    if kept := [file.name for file in files if file.is_kept]:
        said.append(f"What was there before is kept beside it ({_listed(kept)}).")
    return said


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def sha256(text: str) -> str:
    """The SHA-256 of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def patch_digest(sums: Mapping[str, str]) -> str:
    """SHA-256 over the files' names and sums: what a container's health tells of the patch it runs."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    return sha256(lines)
