"""The table of faults: what a user sees of each, and that it heals by itself."""

import contextlib
import os
import signal
import sqlite3
import time

import httpx
import psutil
import pytest

from tests.house.ear import listening

MODEL = "qwen3.6-35b-a3b"
QUICK = {"grace_seconds": 0, "cooldown_seconds": 1, "at_most": 3, "window_seconds": 1800}
READS = (
    "/api/status", "/api/endpoints", "/api/models", "/v1/models", "/api/services", "/api/hardware",
    "/api/hardware/spark-1/history", "/api/hardware/spark-2/history", "/api/connectivity", "/api/deep-health",
    "/api/swap", "/api/swap/lock", "/api/schedules", "/api/settings", "/api/webhooks", "/metrics",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def quick_restarts(house):
    """Restarts without the grace that real containers need."""
    house.change_settings("cluster", restarts=QUICK)
    yield
    house.change_settings("cluster", restarts={})


@pytest.fixture(scope="module")
def listener(house):
    """Somebody who is told what happens, for all tests of this file."""
    with listening() as ear:
        house.change_settings("swap-webhook", url=ear.url, secret="a secret")
        time.sleep(5)  # what a change of the settings may take until every process goes by it
        yield ear
        house.change_settings("swap-webhook", url="", secret="")


@pytest.fixture
def ear(listener):
    """The same, with nothing told yet."""
    listener.told.clear()
    return listener


def host(house, name: str) -> dict:
    """A host as /api/hardware shows it."""
    hosts = house.client.get("/api/hardware").raise_for_status().json()["hosts"]
    return next(one for one in hosts if one["name"] == name)


def service(house, name: str) -> dict:
    """A service as /api/services shows it."""
    services = house.client.get("/api/services").raise_for_status().json()["services"]
    return next(one for one in services if one["name"] == name)


def quickest(house, path: str) -> float:
    """Seconds of the quickest of five answers: what waits for a dead host is never quick."""
    took = []
    for _ in range(5):
        began = time.monotonic()
        house.client.get(path).raise_for_status()
        took.append(time.monotonic() - began)
    return min(took)


def speak(house) -> int:
    """Status of a request for speech."""
    wanted = {"model": "kokoro", "input": "Good morning.", "voice": "af_heart", "response_format": "wav"}
    return house.client.post("/v1/audio/speech", json=wanted).status_code


def chat(house) -> int:
    """Status of a request for one word."""
    message = {"role": "user", "content": "Say yes."}
    wanted = {"model": MODEL, "messages": [message], "max_tokens": 3}
    return house.client.post("/v1/chat/completions", json=wanted).status_code


@pytest.mark.parametrize(("fault", "state"), [("unreachable", "unreachable"), ("ssh-hang", "wedged")])
def test_a_dead_host_is_called_so_and_slows_nothing(house, ear, fault, state):
    with house.fault("spark-2", fault):
        house.wait_until(lambda: host(house, "spark-2")["state"] == state, 60, f"sight of a host {state}")
        down = house.wait_until(lambda: ear.events("host_down"), 60, "word of the host that is down")

        slow = {path: round(seconds, 3) for path in READS if (seconds := quickest(house, path)) > 0.2}
        fresh = house.wait_until(
            lambda: host(house, "spark-1")["age_seconds"] < 8, 30, "fresh data of spark-1"
        )

    assert slow == {}
    assert fresh
    assert down[0]["data"]["host"] == "spark-2"
    house.wait_until(lambda: host(house, "spark-2")["state"] == "well", 60, "sight of the host again")
    house.wait_until(lambda: ear.events("host_up"), 30, "word of the host that is up")


def test_a_service_that_died_is_back_within_90_seconds_of_its_first_failed_request(house, ear):
    assert speak(house) == 200
    house.docker("spark-2", "kill", "kokoro-tts")

    began = time.monotonic()
    assert speak(house) >= 500
    house.wait_until(lambda: speak(house) == 200, 90, "speech after the container died")

    assert time.monotonic() - began < 90
    told = house.wait_until(lambda: ear.events("service_restarted"), 30, "word of the restart")
    assert told[0]["data"]["service"] == "kokoro"


def test_a_service_whose_gpu_context_is_dead_is_back_within_90_seconds(house):
    house.client.post("/api/deep-health/kokoro/reset").raise_for_status()
    with house.fault("spark-2", "kokoro", "wedged-cuda\n"):
        assert house.wait_until(lambda: speak(house) >= 500, 10, "a failed request")
        house.wait_until(lambda: speak(house) == 200, 90, "speech after the wedge")


def test_an_engine_that_computes_nothing_more_is_started_again_with_its_model(house):
    house.load(MODEL)
    with house.fault("spark-1", "engine", "http-500-cuda once\n"):
        assert house.wait_until(lambda: chat(house) >= 500, 10, "a failed request")
    house.wait_until(lambda: restarts_of(house, "vllm"), 90, "restart of the engine")
    house.wait_until(lambda: chat(house) == 200, 90, "an answer of the engine")


def restarts_of(house, name: str) -> int:
    """How often a service has been restarted within the window."""
    found = house.client.get("/api/deep-health").raise_for_status().json()["services"]
    return next(one["restarts_used"] for one in found if one["service"] == name)


def test_a_container_that_is_restarted_behind_our_back_is_noticed(house):
    house.docker("spark-2", "restart", "qdrant")

    def noticed() -> list:
        answer = house.client.get("/api/connectivity", params={"subject": "service/qdrant"}).json()
        return [one for one in answer["history"] if one["state"] == "restarted"]

    assert "observer" in house.wait_until(noticed, 60, "word of the restart")[0]["source"]


def test_a_ledger_that_is_locked_stops_no_answer_and_heals(house):
    house.load(MODEL)
    file = house.environment["SPARK_LEDGER_URL"].removeprefix("sqlite:///")
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with contextlib.closing(writer):
        assert chat(house) == 200
        assert house.client.get("/api/status").status_code == 200
        age = host(house, "spark-1")["age_seconds"]
        older = house.wait_until(
            lambda: host(house, "spark-1")["age_seconds"] > age + 15, 60, "data that age"
        )
        writer.execute("ROLLBACK")

    assert older
    house.wait_until(lambda: host(house, "spark-1")["age_seconds"] < 8, 60, "fresh data")


def test_two_minutes_without_prefect_are_said_and_end_well(house):
    house.load(MODEL)
    with stopped(house, "server"):
        began = time.monotonic()
        house.wait_until(lambda: not prefect_reachable(house), 60, "word that Prefect is away")
        refused = httpx.post(f"{house.url}/api/swap", json={"model": MODEL}, timeout=60)
        assert refused.status_code == 503
        assert "Prefect" in refused.json()["error"]["message"]
        assert chat(house) == 200
        fresh = host(house, "spark-1")["age_seconds"]
        house.wait_until(lambda: time.monotonic() - began > 120, 150, "the two minutes")

    assert fresh < 30
    house.wait_until(lambda: prefect_reachable(house), 60, "Prefect again")
    run = house.wait_until(lambda: accepted(house), 60, "a swap that is accepted")
    assert house.wait(run)["state"] == "completed"


def accepted(house) -> str | None:
    """The run of a swap, once Prefect takes it."""
    answer = httpx.post(f"{house.url}/api/swap", json={"model": MODEL, "force": True}, timeout=60)
    return answer.json()["id"] if answer.status_code == 202 else None


def prefect_reachable(house) -> bool:
    """What the gateway says of Prefect."""
    return house.client.get("/api/status").json()["prefect"]["reachable"]


@contextlib.contextmanager
def stopped(house, name: str):
    """A process of the house that does nothing while the block lasts."""
    parent = psutil.Process(house.house.processes[name].child.pid)
    family = [parent, *parent.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


@pytest.mark.parametrize("name", ["gateway", "observer"])
def test_a_process_that_is_killed_comes_back_and_nothing_is_lost(house, name):
    taken = house.client.post("/api/swap/lock", json={"holder": "a test", "ttl_seconds": 600}).json()
    process = house.house.processes[name]
    before = process.restarts

    os.kill(process.child.pid, signal.SIGKILL)

    house.wait_until(lambda: process.restarts > before, 30, f"another {name}")
    house.wait_until(lambda: is_up(house), 60, "the gateway")
    house.wait_until(lambda: (host(house, "spark-1")["age_seconds"] or 99) < 8, 60, "fresh data")
    assert house.client.get("/api/swap/lock").json()["lock"]["holder"] == "a test"
    given_back = {"X-Lock-Token": taken["token"]}
    assert house.client.delete("/api/swap/lock", headers=given_back).json() == {"released": True}


def is_up(house) -> bool:
    """True when the gateway answers."""
    with contextlib.suppress(httpx.HTTPError):
        return house.client.get("/ready").status_code == 200
    return False


def test_a_service_that_fails_again_and_again_is_left_to_a_person(house, ear):
    house.client.post("/api/deep-health/parakeet/reset").raise_for_status()
    with house.fault("spark-2", "parakeet", "wedged-cuda always\n"):
        house.client.post("/api/deep-health/parakeet/run").raise_for_status()
        told = house.wait_until(lambda: ear.events("service_exhausted"), 240, "word that it is left alone")
        seen = house.client.get("/api/deep-health").json()["services"]

    assert told[0]["data"]["service"] == "parakeet"
    assert next(one["exhausted"] for one in seen if one["service"] == "parakeet")
    restarted = [each for each in ear.events("service_restarted") if each["data"]["service"] == "parakeet"]
    assert len(restarted) == 3
