"""A simulated Spark for the patches' tests, and the patches to be applied to its speech container."""

from pathlib import Path

import pytest

from blocks.settings import Settings, make_settings
from tasks import ssh
from tests.simulator.simulation import Simulation, start, stop
from tests.tasks.patching import as_the_image_has_it, made


@pytest.fixture(scope="package")
def simulation(tmp_path_factory: pytest.TempPathFactory):
    """One Spark for this folder, which writes down what docker is asked for."""
    simulation = start(tmp_path_factory.mktemp("sparks"), "--hosts", "1")
    (simulation.folder / "spark-1/docker/commands").touch()
    yield simulation
    ssh.close_all()
    stop(simulation)


@pytest.fixture(scope="package")
def settings(simulation: Simulation) -> Settings:
    return make_settings({"cluster": simulation.config})


@pytest.fixture
def patching(simulation: Simulation, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The patches to be applied to a container as its image has it."""
    monkeypatch.setattr("tasks.service_container.POLL_SECONDS", 0.05)
    as_the_image_has_it(simulation)
    patching = made(settings, tmp_path)
    yield patching
    patching.ledger.close()
