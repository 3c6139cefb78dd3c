"""One simulated cluster for the session, and a shell on its first host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.simulator.simulation import Simulation, living, start, stop


@pytest.fixture(scope="session")
def simulated_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    simulation = start(tmp_path_factory.mktemp("cluster"))
    yield simulation
    stop(simulation)
    assert living(simulation.folder) == []


@pytest.fixture
async def spark(simulated_cluster: Simulation) -> AsyncIterator[Any]:
    """A shell on the first host."""
    async with simulated_cluster.shell() as run:
        yield run


@pytest.fixture
async def docker(simulated_cluster):
    """Runs docker on host 1; containers it started are removed afterwards."""
    async with simulated_cluster.shell() as run:

        async def docker(words, given=None):
            return await run(f"docker {words}", given)

        yield docker
        await run("docker ps -aq | xargs -r docker rm -f")
