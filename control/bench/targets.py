"""What the load is sent to: the upstream itself, or our gateway before it, each a process of its own."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from blocks.ledger.keys import create_key
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from control.bench import usage
from control.bench.documents import prefect, settings
from control.bench.upstream import MODEL
from control.environment import free_port, house_environment
from control.processes import House, Process

START_SECONDS = 180.0


class Skipped(Exception):
    """A target cannot be measured here; the message says why."""


@dataclass(frozen=True)
class Target:
    """
    A target that answers.

    Attributes:
        process: Its first process; those below it count too.
        key: The key it wants; blank: none.
        exact: It passes bytes through.
    """

    name: str
    port: int
    process: Process
    key: str = ""
    exact: bool = True

    @property
    def pids(self) -> list[int]:
        """Its processes now."""
        return usage.tree(self.process.child.pid) if self.process.child else []


Start = Callable[[Target, Path], AbstractContextManager[Target]]
"""From the upstream and a folder to a target that answers; raises `Skipped` or `NotReady`."""


@contextmanager
def started(
    target: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[House]:
    """A process while the block runs; its log lies in the folder."""
    house = House(environment, folder, lambda text: print(text, file=sys.stderr))
    try:
        house.add(target, list(command))
        yield house
    finally:
        house.stop()


def answering(house: House, name: str, port: int, *, key: str = "", exact: bool = True) -> Target:
    """The target, once a question gets its answer; `NotReady` shows the end of its log."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    question = {"model": MODEL, "messages": [{"role": "user", "content": "Are you there?"}]}

    def answers() -> bool:
        try:
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            return (
                httpx.post(url, json=question, headers=headers, timeout=30, trust_env=False).status_code
                == 200
            )
        except httpx.HTTPError:
            return False

    house.wait_for(name, answers, START_SECONDS)
    return Target(name, port, house.processes[name], key, exact)


@contextmanager
def upstream(folder: Path) -> Iterator[Target]:
    """The fake vLLM."""
    port = free_port()
    command = [sys.executable, "-m", "control.bench.upstream", str(port)]
    with started("direct", command, os.environ, folder) as house:
        yield answering(house, "direct", port)


@contextmanager
def direct(engine: Target, _folder: Path) -> Iterator[Target]:
    """Nothing between load and upstream: what the load, the upstream and this machine are good for."""
    yield engine


@contextmanager
def gateway(engine: Target, folder: Path) -> Iterator[Target]:
    """Our gateway with everything on: keys, settings from Prefect, a ledger, metrics, an access log."""
    with prefect(settings(engine.port)) as api:
        port = free_port()
        # The settings of whoever runs this are not ours to measure, and their ledger is not ours to fill.
        bare = {
            name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PREFECT_"))
        }
        environment = house_environment(
            folder, {**bare, "PREFECT_API_URL": api, "SPARK_GATEWAY_PORT": str(port)}
        )
        environment["SPARK_ACCESS_LOG"] = str(folder / "access.log")
        migrate(environment["SPARK_LEDGER_URL"])
        ledger = Ledger(environment["SPARK_LEDGER_URL"])
        key = create_key(ledger, "bench", ["inference", "control"])
        ledger.close()
        with started("gateway", [sys.executable, "-m", "gateway"], environment, folder) as house:
            yield answering(house, "gateway", port, key=key)
