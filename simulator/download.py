"""`hf download` on a simulated host: a repository grows into the cache over scaled time."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import os
import shutil
import sys
import time
from fnmatch import fnmatch
from pathlib import Path

from simulator.disk import GIB, HUB, MODELS, Model, begin, blob_of, files, link, sparse
from simulator.environment import fault, here, scaled
from simulator.options import Options, UnknownFlag, parse

DOWNLOAD = (
    "revision= include= exclude= cache-dir= local-dir= token= max-workers= repo-type= quiet/q "
    "dry-run force-download"
)
GIB_PER_SECOND = 0.1  # of the real line
STEPS = 20  # progress lines for each file
UNKNOWN_GIB = 14.0  # what a repository weighs that nobody described
GATED = """\
huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-0)

Cannot access gated repo for url https://huggingface.co/{0}/resolve/main/config.json.
Access to model {0} is restricted. You must have access to it and be authenticated to access it.\
"""
ABSENT = """\
huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. (Request ID: Root=1-0)

Repository Not Found for url: https://huggingface.co/api/models/{0}/revision/main.\
"""


def main(words: list[str]) -> int:
    """`hf download REPO [FILE...]`, `hf version`."""
    if words[:1] in (["version"], ["--version"]):
        print("huggingface_hub version: 2.4.0")
        return 0
    if words[:1] != ["download"]:
        print(f"hf: unknown command: {' '.join(words)}", file=sys.stderr)
        return 1
    try:
        options, rest = parse(words[1:], DOWNLOAD)
    except UnknownFlag as flag:
        print(f"hf download: no such option: {flag}", file=sys.stderr)
        return 2
    repository, *patterns = rest or [""]
    refusal = _refusal(repository)
    if refusal:
        print(refusal.format(repository), file=sys.stderr)
        return 1
    return _download(_model(repository), options, patterns + options.all("include"))


def _refusal(repository: str) -> str:
    gated = fault("gated")
    if gated is not None and gated in repository:
        return GATED
    return ABSENT if "/" not in repository or "does-not-exist" in repository else ""


def _model(repository: str) -> Model:
    known = {model.repository: model for model in MODELS}
    return known.get(repository, Model(repository, UNKNOWN_GIB, 4))


def _download(model: Model, options: Options, patterns: list[str]) -> int:
    folder = begin(_hub(options), model)
    wanted = {
        path: content
        for path, content in files(model).items()
        if not patterns or any(fnmatch(path, pattern) for pattern in patterns)
        if not any(fnmatch(path, pattern) for pattern in options.all("exclude"))
    }
    if "dry-run" in options:
        total = sum(_size(content) for content in wanted.values())
        print(f"[dry-run] Will download {len(wanted)} files totalling {total / 1e9:.1f}G")
        return 0
    print(f"Fetching {len(wanted)} files: 0%", file=sys.stderr)
    for number, (path, content) in enumerate(wanted.items(), 1):
        if not _fetch(folder / "blobs" / blob_of(model, path), path, content):
            return 1
        link(folder, model, path)
        print(f"Fetching {len(wanted)} files: {100 * number // len(wanted)}%", file=sys.stderr)
    snapshot = folder / "snapshots" / model.revision
    if options.get("local-dir"):
        shutil.copytree(snapshot, options.get("local-dir"), symlinks=False, dirs_exist_ok=True)
    print(options.get("local-dir") or snapshot)
    return 0


def _fetch(blob: Path, path: str, content: int | str) -> bool:
    """Bring one file, resuming what is there; a full disk ends it."""
    if blob.exists():
        return True
    part = blob.with_name(f"{blob.name}.incomplete")
    size = _size(content)
    done = part.stat().st_size if part.exists() else 0
    for step in range(1, STEPS + 1):
        if fault("disk-full") is not None:
            print(f"OSError: [Errno 28] No space left on device: '{part}'", file=sys.stderr)
            return False
        goal = max(done, size * step // STEPS)
        time.sleep(scaled((goal - done) / GIB / GIB_PER_SECOND))
        sparse(part, goal)
        done = goal
        if isinstance(content, int):
            rate = f"{goal / 1e9:.2f}G/{size / 1e9:.2f}G"
            print(f"\r{path}: {100 * goal // size:3d}%|{rate}", end="", file=sys.stderr, flush=True)
    if isinstance(content, str):
        part.write_text(content)
    else:
        print(file=sys.stderr)
    part.rename(blob)
    return True


def _size(content: int | str) -> int:
    return content if isinstance(content, int) else len(content.encode())


def _hub(options: Options) -> Path:
    if options.get("cache-dir"):
        return Path(options.get("cache-dir")).expanduser()
    home = os.environ.get("HF_HOME")
    return Path(home) / "hub" if home else here() / "home" / HUB
