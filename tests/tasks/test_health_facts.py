"""What the ledger tells of a service before it is probed: how old that may be, and what it means."""

import time
from pathlib import Path

import pytest

from blocks.ledger.launches import Launch, record_launch
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.health_facts import Facts, facts_of, why_skipped
from tests.tasks.cluster_of_two import TWO
from tests.tasks.quiet import quiet_report

RUNNING = {"name": "kokoro-tts", "state": "running", "started_at": "2026-11-22T16:00:00.123456789Z"}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return quiet_report(tmp_path).ledger


def facts(ledger: Ledger, name: str = "kokoro") -> Facts:
    return facts_of(ledger, Settings(cluster=TWO), TWO.service(name))


def see(ledger: Ledger, host: str = "spark-2", **data: object) -> None:
    write_seen(ledger, f"host/{host}", {"reachable": True, "state": "well", "facts_at": time.time(), **data})


def test_a_host_that_nobody_saw_tells_nothing(ledger: Ledger):
    known = facts(ledger)

    assert (known.surroundings.watts, known.started_at, known.exited, known.host_fault) == (
        None, None, False, "",
    )  # fmt: skip


def test_container_power_and_start_are_as_the_observer_saw_them(ledger: Ledger):
    see(ledger, gpu={"power": 33.5}, containers=[RUNNING])
    known = facts(ledger)
    see(ledger, gpu=None, containers=[{**RUNNING, "state": "exited", "started_at": ""}])
    ended = facts(ledger)

    assert (known.surroundings.watts, known.exited) == (33.5, False)
    assert known.started_at == pytest.approx(1795363200.1, abs=0.1)
    assert (ended.surroundings.watts, ended.exited, ended.started_at) == (None, True, None)


def test_facts_from_before_a_host_went_away_say_nothing_of_now(ledger: Ledger):
    old = time.time() - 300
    see(ledger, reachable=False, state="wedged", error="no banner", facts_at=old, gpu={"power": 90.0})
    known = facts(ledger)

    assert known.surroundings.watts is None
    assert known.host_fault == "spark-2 is out of reach: no banner"


def test_the_power_of_an_engine_is_that_of_any_of_its_hosts(ledger: Ledger):
    record_launch(ledger, Launch("l", "r", "a", {}, [], ["spark-1", "spark-2"], "", "", 1.0, ready=2.0))
    see(ledger, "spark-1", gpu={"power": 20.0})
    see(ledger, "spark-2", gpu={"power": 47.0})

    assert facts(ledger, "vllm").surroundings.watts == 47.0


def test_a_model_that_was_loaded_after_a_stop_is_not_at_rest(ledger: Ledger):
    note_service_event(ledger, "vllm", "stopped", "a person")
    stopped = why_skipped(facts(ledger, "vllm"), asked=True)
    record_launch(ledger, Launch("l", "r", "a", {}, [], ["spark-1"], "", "", 1.0, ready=2.0))

    assert stopped == "it was stopped on purpose"
    assert why_skipped(facts(ledger, "vllm"), asked=True) == ""
