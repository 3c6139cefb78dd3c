"""What a client of a wedged service is told."""

import httpx

from tests.gateway.fake_upstream import Call, FakeUpstream

FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\n"


async def test_a_dead_context_becomes_come_back_in_a_minute(http: httpx.AsyncClient, upstream: FakeUpstream):
    async def say(call: Call) -> None:
        await call.answer(b'{"detail": "cuFFT error: CUFFT_INTERNAL_ERROR"}', FAILED)

    upstream.script = say
    got = await http.post("/v1/chat/completions", json={"messages": []})

    assert (got.status_code, got.headers["retry-after"]) == (503, "60")
    assert got.json()["error"]["code"] == "upstream_wedged"
    assert "vllm" in got.json()["error"]["message"]


async def test_any_other_failure_passes_unchanged(http: httpx.AsyncClient, upstream: FakeUpstream):
    async def say(call: Call) -> None:
        await call.answer(b'{"detail": "CUDA out of memory"}', FAILED)

    upstream.script = say
    got = await http.post("/v1/chat/completions", json={"messages": []})

    assert (got.status_code, got.json()) == (500, {"detail": "CUDA out of memory"})
