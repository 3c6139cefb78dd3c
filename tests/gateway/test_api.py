"""The control API: what is asked of Prefect, what is said of a run, and who is refused."""

import asyncio

import httpx
import pytest

from blocks.ledger.lock import current_lock, require_lock, take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

RUN = "33333333-3333-4333-8333-333333333333"
NOBODY = "44444444-4444-4444-8444-444444444444"


async def test_a_swap_is_one_run_of_the_deployment(http: httpx.AsyncClient, prefect: FakePrefect):
    got = await http.post("/api/swap", json={"model": "beta", "approval": "ask"})
    started = got.json()

    assert got.status_code == 202
    assert started["state"] == "queued"
    assert started["url"] == f"http://prefect.example/runs/flow-run/{started['id']}"
    assert started["stream"] == f"/api/swap/{started['id']}/stream"
    assert [run["parameters"] for run in prefect.created] == [
        {"model": "beta", "dry_run": False, "approval": "ask", "force": False, "lock_pass": ""}
    ]


async def test_a_deployment_that_was_published_anew_is_found_again(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    await http.post("/api/swap", json={"model": "beta"})
    prefect.deployment = "55555555-5555-4555-8555-555555555555"
    got = await http.post("/api/swap", json={"model": "beta"})

    assert got.status_code == 202
    assert len(prefect.created) == 2


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"model": "gamma"}, 404, "there is no model 'gamma'"),
        ({"model": "gpt-oss-120b"}, 409, "is on no host: download it first"),
        ({"model": "beta", "colour": "blue"}, 400, "unknown field `colour`"),
        ({"model": 7}, 400, "model"),
        ({}, 400, "missing required field `model`"),
        ({"model": "beta", "approval": "maybe"}, 400, "approval"),
    ],
)
async def test_a_swap_that_cannot_be_is_refused_here_and_now(
    http: httpx.AsyncClient, prefect: FakePrefect, body, status, words
):
    got = await http.post("/api/swap", json=body)

    assert got.status_code == status
    assert words in got.json()["error"]["message"]
    assert not prefect.created


async def test_the_lock_refuses_all_but_its_holder(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    taken = await http.post(
        "/api/swap/lock", json={"holder": "night job", "reason": "report", "ttl_seconds": 60}
    )
    token = taken.json()["token"]
    again = await http.post("/api/swap/lock", json={"holder": "other"})
    refused = await http.post("/api/swap", json={"model": "beta"})
    wrong = await http.post("/api/swap", json={"model": "beta", "lock_token": "wrong"})
    allowed = await http.post("/api/swap", json={"model": "beta", "lock_token": token})

    assert taken.status_code == 201
    assert [again.status_code, refused.status_code, wrong.status_code] == [423, 423, 423]
    assert refused.json()["lock"]["holder"] == "night job"
    assert "night job holds the swap lock" in refused.json()["error"]["message"]
    assert allowed.status_code == 202
    single_use = prefect.created[0]["parameters"]["lock_pass"]
    assert token not in str(prefect.created)
    require_lock(ledger, single_use)


async def test_the_lock_is_given_back_by_token_or_by_force(http: httpx.AsyncClient, ledger: Ledger):
    token = take_lock(ledger, "night job", "", 60)
    wrong = await http.delete("/api/swap/lock", headers={"x-lock-token": "wrong"})
    right = await http.delete("/api/swap/lock", headers={"x-lock-token": token})
    take_lock(ledger, "other", "", 60)
    forced = await http.delete("/api/swap/lock?force=true")

    assert [wrong.status_code, right.status_code, forced.status_code] == [423, 200, 200]
    assert current_lock(ledger) is None
    assert (await http.get("/api/swap/lock")).json() == {"lock": None}


async def test_a_run_is_what_prefect_and_its_own_record_say(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    prefect.add_run("PENDING", "beta", RUN)
    queued = (await http.get(f"/api/swap/{RUN}")).json()
    prefect.set_state(RUN, "RUNNING")
    start_run(ledger, RUN, "swap", "beta", 200.0)
    report(ledger, RUN, "phase", {}, phase="loading", progress=0.5, eta_seconds=60.0, previous="alpha")
    running = (await http.get(f"/api/runs/{RUN}")).json()
    prefect.set_state(RUN, "CRASHED")
    crashed = (await http.get(f"/api/runs/{RUN}")).json()

    assert (queued["state"], queued["phase"], queued["kind"]) == ("queued", "queued", "swap")
    assert (running["state"], running["phase"], running["previous"]) == ("running", "loading", "alpha")
    assert running["expected_seconds"] == 200.0
    assert 55 < running["eta_seconds"] <= 60
    assert crashed["state"] == "crashed"
    assert "stopped without a word" in crashed["message"]


async def test_a_queued_run_says_behind_which_it_waits(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    prefect.add_run("RUNNING", "alpha", RUN)
    start_run(ledger, RUN, "swap", "alpha", None)
    waiting = prefect.add_run("SCHEDULED", "beta")
    now = (await http.get("/api/swap")).json()

    assert now["under_way"]["id"] == now["latest"]["id"] == RUN
    assert [run["id"] for run in now["queued"]] == [waiting]
    assert "swap to alpha" in now["queued"][0]["message"]


async def test_cancel_and_resume_are_passed_to_prefect(http: httpx.AsyncClient, prefect: FakePrefect):
    prefect.add_run("PAUSED", "beta", RUN)
    resumed = await http.post(f"/api/runs/{RUN}/resume", json={"go": False})
    prefect.resume_answer = {"status": "ABORT", "details": {"reason": "it is not paused"}}
    refused = await http.post(f"/api/runs/{RUN}/resume", json={"go": True})
    cancelled = await http.post(f"/api/runs/{RUN}/cancel")
    unknown = await http.post(f"/api/runs/{NOBODY}/cancel")

    asked = [(path, body) for method, path, body in prefect.asked if method == "POST" and RUN in path]
    assert asked[0] == (f"/api/flow_runs/{RUN}/resume", {"run_input": {"go": False}})
    assert asked[2][1]["state"]["type"] == "CANCELLING"
    assert [resumed.status_code, refused.status_code] == [202, 409]
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "cancelling")
    assert unknown.status_code == 404


async def test_without_prefect_everything_else_goes_on(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    start_run(ledger, RUN, "swap", "beta", None)
    prefect.close()
    refused = await http.post("/api/swap", json={"model": "beta"})
    chat = await http.post("/v1/chat/completions", json={"model": "alpha"})
    run = await http.get(f"/api/runs/{RUN}")
    unknown = await http.get(f"/api/runs/{NOBODY}")
    until = asyncio.get_running_loop().time() + 10
    while (status := (await http.get("/api/status")).json())["prefect"]["reachable"]:
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.2)

    assert [refused.status_code, unknown.status_code] == [503, 503]
    assert "Prefect" in refused.json()["error"]["message"]
    assert (chat.status_code, run.json()["state"]) == (200, "running")
    assert status["loaded"]["key"] == "alpha"
    prefect._thread.join()


async def test_the_status_shows_the_cluster_at_a_glance(http: httpx.AsyncClient, ledger: Ledger):
    take_lock(ledger, "night job", "report", 60)
    status = (await http.get("/api/status")).json()

    assert status["loaded"] == {
        "served": "alpha", "key": "alpha", "title": "Alpha", "description": "", "host": "spark-1",
        "drain_seconds": 60,
    }  # fmt: skip
    assert [host["name"] for host in status["hosts"]] == ["spark-1", "spark-2"]
    assert status["hosts"][0]["reachable"] is True
    assert status["hosts"][0]["age_seconds"] < 60
    assert status["hosts"][0]["disk_free_bytes"] == 900_000_000_000
    assert [(service["name"], service["up"]) for service in status["services"]] == [("vllm", True)]
    assert status["lock"]["holder"] == "night job"
    assert status["prefect"]["reachable"] is True


async def test_the_menu_says_what_is_loaded_and_why_another_cannot_be(http: httpx.AsyncClient):
    models = {model["key"]: model for model in (await http.get("/api/models")).json()["models"]}

    assert models["alpha"]["loaded"] is True
    assert (models["beta"]["state"], models["beta"]["loaded"]) == ("ready", False)
    assert models["beta"]["hosts"] == ["spark-1", "spark-2"]
    assert (models["beta"]["runs_on"], models["beta"]["recipe"]) == (["spark-1"], "own")
    assert models["gpt-oss-120b"]["recipe"] == "bundled"
    assert (models["beta"]["context_tokens"], models["gpt-oss-120b"]["context_tokens"]) == (None, 131072)
    assert models["gpt-oss-120b"]["why"].endswith("download it first")


async def test_v1_models_knows_every_state(
    http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect, upstream: FakeUpstream
):
    prefect.add_run("RUNNING", "beta", RUN)
    start_run(ledger, RUN, "swap", "beta", None)
    got = (await http.get("/v1/models")).json()
    one = await http.get("/v1/models/beta")

    assert [(model["id"], model["state"]) for model in got["data"]] == [
        ("alpha", "loaded"), ("beta", "loading")
    ]  # fmt: skip
    assert {"object", "created", "owned_by"} < set(got["data"][0])
    assert one.json()["id"] == "beta"
    assert (await http.get("/v1/models/org/none")).status_code == 404
