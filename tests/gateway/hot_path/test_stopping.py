"""A gateway that is told to stop: whoever still waits is told so, whatever it waits for."""

import asyncio
from dataclasses import replace

import httpx

from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

CHAT = "/v1/chat/completions"


async def test_requests_that_think_or_queue_are_told_that_the_gateway_stops(
    options: Options, prefect: FakePrefect, upstream: FakeUpstream
):
    prefect.documents["cluster"]["services"][0] |= {"at_once": 1}
    upstream.script = Call.wait_until_left
    gateway = Running(replace(options, drain_seconds=0.2))
    await asyncio.to_thread(gateway.start)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as http:
        thinking = asyncio.create_task(http.post(CHAT, json={"model": "alpha"}))
        call = await upstream.calls.get()
        queued = asyncio.create_task(http.post(CHAT, json={"model": "alpha"}))
        while (await http.get("/api/status")).json()["services"][0]["waiting"] == 0:  # noqa: ASYNC110 - another thread has no event for it
            await asyncio.sleep(0)
        await asyncio.to_thread(gateway.stop)
        answers = await asyncio.gather(thinking, queued)

    await asyncio.wait_for(call.left.wait(), 2)
    assert [answer.status_code for answer in answers] == [503, 503]
    assert [answer.json()["error"]["code"] for answer in answers] == ["stopping", "stopping"]
    assert all(answer.headers["retry-after"] for answer in answers)
    assert upstream.calls.empty(), "what waited was never sent"
