"""One host as the observer sees it, over real SSH: well, away, wedged, back; and what its containers do."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from blocks.ledger.migrate import migrate
from blocks.ledger.samples import HOUR, read_history
from blocks.ledger.seen import read_seen
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from blocks.ledger.transitions import history
from blocks.settings import Settings, make_settings
from blocks.webhook import Webhook
from tasks import ssh
from tasks.check import command
from tasks.observe_host import HostObserver
from tasks.observe_memory import MemoryWatcher
from tasks.observe_tell import Teller
from tests.simulator.simulation import start, stop
from tests.tasks.simulated_pair import Pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A pair of Sparks for this file."""
    simulation = start(tmp_path_factory.mktemp("sparks"))
    yield Pair(simulation)
    ssh.close_all()
    stop(simulation)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    yield ledger
    ledger.close()


@pytest.fixture
def begin(pair: Pair, ledger: Ledger) -> Callable[..., HostObserver]:
    """Makes an observer of the second host, which has the services."""

    def make(settings: Settings | None = None) -> HostObserver:
        teller = Teller(ledger, settings or make_settings({"cluster": pair.simulation.config}))
        memory = MemoryWatcher(pair.two.name, ledger, teller)
        return HostObserver(pair.two, pair.cluster, ledger, teller, memory)

    return make


def seen(ledger: Ledger) -> dict[str, Any]:
    return read_seen(ledger, "host/spark-2")["host/spark-2"].data


def told(ledger: Ledger, subject: str = "host/spark-2") -> list[str]:
    """The states that were told of a subject, oldest first."""
    return [span.transition.state for span in reversed(history(ledger, subject))]


def until(look: Callable[[], None], done: Callable[[], bool]) -> None:
    """Look until it is so: a fault takes effect a moment after its file is there."""
    look()
    while not done():
        look()


def test_a_good_look_is_written_down_with_everything(pair: Pair, ledger: Ledger, begin):
    begin().look()

    found = seen(ledger)
    assert (found["reachable"], found["state"], found["findings"]) == (True, "well", [])
    assert found["mac"] == "3c:6d:66:00:0c:01"
    assert found["gpu"]["driver"] == "580.126.09"
    assert {row["name"] for row in found["containers"]} >= {"parakeet-asr", "kokoro-tts", "qdrant"}
    assert all(row["restarts"] == 0 and row["started_at"] for row in found["containers"])
    assert [link["state"] for link in found["links"]].count("ACTIVE") == 2
    assert read_history(ledger, "host/spark-2", HOUR).columns["memory_available_gib"]["mean"][0] > 50
    assert told(ledger) == ["well"]


def test_one_failed_look_is_no_alarm_two_are_and_the_last_facts_stay(pair: Pair, ledger: Ledger, begin):
    observer = begin(_with_webhook(pair))
    observer.look()
    facts_at = seen(ledger)["facts_at"]
    with pair.fault("unreachable", "", number=2):
        until(observer.look, lambda: seen(ledger)["state"] == "unreachable" and told(ledger) != ["well"])
    gone = seen(ledger)
    until(observer.look, lambda: seen(ledger)["state"] == "well")

    assert told(ledger) == ["well", "unreachable", "well"]
    assert gone["failed_looks"] >= 2
    assert gone["facts_at"] >= facts_at
    assert gone["memory_total"] > 0
    assert "nobody answers" in gone["error"]
    with ledger.read() as connection:
        events = connection.execute(text("select event from deliveries order by seq")).scalars().all()
    assert events == ["host_down", "host_up"]


def _with_webhook(pair: Pair) -> Settings:
    settings = make_settings({"cluster": pair.simulation.config})
    webhook = Webhook.model_validate({"targets": [{"name": "desk", "url": "http://192.0.2.1/"}]})
    return Settings(cluster=settings.cluster, webhook=webhook)


def test_a_host_that_takes_the_connection_and_says_nothing_is_wedged(
    pair: Pair, ledger: Ledger, begin, monkeypatch: pytest.MonkeyPatch
):
    observer = begin()
    observer.look()
    with pair.fault("ssh-hang", "", number=2), monkeypatch.context() as patience:
        _wait_for_silence(pair.two.ssh_port)
        ssh.close_all()
        patience.setattr(ssh, "CONNECT_SECONDS", 1)
        until(observer.look, lambda: seen(ledger)["state"] == "wedged" and told(ledger) != ["well"])
        assert "the host is wedged" in seen(ledger)["error"]
    until(observer.look, lambda: seen(ledger)["state"] == "well")

    assert told(ledger) == ["well", "wedged", "well"]


def _wait_for_silence(port: int) -> None:
    """Connect until nothing is said: a fault takes effect a moment after its file is there."""
    while True:
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)) as line:
            line.settimeout(1)
            try:
                line.recv(1)
            except TimeoutError:
                return


def test_a_line_that_is_cut_during_a_look_is_tried_again_at_once(pair: Pair, ledger: Ledger, begin):
    observer = begin()
    observer.look()
    with pair.fault("ssh-cut", "0", number=2):
        observer.look()

    assert (seen(ledger)["state"], told(ledger)) == ("well", ["well"])


def test_a_host_that_refuses_our_key_says_so(pair: Pair, ledger: Ledger, begin):
    observer = begin()
    observer.host = pair.two.model_copy(update={"user": "somebody"})
    observer.look()

    assert seen(ledger)["state"] == "refused"
    assert "it refuses our SSH key" in seen(ledger)["error"]
    assert told(ledger) == []


def test_programs_that_hang_are_findings_and_the_rest_is_told(pair: Pair, ledger: Ledger, begin):
    with pair.fault("nvidia-smi", "hang", number=2), pair.fault("docker-hang", "", number=2):
        begin().look()

    found = seen(ledger)
    assert found["state"] == "well"
    assert found["findings"] == ["nvidia-smi hangs: the driver is wedged.", "Docker does not answer."]
    assert found["memory_available"] > 0


def test_a_container_that_was_restarted_behind_our_back_is_told_once(pair: Pair, ledger: Ledger, begin):
    observer = begin()
    observer.look()
    ssh.run(pair.two, command("docker", "restart", "-t", "0", "qdrant"))
    observer.look()
    observer.look()

    (restarted,) = history(ledger, "service/qdrant")
    assert (restarted.transition.state, restarted.transition.source) == ("restarted", "observer")
    assert "container qdrant was started anew at " in restarted.transition.why


def test_a_restart_of_ours_is_no_news(pair: Pair, ledger: Ledger, begin):
    observer = begin()
    observer.look()
    note_service_event(ledger, "kokoro", "restarted", "a test")
    ssh.run(pair.two, command("docker", "restart", "-t", "0", "kokoro-tts"))
    observer.look()

    assert history(ledger, "service/kokoro") == []


def test_the_next_observer_goes_on_where_the_last_one_was_killed(pair: Pair, ledger: Ledger, begin):
    """It tells nothing twice, and misses no container that was started anew meanwhile."""
    begin(_with_webhook(pair)).look()
    ssh.run(pair.two, command("docker", "restart", "-t", "0", "embeddings"))

    begin(_with_webhook(pair)).look()

    assert told(ledger) == ["well"]
    assert told(ledger, "service/embeddings") == ["restarted"]


def test_one_whose_time_is_over_writes_nothing_more(pair: Pair, ledger: Ledger, begin):
    observer = begin()
    observer.ended.set()

    observer.look()

    assert read_seen(ledger, "host/") == {}
