"""~/spark-vllm-docker on a simulated host: a checkout of our launcher with news upstream, or a given one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

OURS = Path(__file__).parent / "launcher"
AUTHOR = {
    "GIT_AUTHOR_NAME": "launcher", "GIT_AUTHOR_EMAIL": "launcher@example.invalid",
    "GIT_COMMITTER_NAME": "launcher", "GIT_COMMITTER_EMAIL": "launcher@example.invalid",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
}  # fmt: skip


NEWS = (
    ("recipes: give minimax-m2.7-awq room for its KV cache", "NEWS.md", "minimax-m2.7-awq starts at 0.82.\n"),
    ("build: pin the nightly wheels by digest", "NEWS.md", "Wheels are pinned by digest.\n"),
    ("launch-cluster: say which node lacks the image", "NEWS.md", "A missing image names its node.\n"),
)  # commits that upstream has and a host has not


def publish(upstream: Path) -> None:
    """Make the bare repository that hosts clone from, once; without git there is none."""
    if upstream.exists() or not shutil.which("git"):
        return
    with tempfile.TemporaryDirectory() as name:
        work = Path(name) / "work"
        shutil.copytree(OURS, work)
        git(work, "init", "-q", "-b", "main")
        (work / ".gitignore").write_text(".env\n")
        commit(work, "launcher: first")
        git(work, "tag", "start")
        for message, path, line in NEWS:
            with (work / path).open("a") as file:
                file.write(line)
            commit(work, message)
        git(work, "clone", "-q", "--bare", ".", str(upstream))


def put_launcher(folder: Path, upstream: Path, given: Path | None) -> None:
    """Lay down the launcher: what was given as it is, else a clone some commits behind upstream."""
    if given or not upstream.exists():
        shutil.copytree(given or OURS, folder, symlinks=True)
        return
    git(upstream.parent, "clone", "-q", str(upstream), str(folder))
    git(folder, "reset", "-q", "--hard", "start")


def write_env(folder: Path, nodes: list[str], local: str) -> None:
    """The .env of this cluster, so that nothing asks a question."""
    (folder / ".env").write_text(
        f'CLUSTER_NODES="{",".join(nodes)}"\n'
        'ETH_IF="enp1s0f1np1"\n'
        'IB_IF="rocep1s0f1,roceP2p1s0f1"\n'
        f'LOCAL_IP="{local}"\n'
    )


def commit(folder: Path, message: str) -> None:
    """Commit all that a folder holds."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, without this machine's own configuration."""
    subprocess.run(["git", *words], cwd=folder, env=os.environ | AUTHOR, check=True)
