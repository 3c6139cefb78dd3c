"""Waiting for the answers of engines that run: simulated ones, and one whose numbers are out of date."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks import drain
from tasks.drain import Drain
from tests.simulator.engines import MODEL, Running, Spark

ENDLESS = {"model": MODEL, "prompt": "Tell me a story", "max_tokens": 300, "ignore_eos": True, "stream": True}


@pytest.fixture
def host(tmp_path: Path) -> Spark:
    """A host with weights."""
    host = Spark(tmp_path)
    host.has_model()
    return host


@pytest.fixture
async def engine(host: Spark) -> AsyncIterator[Running]:
    """An engine on it that answers."""
    async with host.vllm() as engine:
        yield await engine.ready()


async def wait(url: str, limit: float = 60, tell: Callable[[str], None] = lambda _: None) -> str:
    """What is said when waiting is over."""
    return await asyncio.to_thread(Drain(url, MODEL, limit, tell).wait)


async def test_an_idle_engine_costs_one_look(engine: Running):
    told: list[str] = []

    assert await wait(engine.url, 60, told.append) == "no answers are under way"
    assert told == []


async def test_a_stream_under_way_comes_to_its_end(host: Spark, engine: Running):
    host.fault("slow-tokens 2")
    told: list[str] = []

    def hurry(said: str) -> None:
        told.append(said)
        host.fault("")

    async with engine.client.stream("POST", "/v1/completions", json=ENDLESS) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines)
        waiting = asyncio.create_task(wait(engine.url, 60, hurry))
        rest = [line async for line in lines]

    assert await waiting == "no answers are under way"
    assert told == ["waiting for 1 answer under way (up to 60 s)"]
    assert rest[-2] == "data: [DONE]"


async def test_a_stream_without_an_end_is_waited_for_up_to_the_limit(host: Spark, engine: Running):
    host.fault("slow-tokens 2")

    async with engine.client.stream("POST", "/v1/completions", json=ENDLESS) as answer:
        lines = answer.aiter_lines()
        assert await anext(lines)

        assert await wait(engine.url, 1) == "1 answer under way did not end within 1 s: cut off"


async def test_a_wedged_engine_is_asked_for_a_word_and_given_up(
    host: Spark, engine: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(drain, "STILL_SECONDS", 0.1)
    monkeypatch.setattr(drain, "WORD_SECONDS", 0.5)
    host.fault("wedged")

    asked = asyncio.create_task(engine.client.post("/v1/completions", json=ENDLESS))
    while not (await engine.client.get("/simulator/requests")).json()["running"]:
        pass

    assert await wait(engine.url) == (
        "the engine stands still with 1 answer under way and gives no word: cut off"
    )
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asked


async def test_an_engine_that_has_died_has_nothing_to_wait_for(engine: Running):
    await engine.end()

    assert "(/metrics does not answer (ConnectError)): none is waited for" in await wait(engine.url)


class Forgetful(BaseHTTPRequestHandler):
    """Shows two requests that were cancelled, until it is asked for a word."""

    def do_GET(self) -> None:
        running = 0 if self.server.asked else 2
        self._answer(f"vllm:num_requests_running {running}\nvllm:num_requests_waiting 0\n")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)
        self._answer("{}")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: object) -> None:
        pass


async def test_requests_that_were_cancelled_long_ago_are_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drain, "STILL_SECONDS", 0.1)
    with ThreadingHTTPServer(("127.0.0.1", 0), Forgetful) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        said = await wait(f"http://127.0.0.1:{server.server_port}")

        server.shutdown()
        thread.join()
    assert said == "no answers are under way"
    assert server.asked == ["/v1/completions"]
