"""The memory guard of a host: the alert that it raises and ends, and the runs that it asks for."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.ledger import clock
from blocks.ledger.migrate import migrate
from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from blocks.ledger.transitions import history
from blocks.memory_watch import ACTION_SECONDS
from blocks.policies import MemoryGuard
from tasks.observe_memory import FREE_MEMORY, MemoryWatcher
from tasks.observe_tell import Teller
from tasks.other_run import RunNotStarted

ALERT = MemoryGuard(floor_gib=4)
DROP = MemoryGuard(floor_gib=4, action="drop_caches")
STOP = MemoryGuard(floor_gib=4, action="stop_engine")


class Prefect:
    """Takes runs, or is away."""

    def __init__(self) -> None:
        self.asked: queue.Queue[tuple[str, dict[str, object]]] = queue.Queue()
        self.away = False

    def start(self, deployment: str, parameters: dict[str, object]) -> str:
        self.asked.put((deployment, parameters))
        if self.away:
            raise RunNotStarted("Prefect is away")
        return "run-1"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    yield ledger
    ledger.close()


@pytest.fixture
def prefect() -> Prefect:
    return Prefect()


def watcher(ledger: Ledger, prefect: Prefect) -> MemoryWatcher:
    return MemoryWatcher("spark-1", ledger, Teller(ledger), start=prefect.start)


def alert(ledger: Ledger) -> dict:
    return read_seen(ledger, "alert/spark-1")["alert/spark-1"].data


def see(watching: MemoryWatcher, *available: float, guard=ALERT, engine_runs=True) -> None:
    for gib in available:
        watching.learn(gib, guard, engine_runs=engine_runs)


def test_low_memory_is_told_once_and_so_is_its_end(ledger: Ledger, prefect: Prefect):
    watching = watcher(ledger, prefect)

    see(watching, 50, 3, 2, 3)
    raised = alert(ledger)
    see(watching, 8, 8, 8, 8)

    told = [span.transition for span in reversed(history(ledger, "host/spark-1"))]
    assert [each.state for each in told] == ["memory low", "memory calm"]
    assert told[0].source == "memory guard"
    assert "are to stay free" in raised["why"]
    assert alert(ledger)["state"] == "calm"
    assert prefect.asked.empty(), "the guard may only tell"


def test_a_host_with_memory_leaves_no_trace(ledger: Ledger, prefect: Prefect):
    see(watcher(ledger, prefect), 50, 40, 60, guard=STOP)

    assert read_seen(ledger, "alert/") == {}


def test_a_run_is_asked_for_once_a_minute(ledger: Ledger, prefect: Prefect, monkeypatch: pytest.MonkeyPatch):
    watching = watcher(ledger, prefect)
    now = clock.now()

    see(watching, 3, 2, 2, guard=DROP)
    deployment, parameters = prefect.asked.get(timeout=10)
    assert deployment == FREE_MEMORY
    assert (parameters["host"], parameters["action"]) == ("spark-1", "drop_caches")
    assert "are to stay free" in str(parameters["reason"])
    assert prefect.asked.empty()

    monkeypatch.setattr(clock, "now", lambda: now + ACTION_SECONDS + 5)
    see(watching, 2, guard=DROP)
    assert prefect.asked.get(timeout=10)[0] == FREE_MEMORY


def test_without_an_engine_there_is_none_to_stop(ledger: Ledger, prefect: Prefect):
    see(watcher(ledger, prefect), 3, 2, guard=STOP, engine_runs=False)

    assert alert(ledger)["state"] == "low"
    assert prefect.asked.empty()


def test_a_run_that_prefect_did_not_take_is_asked_for_again_soon(
    ledger: Ledger, prefect: Prefect, monkeypatch: pytest.MonkeyPatch
):
    prefect.away = True
    watching = watcher(ledger, prefect)
    begun = clock.now()
    see(watching, 3, guard=STOP)
    prefect.asked.get(timeout=10)
    while watching.acted_at >= begun:  # the answer is heard in a thread of its own
        pass

    monkeypatch.setattr(clock, "now", lambda: begun + 30)
    see(watching, 3, guard=STOP)

    assert prefect.asked.get(timeout=10)[1]["action"] == "stop_engine"


def test_the_next_observer_takes_the_alert_up(ledger: Ledger, prefect: Prefect):
    see(watcher(ledger, prefect), 3, guard=DROP)
    prefect.asked.get(timeout=10)

    after = watcher(ledger, prefect)
    after.remember()
    see(after, 3, 2, guard=DROP)
    see(after, 8, 8, 8)

    assert prefect.asked.empty(), "a minute has not passed"
    told = [span.transition.state for span in reversed(history(ledger, "host/spark-1"))]
    assert told == ["memory low", "memory calm"]


def test_what_was_before_a_gap_is_no_fall(ledger: Ledger, prefect: Prefect):
    watching = watcher(ledger, prefect)
    see(watching, 100, 50)
    watching.interrupted()
    see(watching, 10)

    assert len(watching.looks) == 1
    assert watching.judgement.state == "calm"
