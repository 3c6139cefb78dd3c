"""A simulated pair whose state is ensured, and what it is judged to be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from tasks import ssh
from tasks.ensure_state import EnsureState, own_public_key, run_fixes
from tasks.state.kinds import chosen, every_check
from tests.simulator.simulation import Simulation
from tests.simulator.simulation import start as start_simulation
from tests.simulator.simulation import stop as stop_simulation
from tests.tasks.simulated_pair import Pair


class Ward:
    """Ensures the state of a simulated pair, with a ledger of its own."""

    def __init__(self, pair: Pair, ledger: Ledger) -> None:
        self.pair = pair
        self.ledger = ledger

    def state(self, *names: str, hosts: int = 2) -> EnsureState:
        """These checks, nothing looked at yet."""
        places = self.pair.cluster.hosts[:hosts]
        checks = chosen(every_check({host.name: own_public_key(host) for host in places}), (), names)
        return EnsureState(self.pair.cluster, self.ledger, places, checks, pauses=())

    def look(self, *names: str) -> EnsureState:
        """The same, looked at."""
        state = self.state(*names)
        state.look()
        return state

    def act(self, *names: str) -> EnsureState:
        """Look, fix what is due, look again."""
        state = self.look(*names)
        state.look_again(fix(state))
        return state

    def allow_root(self, number: int = 1) -> Path:
        """Let sudo go without a password on a host; the file that says so."""
        file = self.pair.simulation.folder / f"spark-{number}" / "sudo-allowed"
        file.touch()
        return file


def fix(state: EnsureState) -> dict[str, dict[str, str]]:
    """Run what is due, without Prefect."""
    return {host.name: run_fixes(host, state.fixes(host)) for host in state.due()}


def outcomes(state: EnsureState, host: str = "spark-1") -> dict[str, str]:
    """The outcome of each check of a host."""
    return {finding.check: finding.outcome for finding in state.findings[host]}


def whys(state: EnsureState, host: str = "spark-1") -> str:
    """All reasons of a host."""
    return " | ".join(finding.why for finding in state.findings[host])


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """A simulator for the file."""
    simulation = start_simulation(tmp_path_factory.mktemp("pair"))
    yield simulation
    ssh.close_all()
    stop_simulation(simulation)


@pytest.fixture
def ward(simulation: Simulation, tmp_path: Path) -> Iterator[Ward]:
    """The pair, and an empty ledger."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    yield Ward(Pair(simulation), ledger)
    ledger.close()
    for file in simulation.folder.glob("spark-*/sudo-allowed"):
        file.unlink()
