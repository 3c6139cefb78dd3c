"""
Community recipes on the real launcher: vLLM gets what the launcher's own run-recipe would give it.

Needs a checkout of the launcher (SPARK_LAUNCHER) and recipe files (SPARK_CAPTURED, in eugr-recipes): neither
is ours to keep here.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from blocks.community import read_recipe
from blocks.flags import split
from blocks.recipe import Recipe
from tasks import ssh
from tasks.launchers.kinds import launcher_of
from tests.tasks.simulated import Sparks, sparks_in

LAUNCHER = Path(os.environ.get("SPARK_LAUNCHER", "/nowhere"))
FILES = sorted((Path(os.environ.get("SPARK_CAPTURED", "/nowhere")) / "eugr-recipes").glob("*.yaml"))
HOUSE = {
    "--host", "--port", "--served-model-name", "--tensor-parallel-size", "--nnodes", "--node-rank",
    "--master-addr", "--master-port", "--headless", "--distributed-executor-backend",
}  # fmt: skip
"""Flags that the house and the launcher set themselves, by where it runs."""

pytestmark = pytest.mark.skipif(
    not (FILES and (LAUNCHER / "run-recipe.py").exists()), reason="SPARK_LAUNCHER and SPARK_CAPTURED not set"
)


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """A pair of Sparks with the real launcher."""
    with sparks_in(tmp_path_factory.mktemp("sparks"), "--launcher", str(LAUNCHER)) as pair:
        yield pair


def by_run_recipe(file: Path, hosts: int, folder: Path) -> list[str]:
    """The words after `vllm serve` in the launcher's own dry run, as bash understands them."""
    (folder / "empty.env").touch()
    where = ["--solo"] if hosts == 1 else ["-n", "10.0.0.1,10.0.0.2"]
    told = subprocess.run(
        [sys.executable, "run-recipe.py", file, "--dry-run", "-d", "--config", folder / "empty.env", *where],
        cwd=LAUNCHER, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True,
    ).stdout  # fmt: skip
    script = told.split("=== Generated Launch Script ===")[1].split("=== What would")[0]
    asked = 'vllm() { printf "%s\\0" "$@"; };\n' + script
    return subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True).stdout.split(
        "\0"
    )[1:-1]


def by_us(sparks: Sparks, recipe: Recipe) -> list[str]:
    """The words after `vllm serve` that the engine of the head host was started with."""
    kept = sparks.simulation.folder / "spark-1/docker/last-vllm-argv-vllm_node.json"
    kept.unlink(missing_ok=True)
    # Mods patch the vLLM inside a real image: the simulated one has none, and their scripts refuse it.
    fields = recipe.model_dump(exclude={"image", "key", "mods"}, exclude_none=True)
    plan = replace(sparks.plan(f"launch-{recipe.key}"[:60], **fields), image=sparks.cluster.image)
    try:
        for step in launcher_of(plan.recipe).start(plan):
            answer = ssh.run(step.host, step.command)
            assert answer.ok, answer
        sparks.wait_until(kept.exists, "argv", plan)
        return json.loads(kept.read_text())[1:]
    finally:
        sparks.stop(plan)


def without_the_house(words: list[str]) -> list[str]:
    model, *flags = words
    return [model, *(word for piece in split(flags) if piece.flag not in HOUSE for word in piece.words)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_vllm_gets_what_run_recipe_would_give_it(file: Path, sparks: Sparks, tmp_path: Path):
    recipe = read_recipe(yaml.safe_load(file.read_text(encoding="utf-8"))).recipe
    if recipe.hosts > len(sparks.cluster.hosts):
        pytest.skip(f"it needs {recipe.hosts} hosts")

    wanted = by_run_recipe(file, recipe.hosts, tmp_path)

    assert without_the_house(by_us(sparks, recipe)) == without_the_house(wanted)
