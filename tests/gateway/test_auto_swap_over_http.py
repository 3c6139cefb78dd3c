"""An application that names another model on disk gets its answer from it, and never knows of the swap."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

BETA = {"messages": [], "model": "beta"}


@pytest.fixture
async def http(options: Options) -> AsyncIterator[httpx.AsyncClient]:
    options = replace(options, auto_swap=True, least_stay_seconds=0.0, hold_seconds=15.0)
    gateway = Running(options)
    await asyncio.to_thread(gateway.start)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
        yield client
    await asyncio.to_thread(gateway.stop)


async def test_a_request_for_another_model_is_answered_by_it(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger, upstream: FakeUpstream
):
    asking = asyncio.create_task(http.post("/v1/chat/completions", json=BETA))
    async with asyncio.timeout(20):
        while not prefect.created:  # noqa: ASYNC110 - it happens in other threads
            await asyncio.sleep(0.02)
    run_id = list(prefect.runs)[-1]
    start_run(ledger, run_id, "swap", "beta", 200.0)
    upstream.models = ["beta"]
    ended = {"message": "Beta is loaded and answers."}
    report(ledger, run_id, "result", ended, state="completed", ended=1.0, result=ended)
    got = await asking

    assert (got.status_code, got.json()) == (200, {"ok": True})
    assert [run["parameters"]["model"] for run in prefect.created] == ["beta"]


async def test_a_model_that_is_not_on_disk_causes_no_swap(http: httpx.AsyncClient, prefect: FakePrefect):
    got = await http.post("/v1/chat/completions", json={"messages": [], "model": "gamma"})

    assert got.status_code == 404
    assert prefect.created == []
