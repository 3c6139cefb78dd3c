"""Who owns a folder of a simulated host: another user's is noted, for all is this machine's user's here."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from simulator.environment import here


def owner(path: Path) -> int:
    """The user id that owns a path."""
    noted = _noted().get(str(path.resolve()))
    return path.stat().st_uid if noted is None else noted


def give(path: Path, user: int) -> None:
    """Note that a path belongs to a user."""
    file = here() / "docker" / "owners.json"
    file.write_text(json.dumps(_noted() | {str(path.resolve()): user}))


def chown(words: list[str]) -> int:
    """`chown -R USER:GROUP PATH` of a container's root."""
    if len(words) != 3 or words[0] != "-R":
        print(f"chown: unknown arguments: {' '.join(words)}", file=sys.stderr)  # noqa: T201
        return 1
    give(Path(words[2]), int(words[1].partition(":")[0]))
    return 0


def stat(words: list[str]) -> int:
    """`stat -c %u PATH`; anything else is this machine's own."""
    if words[:2] == ["-c", "%u"] and len(words) == 3 and Path(words[2]).exists():
        print(owner(Path(words[2])))  # noqa: T201
        return 0
    return os.execv("/usr/bin/stat", ["stat", *words])  # noqa: S606 - becomes it


def _noted() -> dict[str, int]:
    try:
        found: dict[str, int] = json.loads((here() / "docker" / "owners.json").read_text())
    except OSError:
        return {}
    return found
