"""/api/speed: learned from streamed answers as they pass, kept over a restart of the gateway."""

import asyncio
import json

import httpx
import pytest

from blocks.ledger.speeds import add_speeds
from blocks.ledger.store import Ledger
from blocks.speed import Counted
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.fake_upstream import Call, FakeUpstream

CHAT = {"messages": [], "stream": True}


async def speak(call: Call) -> None:
    """As many tokens as the body asks for, at 200 in a second; with their number where it is asked for."""
    asked = json.loads(call.body)
    tokens = asked.get("max_tokens", 20)
    await call.begin_stream()
    for number in range(tokens):
        await asyncio.sleep(0.005)
        delta = {"choices": [{"delta": {"content": f"word {number}"}}]}
        await call.chunk(b"data: " + json.dumps(delta).encode() + b"\n\n")
    if asked.get("stream_options"):
        usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1}
        await call.chunk(b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n")
    await call.chunk(b"data: [DONE]\n\n")
    await call.send(b"0\r\n\r\n")


async def speeds_of(url: str) -> dict[str, dict]:
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        got = (await http.get("/api/speed")).raise_for_status().json()
    return {each["model"]: each for each in got["models"]}


async def ask(http: httpx.AsyncClient, **body: object) -> None:
    await http.post("/v1/chat/completions", json={**CHAT, **body})


@pytest.fixture(autouse=True)
def speaking(upstream: FakeUpstream) -> None:
    upstream.script = speak


async def test_streamed_answers_are_learned_from_and_outlive_the_gateway(options: Options, ledger: Ledger):
    usual = Counted()
    for _ in range(40):
        usual.add(1.0, 0.2)
    add_speeds(ledger, {"alpha": usual, "beta": usual})
    gateway = Running(options)
    await asyncio.to_thread(gateway.start)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as http:
        for more in ({}, {"model": "alpha"}, {"stream_options": {"include_usage": True}}, {"max_tokens": 5}):
            await ask(http, **more)
        await http.post("/upstream/vllm/v1/chat/completions", json=CHAT)
        seen = await speeds_of(gateway.url)
    await asyncio.to_thread(gateway.stop)
    again = Running(options)
    await asyncio.to_thread(again.start)
    later = await speeds_of(again.url)
    await asyncio.to_thread(again.stop)

    assert list(seen) == ["alpha", "beta"]
    now, compared = seen["alpha"]["now"], seen["alpha"]["compared"]
    assert now["answers"] == 3
    assert 1.25 < now["tokens_per_second"] < 250
    assert 0 < now["first_token_seconds"] < 10
    assert now["window_seconds"] == 300
    assert seen["alpha"]["usual"]["answers"] == 40
    assert seen["alpha"]["usual"]["tokens_per_second"] == pytest.approx(1.0, rel=0.1)
    assert compared.startswith("faster than usual (")
    assert (seen["beta"]["now"], seen["beta"]["compared"]) == (None, "no answers in the last minutes")
    assert later["alpha"]["now"] is None
    assert later["alpha"]["usual"]["answers"] == 43
    assert later["alpha"]["usual"]["days"] == 1


async def test_answers_that_tell_nothing_are_left_out(
    gateway: Running, http: httpx.AsyncClient, upstream: FakeUpstream
):
    async def break_off(call: Call) -> None:
        await call.begin_stream()
        for number in range(20):
            await asyncio.sleep(0.002)
            await call.chunk(b'data: {"choices": [{"delta": {"content": "%d"}}]}\n\n' % number)
        call.hang_up()

    async def at_once(call: Call) -> None:
        body = b'{"choices": [], "usage": {"completion_tokens": 90, "prompt_tokens": 1}}'
        await call.answer(body)

    for script in (break_off, at_once):
        upstream.script = script
        try:
            await ask(http)
        except httpx.HTTPError:
            continue
    seen = await speeds_of(gateway.url)

    assert seen["alpha"] == {
        "model": "alpha", "now": None, "usual": None, "compared": "no answers in the last minutes",
    }  # fmt: skip
