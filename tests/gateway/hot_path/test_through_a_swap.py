"""Requests that meet a swap: held, joined, told how far it is, or told which model is coming."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from gateway.options import Options
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream, say_ok
from tests.gateway.hot_path.wire import CHAT, Answer, Client, NewClient, ask, figures, request, until_waiting

RUN = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def swap(ledger: Ledger, prefect: FakePrefect) -> Callable[[str], None]:
    """Puts a swap to beta into a phase; the first call begins it."""

    def to(phase: str) -> None:
        if RUN not in prefect.runs:
            prefect.add_run("RUNNING", "beta", RUN)
            start_run(ledger, RUN, "swap", "beta", 200.0)
        data = {"phase": phase, "progress": 0.4, "message": "", "eta_seconds": 90.0}
        report(ledger, RUN, "phase", data, phase=phase, progress=0.4, eta_seconds=90.0)

    return to


def error(got: Answer) -> dict[str, str]:
    return json.loads(got.body)["error"]


async def until_refused(client: Client, asked: bytes) -> Answer:
    """The first answer that is not 200: the gateway looks at the ledger every half second."""
    async with asyncio.timeout(10):
        while (got := await client.ask(asked)).status == 200:
            pass
    return got


async def until_state(client: Client, model: str, state: str) -> None:
    """The gateway lists a model in that state."""
    async with asyncio.timeout(10):
        while True:
            listed = json.loads((await client.ask(request("GET", "/v1/models"))).body)["data"]
            if state in [one["state"] for one in listed if one["id"] == model]:
                return


async def test_all_who_want_the_model_that_loads_are_held_and_served_by_one_load(
    clients: NewClient, upstream: FakeUpstream, prefect: FakePrefect, swap
):
    swap("loading")
    upstream.models = []
    await until_state(await clients(), "alpha", "available")
    wanted = [ask("beta"), ask("beta"), ask("beta"), ask("org/beta"), request("POST", CHAT, body=b"{}")]
    answers = [asyncio.create_task((await clients()).ask(one)) for one in wanted]
    done, _ = await asyncio.wait(answers, timeout=0.7)
    assert not done
    upstream.models = ["beta"]

    assert [(await got).status for got in answers] == [200] * 5
    waited = re.findall(rb'\nspark_queue_seconds_sum{.*service="vllm"} (\S+)', await figures(await clients()))
    assert sum(map(float, waited)) > 5 * 0.5, "the hold is counted as waiting"
    assert prefect.created == []
    assert {upstream.calls.get_nowait().body for _ in range(5)} == {
        b"{}",
        b'{"model": "beta", "messages": []}',
    }


class TestShortHold:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, hold_seconds=1.0)

    async def test_past_the_hold_it_is_told_how_far_the_model_is(
        self, client: Client, upstream: FakeUpstream, swap
    ):
        swap("loading")
        upstream.models = []
        before = time.monotonic()
        got = await client.ask(ask("beta"))
        loading = json.loads(got.body)["loading"]

        assert 0.9 < time.monotonic() - before < 4
        assert (got.status, got[b"retry-after"], error(got)["code"]) == (503, b"60", "model_loading")
        assert loading.pop("eta_seconds") <= 90
        assert loading == {"model": "beta", "phase": "loading", "progress": 0.4, "run": RUN}


async def test_a_model_that_is_about_to_be_stopped_takes_nothing_new_and_ends_what_runs(
    client: Client, clients: NewClient, upstream: FakeUpstream, swap
):
    go_on = asyncio.Event()

    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: one\n\n")
        await go_on.wait()
        await call.chunk(b"data: two\n\n")
        await call.send(b"0\r\n\r\n")

    upstream.script = script
    await client.send(request("POST", CHAT, body=b'{"model": "alpha", "n": "running"}'))
    await client.head()
    assert await client.chunk() == b"data: one\n\n"
    upstream.script = say_ok
    swap("draining")
    got = await until_refused(await clients(), ask("alpha"))
    go_on.set()

    assert (got.status, error(got)["code"], error(got)["param"]) == (409, "model_not_loaded", "model")
    assert error(got)["message"].startswith("model alpha is being stopped, and a swap to beta is under way")
    assert await client.chunk() == b"data: two\n\n"


async def test_an_engine_that_goes_in_the_middle_names_the_swap(client: Client, upstream: FakeUpstream, swap):
    stopped = asyncio.Event()

    async def script(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: one\n\n")
        await stopped.wait()
        call.hang_up()

    upstream.script = script
    await client.send(ask("alpha"))
    await client.head()
    await client.chunk()
    swap("stopping")
    await asyncio.sleep(1.0)  # the gateway looks at the ledger every half second
    stopped.set()
    told = await client.ended()

    assert b"event: error" in told
    assert b"; a swap to beta is under way" in told


async def test_with_the_engine_gone_it_is_told_that_the_other_one_loads(
    client: Client, upstream: FakeUpstream, swap
):
    swap("loading")
    await upstream.stop()
    await asyncio.sleep(0.1)  # until the connection that was kept is seen to be closed
    got = await client.ask(ask("alpha"))

    assert (got.status, error(got)["code"]) in ((503, "model_loading"), (409, "model_not_loaded"))
    assert "beta" in error(got)["message"]


async def test_a_new_model_is_learned_from_the_upstream_alone_within_two_seconds(
    client: Client, upstream: FakeUpstream
):
    upstream.models = ["gamma"]
    before = time.monotonic()
    await until_state(client, "gamma", "loaded")

    assert time.monotonic() - before < 4
    assert (await client.ask(ask("gamma"))).status == 200


async def test_a_request_that_names_a_model_that_has_just_come_does_not_wait_for_the_next_look(
    client: Client, upstream: FakeUpstream
):
    upstream.models = ["gamma"]
    await asyncio.sleep(0.4)  # a look is fresh for a moment

    assert (await client.ask(ask("gamma"))).status == 200


class TestQueue:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect) -> FakePrefect:
        prefect.documents["cluster"]["services"][0] |= {"at_once": 1, "queue": 4}
        return prefect

    async def test_who_waited_for_its_turn_while_the_model_went_is_told(
        self, client: Client, clients: NewClient, upstream: FakeUpstream, swap
    ):
        go_on = asyncio.Event()

        async def script(call: Call) -> None:
            await go_on.wait()
            await call.answer(b"{}")

        upstream.script = script
        second = await clients()
        await client.send(ask("alpha"))
        await upstream.calls.get()
        await second.send(ask("alpha"))
        watching = await clients()
        await until_waiting(watching, 1)
        upstream.models = ["beta"]
        await until_state(watching, "beta", "loaded")
        go_on.set()

        assert (await client.answer()).status == 200
        got = await second.answer()
        assert (got.status, error(got)["code"]) == (409, "model_not_loaded")
        assert upstream.calls.empty()


class TestAutoSwap:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, auto_swap=True, least_stay_seconds=0.0, hold_seconds=15.0)

    async def test_two_clients_cause_one_swap(
        self, clients: NewClient, upstream: FakeUpstream, ledger: Ledger, prefect: FakePrefect
    ):
        asking = [asyncio.create_task((await clients()).ask(ask("beta"))) for _ in range(2)]
        async with asyncio.timeout(20):
            while not prefect.created:  # noqa: ASYNC110 - it happens in another thread
                await asyncio.sleep(0.02)
        run = list(prefect.runs)[-1]
        start_run(ledger, run, "swap", "beta", 200.0)
        upstream.models = ["beta"]
        ended = {"message": "Beta is loaded and answers."}
        report(ledger, run, "result", ended, state="completed", ended=time.time(), result=ended)

        assert [(await got).status for got in asking] == [200, 200]
        assert [made["parameters"]["model"] for made in prefect.created] == ["beta"]
