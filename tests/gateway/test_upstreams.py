"""Which model a request is for decides where it goes, whether it waits, and what it is told."""

import asyncio

import httpx
import openai
import pytest

from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from tests.gateway.conftest import Running, cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

CHAT = "/v1/chat/completions"
RUN = "22222222-2222-4222-8222-222222222222"


def ask(model: str | None = None) -> dict[str, object]:
    return {"messages": []} if model is None else {"messages": [], "model": model}


def begin_swap(ledger: Ledger, prefect: FakePrefect, model: str = "beta") -> None:
    prefect.add_run("RUNNING", model, RUN)
    start_run(ledger, RUN, "swap", model, 200.0)
    data = {"phase": "loading", "progress": 0.4, "message": "", "eta_seconds": 90.0}
    report(ledger, RUN, "phase", data, phase="loading", progress=0.4, eta_seconds=90.0)


async def test_a_request_without_a_model_goes_to_what_is_loaded(
    http: httpx.AsyncClient, upstream: FakeUpstream
):
    got = await http.post(CHAT, json=ask())

    assert got.json() == {"ok": True}


async def test_an_unknown_model_is_not_found_and_the_loaded_one_is_named(http: httpx.AsyncClient):
    got = await http.post(CHAT, json=ask("gamma"))

    assert got.status_code == 404
    assert got.json()["error"]["param"] == "model"
    assert "'gamma'" in got.json()["error"]["message"]
    assert "alpha" in got.json()["error"]["message"]


async def test_a_model_that_is_not_loaded_is_a_conflict_that_names_the_loaded_one(http: httpx.AsyncClient):
    got = await http.post(CHAT, json=ask("beta"))

    assert got.status_code == 409
    assert got.json()["error"]["code"] == "model_not_loaded"
    assert "loaded now is alpha" in got.json()["error"]["message"]


async def test_a_request_waits_for_the_model_that_is_loading(
    http: httpx.AsyncClient, upstream: FakeUpstream, ledger: Ledger, prefect: FakePrefect
):
    begin_swap(ledger, prefect)
    waiting = [asyncio.create_task(http.post(CHAT, json=ask("beta"))) for _ in range(3)]
    await asyncio.wait(waiting, timeout=0.5)
    assert not any(task.done() for task in waiting)
    upstream.models = ["beta"]

    assert [(await task).json() for task in waiting] == [{"ok": True}] * 3


async def test_a_client_that_leaves_while_it_waits_is_never_sent_to_the_model(
    gateway: Running, upstream: FakeUpstream, ledger: Ledger, prefect: FakePrefect
):
    begin_swap(ledger, prefect)
    async with httpx.AsyncClient(base_url=gateway.url) as leaving:
        with pytest.raises(httpx.ReadTimeout):
            await leaving.post(CHAT, json=ask("beta"), timeout=0.5)
    upstream.models = ["beta"]
    async with httpx.AsyncClient(base_url=gateway.url) as staying:
        await staying.post(CHAT, json=ask("beta"), timeout=10)

    assert upstream.calls.qsize() == 1


class TestWithoutHold:
    @pytest.fixture
    def options(self, options):
        object.__setattr__(options, "hold_seconds", 0.0)
        return options

    async def test_a_request_for_a_loading_model_is_told_how_far_it_is(
        self, http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect
    ):
        begin_swap(ledger, prefect)
        got = await http.post(CHAT, json=ask("beta"))
        loading = got.json()["loading"]

        assert got.status_code == 503
        assert int(got.headers["retry-after"]) > 0
        assert (loading["model"], loading["phase"], loading["progress"]) == ("beta", "loading", 0.4)
        assert loading["run"] == RUN
        assert 80 < loading["eta_seconds"] <= 90

    async def test_a_swap_that_waits_for_its_turn_counts_as_loading(
        self, http: httpx.AsyncClient, prefect: FakePrefect
    ):
        prefect.add_run("SCHEDULED", "beta")
        got = await http.post(CHAT, json=ask("beta"))

        assert (got.status_code, got.json()["loading"]["phase"]) == (503, "queued")

    async def test_another_model_is_told_what_is_coming(
        self, http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect, upstream: FakeUpstream
    ):
        begin_swap(ledger, prefect, "alpha")
        upstream.models = []
        got = await http.post(CHAT, json=ask("beta"))

        assert got.status_code == 409
        assert "a swap to alpha is under way" in got.json()["error"]["message"]


class TestAlias:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
        recipe = {"key": "alpha", "model": "org/alpha", "served_name": "org/Alpha-1"}
        prefect.documents["catalog"] = {"recipes": [recipe]}
        upstream.models = ["org/Alpha-1"]
        return prefect

    async def test_an_alias_is_rewritten_and_not_one_other_byte(
        self, http: httpx.AsyncClient, upstream: FakeUpstream
    ):
        sent = b'{"metadata": {"model":"alpha"},  "model" : "alpha", "x": "\\"model\\": \\"alpha\\""}'
        got = await http.post(CHAT, content=sent)
        call = upstream.calls.get_nowait()

        assert got.status_code == 200
        assert call.body == sent.replace(b'"model" : "alpha"', b'"model" : "org/Alpha-1"')


async def test_a_changed_address_is_picked_up_without_a_restart(
    http: httpx.AsyncClient, upstream: FakeUpstream, prefect: FakePrefect
):
    second = FakeUpstream()
    second.models = ["gamma"]
    await second.start()
    prefect.documents["cluster"] = cluster_document(second.port)
    until = asyncio.get_running_loop().time() + 10
    while (await http.post(CHAT, json=ask("gamma"))).status_code != 200:
        assert asyncio.get_running_loop().time() < until
    await second.stop()

    assert second.calls.qsize() == 1


async def test_uploads_stream_to_the_speech_service_and_services_answer_by_name(
    http: httpx.AsyncClient, upstream: FakeUpstream, prefect: FakePrefect
):
    parakeet = FakeUpstream()
    await parakeet.start()
    prefect.documents["cluster"] = cluster_document(upstream.port, parakeet=parakeet.port)

    async def parts():
        for _ in range(40):
            yield b"sound" * 1000

    until = asyncio.get_running_loop().time() + 10
    while (await http.get("/upstream/parakeet/x")).status_code != 200:
        assert asyncio.get_running_loop().time() < until
    await parakeet.calls.get()
    form = {"content-type": "multipart/form-data; boundary=b"}
    first = await http.post("/v1/audio/transcriptions", content=parts(), headers=form)
    second = await http.post("/v1/audio/transcriptions", content=b"y" * 300_000, headers=form)
    third = await http.get("/upstream/parakeet/a%2Fb%20c/d?q=%41")
    calls = [await parakeet.calls.get() for _ in range(3)]
    await parakeet.stop()

    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 200]
    assert calls[0].body == b"sound" * 40_000
    assert calls[1].body == b"y" * 300_000
    assert calls[1].headers[b"content-type"] == form["content-type"].encode()
    assert calls[2].line == b"GET /a%2Fb%20c/d?q=%41 HTTP/1.1"


async def test_the_openai_client_streams_lists_models_and_reads_our_errors(
    gateway: Running, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.begin_stream()
        for word in ("Hel", "lo"):
            await call.chunk(b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % word.encode())
        call.hang_up()

    upstream.script = script
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0) as client:
        listed = [model.id async for model in client.models.list()]
        with pytest.raises(openai.NotFoundError, match="there is no model 'gamma'"):
            await client.chat.completions.create(model="gamma", messages=[])
        stream = await client.chat.completions.create(model="alpha", messages=[], stream=True)
        words = [(await anext(stream)).choices[0].delta.content for _ in range(2)]
        with pytest.raises(openai.APIError, match="broke off in the middle"):
            await anext(stream)

    assert listed == ["alpha", "beta"]
    assert words == ["Hel", "lo"]
