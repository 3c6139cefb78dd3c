"""docker update: what of a container may be changed while it runs."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import re

from simulator.docker.store import DaemonError, container
from simulator.options import UnknownFlag, parse

UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
LEAST = 6 * 1024**2


def update(words: list[str]) -> int:
    """`docker update [--memory SIZE] [--memory-swap SIZE] NAME...`."""
    options, names = parse(words, "memory/m= memory-swap=")
    if not names:
        raise UnknownFlag("container (missing)")
    for name in names:
        one = container(name)
        memory = size(options.get("memory"))
        if 0 < memory < LEAST:
            raise DaemonError("Minimum memory limit allowed is 6MB")
        spec = one.spec
        spec["HostConfig"]["Memory"] = memory
        one.write_spec(spec)
        print(name)
    return 0


def size(text: str) -> int:
    """Bytes of a size such as `24g`; 0 for none."""
    found = re.fullmatch(r"(\d+)([bkmg]?)b?", text.lower())
    if not text:
        return 0
    if not found:
        raise UnknownFlag(f"--memory {text}")
    return int(found[1]) * UNITS[found[2]]
