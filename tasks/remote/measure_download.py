"""Print, as JSON, how much of a repository has arrived on this host and what room is left; changes nothing.

`GIVEN`: `cache` (blank: $HF_HOME or ~/.cache/huggingface), `folder` (models--org--name), `blobs` (name to
size; empty: not known).
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from typing import Any

GIVEN: dict[str, Any] = globals()["GIVEN"]

CACHE = os.path.expanduser(GIVEN["cache"] or os.environ.get("HF_HOME") or "~/.cache/huggingface")


def sizes(blobs: str) -> dict[str, int]:
    """Bytes by blob, the largest of its whole and its unfinished forms."""
    found: dict[str, int] = {}
    for here, _, names in os.walk(blobs):
        for name in names:
            with contextlib.suppress(OSError):
                size = os.stat(os.path.join(here, name)).st_size
                blob = blob_of(name)
                found[blob] = max(found.get(blob, 0), size)
    return found


def blob_of(name: str) -> str:
    """`ab.incomplete` is the hub's unfinished blob ab, `.ab.Xy12` rsync's."""
    return name.removesuffix(".incomplete") if name[0] != "." else name[1:].rpartition(".")[0]


def arrived() -> int:
    """Bytes that need not be fetched again."""
    found = sizes(os.path.join(CACHE, "hub", GIVEN["folder"], "blobs"))
    if not GIVEN["blobs"]:
        return sum(found.values())
    return sum(min(size, found.get(blob, 0)) for blob, size in GIVEN["blobs"].items())


def free() -> int:
    """Bytes left where the cache is, or will be."""
    place = os.path.join(CACHE, "hub")
    while not os.path.exists(place):
        place = os.path.dirname(place)
    done = subprocess.run(
        ["df", "-B1", "--output=avail", place], capture_output=True, text=True, check=True, timeout=20
    )
    return int(done.stdout.split()[-1])


def uvx() -> str:
    """The absolute path of uvx: a non-interactive session has no ~/.local/bin on its PATH."""
    at_home = os.path.expanduser("~/.local/bin/uvx")
    return at_home if os.access(at_home, os.X_OK) else shutil.which("uvx") or ""


login = os.path.isfile(os.path.join(CACHE, "token"))
measured = {"arrived": arrived(), "free": free(), "uvx": uvx(), "cache": CACHE, "login": login}
sys.stdout.write(json.dumps(measured))
