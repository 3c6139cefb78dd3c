"""Services that fail at real work on simulated Sparks: found, restarted within the limits, and told of."""

import time
from dataclasses import replace

import httpx
import pytest

from blocks.ledger.claim import claim
from blocks.ledger.deliveries import delivery_log
from blocks.ledger.health import Health, read_health
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import note_service_event, service_events_of
from blocks.settings import make_settings
from tasks import ssh
from tasks.check import command
from tasks.deep_check import DeepCheck, as_rows, in_words
from tasks.heal import Healer
from tests.simulator.simulation import start as start_simulation
from tests.simulator.simulation import stop as stop_simulation
from tests.tasks.quiet import quiet_report
from tests.tasks.simulated_pair import Pair

AT_ONCE = {"grace_seconds": 0, "cooldown_seconds": 0}
TARGET = {"url": "http://127.0.0.1:9/hook", "events": []}


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    simulation = start_simulation(tmp_path_factory.mktemp("pair"))
    for service in simulation.config["services"]:
        while service["kind"] != "vllm" and not is_up(service):
            pass
    yield simulation
    stop_simulation(simulation)


def is_up(service: dict) -> bool:
    """It answers its health route."""
    try:
        return httpx.get(f"http://127.0.0.1:{service['port']}{service['health_path']}").status_code == 200
    except httpx.HTTPError:
        return False


class Ward:
    """The services of a simulated pair under deep checks, with a ledger of its own."""

    def __init__(self, pair: Pair, folder) -> None:
        self.pair = pair
        self.report = quiet_report(folder)
        self.ledger = self.report.ledger
        self.settings = make_settings(
            {"cluster": {**pair.simulation.config, "restarts": AT_ONCE}, "swap-webhook": TARGET}
        )

    def deep(self, **options) -> DeepCheck:
        return DeepCheck(self.settings, self.ledger, **{"asked": True, **options})

    def check(self, name: str, **options):
        return self.deep(**options).check(self.settings.cluster.service(name))

    def heal(self, name: str, **options):
        return Healer(self.deep(**options), self.report, "a test").heal(self.check(name, **options))

    def is_up(self, name: str) -> bool:
        service = self.settings.cluster.service(name)
        return is_up({"port": service.port, "health_path": service.health_path})

    def kept(self, name: str):
        return read_health(self.ledger, name)[name]

    def kinds(self, name: str) -> list[str]:
        return [event.kind for event in service_events_of(self.ledger, name)]

    def told(self) -> list[str]:
        return [delivery.event for delivery in delivery_log(self.ledger)]


@pytest.fixture
def ward(simulation, known_hosts, tmp_path):
    yield Ward(Pair(simulation), tmp_path)
    ssh.close_all()


def test_services_that_do_their_work_are_well_and_no_model_is_no_failure(ward: Ward):
    results = [ward.deep().check(service) for service in ward.settings.cluster.services]
    found = {each.service.name: each.health for each in results}

    assert {name: health.verdict for name, health in found.items()} == {
        "vllm": "skipped", "parakeet": "well", "kokoro": "well", "embeddings": "well", "qdrant": "well",
    }  # fmt: skip
    assert found["vllm"].why == "no model is loaded"
    assert found["parakeet"].why.startswith("it heard 'Good morning")
    assert found["embeddings"].why == "it gives vectors of 1024 numbers"
    assert 0 < found["kokoro"].latency_seconds < 20
    assert in_words(results).startswith("Well: parakeet, kokoro, embeddings, qdrant.")
    assert as_rows(results)[0]["restarts"] == "0 of 3"
    assert ward.kept("kokoro") == found["kokoro"]


def test_real_traffic_is_proof_enough_unless_somebody_asks(ward: Ward):
    write_seen(ward.ledger, "traffic/kokoro", {"good_at": ward.check("qdrant").health.at, "in_flight": 0})

    skipped, asked = ward.check("kokoro", asked=False), ward.check("kokoro")

    assert (skipped.health.verdict, asked.health.verdict) == ("skipped", "well")
    assert skipped.health.why.startswith("a request was answered well ")
    assert skipped.health.well_at is not None


def test_a_wedged_service_is_restarted_and_does_its_work_again(ward: Ward):
    with ward.pair.fault("parakeet", "wedged-cuda", 2):
        found = ward.check("parakeet")
        healed = ward.heal("parakeet")

    assert (found.health.verdict, found.health.wedged) == ("failing", True)
    assert "cuFFT error" in found.health.why
    assert healed.health.verdict == "well"
    assert healed.health.next == "it was restarted, and does its work"
    assert (ward.kept("parakeet").restarts_used, ward.kinds("parakeet")) == (1, ["restarted"])
    assert ward.told() == ["service_restarted"]


def test_a_container_that_has_ended_is_started_again(ward: Ward):
    ward.settings = make_settings({"cluster": ward.pair.simulation.config})
    killed = ssh.run(ward.pair.two, command("docker", "kill", "kokoro-tts"))
    rows = [{"name": "kokoro-tts", "state": "exited"}]
    write_seen(ward.ledger, "host/spark-2", {"reachable": True, "containers": rows})
    note_service_event(ward.ledger, "kokoro", "started", "just now")
    healed = ward.heal("kokoro")

    assert killed.ok
    assert (healed.health.verdict, healed.health.next) == ("well", "it was restarted, and does its work")
    assert ward.kinds("kokoro") == ["restarted", "started"]


def test_a_service_that_dies_of_its_request_is_found_out(ward: Ward):
    with ward.pair.fault("kokoro", "dies", 2):
        broken = ward.check("kokoro").health

    assert broken.verdict == "failing"
    assert broken.why.startswith("it broke off during its answer to /v1/audio/")
    while not ward.is_up("kokoro"):
        pass


def test_a_service_that_takes_requests_and_answers_none_is_restarted(ward: Ward):
    with ward.pair.fault("embeddings", "frozen", 2):
        silent = ward.check("embeddings", seconds=0.5)
        healed = ward.heal("embeddings", seconds=2)

    assert silent.health.why == "it gave no answer within 0.5 s"
    assert healed.health.verdict == "well"


def test_after_three_restarts_in_half_an_hour_it_is_left_to_a_person(ward: Ward, monkeypatch):
    monkeypatch.setattr("tasks.heal.RECOVERY_SECONDS", 0.0)
    with ward.pair.fault("kokoro", "wedged-cuda always", 2):
        given_up = ward.heal("kokoro").health
        later = ward.heal("kokoro").health
        before_it_was_given_up = replace(ward.check("kokoro"), health=Health("failing", "", 1.0))
        Healer(ward.deep(), ward.report).heal(before_it_was_given_up)
    events, told = ward.kinds("kokoro"), ward.told()
    note_service_event(ward.ledger, "kokoro", "reset", "a person pressed")
    taken_up = ward.heal("kokoro").health

    assert given_up.exhausted
    assert given_up.next == "not restarted: it was restarted 3 times within 30 minutes"
    assert "until a person takes it up again" in later.next
    assert events == ["exhausted", "restarted", "restarted", "restarted"]
    assert sorted(told) == ["service_exhausted"] + ["service_restarted"] * 3
    assert (taken_up.verdict, taken_up.exhausted, taken_up.restarts_used) == ("well", False, 1)


def test_a_restart_waits_for_the_cool_down_and_helps_then(ward: Ward, monkeypatch):
    monkeypatch.setattr("tasks.heal.RECOVERY_SECONDS", 0.0)
    ward.settings = make_settings(
        {"cluster": {**ward.pair.simulation.config, "restarts": {"grace_seconds": 0, "cooldown_seconds": 2}}}
    )
    began = time.monotonic()
    with ward.pair.fault("kokoro", "wedged-cuda", 2):
        note_service_event(ward.ledger, "kokoro", "restarted", "a moment ago")
        healed = ward.heal("kokoro").health

    assert (healed.verdict, healed.restarts_used) == ("well", 2)
    assert time.monotonic() - began > 1.9


def test_a_service_without_a_container_is_not_tried_for_ever(ward: Ward):
    lost = ward.settings.cluster.service("kokoro").model_copy(update={"container": "nowhere", "port": 1})

    left = Healer(ward.deep(), ward.report).heal(ward.deep().check(lost)).health

    assert (left.verdict, left.restarts_used) == ("failing", 0)
    assert "there is no container nowhere on spark-2" in left.next


@pytest.fixture
def wedged(ward: Ward):
    """A service that nobody may heal; it is well afterwards."""
    with ward.pair.fault("parakeet", "wedged-cuda", 2):
        yield ward.check("parakeet")
    assert Healer(ward.deep(), ward.report).heal(ward.check("parakeet")).health.verdict == "well"


def test_nothing_is_restarted_while_another_run_changes_the_gpu_or_acts_on_it(ward: Ward, wedged):
    healer = Healer(ward.deep(), ward.report)

    with claim(ward.ledger, "gpu", "another run", on_lost=lambda: None):
        swapping = healer.heal(wedged).health.next
    with claim(ward.ledger, "heal/parakeet", "another run", on_lost=lambda: None):
        acting = healer.heal(wedged).health.next
    write_seen(ward.ledger, "host/spark-2", {"reachable": False, "error": "no banner", "state": "wedged"})
    away = healer.heal(wedged).health.next
    write_seen(ward.ledger, "host/spark-2", {"reachable": True, "state": "well"})

    assert swapping == "not restarted: another run is changing the GPU"
    assert acting == "another check (run another run) is acting on it"
    assert away == "not restarted: spark-2 is out of reach: no banner"
    assert ward.kinds("parakeet") == []


def test_what_was_stopped_on_purpose_is_neither_tried_nor_healed(ward: Ward):
    note_service_event(ward.ledger, "kokoro", "stopped", "a person stopped it")

    assert ward.check("kokoro").health.why == "it was stopped on purpose"
