"""Weights: which models a host holds, and whether they are whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blocks.menu import OnDisk
from tasks.check import Answer, Check, Command, Unreadable, Verdict, command
from tasks.remote import script_with

WEIGHT_FILES = (".safetensors", ".gguf", ".bin", ".pt", ".pth")
SETTING_FILES = (".json", ".jinja", ".model", ".txt", ".tiktoken")
BUSY_SECONDS = 600
"""An unfinished blob younger than this belongs to a download that is under way."""


def list_command(hf_cache: str | None, models_directory: str, **narrower: Any) -> Command:
    """
    Lists every model of a host.

    Args:
        hf_cache: The Hugging Face cache; None: where the host has it.
        models_directory: Folder of local models.
        **narrower: `only` one model, a `commit` of it; `known` digests of settings that need not be sent.
    """
    given = {"cache": hf_cache or "", "models": models_directory, **narrower}
    return command("python3", "-", stdin=script_with("list_weights.py", **given), timeout=120)


def read_models(answer: Answer) -> list[OnDisk]:
    """The models of a host, judged."""
    if not answer.ok:
        raise Unreadable(f"the models on disk cannot be listed: {answer.said}")
    try:
        return [judge(facts) for facts in json.loads(answer.stdout)["models"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"the list of models cannot be read: {error}") from error


def read_settings(answer: Answer) -> dict[str, dict[str, Any]]:
    """`digest` and `texts` of the small files by model, of those that were sent; after `read_models`."""
    models = json.loads(answer.stdout)["models"]
    return {facts["model"]: facts["settings"] for facts in models if "texts" in facts["settings"]}


def judge(facts: Mapping[str, Any]) -> OnDisk:
    """
    Whether a model's files are whole (spark-tools.md 3.3).

    By the list that our own download left, by the hub's tree of the commit and by the index of the shards,
    where there are such; without an index by at least one weight file; and always a readable config.json
    and no download under way.
    """
    files: dict[str, int] = facts["files"]
    missing = [name for name, size in sorted(files.items()) if size < 0]
    if facts["wanted"] is not None:
        missing += _missing_by_list(files, facts["wanted"])
    if facts["tree"] is not None:
        missing += _missing_by_tree(files, facts["tree"])
    if facts["index"] is not None:
        missing += _missing_by_index(files, facts["index"])
    elif not any(name.endswith(WEIGHT_FILES) and size > 0 for name, size in files.items()):
        missing.append("any weight file")
    if not isinstance(facts["config"], Mapping) and not any(name.endswith(".gguf") for name in files):
        missing.append("config.json")
    if any(age < BUSY_SECONDS for age in facts["partial_ages"]):
        missing.append("a file that is being downloaded")
    size = sum(size for size in files.values() if size > 0)
    named = tuple(dict.fromkeys(missing))
    return OnDisk(
        model=facts["model"],
        bytes=size,
        complete=not named,
        revision=facts["revision"],
        missing=named,
        disk_bytes=facts["disk_bytes"],
        partial_bytes=facts["partial_bytes"],
    )


def _missing_by_list(files: Mapping[str, int], wanted: Any) -> list[str]:
    """Files of the list that are absent or of another size."""
    if not isinstance(wanted, Mapping):
        return ["a readable list of what was to be downloaded"]
    return [name for name, size in sorted(wanted.items()) if files.get(name) != size]


def _missing_by_tree(files: Mapping[str, int], tree: Any) -> list[str]:
    """Files of another size than listed, and absent settings: other files may be left out on purpose."""
    try:
        wanted = {name: entry["size"] for name, entry in tree["files"].items()}
    except (TypeError, KeyError, AttributeError):
        return ["a readable file list"]
    return [
        name
        for name, size in wanted.items()
        if (files[name] != size if name in files else "/" not in name and name.endswith(SETTING_FILES))
    ]


def _missing_by_index(files: Mapping[str, int], index: Any) -> list[str]:
    try:
        shards = sorted(set(index["weight_map"].values()))
        total = int(index.get("metadata", {}).get("total_size", 0))
        missing = [shard for shard in shards if files.get(shard, -1) <= 0]
    except (TypeError, KeyError, AttributeError, ValueError):
        return ["a readable model.safetensors.index.json"]
    if not shards:
        return ["any shard in model.safetensors.index.json"]
    if not missing and sum(files[shard] for shard in shards) < total:
        missing.append("parts of the shards (they are smaller than their index says)")
    return missing


@dataclass(frozen=True)
class HasWeights(Check[OnDisk | None]):
    """A model's weights are on the host and whole; of the commit named, else of the one that counts."""

    model: str
    hf_cache: str | None
    models_directory: str
    commit: str = ""

    def __str__(self) -> str:
        return f"the weights of {self.model} are whole"

    def probe(self) -> Command:
        only = {"only": self.model, **({"commit": self.commit} if self.commit else {})}
        return list_command(self.hf_cache, self.models_directory, **only)

    def read(self, answer: Answer) -> OnDisk | None:
        return next((model for model in read_models(answer) if model.model == self.model), None)

    def verdict(self, seen: OnDisk | None) -> Verdict:
        if seen is None:
            return Verdict((f"{self.model} is not on the host",))
        if not seen.complete:
            return Verdict((f"{self.model} lacks {', '.join(seen.missing[:5])}",))
        return Verdict()
