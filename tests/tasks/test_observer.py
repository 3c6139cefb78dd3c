"""The observer as a whole over a simulated pair: one host dead, Prefect away, the ledger locked."""

import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from tasks import observe_changes, observer, ssh
from tasks.observer import Observer
from tests.gateway.fake_prefect import FakePrefect
from tests.simulator.simulation import start, stop
from tests.tasks.simulated_pair import Pair

PATIENCE_SECONDS = 90


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair of Sparks for this file."""
    simulation = start(tmp_path_factory.mktemp("sparks"))
    yield Pair(simulation)
    stop(simulation)


@pytest.fixture
def prefect(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrefect]:
    prefect = FakePrefect()
    prefect.documents["cluster"] = dict(pair.simulation.config)
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    return url


@pytest.fixture
def ledger(url: str, prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A ledger that an observer in a hurry writes to."""
    monkeypatch.setattr(observer, "SETTINGS_SECONDS", 0.2)
    monkeypatch.setattr(observe_changes, "PAUSES", (1.0,))
    monkeypatch.setattr(ssh, "CONNECT_SECONDS", 3)
    ledger = Ledger(url)
    observing = Observer(ledger)
    thread = threading.Thread(target=observing.run)
    thread.start()
    yield ledger
    observing.ended.set()
    thread.join()
    ledger.close()


def seen(ledger: Ledger, name: str) -> dict[str, Any]:
    sight = read_seen(ledger, f"host/{name}").get(f"host/{name}")
    return sight.data if sight else {}


def wait_until(done: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def wait_for_news(ledger: Ledger, name: str) -> None:
    """Wait for facts that are newer than now."""
    now = time.time()
    wait_until(lambda: (seen(ledger, name).get("facts_at") or 0) > now, f"no news of {name}")


def test_both_hosts_their_disks_and_the_controllers_key_are_seen(pair: Pair, ledger: Ledger):
    wait_for_news(ledger, "spark-1")
    wait_for_news(ledger, "spark-2")
    wait_until(lambda: len(read_seen(ledger, "disk/")) == 2, "the disks are not seen")
    wait_until(lambda: len(read_seen(ledger, "ssh-key/")) == 3, "the keys are not seen")

    (line,) = read_seen(ledger, "ssh-key/controller")["ssh-key/controller"].data.values()
    assert line.startswith("ssh-ed25519 ")


@pytest.mark.parametrize("fault", ["unreachable", "ssh-hang"])
def test_a_dead_or_wedged_host_leaves_the_other_fresh(pair: Pair, ledger: Ledger, fault: str):
    wait_for_news(ledger, "spark-2")
    with pair.fault(fault, "", number=2):
        wait_until(lambda: not _says_a_banner(pair.two.ssh_port), "the fault does not take effect")
        ssh.close_all()
        wait_until(lambda: not seen(ledger, "spark-2")["reachable"], "spark-2 is not missed")
        for _ in range(3):
            wait_for_news(ledger, "spark-1")
        assert seen(ledger, "spark-2")["memory_total"] > 0, "its last facts stay"

    wait_for_news(ledger, "spark-2")


def _says_a_banner(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            return bool(line.recv(1))
    except OSError:
        return False


def test_a_ledger_that_is_locked_for_a_while_ends_nothing(pair: Pair, ledger: Ledger, url: str):
    wait_for_news(ledger, "spark-1")
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as locking:
        locking.execute("BEGIN EXCLUSIVE")
        time.sleep(2)  # nothing tells that the observer waits for the lock
        locking.execute("ROLLBACK")

    wait_for_news(ledger, "spark-1")
    wait_for_news(ledger, "spark-2")


def test_with_prefect_away_the_last_known_hosts_are_looked_at(
    pair: Pair, ledger: Ledger, prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch
):
    wait_for_news(ledger, "spark-1")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    for _ in range(3):
        wait_for_news(ledger, "spark-1")


def test_a_host_of_the_settings_that_changed_is_looked_at_anew_at_once(
    pair: Pair, ledger: Ledger, prefect: FakePrefect
):
    wait_for_news(ledger, "spark-2")
    hosts = prefect.documents["cluster"]["hosts"]
    prefect.documents["cluster"] |= {"hosts": [hosts[0], {**hosts[1], "user": "somebody"}]}
    wait_until(lambda: seen(ledger, "spark-2")["state"] == "refused", "the new user is not tried")

    prefect.documents["cluster"] |= {"hosts": hosts}
    wait_for_news(ledger, "spark-2")
    write_seen(ledger, "host/spark-2", {})
    prefect.documents["cluster"] |= {"hosts": hosts[:1]}
    wait_for_news(ledger, "spark-1")
