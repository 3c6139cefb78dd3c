"""`hf download` on a simulated host: a repository grows into the cache over scaled time."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import os
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

from simulator.disk import GIB, HUB, Model, begin, blob_of, files, link, sparse
from simulator.environment import fault, here, scaled
from simulator.hub import described, is_absent, is_gated, line_is_cut, pause
from simulator.options import Options, UnknownFlag, parse

DOWNLOAD = (
    "revision= include= exclude= cache-dir= local-dir= token= max-workers= repo-type= quiet/q "
    "dry-run force-download"
)
GIB_PER_SECOND = 0.1  # of the real line
STEPS = 20  # progress lines for each file
GATED = """\
huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-0)

Cannot access gated repo for url https://huggingface.co/{0}/resolve/main/config.json.
Access to model {0} is restricted. You must have access to it and be authenticated to access it.\
"""
ABSENT = """\
huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. (Request ID: Root=1-0)

Repository Not Found for url: https://huggingface.co/api/models/{0}/revision/main.\
"""

UNKNOWN_REVISION = """\
huggingface_hub.errors.RevisionNotFoundError: 404 Client Error. (Request ID: Root=1-0)

Revision Not Found for url: https://huggingface.co/api/models/{0}/revision/{1}.\
"""
CUT = """\
requests.exceptions.ConnectionError: (MaxRetryError("HTTPSConnectionPool(host='cdn-lfs.hf.co', port=443): \
Max retries exceeded with url: /repos"))\
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
    model, revision = described(repository), options.get("revision", "main")
    refusal = _refusal(model, revision)
    if refusal:
        print(refusal.format(repository, revision), file=sys.stderr)
        return 1
    return _download(model, options, patterns + options.all("include"))


def _refusal(model: Model, revision: str) -> str:
    if is_gated(model.repository, os.environ.get("HF_TOKEN", "")):
        return GATED
    if revision not in ("main", model.revision):
        return UNKNOWN_REVISION
    return ABSENT if is_absent(model.repository) else ""


def _download(model: Model, options: Options, patterns: list[str]) -> int:
    """As the real one does, a commit named by its hash gets no ref."""
    folder = begin(_hub(options), model, ref=options.get("revision", "main"))
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
        if isinstance(content, int) and line_is_cut(goal / size):
            (here() / "faults" / "hub-cut").unlink(missing_ok=True)
            print(CUT, file=sys.stderr)
            return False
        pause(scaled((goal - done) / GIB / GIB_PER_SECOND))
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
