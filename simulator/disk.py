"""The models on a simulated host's disk: real layouts and configs, weights as sparse files of true size."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from simulator.models import CONFIGS

GIB = 1024**3
ABANDONED_SECONDS = 2 * 86_400  # since the half-finished download was left
HUB = ".cache/huggingface/hub"


@dataclass(frozen=True)
class Model:
    """One repository: what it weighs and where it lies from the start."""

    repository: str
    gib: float
    shards: int
    hosts: tuple[str, ...] = ("spark-1", "spark-2")
    missing: tuple[int, ...] = field(default=())

    @property
    def revision(self) -> str:
        """The commit, 40 hexadecimal digits, the same on every host."""
        return hashlib.sha1(self.repository.encode()).hexdigest()  # noqa: S324 - as git does


MODELS = (
    Model("nvidia/Qwen3.6-35B-A3B-NVFP4", 21, 5),
    Model("openai/gpt-oss-120b", 61, 14),
    Model("cyankiwi/MiniMax-M2.7-AWQ-4bit", 115, 26),
    Model("zai-org/GLM-4.7-Flash", 29, 7, ("spark-1",), missing=(4,)),
    Model("mistralai/Mistral-Small-4-24B", 47, 10, ("spark-1",)),
)
TUNED = Model("house-tuned-8b", 16, 2, ("spark-1",))


def stock(home: Path, host: str) -> None:
    """Lay down the models a host has from the start."""
    hub = home / HUB
    hub.mkdir(parents=True)
    for model in MODELS:
        if host in model.hosts:
            _stock_repository(hub, model)
    if host in TUNED.hosts:
        _stock_folder(home / "models" / TUNED.repository, TUNED)


def files(model: Model) -> dict[str, int | str]:
    """A repository's files by path: the text of small ones, the size in bytes of shards."""
    shards = shard_sizes(model)
    small = {
        "config.json": _json(CONFIGS.get(model.repository, CONFIGS["house-tuned-8b"])),
        "generation_config.json": _json({"do_sample": True, "temperature": 0.7, "top_p": 0.95}),
        "model.safetensors.index.json": _index(shards),
        "tokenizer_config.json": _json({"model_max_length": 131072, "eos_token": "</s>"}),
        "tokenizer.json": _json({"version": "1.0", "model": {"type": "BPE", "vocab": {}}}),
    }
    return {**small, **shards}


def shard_sizes(model: Model) -> dict[str, int]:
    """Bytes by the name of each shard."""
    total = int(model.gib * GIB)
    each = total // model.shards
    names = [f"model-{number:05d}-of-{model.shards:05d}.safetensors" for number in range(1, model.shards + 1)]
    return dict.fromkeys(names[:-1], each) | {names[-1]: total - each * (model.shards - 1)}


def repository_folder(hub: Path, repository: str) -> Path:
    """`a/b` as the cache names it: two dashes for each slash."""
    return hub / f"models--{repository.replace('/', '--')}"


def blob_of(model: Model, path: str) -> str:
    """Name of a file's blob: SHA-256 for what is stored large, SHA-1 otherwise."""
    seed = f"{model.repository} {path}".encode()
    if path.endswith(".safetensors"):
        return hashlib.sha256(seed).hexdigest()
    return hashlib.sha1(seed).hexdigest()  # noqa: S324 - as git does


def link(folder: Path, model: Model, path: str) -> None:
    """Show a complete blob under its name in the snapshot."""
    shown = folder / "snapshots" / model.revision / path
    shown.parent.mkdir(parents=True, exist_ok=True)
    shown.unlink(missing_ok=True)
    shown.symlink_to(Path("../../blobs") / blob_of(model, path))


def begin(hub: Path, model: Model, ref: str = "main") -> Path:
    """A repository's empty folder; its ref stands there before any file does, a commit's hash is none."""
    folder = repository_folder(hub, model.repository)
    for part in ("blobs", "refs", f"snapshots/{model.revision}"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if ref != model.revision:
        (folder / "refs" / ref).write_text(model.revision)
    return folder


def _stock_repository(hub: Path, model: Model) -> None:
    folder = begin(hub, model)
    absent = {list(shard_sizes(model))[number - 1] for number in model.missing}
    for path, content in files(model).items():
        blob = folder / "blobs" / blob_of(model, path)
        if path in absent:
            part = blob.with_name(f"{blob.name}.incomplete")
            sparse(part, shard_sizes(model)[path] // 3)
            os.utime(part, (0, time.time() - ABANDONED_SECONDS))
            continue
        _put(blob, content)
        link(folder, model, path)


def _stock_folder(folder: Path, model: Model) -> None:
    folder.mkdir(parents=True)
    for path, content in files(model).items():
        _put(folder / path, content)


def _put(file: Path, content: int | str) -> None:
    if isinstance(content, int):
        sparse(file, content)
    else:
        file.write_text(content)


def sparse(file: Path, size: int) -> None:
    """A file of that size which takes no room."""
    with file.open("ab"):
        os.truncate(file, size)


def _index(shards: Mapping[str, int]) -> str:
    """model.safetensors.index.json: some tensors in every shard."""
    names = list(shards)
    weight_map = {
        f"model.layers.{number}.{part}.weight": name
        for number, name in enumerate(names)
        for part in ("self_attn.o_proj", "mlp.down_proj")
    }
    return _json({"metadata": {"total_size": sum(shards.values())}, "weight_map": weight_map})


def _json(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"
