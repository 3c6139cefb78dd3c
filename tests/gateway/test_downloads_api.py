"""Downloads, deletions and preflights over HTTP: one run each, refused at once where that can be told."""

import httpx
import pytest

from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.model_files import leave_disk

NOBODY = "44444444-4444-4444-8444-444444444444"


async def test_a_download_is_one_run_of_its_deployment(http: httpx.AsyncClient, prefect: FakePrefect):
    wanted = {"repo": "org/new", "hosts": ["spark-2", "spark-2"], "revision": "v1", "way": "each"}
    got = await http.post("/api/download", json=wanted)
    run = (await http.get(f"/api/download/{got.json()['id']}")).json()
    everywhere = await http.post("/api/download", json={"repo": "org/new"})

    assert (got.status_code, everywhere.status_code) == (202, 202)
    assert got.json()["stream"] == f"/api/download/{run['id']}/stream"
    assert prefect.created[0]["parameters"] == {
        "repo": "org/new", "hosts": ["spark-2"], "way": "each", "revision": "v1",
        "dry_run": False, "approval": "none",
    }  # fmt: skip
    assert prefect.created[1]["parameters"]["hosts"] == ["all"]
    assert (run["kind"], run["model"], run["state"]) == ("download", "org/new", "queued")


async def test_a_download_is_followed_to_its_end(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    run_id = (await http.post("/api/download", json={"repo": "org/new"})).json()["id"]
    start_run(ledger, run_id, "download", "org/new", None)
    report(ledger, run_id, "phase", {"phase": "downloading"}, phase="downloading", progress=0.5)
    report(ledger, run_id, "result", {"state": "completed"}, state="completed", ended=1.0)
    events = (await http.get(f"/api/download/{run_id}/stream")).text

    assert "event: phase" in events
    assert "event: result" in events
    assert (await http.get(f"/api/download/{NOBODY}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"repo": "no-slash"}, 422, "repo"),
        ({"repo": "org/../x"}, 422, "repo"),
        ({"repo": "org/a--b"}, 422, "repo"),
        ({"repo": "org/x", "revision": "-x"}, 422, "revision"),
        ({"repo": "org/x", "hosts": ["spark-9"]}, 422, "hosts"),
        ({"repo": "org/x", "way": "fast"}, 400, "way"),
        ({}, 400, "repo"),
    ],
)
async def test_a_download_that_cannot_be_names_its_field(
    http: httpx.AsyncClient, prefect: FakePrefect, body, status, param
):
    got = await http.post("/api/download", json=body)

    assert got.status_code == status
    assert param in (got.json()["error"]["param"] or got.json()["error"]["message"])
    assert not prefect.created


async def test_weights_are_deleted_by_a_run(http: httpx.AsyncClient, prefect: FakePrefect):
    got = await http.delete("/api/models/beta/disk", params={"hosts": ["spark-1"], "dry_run": True})
    run = (await http.get(f"/api/runs/{got.json()['id']}")).json()

    assert got.status_code == 202
    assert prefect.created[0]["parameters"] == {
        "model": "org/beta", "hosts": ["spark-1"], "dry_run": True, "approval": "none"
    }  # fmt: skip
    assert (run["kind"], run["model"]) == ("delete", "org/beta")


async def test_weights_in_use_and_unknown_ones_are_not_deleted(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    loaded = await http.delete("/api/models/alpha/disk")
    unknown, nowhere = (
        await http.delete("/api/models/nobody/disk"),
        await http.delete("/api/models/gpt-oss-120b/disk"),
    )
    host = await http.delete("/api/models/beta/disk?hosts=spark-9")
    start_run(ledger, prefect.add_run("RUNNING", "alpha"), "swap", "alpha", None)
    swapping = await http.delete("/api/models/beta/disk")

    assert [loaded.status_code, swapping.status_code] == [409, 409]
    assert [unknown.status_code, nowhere.status_code, host.status_code] == [404, 404, 422]
    assert "is loaded" in loaded.json()["error"]["message"]
    assert "under way" in swapping.json()["error"]["message"]
    assert not prefect.created


async def test_a_key_that_means_two_models_deletes_neither(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    leave_disk(ledger, "spark-1", twin=1)
    twin = {"model": "other/twin", "bytes": 1, "complete": True}
    write_seen(ledger, "disk/spark-2", {"models": [twin], "free_bytes": 1})
    both = await http.delete("/api/models/twin/disk")
    one = await http.delete("/api/models/twin/disk?repo=other/twin")

    assert both.status_code == 409
    assert "org/twin and other/twin" in both.json()["error"]["message"]
    assert one.status_code == 202
    assert [run["parameters"]["model"] for run in prefect.created] == ["other/twin"]


async def test_a_model_is_validated_by_a_run(http: httpx.AsyncClient, prefect: FakePrefect):
    got = await http.post("/api/swap/gpt-oss-120b/validate")
    unknown = await http.post("/api/swap/nobody/validate")

    assert (got.status_code, unknown.status_code) == (202, 404)
    assert prefect.created[0]["parameters"] == {"model": "gpt-oss-120b"}
    assert (await http.get(f"/api/swap/{got.json()['id']}")).json()["kind"] == "validate"


async def test_without_prefect_or_its_deployment_nothing_begins(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    prefect.others.clear()
    missing = await http.post("/api/download", json={"repo": "org/new"})
    prefect.close()
    gone = [
        await http.post("/api/download", json={"repo": "org/new"}),
        await http.delete("/api/models/beta/disk"),
        await http.post("/api/swap/beta/validate"),
        await http.post("/api/updates/apply", json={}),
    ]

    assert missing.json()["error"]["code"] == "not_deployed"
    assert [answer.status_code for answer in (missing, *gone)] == [503] * 5
    prefect._thread.join()
