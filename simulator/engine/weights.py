"""Find a model as vLLM does when offline: a folder, or a repository in the Hugging Face cache."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.engine.world import World

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Model:
    """A model on disk: its folder, config.json, number of weight files and their GiB."""

    name: str
    folder: Path
    config: dict[str, Any]
    files: int
    gib: float

    @property
    def architecture(self) -> str:
        return str((self.config.get("architectures") or ["UnknownForCausalLM"])[0])

    @property
    def sees(self) -> bool:
        """True if it takes images."""
        return "vision_config" in self.config

    @property
    def embeds(self) -> bool:
        """True if it has no head that generates text."""
        return "CausalLM" not in self.architecture and "ConditionalGen" not in self.architecture

    def number(self, key: str, default: int) -> int:
        """An integer of config.json; multimodal configs keep the language model's in text_config."""
        text = self.config.get("text_config") or {}
        return int(text.get(key) or self.config.get(key) or default)


def find_model(world: World, name: str) -> Model:
    """The model called name.

    Raises:
        OSError: nothing usable is on this host; the text is the Hub's when offline.
        FileNotFoundError: the index names a shard that is not there.
    """
    folder = Path(name) if Path(name).is_absolute() else _snapshot(world, name)
    if folder is None or not (folder / "config.json").exists():
        raise OSError(
            f"{name} is not a local folder and is not a valid model identifier listed on "
            "'https://huggingface.co/models': we couldn't connect to 'https://huggingface.co' to "
            "load the files, and couldn't find them in the cached files."
        )
    config = json.loads((folder / "config.json").read_text())
    files = _weight_files(folder, name)
    size = sum(file.stat().st_size for file in files)
    return Model(name, folder, config, len(files), size / GIB)


def _snapshot(world: World, name: str) -> Path | None:
    """The folder of the revision that refs/main names, else any snapshot."""
    cache = Path(os.environ.get("HF_HOME") or world.home / ".cache" / "huggingface")
    repo = cache / "hub" / f"models--{name.replace('/', '--')}"
    snapshots = repo / "snapshots"
    main = repo / "refs" / "main"
    if main.exists() and (snapshots / main.read_text().strip()).is_dir():
        return snapshots / main.read_text().strip()
    return next(iter(sorted(snapshots.glob("*"))), None)


def _weight_files(folder: Path, name: str) -> list[Path]:
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        files = sorted(folder.glob("*.safetensors"))
        if not files:
            raise OSError(f"Cannot find any model weights with `{name}`")
        return files
    named = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    missing = [shard for shard in named if not (folder / shard).exists()]
    if missing:
        raise FileNotFoundError(
            f"Cannot find the requested files in the local cache of {name} and outgoing traffic "
            f"has been disabled: {', '.join(missing)}"
        )
    return [folder / shard for shard in named]
