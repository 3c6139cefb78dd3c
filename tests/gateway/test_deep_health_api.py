"""What the API says of each service's deep health, and how a check and a new beginning are asked for."""

import time

import httpx
import pytest

from blocks.ledger.health import Health, write_health
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import note_service_event, service_events_of
from blocks.ledger.store import Ledger
from tests.gateway.conftest import cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    prefect.documents["cluster"] = cluster_document(upstream.port, parakeet=upstream.port)
    return prefect


async def test_each_service_has_its_verdict_its_age_and_its_restarts(http: httpx.AsyncClient, ledger: Ledger):
    now = time.time()
    for _ in range(3):
        note_service_event(ledger, "parakeet", "restarted", "deep check")
    note_service_event(ledger, "parakeet", "exhausted", "too often")
    failing = Health("failing", "it is silent", now - 40, wedged=True, next="not restarted: too often")
    write_health(ledger, "parakeet", failing)
    write_seen(ledger, "traffic/parakeet", {"good_at": now - 90, "in_flight": 0})

    vllm, parakeet = (await http.get("/api/deep-health")).json()["services"]

    assert (vllm["service"], vllm["verdict"], vllm["age_seconds"]) == ("vllm", None, None)
    assert vllm["why"] == "it has not been checked yet"
    assert (parakeet["verdict"], parakeet["wedged"], parakeet["exhausted"]) == ("failing", True, True)
    assert (parakeet["restarts_used"], parakeet["restarts_allowed"]) == (3, 3)
    assert 40 <= parakeet["age_seconds"] < 100
    assert parakeet["well_at"] == now - 90
    assert parakeet["next"] == "not restarted: too often"


async def test_a_check_is_one_run_with_who_asked(http: httpx.AsyncClient, prefect: FakePrefect):
    plain = await http.post("/api/deep-health/parakeet/run")
    asked = await http.post("/api/deep-health/all/run", json={"reason": " after the move ", "heal": False})

    assert (plain.status_code, asked.status_code) == (202, 202)
    first, second = (run["parameters"] for run in prefect.created)
    assert first == {"service": "parakeet", "reason": "a person asked", "heal": True, "dry_run": False}
    assert second == {"service": "all", "reason": "after the move", "heal": False, "dry_run": False}
    assert (await http.get(f"/api/runs/{plain.json()['id']}")).json()["kind"] == "deep-check"


async def test_a_reset_lets_it_be_restarted_again_and_checks_it_at_once(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    note_service_event(ledger, "parakeet", "exhausted", "too often")

    reset = await http.post("/api/deep-health/parakeet/reset", json={"reason": "cable replaced"})
    parakeet = (await http.get("/api/deep-health")).json()["services"][1]

    assert reset.status_code == 202
    assert parakeet["exhausted"] is False
    newest = service_events_of(ledger, "parakeet")[0]
    assert (newest.kind, newest.reason) == ("reset", "cable replaced")
    assert prefect.created[0]["parameters"]["service"] == "parakeet"


async def test_unknown_services_and_fields_are_refused(http: httpx.AsyncClient, prefect: FakePrefect):
    unknown = await http.post("/api/deep-health/nobody/run")
    none = await http.post("/api/deep-health/all/reset")
    field = await http.post("/api/deep-health/parakeet/run", json={"force": True})

    assert [answer.status_code for answer in (unknown, none, field)] == [404, 404, 400]
    assert "parakeet" in unknown.json()["error"]["message"]
    assert prefect.created == []
