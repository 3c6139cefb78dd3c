"""What rsync does on a simulated link: files cross it one by one over scaled time, sparse as they are."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from simulator.disk import GIB, sparse
from simulator.environment import fault, scaled
from simulator.options import Options

GIB_PER_SECOND = 10.0  # of the real link
STEPS = 10  # pieces in which a large file crosses it
LARGE = 2**20


def carry(source: Path, target: Path, receiver: Path, options: Options) -> int:
    """Bring a file, or what a folder holds, to a host; returns the bytes that crossed the link."""
    if not source.is_dir():
        return _file(source, target, receiver, options)
    carried = 0
    for path in _below(source, "/", options.all("exclude")):
        into = target / path.relative_to(source)
        if path.is_symlink() and not ("copy-unsafe-links" in options and _leaves(path, source)):
            into.parent.mkdir(parents=True, exist_ok=True)
            into.unlink(missing_ok=True)
            into.symlink_to(path.readlink())
        elif path.is_dir():
            into.mkdir(parents=True, exist_ok=True)
        else:
            carried += _file(path, into, receiver, options)
    return carried


def _below(folder: Path, inside: str, patterns: list[str]) -> Iterator[Path]:
    """Everything below a folder but what a pattern excludes: `/x` at its top, `x` anywhere."""
    for entry in sorted(folder.iterdir()):
        spoken = f"{inside}{entry.name}"
        if any(fnmatch(spoken if pattern.startswith("/") else entry.name, pattern) for pattern in patterns):
            continue
        yield entry
        if entry.is_dir() and not entry.is_symlink():
            yield from _below(entry, f"{spoken}/", patterns)


def _leaves(link: Path, root: Path) -> bool:
    """Whether a link points out of the tree that is copied."""
    return not Path(os.path.normpath(link.parent / link.readlink())).is_relative_to(root)


def _file(source: Path, target: Path, receiver: Path, options: Options) -> int:
    """Bring one file unless its like is there: same size, same time."""
    status = source.stat()
    if target.is_dir():
        target = target / source.name
    if target.exists() and target.stat()[6:9:2] == status[6:9:2]:
        return 0
    kept = target.parent / options.get("partial-dir", ".") / target.name
    part = kept if "partial-dir" in options else target.with_name(f".{target.name}.Xy12Ab")
    part.parent.mkdir(parents=True, exist_ok=True)
    done = part.stat().st_size if part.exists() else 0
    if status.st_size > LARGE and status.st_blocks * 512 < status.st_size // 2:
        _slowly(part, done, status.st_size, receiver)
    else:
        shutil.copyfile(source, part)
    shutil.copystat(source, part)
    part.rename(target)
    if part.parent != target.parent:
        part.parent.rmdir()
    return status.st_size - done


def _slowly(part: Path, done: int, size: int, receiver: Path) -> None:
    """Weights are sparse: their copy grows in steps and holds nothing either."""
    for step in range(1, STEPS + 1):
        goal = max(done, size * step // STEPS)
        slower = float(fault("copy-slow", receiver) or 1)
        time.sleep(scaled((goal - done) / GIB / GIB_PER_SECOND) * slower)
        sparse(part, goal)
        done = goal
