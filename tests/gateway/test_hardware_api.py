"""Hardware over HTTP: every host as it was seen last with the age of it, and its history as columns."""

import time

import httpx
import pytest

from blocks.ledger import clock
from blocks.ledger.samples import add_sample
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger

GIB = 1024**3
WELL = {
    "reachable": True, "state": "well", "error": "", "findings": ["The GPU is slowed down."],
    "hostname": "spark-1", "memory_total": 128 * GIB, "memory_available": 20 * GIB, "page_cache": 9 * GIB,
    "swap_total": 16 * GIB, "swap_used": 0, "disk_free": 900 * GIB, "disk_total": 1000 * GIB,
    "gpu": {"name": "NVIDIA GB10", "utilization": 12, "temperature": 48, "power": 31.5},
    "gpu_processes": [{"pid": 1, "name": "vllm", "mib": 90_000, "container": "vllm_node"}],
    "containers": [], "mac": "3c:6d:66:00:00:01",
}  # fmt: skip


async def hosts(http: httpx.AsyncClient) -> dict[str, dict]:
    found = (await http.get("/api/hardware")).raise_for_status().json()["hosts"]
    return {host["name"]: host for host in found}


async def test_a_host_is_shown_with_what_it_told_and_how_old_that_is(http: httpx.AsyncClient, ledger: Ledger):
    write_seen(ledger, "host/spark-1", {**WELL, "facts_at": time.time() - 3})

    host = (await hosts(http))["spark-1"]

    assert (host["state"], host["why"]) == ("well", "")
    assert 3 <= host["age_seconds"] < 30
    assert host["findings"] == ["The GPU is slowed down."]
    assert host["memory"]["headroom"] == 16 * GIB, "20 GiB less the guard's floor"
    assert host["memory"]["gpu"] == 90_000 * 1024**2
    assert host["memory"]["alert"] == "calm"
    assert host["disk"]["free"] == 900 * GIB
    assert host["facts"]["gpu_processes"][0]["container"] == "vllm_node"
    assert host["facts"]["vpn"] is None


async def test_a_dead_host_keeps_its_last_facts_with_their_age_and_the_other_is_fresh(
    http: httpx.AsyncClient, ledger: Ledger
):
    gone = {"reachable": False, "state": "wedged", "error": "SSH says nothing", "findings": []}
    write_seen(ledger, "host/spark-2", {**WELL, **gone, "facts_at": time.time() - 4000})
    write_seen(ledger, "host/spark-1", {**WELL, "facts_at": time.time()})
    await hosts(http)  # connections and caches are warm

    begun = time.perf_counter()
    found = await hosts(http)
    seconds = time.perf_counter() - begun

    assert (found["spark-2"]["state"], found["spark-2"]["why"]) == ("wedged", "SSH says nothing")
    assert found["spark-2"]["age_seconds"] >= 4000
    assert found["spark-2"]["looked_seconds"] < 30
    assert found["spark-2"]["memory"]["total"] == 128 * GIB
    assert found["spark-1"]["age_seconds"] < 30
    assert seconds < 0.2


async def test_a_host_that_nobody_has_looked_at_is_unknown(http: httpx.AsyncClient, ledger: Ledger):
    write_seen(ledger, "host/spark-1", {})

    host = (await hosts(http))["spark-1"]

    assert (host["state"], host["age_seconds"]) == ("unknown", None)
    assert host["memory"]["headroom"] is None


async def test_an_alert_of_the_memory_guard_is_shown(http: httpx.AsyncClient, ledger: Ledger):
    write_seen(ledger, "alert/spark-1", {"state": "low", "why": "3.2 GiB are available", "since": 1.0})

    memory = (await hosts(http))["spark-1"]["memory"]

    assert (memory["alert"], memory["why"]) == ("low", "3.2 GiB are available")


async def test_a_history_is_columns_of_one_length(
    http: httpx.AsyncClient, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
):
    now = time.time()
    for ago in (30, 20, 10):
        monkeypatch.setattr(clock, "now", lambda ago=ago: now - ago)
        add_sample(ledger, "host/spark-1", {"gpu_watts": ago, "load": 0.5})
    monkeypatch.undo()

    found = (await http.get("/api/hardware/spark-1/history?span=hour")).json()

    assert (found["host"], found["span"], found["step_seconds"]) == ("spark-1", "hour", 10)
    assert len(found["at"]) == 3
    assert found["columns"]["gpu_watts"]["max"] == [30, 20, 10]
    assert (await http.get("/api/hardware/spark-1/history?span=month")).json()["at"] == []


@pytest.mark.parametrize(
    ("path", "status"), [("spark-9/history", 404), ("spark-1/history?span=year", 400), ("..%2F/history", 404)]
)
async def test_a_history_that_is_not_there_is_said(http: httpx.AsyncClient, path: str, status: int):
    got = await http.get(f"/api/hardware/{path}")

    assert got.status_code == status
    assert got.json()["error"]["message"]
