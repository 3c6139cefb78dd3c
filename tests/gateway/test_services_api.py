"""/api/services: three states kept apart, acts as runs within the lock, logs, and the list itself."""

import time

import httpx
import pytest

from blocks.ledger.launches import Launch, mark_ready, record_launch
from blocks.ledger.lock import release_lock, take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from tests.gateway.one_gateway import OneGateway, one_gateway


@pytest.fixture(scope="module")
def shared(empty_ledger, tmp_path_factory):
    with one_gateway(empty_ledger, tmp_path_factory.mktemp("services")) as shared:
        yield shared


@pytest.fixture
def house(shared: OneGateway) -> OneGateway:
    shared.reset()
    return shared


@pytest.fixture
def http(house: OneGateway) -> httpx.Client:
    return house.http


def see(ledger: Ledger, host: str, *containers: dict, **facts: object) -> None:
    write_seen(ledger, f"host/{host}", {"reachable": True, "error": "", "containers": containers, **facts})


RUNNING = {
    "name": "parakeet-asr", "state": "running", "status": "Up 2 hours", "restarts": 3,
    "started_at": "2026-01-01T00:00:00.123456789Z",
}  # fmt: skip


def test_container_http_and_last_good_answer_are_told_apart(house: OneGateway):
    see(house.ledger, "spark-2", RUNNING)
    write_seen(house.ledger, "traffic/parakeet", {"good_at": time.time() - 60})
    house.until(lambda: house.service("parakeet")["http"]["up"] is False)
    parakeet = house.service("parakeet")

    assert parakeet["container"]["state"] == "running"
    assert (parakeet["container"]["restarts"], parakeet["container"]["status"]) == (3, "Up 2 hours")
    assert parakeet["container"]["started_at"] == pytest.approx(1767225600.123456)
    assert parakeet["container"]["age_seconds"] < 30
    assert parakeet["http"]["why"]
    assert parakeet["http"]["since"] > 0
    assert 60 <= parakeet["last_good"]["age_seconds"] < 90
    assert (parakeet["gpu"], house.service("qdrant")["gpu"]) == (True, False)
    assert house.service("qdrant")["container"]["state"] == "absent"
    assert house.http.get("/api/services/parakeet").json()["container"] == parakeet["container"] | {
        "age_seconds": pytest.approx(parakeet["container"]["age_seconds"], abs=2)
    }


def test_a_container_behind_a_dead_host_is_unknown_with_the_reason_and_the_age(house: OneGateway):
    old = time.time() - 600
    see(house.ledger, "spark-2", RUNNING, reachable=False, error="spark-2: no answer", facts_at=old)
    container = house.service("parakeet")["container"]

    assert (container["state"], container["status"]) == ("unknown", "spark-2: no answer")
    assert 600 <= container["age_seconds"] < 630


def test_with_a_dead_host_the_list_is_there_at_once(house: OneGateway):
    took = []
    for _ in range(5):
        began = time.monotonic()
        house.services()
        took.append(time.monotonic() - began)

    assert min(took) < 0.2


def test_a_vllm_on_two_hosts_shows_both_containers(house: OneGateway):
    for host in ("spark-1", "spark-2"):
        see(house.ledger, host, {"name": "vllm_node", "state": "running", "status": "Up"})
    vllm = house.service("vllm")

    assert vllm["container"]["host"] == "spark-1"
    assert [(each["host"], each["state"]) for each in vllm["elsewhere"]] == [("spark-2", "running")]


def test_intent_and_restarts_are_shown(house: OneGateway):
    for kind in ("restarted", "restarted", "exhausted", "reset", "restarted", "stopped"):
        note_service_event(house.ledger, "qdrant", kind, "why", "run-1")
    for kind in ("restarted", "exhausted"):
        note_service_event(house.ledger, "parakeet", kind, "why", "run-2")
    qdrant, parakeet = house.service("qdrant"), house.service("parakeet")

    assert (qdrant["wanted"], parakeet["wanted"]) == ("stopped", "running")
    assert qdrant["restarts"] == {"used": 1, "allowed": 3, "window_seconds": 1800, "exhausted": False}
    assert parakeet["restarts"]["exhausted"]
    assert qdrant["last_event"]["kind"] == "stopped"


def test_a_model_that_was_loaded_since_takes_the_wish_to_stop_back(house: OneGateway):
    note_service_event(house.ledger, "vllm", "stopped", "by hand")
    before = house.service("vllm")["wanted"]
    record_launch(house.ledger, Launch("l1", "r1", "m", {}, [], ["spark-1"], "i", "r", time.time()))
    mark_ready(house.ledger, "l1")

    assert (before, house.service("vllm")["wanted"]) == ("stopped", "running")


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_an_act_is_a_run_of_its_deployment(house: OneGateway, http: httpx.Client, verb: str):
    got = http.post(f"/api/services/parakeet/{verb}", json={"reason": "because", "approval": "ask"})
    bare = http.post(f"/api/services/qdrant/{verb}")
    run = http.get(f"/api/runs/{got.json()['id']}").json()

    assert (got.status_code, bare.status_code) == (202, 202)
    assert got.json()["stream"] == f"/api/runs/{run['id']}/stream"
    assert house.prefect.created[0]["parameters"] == {
        "service": "parakeet", "reason": "because", "dry_run": False, "approval": "ask", "lock_pass": ""
    }  # fmt: skip
    assert run["kind"] == verb


def test_what_is_not_there_is_named(house: OneGateway, http: httpx.Client):
    unknown = http.post("/api/services/nobody/start")
    verb = http.post("/api/services/qdrant/explode")
    field = http.post("/api/services/qdrant/start", json={"forse": True})

    assert [answer.status_code for answer in (unknown, verb, field)] == [404, 404, 400]
    assert "known: vllm, parakeet, qdrant" in unknown.json()["error"]["message"]
    assert http.get("/api/services/nobody").status_code == 404
    assert http.get("/api/services/nobody/logs").status_code == 404
    assert http.get("/api/services/qdrant/logs?tail=100000").status_code == 400
    assert not house.prefect.created


def test_services_on_the_gpu_meet_the_lock_and_others_do_not(house: OneGateway, http: httpx.Client):
    token = take_lock(house.ledger, "batch", "training", 60)
    locked = http.post("/api/services/parakeet/restart")
    free = http.post("/api/services/qdrant/restart")
    tried = http.post("/api/services/parakeet/restart", json={"dry_run": True})
    opened = http.post("/api/services/parakeet/restart", json={"lock_token": token})
    wrong = http.post("/api/services/vllm/stop", json={"lock_token": "wrong"})
    release_lock(house.ledger, token)

    assert [answer.status_code for answer in (locked, free, tried, opened, wrong)] == [
        423,
        202,
        202,
        202,
        423,
    ]
    assert locked.json()["lock"]["holder"] == "batch"
    assert house.prefect.created[-1]["parameters"]["lock_pass"]
    assert token not in str(house.prefect.created)


def reads(house: OneGateway, state: str = "completed", ended: bool = True) -> None:
    """A worker that reads the log."""

    def work(run_id: str) -> None:
        start_run(house.ledger, run_id, "logs", "qdrant", None)
        report(house.ledger, run_id, "log", {"lines": [{"host": "spark-2", "line": "hello"}]})
        if ended:
            said = {"state": state, "message": "That is all."}
            report(
                house.ledger, run_id, "result", said, state=state, message="That is all.", ended=time.time()
            )

    house.prefect.on_created = work


def test_the_log_is_waited_for_and_a_failure_is_told(house: OneGateway, http: httpx.Client):
    reads(house)
    good = http.get("/api/services/qdrant/logs?tail=5")
    reads(house, "failed")
    bad = http.get("/api/services/qdrant/logs")

    assert good.json()["lines"] == [{"host": "spark-2", "line": "hello"}]
    assert house.prefect.created[0]["parameters"] == {"service": "qdrant", "tail": 5, "follow_seconds": 0}
    assert (bad.status_code, bad.json()["error"]["message"]) == (502, "That is all.")


def test_a_log_that_takes_too_long_is_a_run_to_be_looked_at_later(house: OneGateway, http: httpx.Client):
    reads(house, ended=False)
    slow = http.get("/api/services/qdrant/logs?wait_seconds=0.3")

    assert slow.status_code == 504
    assert slow.json()["run"] in house.prefect.runs


def test_a_log_is_followed_until_the_client_leaves_and_its_run_ends_then(
    house: OneGateway, http: httpx.Client
):
    reads(house, ended=False)
    house.prefect.on_created = lambda run_id, work=house.prefect.on_created: (
        work(run_id), house.prefect.set_state(run_id, "RUNNING")
    )  # fmt: skip
    with http.stream("GET", "/api/services/qdrant/logs?follow=true") as stream:
        lines = (line for line in stream.iter_lines() if line.startswith("data:"))
        while "hello" not in next(lines):
            pass
    run_id = list(house.prefect.runs)[-1]

    house.until(lambda: house.prefect.runs[run_id]["state"]["type"] == "CANCELLING")
    assert house.prefect.created[0]["parameters"]["follow_seconds"] > 0


def test_without_the_ledger_the_gateways_own_looks_are_shown(house: OneGateway, http: httpx.Client):
    with house.ledger.write() as connection:
        connection.exec_driver_sql("alter table service_events rename to away")
    try:
        names = [each["name"] for each in house.services()]
    finally:
        with house.ledger.write() as connection:
            connection.exec_driver_sql("alter table away rename to service_events")

    assert names == ["vllm", "parakeet", "qdrant"]
