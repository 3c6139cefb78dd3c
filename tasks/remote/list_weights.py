"""Print, as JSON, what the Hugging Face cache and the models folder of this host hold; changes nothing.

`GIVEN`: `cache` (blank: $HF_HOME or ~/.cache/huggingface), `models` (folder of local models), and optionally
`only` (one repo or folder), `commit` (which of its snapshots) and `known` (digests of settings already sent).
Layout: huggingface_hub 2.4 (refs/main is written before the files; a snapshot link only after its blob).
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

GIVEN: dict[str, Any] = globals()["GIVEN"]

SETTING_FILES = (
    "config.json", "generation_config.json", "hf_quant_config.json", "tokenizer_config.json",
    "chat_template.jinja", "chat_template.json",
)  # fmt: skip
MOST_SETTING_BYTES = 256 * 1024


def size_of(path: str) -> int:
    """Size in bytes; -1 when it is missing, a dangling link or a loop."""
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def files_below(folder: str) -> dict[str, int]:
    """Relative path and size of every file below a folder; links are followed to files only."""
    found = {}
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = os.path.join(here, name)
            found[os.path.relpath(path, folder)] = size_of(path)
    return found


def read_json(path: str) -> Any:
    """The document, None when there is no such file, 'broken' when it cannot be read."""
    if not os.path.lexists(path):
        return None
    try:
        with open(path, encoding="utf-8") as text:
            return json.load(text)
    except (OSError, ValueError, RecursionError):
        return "broken"


def newest_snapshot(repo: str) -> str:
    """The commit that refs/main names, else the newest folder; blank without any."""
    try:
        with open(os.path.join(repo, "refs", "main"), encoding="utf-8") as text:
            commit = text.read().strip()
        if commit.strip(".") and "/" not in commit and os.path.isdir(os.path.join(repo, "snapshots", commit)):
            return commit
    except (OSError, ValueError):
        pass
    try:
        folders = [entry for entry in os.scandir(os.path.join(repo, "snapshots")) if entry.is_dir()]
    except OSError:
        return ""
    return max(folders, key=lambda entry: entry.stat().st_mtime).name if folders else ""


def unfinished(repo: str) -> list[tuple[str, float, int]]:
    """Name, age in seconds and size of every unfinished blob: of the hub's own, and of rsync."""
    found = []
    for here, _, names in os.walk(os.path.join(repo, "blobs")):
        parts = [name for name in names if name.endswith(".incomplete") or name.startswith(".")]
        parts += names if os.path.basename(here).startswith(".") else []
        for name in set(parts):
            try:
                seen = os.lstat(os.path.join(here, name))
            except OSError:
                continue
            found.append((name, time.time() - seen.st_mtime, seen.st_size))
    return found


def disk_bytes(folder: str) -> int:
    """What a folder takes on disk: every file once, blobs shared with other repos included."""
    seen = {}
    for here, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.stat(os.path.join(here, name))
            except OSError:
                continue
            seen[status.st_dev, status.st_ino] = status.st_size
    return sum(seen.values())


def shards_only(path: str) -> Any:
    """The index with every shard named once: its map names every tensor, which takes megabytes."""
    index = read_json(path)
    if not isinstance(index, dict) or not isinstance(index.get("weight_map"), dict):
        return index
    return {**index, "weight_map": {str(shard): shard for shard in index["weight_map"].values()}}


def settings(model: str, folder: str) -> dict[str, Any]:
    """The small files from which a recipe is inferred; their text only when its digest is not known yet."""
    texts, digest = {}, hashlib.sha256(model.encode("utf-8", "replace"))
    for name in SETTING_FILES:
        path = os.path.join(folder, name)
        if not 0 <= size_of(path) <= MOST_SETTING_BYTES:
            continue
        try:
            with open(path, encoding="utf-8") as text:
                texts[name] = text.read()
        except (OSError, ValueError):
            continue
        digest.update(f"{name}\0{texts[name]}\0".encode())
    found: dict[str, Any] = {"digest": digest.hexdigest()[:16]}
    known = GIVEN.get("known")
    return found if known is None or found["digest"] in known else {**found, "texts": texts}


def facts(model: str, folder: str, revision: str, repo: str) -> dict[str, Any]:
    """What can be said of one model's folder, without judging it; `repo` is blank outside the cache."""
    config = read_json(os.path.join(folder, "config.json"))
    parts = unfinished(repo) if repo else []
    return {
        "model": model,
        "path": folder,
        "revision": revision,
        "files": files_below(folder),
        "index": shards_only(os.path.join(folder, "model.safetensors.index.json")),
        "tree": read_json(os.path.join(repo, "trees", revision + ".json")) if repo and revision else None,
        "wanted": read_json(os.path.join(repo, ".spark", revision + ".json")) if repo and revision else None,
        "config": config,
        "partial_ages": [age for _, age, _ in parts],
        "partial_bytes": sum(size for _, _, size in parts),
        "disk_bytes": disk_bytes(repo or folder),
        "settings": settings(model, folder),
    }


def hub_models(hub: str) -> Iterator[dict[str, Any]]:
    """Facts on every models--org--name of a cache."""
    for entry in sorted(os.listdir(hub)) if os.path.isdir(hub) else []:
        model = entry[8:].replace("--", "/", 1)
        if not entry.startswith("models--") or GIVEN.get("only", model) != model:
            continue
        repo = os.path.join(hub, entry)
        commit = GIVEN.get("commit") or newest_snapshot(repo)
        yield facts(model, os.path.join(repo, "snapshots", commit or "none"), commit, repo)


def local_models(folder: str, spoken: str) -> Iterator[dict[str, Any]]:
    """Facts on every folder of local models that has a config.json."""
    for entry in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path, model = os.path.join(folder, entry), spoken.rstrip("/") + "/" + entry
        if GIVEN.get("only", model) == model and os.path.isfile(os.path.join(path, "config.json")):
            yield facts(model, path, "", "")


def main() -> None:
    """Print the facts."""
    cache = GIVEN["cache"] or os.environ.get("HF_HOME") or "~/.cache/huggingface"
    hub = os.path.join(os.path.expanduser(cache), "hub")
    found = list(hub_models(hub))
    found += list(local_models(os.path.expanduser(GIVEN["models"]), GIVEN["models"]))
    for model in found:
        kept = (
            "model_type",
            "architectures",
            "quantization_config",
            "torch_dtype",
            "max_position_embeddings",
        )
        if isinstance(model["config"], dict):
            model["config"] = {key: model["config"][key] for key in kept if key in model["config"]}
    sys.stdout.buffer.write(json.dumps({"models": found}, ensure_ascii=False).encode("utf-8", "replace"))


main()
