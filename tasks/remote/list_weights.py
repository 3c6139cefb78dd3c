"""Print, as JSON, what the Hugging Face cache and the models folder of this host hold; changes nothing.

Arguments: the cache (blank: $HF_HOME or ~/.cache/huggingface) and the folder of local models.
Layout: huggingface_hub 2.4 (refs/main is written before the files; a snapshot link only after its blob).
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any


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
    except (OSError, ValueError):
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


def partial_downloads(repo: str) -> list[float]:
    """Age in seconds of every unfinished blob."""
    try:
        entries = [e for e in os.scandir(os.path.join(repo, "blobs")) if e.name.endswith(".incomplete")]
        return [time.time() - entry.stat().st_mtime for entry in entries]
    except OSError:
        return []


def shards_only(index: Any) -> Any:
    """The index with every shard named once: its map names every tensor, which takes megabytes."""
    if not isinstance(index, dict) or not isinstance(index.get("weight_map"), dict):
        return index
    return {**index, "weight_map": {str(shard): shard for shard in index["weight_map"].values()}}


def facts(model: str, folder: str, revision: str, tree: Any, partial: list[float]) -> dict[str, Any]:
    """What can be said of one model's folder without judging it."""
    index = read_json(os.path.join(folder, "model.safetensors.index.json"))
    config = read_json(os.path.join(folder, "config.json"))
    return {
        "model": model,
        "path": folder,
        "revision": revision,
        "files": files_below(folder),
        "index": shards_only(index),
        "tree": tree,
        "config": config,
        "partial_ages": partial,
    }


def hub_models(hub: str) -> Iterator[dict[str, Any]]:
    """Facts on every models--org--name of a cache."""
    for entry in sorted(os.listdir(hub)) if os.path.isdir(hub) else []:
        if not entry.startswith("models--"):
            continue
        repo = os.path.join(hub, entry)
        commit = newest_snapshot(repo)
        tree = read_json(os.path.join(repo, "trees", commit + ".json")) if commit else None
        folder = os.path.join(repo, "snapshots", commit or "none")
        yield facts(entry[8:].replace("--", "/", 1), folder, commit, tree, partial_downloads(repo))


def local_models(folder: str, spoken: str) -> Iterator[dict[str, Any]]:
    """Facts on every folder of local models that has a config.json."""
    for entry in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = os.path.join(folder, entry)
        if os.path.isfile(os.path.join(path, "config.json")):
            yield facts(spoken.rstrip("/") + "/" + entry, path, "", None, [])


def main() -> None:
    """Print the facts."""
    cache, models = sys.argv[1], sys.argv[2]
    cache = cache or os.environ.get("HF_HOME") or "~/.cache/huggingface"
    hub = os.path.join(os.path.expanduser(cache), "hub")
    found = list(hub_models(hub)) + list(local_models(os.path.expanduser(models), models))
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
