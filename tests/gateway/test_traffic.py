"""What requests show of a service: good answers are proof for a while, the first that breaks is news."""

import asyncio
import queue
import time

import httpx
import pytest

from blocks.ledger.health import in_flight, proven_at, why_at_rest
from blocks.ledger.launches import Launch, mark_ended, record_launch
from blocks.ledger.runs import start_run
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from gateway.options import Options
from gateway.traffic import NO_WORK, PROOFS
from tests.gateway.conftest import Running, cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.simulator.engines import free_port

CHAT = {"messages": [], "model": "alpha"}
FAILED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/json\r\n"


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    """Beside vLLM, a service for speech that nobody listens for, and one for embeddings that answers."""
    prefect.documents["cluster"] = cluster_document(
        upstream.port, kokoro=free_port(), embeddings=upstream.port
    )
    prefect.asked_for = queue.Queue()
    prefect.on_created = prefect.asked_for.put
    return prefect


@pytest.fixture
def loaded(ledger: Ledger) -> Ledger:
    """A ledger in which a model is loaded."""
    launch = Launch("l1", "r1", "alpha", {}, [], ["spark-1"], "", "", time.time() - 600, ready=time.time())
    record_launch(ledger, launch)
    return ledger


async def checked(prefect: FakePrefect) -> dict:
    """The parameters of the deep check that is asked for."""
    await asyncio.to_thread(prefect.asked_for.get, timeout=10)
    return prefect.created[-1]["parameters"]


def test_routes_that_need_no_gpu_prove_nothing():
    assert "/v1/chat/completions" in PROOFS
    assert not PROOFS & {*NO_WORK, "/v1/audio/voices"}


async def test_good_answers_are_written_down_and_failures_are_not(
    options: Options, ledger: Ledger, upstream: FakeUpstream
):
    async def fail(call: Call) -> None:
        await call.answer(b'{"detail": "out of luck"}', FAILED)

    gateway, before = Running(options), time.time()
    await asyncio.to_thread(gateway.start)
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        await http.post("/v1/chat/completions", json=CHAT)
        upstream.script = fail
        await http.post("/v1/embeddings", json={"input": "x"})
    await asyncio.to_thread(gateway.stop)

    at = proven_at(ledger, "vllm")
    assert at is not None
    assert before <= at <= time.time()
    assert in_flight(ledger, "vllm") == 0
    assert proven_at(ledger, "embeddings") is None


async def test_the_first_refused_connection_asks_for_a_check(http: httpx.AsyncClient, prefect: FakePrefect):
    got = await http.post("/v1/audio/speech", json={"input": "x"})

    assert got.status_code == 503
    assert await checked(prefect) == {"service": "kokoro", "reason": "it takes no connections"}


async def test_the_first_answer_that_breaks_off_asks_for_a_check(
    http: httpx.AsyncClient, prefect: FakePrefect, upstream: FakeUpstream
):
    async def break_off(call: Call) -> None:
        call.hang_up()

    upstream.script = break_off
    got = await http.post("/v1/embeddings", json={"input": "x"})

    assert got.status_code == 502
    assert (await checked(prefect))["service"] == "embeddings"


async def test_three_failures_of_the_service_itself_ask_for_a_check(
    http: httpx.AsyncClient, prefect: FakePrefect, upstream: FakeUpstream
):
    async def fail(call: Call) -> None:
        await call.answer(b'{"detail": "out of luck"}', FAILED)

    upstream.script = fail
    for _ in range(3):
        await http.post("/v1/embeddings", json={"input": "x"})

    assert (await checked(prefect))["reason"] == "3 requests in a row failed"


@pytest.fixture
async def gone(upstream: FakeUpstream) -> None:
    """Nobody listens at vLLM's address."""
    await upstream.stop()


async def test_an_engine_that_has_gone_is_checked_although_no_request_is_sent_to_it(
    gone: None, http: httpx.AsyncClient, prefect: FakePrefect, loaded: Ledger
):
    got = await http.post("/v1/chat/completions", json=CHAT)

    assert got.json()["error"]["code"] == "upstream_unreachable"
    assert (await checked(prefect))["service"] == "vllm"


@pytest.fixture
def swapping(ledger: Ledger) -> None:
    start_run(ledger, "33333333-3333-4333-8333-333333333333", "swap", "beta", None)


async def test_an_engine_that_a_swap_stops_is_not_checked(
    swapping: None, gone: None, http: httpx.AsyncClient, prefect: FakePrefect, loaded: Ledger
):
    await http.post("/v1/completions", json={"prompt": "x"})
    await http.post("/v1/audio/speech", json={"input": "x"})

    assert (await checked(prefect))["service"] == "kokoro"
    assert len(prefect.created) == 1


def test_what_is_at_rest_is_not_checked_for_taking_no_connections(ledger: Ledger):
    empty = why_at_rest(ledger, "vllm", is_engine=True)
    launch = Launch("l1", "r1", "alpha", {}, [], [], "", "", time.time(), ready=time.time())
    record_launch(ledger, launch)
    loaded = why_at_rest(ledger, "vllm", is_engine=True)
    mark_ended(ledger, "stopped")
    stopped = why_at_rest(ledger, "vllm", is_engine=True)
    said = [why_at_rest(ledger, "kokoro", is_engine=False)]
    for kind in ("restarted", "exhausted", "reset", "stopped"):
        note_service_event(ledger, "kokoro", kind, "")
        said.append(why_at_rest(ledger, "kokoro", is_engine=False))

    assert (empty, loaded, stopped) == ("no model is loaded", "", "no model is loaded")
    assert said == [
        "", "it is starting", "it was restarted too often", "it is starting", "it was stopped on purpose"
    ]  # fmt: skip
