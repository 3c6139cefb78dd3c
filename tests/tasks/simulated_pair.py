"""The simulated pair of Sparks as the controller's settings name it, and weights on its disks."""

import json
from pathlib import Path

from blocks.settings import make_settings
from tasks.checks.weights import list_command, read_models
from tasks.measure import Measured, folder_of, measure_command, read_measured
from tasks.ssh import run
from tests.simulator.simulation import Simulation

SMALL = "org/small-7b"
"""A repository that nobody has: 14 GiB in four shards."""


class Pair:
    """Two hosts, reached over real SSH."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.cluster = make_settings({"cluster": simulation.config}).cluster
        self.one, self.two = self.cluster.hosts

    def fault(self, name: str, content: str = "", number: int = 1):
        """A fault while the block lasts."""
        return self.simulation.fault(name, content, number)

    def repo(self, model: str = SMALL, number: int = 1) -> Path:
        """The folder of a repository in a host's cache."""
        return self.simulation.home(number) / ".cache/huggingface/hub" / folder_of(model)

    def jobs(self, number: int = 1) -> dict[str, dict]:
        """What was begun on a host, by name."""
        folder = self.simulation.home(number) / ".cache/spark-control/jobs"
        return {file.parent.name: json.loads(file.read_text()) for file in folder.glob("*/job.json")}

    def model(self, model: str = SMALL, number: int = 1):
        """A model as a host's disk holds it, judged; None without it."""
        answer = run(self.cluster.hosts[number - 1], list_command(None, "~/models", only=model))
        return next(iter(read_models(answer)), None)

    def measured(self, model: str = SMALL, number: int = 1) -> Measured:
        """How much has arrived."""
        return read_measured(run(self.cluster.hosts[number - 1], measure_command(None, model, {})))

    def wait_for_bytes(self, model: str, number: int = 1) -> int:
        """How much of a model has arrived, once the first of its weights are among it."""
        while not (arrived := self.measured(model, number).arrived) > 10**8:
            pass
        return arrived
