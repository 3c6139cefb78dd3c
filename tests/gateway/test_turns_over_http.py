"""A service with a limit, as its clients see it."""

import asyncio

import httpx
import pytest

from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

CHAT = "/v1/chat/completions"


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["cluster"]["services"][0] |= {"at_once": 1, "queue": 1}
    return prefect


async def test_one_is_served_one_waits_and_one_is_told_to_come_back(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    go = asyncio.Event()

    async def answer_when_told(call):
        await go.wait()
        await call.answer(b'{"ok": true}')

    upstream.script = answer_when_told
    three = [asyncio.create_task(http.post(CHAT, json={"messages": []})) for _ in range(3)]
    done, _ = await asyncio.wait(three, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    refused = done.pop().result()
    go.set()
    served = [got for got in await asyncio.gather(*three) if got is not refused]

    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "queue_full"
    assert int(refused.headers["retry-after"]) >= 1
    assert [got.status_code for got in served] == [200, 200]
    assert sorted(got.headers.get("x-queue-position", "") for got in served) == ["", "1"]
