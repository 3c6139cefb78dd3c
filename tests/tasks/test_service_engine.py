"""vLLM as a service, on hosts and through swaps; and logs, over real SSH to simulated Sparks."""

import pytest

from blocks.ledger.claim import claim
from blocks.ledger.launches import Launch, mark_ready, record_launch
from blocks.ledger.lock import take_lock
from blocks.ledger.runs import report, start_run
from tasks import ssh
from tasks.check import command
from tasks.service import ServiceFailed, Steward, restart, start, stop
from tasks.service_container import state_of
from tasks.service_logs import LogWatch
from tests.gateway.fake_prefect import FakePrefect
from tests.simulator.simulation import start as start_simulation
from tests.simulator.simulation import stop as stop_simulation
from tests.tasks.quiet import quiet_report
from tests.tasks.simulated_pair import Pair
from tests.tasks.stewards import kinds, steward


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    simulation = start_simulation(tmp_path_factory.mktemp("pair"))
    yield simulation
    stop_simulation(simulation)


@pytest.fixture
def pair(simulation, known_hosts):
    yield Pair(simulation)
    ssh.close_all()


@pytest.fixture
def prefect(monkeypatch):
    prefect = FakePrefect()
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


def test_the_log_of_a_service_is_shown_without_secrets_and_each_line_once(pair, tmp_path):
    voice = quiet_report(tmp_path)
    says = (
        "echo one; echo 'token: abcdefghijklmnop'; for i in 1 2 3; do echo new $i; sleep 0.3; done; sleep 60"
    )
    ssh.run(pair.two, command("docker", "run", "-d", "--name", "talker", "vllm-node", "bash", "-c", says))
    watch = LogWatch([pair.two], "talker")
    while not watch.shown:
        watch.show_last(voice, 200)
    while watch.shown < 5:
        watch.follow(voice, 0.5)
    ssh.run(pair.two, command("docker", "rm", "-f", "talker"))
    lines = [entry["line"] for event in voice.events if event.kind == "log" for entry in event.data["lines"]]

    assert lines[:2] == ["one", "token: ***"]
    assert lines[-3:] == ["new 1", "new 2", "new 3"]
    assert len(lines) == len(set(lines)) == watch.shown
    with pytest.raises(ServiceFailed, match="no container and no process talker on spark-2"):
        watch.show_last(voice, 5)


def launched(steward: Steward, model: str = "beta") -> None:
    record_launch(steward.ledger, Launch("l1", "r1", model, {}, [], ["spark-1", "spark-2"], "i", "r", 1.0))
    mark_ready(steward.ledger, "l1")


def test_vllm_is_restarted_by_a_swap_to_the_launch_it_had(pair, tmp_path, prefect):
    vllm = steward(pair, tmp_path, "vllm")
    launched(vllm)

    def swapped(run_id: str) -> None:
        start_run(vllm.ledger, run_id, "swap", "beta", None)
        report(vllm.ledger, run_id, "phase", {}, phase="loading", message="reading weights", progress=0.4)
        report(vllm.ledger, run_id, "result", {}, state="completed", message="Beta is loaded.", ended=2.0)

    prefect.on_created = swapped
    said = restart(vllm)

    assert said == "Beta is loaded."
    assert prefect.created[0]["parameters"] == {
        "model": "beta", "force": True, "dry_run": False, "approval": "none", "lock_pass": "",
        "as_launched": "l1",
    }  # fmt: skip
    assert kinds(vllm) == ["restarted"]


def test_a_swap_that_fails_or_ends_without_a_word_is_told(pair, tmp_path, prefect):
    vllm = steward(pair, tmp_path, "vllm")
    with pytest.raises(ServiceFailed, match="no model was ever loaded here"):
        start(vllm)
    launched(vllm)

    prefect.on_created = lambda run_id: prefect.set_state(run_id, "CRASHED")
    with pytest.raises(ServiceFailed, match=r"beta was not loaded again.*without a word"):
        start(vllm)
    prefect.others.clear()
    prefect.deployment = ""
    with pytest.raises(ServiceFailed, match="Prefect has no deployment"):
        restart(vllm)


def test_the_lock_of_another_is_met_before_a_swap_is_asked_for(pair, tmp_path, prefect):
    vllm = steward(pair, tmp_path, "vllm")
    launched(vllm)
    take_lock(vllm.ledger, "batch", "training", 60)

    with pytest.raises(ServiceFailed, match="held by batch"):
        restart(vllm)

    assert not prefect.created
    assert kinds(vllm) == []


def test_the_engine_is_stopped_on_every_host_it_was_launched_on(pair, tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_LOG_DIR", str(tmp_path / "logs"))
    vllm = steward(pair, tmp_path, "vllm")
    launched(vllm)
    for host in pair.cluster.hosts:
        ssh.run(
            host, command("docker", "run", "-d", "--rm", "--name", "vllm_node", "vllm-node", "sleep", "60")
        )

    with claim(vllm.ledger, "gpu", "a swap", on_lost=lambda: None), pytest.raises(ServiceFailed):
        stop(vllm)
    running = state_of(vllm)
    said = stop(vllm)

    assert running == "running"
    assert said == "The engine is stopped on spark-1 and spark-2; no model is loaded."
    for host in pair.cluster.hosts:
        assert ssh.run(host, command("docker", "ps", "-aq", "--filter", "name=^/vllm_node$")).stdout == ""
    assert kinds(vllm) == ["stopped", "started", "stopped"]
