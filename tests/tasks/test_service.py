"""Services started, stopped and restarted on simulated Sparks over real SSH, and what is said of it."""

import contextlib
import re

import pytest

from blocks.cluster import Host
from blocks.ledger.claim import claim
from blocks.ledger.service_events import service_events_of, stopped_on_purpose
from tasks import ssh
from tasks.check import command
from tasks.service import ServiceFailed, restart, start, stop
from tasks.service_container import USUAL_GIB, state_of, usual_patience, why_no_answer
from tasks.service_order import sentences
from tests.simulator.simulation import start as start_simulation
from tests.simulator.simulation import stop as stop_simulation
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


def wait_until_back(host: Host) -> None:
    """A host whose fault is over answers within a moment."""
    while True:
        with contextlib.suppress(ssh.Unreachable):
            ssh.run(host, command("true"))
            return


def test_a_service_is_stopped_started_and_restarted_and_answers_again(pair, tmp_path):
    kokoro = steward(pair, tmp_path, "kokoro")

    stopped = stop(kokoro)
    after_stop = (state_of(kokoro), why_no_answer(kokoro) != "")
    purpose = stopped_on_purpose(service_events_of(kokoro.ledger, "kokoro"))
    started, again = start(kokoro), start(kokoro)
    restarted = restart(kokoro)

    assert "kokoro is stopped on spark-2" in stopped
    assert after_stop == ("exited", True)
    assert purpose
    assert started.startswith("kokoro is started on spark-2 and answers.")
    assert "already, and answers" in again
    assert "restarted on spark-2 and answers" in restarted
    assert why_no_answer(kokoro) == ""
    assert kinds(kokoro) == ["restarted", "started", "started", "stopped"]
    assert {"stopping", "starting", "restarting", "waiting for an answer"} <= set(kokoro.report.phases())


def test_a_container_that_is_not_there_is_named_with_what_to_do(pair, tmp_path):
    lost = steward(pair, tmp_path, "kokoro", container="kokoro-old", health_path="/nothing")

    with pytest.raises(ServiceFailed, match=r"no container kokoro-old on spark-2.*Create it once"):
        start(lost)
    with pytest.raises(ServiceFailed, match="cannot be restarted"):
        restart(lost)

    assert "nothing had to be stopped" in stop(lost)


def test_a_service_that_answers_under_another_name_is_not_called_stopped(pair, tmp_path):
    misnamed = steward(pair, tmp_path, "qdrant", container="qdrant-old")

    with pytest.raises(ServiceFailed, match="it runs under another name"):
        stop(misnamed)

    assert not stopped_on_purpose(service_events_of(misnamed.ledger, "qdrant"))


def test_a_service_that_ends_at_its_start_is_told_with_its_last_words(pair, tmp_path):
    embeddings = steward(pair, tmp_path, "embeddings")
    with pair.fault("embeddings", "dies-at-start", 2), pytest.raises(ServiceFailed) as failed:
        restart(embeddings)

    assert re.search("on spark-2 (ends again and again|has ended by itself)", str(failed.value))
    assert "Its last words: " in str(failed.value)
    assert kinds(embeddings) == ["restarted"]
    assert "answers" in start(embeddings)


def test_a_service_that_never_answers_is_given_up_after_its_time(pair, tmp_path):
    deaf = steward(pair, tmp_path, "qdrant", health_path="/no-such-route")
    deaf.patience_seconds = 0.2

    with pytest.raises(ServiceFailed, match="is running, but the service does not answer"):
        restart(deaf)


def test_docker_that_refuses_is_told_in_its_own_words(pair, tmp_path):
    qdrant = steward(pair, tmp_path, "qdrant")

    with pair.fault("docker-restart", "1\nno such runtime", 2), pytest.raises(ServiceFailed) as failed:
        restart(qdrant)

    assert "did not restart container qdrant: no such runtime. The container is running now" in str(
        failed.value
    )


def test_a_host_that_is_away_leaves_the_intent_as_it_was(pair, tmp_path):
    qdrant = steward(pair, tmp_path, "qdrant")
    ssh.close_all()

    with pair.fault("unreachable", "", 2), pytest.raises(ServiceFailed, match="spark-2"):
        stop(qdrant)
    wait_until_back(pair.two)

    assert not stopped_on_purpose(service_events_of(qdrant.ledger, "qdrant"))


def test_two_runs_do_not_act_on_one_service_at_once(pair, tmp_path):
    qdrant = steward(pair, tmp_path, "qdrant")

    with (
        claim(qdrant.ledger, "service/qdrant", "another", on_lost=lambda: None),
        pytest.raises(ServiceFailed, match="another run"),
    ):
        restart(qdrant)


def test_little_memory_is_warned_about_and_does_not_stop_a_start(pair, tmp_path, monkeypatch):
    monkeypatch.setitem(USUAL_GIB, "qdrant", 4096.0)
    qdrant = steward(pair, tmp_path, "qdrant")
    stop(qdrant)

    assert "such a service usually takes 4096.0" in start(qdrant)


def test_plans_are_sentences_and_a_nim_has_the_most_time(pair):
    cluster = pair.cluster
    kokoro, vllm = cluster.service("kokoro"), cluster.service("vllm")
    magpie = kokoro.model_copy(update={"dialect": "magpie"})

    assert sentences("start", kokoro, []) == [
        "Start container kokoro-tts on spark-2.",
        "Wait until kokoro answers.",
    ]
    assert sentences("stop", kokoro, [])[1] == "See that it has ended."
    assert "no model is loaded then" in sentences("stop", vllm, ["spark-1"])[1]
    assert "by a swap" in sentences("restart", vllm, ["spark-1"])[0]
    assert usual_patience(magpie) > usual_patience(kokoro) >= usual_patience(vllm)
