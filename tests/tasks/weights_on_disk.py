"""Models as they lie on a host's disk, whole and broken, listed by the real script."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from blocks.menu import OnDisk
from tasks.check import Answer, Command
from tasks.checks.weights import list_command, read_models

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


class Disk:
    """A home folder with a Hugging Face cache and a folder of local models."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.hub = home / ".cache" / "huggingface" / "hub"
        self.local = home / "models"

    def repo(self, model: str = "org/name", commit: str = COMMIT) -> "Repo":
        """A repo of the cache, with refs/main written."""
        return Repo(self.hub / f"models--{model.replace('/', '--')}", commit)

    def answer(self, cache: str | None = None, **environment: str) -> Answer:
        """What the script says of everything."""
        return self.answer_to(list_command(cache, "~/models"), **environment)

    def answer_to(self, command: Command, **environment: str) -> Answer:
        """What a command says, run by this interpreter."""
        done = subprocess.run(
            [sys.executable, *command.words[1:]],
            input=command.stdin.encode(),
            capture_output=True,
            check=False,
            env={"HOME": str(self.home), "LC_ALL": "C", **environment},
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def models(self, cache: str | None = None, **environment: str) -> dict[str, OnDisk]:
        """The models by name, judged."""
        return {model.model: model for model in read_models(self.answer(cache, **environment))}

    def only(self) -> OnDisk:
        """The one model that there is."""
        (model,) = self.models().values()
        return model


class Repo:
    """A repo of the hub's cache: blobs, and links to them in a snapshot."""

    def __init__(self, folder: Path, commit: str) -> None:
        self.folder = folder
        self.commit = commit
        self.snapshot = folder / "snapshots" / commit
        self.snapshot.mkdir(parents=True)
        self.refer(commit)

    def refer(self, text: str) -> None:
        """Write refs/main."""
        (self.folder / "refs").mkdir(exist_ok=True)
        (self.folder / "refs" / "main").write_text(text)

    def add(self, name: str, content: bytes | str) -> Path:
        """A file: a blob and a link to it; gives the blob."""
        data = content.encode() if isinstance(content, str) else content
        blob = self.folder / "blobs" / f"blob-of-{name.replace('/', '-')}"
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(data)
        self.link(name, blob)
        return blob

    def link(self, name: str, target: Path) -> None:
        """A relative link in the snapshot, as the hub makes it."""
        link = self.snapshot / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(os.path.relpath(target, link.parent))

    def index(self, *shards: str, total: Any = 200) -> None:
        """The index of the shards."""
        weights = {f"layer.{number}": shard for number, shard in enumerate(shards)}
        document = {"metadata": {"total_size": total}, "weight_map": weights}
        self.add("model.safetensors.index.json", json.dumps(document))

    def tree(self, **sizes: int) -> None:
        """The hub's own list of the commit's files; dots in names are written __."""
        files = {name.replace("__", "."): {"size": size} for name, size in sizes.items()}
        self.write_tree(json.dumps({"format_version": 1, "files": files}))

    def write_tree(self, text: str) -> None:
        """That list, whatever it says."""
        (self.folder / "trees").mkdir(exist_ok=True)
        (self.folder / "trees" / f"{self.commit}.json").write_text(text)

    def partial(self, age: float) -> None:
        """An unfinished blob that was written to so many seconds ago."""
        blob = self.folder / "blobs" / "0af3.12345678.incomplete"
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(b"half")
        now = blob.stat().st_mtime
        os.utime(blob, (now - age, now - age))


def whole(disk: Disk, model: str = "org/name") -> Repo:
    """A whole model of two shards, 100 bytes each."""
    repo = disk.repo(model)
    repo.add("config.json", '{"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "secret": 1}')
    for shard in SHARDS:
        repo.add(shard, b"x" * 100)
    repo.index(*SHARDS)
    return repo
