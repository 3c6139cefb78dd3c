"""A simulated pair of Sparks as the control plane sees it, and what tasks do to its hosts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from blocks.cluster import Cluster
from blocks.recipe import Recipe
from tasks import ssh
from tasks.engine import read_engine, why_not_ready
from tasks.ensure import ensure_without_prefect
from tasks.launch import LaunchPlan, plan_launch
from tasks.launchers.kinds import launcher_of
from tasks.sight import look_command, read_sight
from tasks.situation import Situation
from tests.simulator.simulation import Simulation, start, stop


class Sparks:
    """The pair."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.cluster = Cluster.model_validate(
            {
                k: v or None
                for k, v in yaml.safe_load((simulation.folder / "cluster.yaml").read_text()).items()
            }
        )

    def look(self) -> Situation:
        """What is there now, without a ledger."""
        sights = {h.name: read_sight(ssh.run(h, look_command(None))) for h in self.cluster.hosts}
        name = self.cluster.vllm.container
        return Situation(sights, {}, tuple(host for host, seen in sights.items() if seen.holds(name)))

    def plan(self, launch_id: str = "launch-1", **recipe: object) -> LaunchPlan:
        """The launch of a recipe that is loaded on these hosts."""
        given = {"key": "qwen", "model": "nvidia/Qwen3.6-35B-A3B-NVFP4", **recipe}
        places = self.look().places
        home = places[self.cluster.vllm.host][0]
        return plan_launch(self.cluster, Recipe.model_validate(given), launch_id, home, places)

    def start(self, plan: LaunchPlan) -> None:
        """Dispatch a launch and wait until it answers."""
        launcher = launcher_of(plan.recipe)
        for step in launcher.start(plan):
            answer = ssh.run(step.host, step.command)
            assert launcher.refusal(answer) == ""
        self.wait_until(lambda: not why_not_ready(self.url, plan.recipe.served), "answer", plan)

    def wait_until(self, seen, what: str, plan: LaunchPlan, seconds: float = 60) -> None:
        """Look until it is so; the engine's own words when it never is."""
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, (what, self.lines(plan)[-20:])
            time.sleep(0.05)

    def lines(self, plan: LaunchPlan) -> list[str]:
        """The engine's log on every host of a launch."""
        look = launcher_of(plan.recipe).look(plan.container, "")
        return [line for h in plan.hosts for _, line in read_engine(ssh.run(h, look), "").lines]

    def stop(self, plan: LaunchPlan) -> None:
        """Stop the engine on every host of a launch."""
        for host in plan.hosts:
            ensure_without_prefect(host, launcher_of(plan.recipe).gone(plan.container))

    @property
    def url(self) -> str:
        """Where the engine answers."""
        return self.cluster.base_url(self.cluster.vllm)


@contextmanager
def sparks_in(folder: Path, *arguments: str) -> Iterator[Sparks]:
    """The pair, up while the block lasts; the arguments are the simulator's."""
    simulation = start(folder, *arguments)
    try:
        yield Sparks(simulation)
    finally:
        ssh.close_all()
        stop(simulation)
