"""The webhooks through the socket: who is told, what came of it, a test, and one more try."""

import json
from typing import Any

import httpx
import pytest

from blocks.ledger.deliveries import delivery_log, enqueue, lease, settle
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect

TARGETS = {
    "url": "http://user:pass@192.0.2.9:8000/hook?token=tok-1",
    "secret": "s3cret-1",
    "targets": [{"name": "crm", "url": "http://192.0.2.8/in/tok-2", "events": ["swap_complete"]}],
    "secrets": {"other": "s3cret-2"},
}


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["swap-webhook"] = TARGETS
    return prefect


def put(ledger: Ledger, target: str = "crm", status: int | None = None) -> str:
    (delivery,) = enqueue(ledger, [target], "swap_complete", "event-1", "{}")
    if status is not None:
        settle(ledger, lease(ledger, target), status, "" if status == 200 else "it said no")
    return delivery


async def test_the_targets_are_shown_without_a_secret(http: httpx.AsyncClient, ledger: Ledger):
    put(ledger, "crm", 200)
    put(ledger, "crm", 500)
    got = await http.get("/api/webhooks")

    first, second = got.json()["targets"]
    assert (first["name"], first["address"], first["signed"]) == ("webhook", "http://192.0.2.9:8000", True)
    assert second == {
        "name": "crm", "address": "http://192.0.2.8", "events": ["swap_complete"], "signed": False,
        "waiting": 1, "delivered": 1, "given_up": 0,
    }  # fmt: skip
    assert not any(word in got.text for word in ("s3cret", "tok-1", "tok-2", "pass"))


async def test_the_log_can_be_narrowed(http: httpx.AsyncClient, ledger: Ledger):
    delivered, gone, waiting = put(ledger, status=200), put(ledger, status=410), put(ledger, "webhook")

    async def ids(**params: Any) -> list[str]:
        got = await http.get("/api/webhooks", params=params)
        return [each["id"] for each in got.json()["deliveries"]]

    assert await ids() == [waiting, gone, delivered]
    assert await ids(state="given_up") == [gone]
    assert await ids(target="webhook", limit=5) == [waiting]
    assert await ids(event="host_up") == []
    assert (await http.get("/api/webhooks", params={"state": "odd"})).status_code == 400
    (seen,) = (await http.get("/api/webhooks", params={"state": "given_up"})).json()["deliveries"]
    assert (seen["status"], seen["error"], seen["tries"], seen["next_try"]) == (410, "it said no", 1, None)


async def test_a_test_waits_in_the_outbox_with_the_endpoints(http: httpx.AsyncClient, ledger: Ledger):
    got = await http.post("/api/webhooks/crm/test")

    (waiting,) = delivery_log(ledger)
    assert (got.status_code, got.json()) == (202, {"delivery": waiting.id})
    body = json.loads(waiting.body)
    assert (body["event"], body["id"]) == ("test", waiting.event_id)
    assert body["endpoints"]["services"]["vllm"]["url"].endswith("/upstream/vllm")
    assert (await http.post("/api/webhooks/nobody/test")).status_code == 404


async def test_a_delivery_is_sent_once_more_unless_it_was_delivered(http: httpx.AsyncClient, ledger: Ledger):
    gone, delivered = put(ledger, status=410), put(ledger, status=200)

    async def again(delivery: str) -> int:
        return (await http.post(f"/api/webhooks/deliveries/{delivery}/retry")).status_code

    assert [await again(each) for each in (gone, delivered, "nothing")] == [202, 409, 404]
    assert lease(ledger, "crm").id == gone
