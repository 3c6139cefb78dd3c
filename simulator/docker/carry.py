"""docker tag, save, load and rmi: images under other names, and from host to host."""

# ruff: noqa: T201 - printing is what this program is for
from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from simulator.docker.store import DaemonError, Json, containers, forget_image, image, record_image
from simulator.environment import scaled
from simulator.options import UnknownFlag, parse

CARRY_SECONDS = 40  # to write or read an image of some 20 GB


def tag(words: list[str]) -> int:
    """`docker tag SOURCE TARGET`."""
    _, names = parse(words, "")
    if len(names) != 2:
        raise UnknownFlag(f"tag {' '.join(names)}")
    record_image(names[1].removesuffix(":latest"), _known(names[0]))
    return 0


def save(words: list[str]) -> int:
    """`docker save [-o FILE] IMAGE...`: the records stand for the layers."""
    options, names = parse(words, "output/o=")
    content = json.dumps({name.removesuffix(":latest"): _known(name) for name in names})
    time.sleep(scaled(CARRY_SECONDS))
    if options.get("output"):
        Path(options.get("output")).write_text(content)
    else:
        print(content)
    return 0


def load(words: list[str]) -> int:
    """`docker load [-i FILE]`."""
    options, _ = parse(words, "input/i= quiet/q")
    file = options.get("input")
    records: dict[str, Json] = json.loads(Path(file).read_text() if file else sys.stdin.read())
    time.sleep(scaled(CARRY_SECONDS))
    for name, record in records.items():
        record_image(name, record)
        print(f"Loaded image: {name if ':' in name else f'{name}:latest'}")
    return 0


def remove_image(words: list[str]) -> int:
    """`docker rmi IMAGE...`, refused while a container uses it."""
    options, names = parse(words, "force/f")
    for name in names:
        record = _known(name)
        used = [one.name for one in containers() if one.spec["Image"] == record["Id"]]
        if used and "force" not in options:
            raise DaemonError(f"conflict: unable to remove {name}: container {used[0]} is using it")
        forget_image(name.removesuffix(":latest"))
        print(f"Untagged: {name}")
    return 0


def _known(name: str) -> Json:
    found = image(name)
    if not found:
        raise DaemonError(f"No such image: {name}")
    return found[1]
