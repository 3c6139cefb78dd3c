"""What the inside of a container looks like from outside: its paths, its environment, its PID 1's output."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

from simulator.docker.store import Container
from simulator.environment import SIMULATOR, container_environment, here

STREAMS = {"1": "stdout", "2": "stderr"}
OUTPUT = re.compile(r"/proc/1/fd/([12])\b")
# An absolute path where one can begin: not within a word, another path, a URL or a variable.
PATH = re.compile(r"(?<![\w./:}~$@%+-])/([\w.@+-]+)(?=/|$|[\s\"';:,)&|<>])")


def translate(one: Container, words: list[str]) -> list[str]:
    """Words of a command for a container, with its paths made those of this machine."""
    return [_translate_text(one, word) for word in words]


def as_inside(one: Container, text: str) -> str:
    """Text with this machine's paths made the container's own again."""
    for number, stream in STREAMS.items():
        text = text.replace(str(one.folder / stream), f"/proc/1/fd/{number}")
    text = text.replace(str(SIMULATOR / "container_bin"), "/usr/local/bin")
    return text.replace(str(one.rootfs), "")


def find_program(argv: list[str], path: str, directory: str) -> str | None:
    """The executable a command names: looked up in PATH, or from the working directory."""
    if not argv:
        return None
    named = str(Path(directory) / argv[0]) if "/" in argv[0] else argv[0]
    return shutil.which(named, path=path)


def place(one: Container, path: str) -> Path:
    """Where a path inside the container is on this machine."""
    return one.rootfs / path.lstrip("/")


def environment(one: Container, extra: list[str] | None = None) -> dict[str, str]:
    """Environment of a process inside: the stand-in's, the image's, `-e` of run, then `extra`."""
    base = container_environment(here(), one.name, one.identity, one.rootfs)
    given = (pair.partition("=") for pair in [*one.spec["Config"]["Env"], *(extra or [])])
    # PATH stays the stand-in's own: an image's would lead to this machine's programs.
    return base | {name: _translate_text(one, value) for name, _, value in given if name != "PATH"}


def bind(one: Container, volume: str) -> None:
    """Mount `SOURCE:TARGET[:options]` by a symbolic link; a missing source is made, as docker does."""
    source, _, rest = volume.partition(":")
    target = place(one, rest.partition(":")[0] or source)
    origin = Path(source) if source.startswith("/") else here() / "docker" / "volumes" / source
    if not origin.exists():
        origin.mkdir(parents=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        target.rmdir()
    target.symlink_to(origin)


def _translate_text(one: Container, text: str) -> str:
    text = PATH.sub(lambda found: _root(one, found[1]) + found[0], text)
    return OUTPUT.sub(lambda found: shlex.quote(str(one.folder / STREAMS[found[1]])), text)


def _root(one: Container, top: str) -> str:
    """The container's own folders win; anything else (/usr, /proc, /dev) is this machine's."""
    return str(one.rootfs) if (one.rootfs / top).exists() else ""
