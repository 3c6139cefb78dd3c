"""Delete one model from this host's disk, or say what that would free; prints JSON.

`GIVEN`: `cache` (blank: $HF_HOME or ~/.cache/huggingface), `models` (folder of local models), `model` (a
repo, or a folder of that folder) and `act`.  Blobs that other repositories lead to as well stay
(huggingface_hub 2.x).
"""

import contextlib
import fcntl
import json
import os
import shutil
import stat
import sys
from typing import Any

GIVEN: dict[str, Any] = globals()["GIVEN"]

FIRST = ("refs", "snapshots")
"""What goes first: a deletion that is broken off leaves blobs that nothing names, never half a model."""


def place() -> tuple[str, str]:
    """The root, with links in its own path resolved, and the model's folder that lies in it directly."""
    if GIVEN["model"].startswith(("/", "~")):
        folder, _, name = os.path.expanduser(GIVEN["model"]).rpartition("/")
        root = os.path.realpath(os.path.expanduser(GIVEN["models"]))
        if os.path.realpath(folder) != root or name in ("", ".", ".."):
            raise SystemExit(f"{GIVEN['model']} is no folder of {GIVEN['models']}")
        return root, name
    cache = os.path.expanduser(GIVEN["cache"] or os.environ.get("HF_HOME") or "~/.cache/huggingface")
    return os.path.realpath(os.path.join(cache, "hub")), "models--" + GIVEN["model"].replace("/", "--")


def links_out(hub: str, repo: str) -> set[str]:
    """The shared blobs, hub/blobs/<2 hex>/<hash>, that a repository's blobs lead to."""
    found, blobs = set(), os.path.join(hub, repo, "blobs")
    for entry in os.scandir(blobs) if os.path.isdir(blobs) else ():
        target = os.path.realpath(entry.path) if entry.is_symlink() else ""
        if target.startswith(os.path.join(hub, "blobs") + os.sep) and os.path.isfile(target):
            found.add(target)
    return found


def only_ours(hub: str, name: str) -> set[str]:
    """Shared blobs that no other repository of this cache leads to."""
    others = [entry for entry in os.listdir(hub) if "--" in entry and entry != name]
    return links_out(hub, name).difference(*(links_out(hub, other) for other in others))


def bytes_below(folder: str) -> int:
    """What removing a folder frees: links weigh nothing, nor does a file that has another name elsewhere."""
    seen: dict[tuple[int, int], list[int]] = {}
    for here, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(os.path.join(here, name))
            if not stat.S_ISREG(status.st_mode):
                continue
            found = seen.setdefault((status.st_dev, status.st_ino), [0, status.st_nlink, status.st_size])
            found[0] += 1
    return sum(size for names, links, size in seen.values() if names >= links)


def strangers(folder: str) -> int:
    """How many folders of it we may not empty: a container wrote them as root."""
    return sum(not os.access(here, os.W_OK | os.X_OK) for here, _, _ in os.walk(folder))


def remove_shared(blob: str, hub: str, name: str) -> None:
    """Remove a shared blob under the hub's own lock, unless it was linked to meanwhile."""
    with open(blob + ".lock", "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(blob in links_out(hub, other) for other in os.listdir(hub) if "--" in other and other != name):
            return
        os.remove(blob)
        with contextlib.suppress(FileNotFoundError):
            os.remove(blob + ".refs")


def remove(root: str, name: str, shared: set[str]) -> None:
    """Remove it, what names it first; links are removed, not followed."""
    folder = os.path.join(root, name)
    for part in FIRST:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(os.path.join(folder, part))
    shutil.rmtree(folder)
    shutil.rmtree(os.path.join(root, ".locks", name), ignore_errors=True)
    for blob in shared:
        remove_shared(blob, root, name)


def main() -> None:
    """Look, and with `act` delete."""
    root, name = place()
    folder = os.path.join(root, name)
    if os.path.islink(folder):
        raise SystemExit(f"{folder} is a link to {os.path.realpath(folder)}: what lies there is left alone")
    if not os.path.isdir(folder):
        sys.stdout.write(json.dumps({"there": False, "bytes": 0, "free": 0}))
        return
    if (count := strangers(folder)) > 0:
        raise SystemExit(f"{count} folders of {folder} belong to another user (root's, from a container)")
    shared = only_ours(root, name) if name.startswith("models--") else set()
    size = bytes_below(folder) + sum(os.stat(blob).st_size for blob in shared)
    if GIVEN["act"]:
        remove(root, name, shared)
    sys.stdout.write(json.dumps({"there": True, "bytes": size, "free": shutil.disk_usage(root).free}))


main()
