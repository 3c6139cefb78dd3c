"""Updates over HTTP: what is new, bring it in, and have it explained by the loaded model as it speaks."""

import asyncio
import json

import httpx
import pytest

from blocks.ledger.lock import take_lock
from blocks.ledger.runs import start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

COMMITS = [
    {"id": "abcdef1234567", "at": 1.0, "subject": "Faster loading", "body": "It reads in parallel."},
    {"id": "1234567abcdef", "at": 0.5, "subject": "Fix a typo", "body": ""},
]
NEWS = {"fault": "", "error": "", "head": "aaa", "branch": "main", "behind": 2, "ahead": 0, "dirty": []}


@pytest.fixture
def news(ledger: Ledger) -> Ledger:
    for host in ("spark-1", "spark-2"):
        told = {"launcher": {**NEWS, "commits": COMMITS}} if host == "spark-1" else {}
        image = {"image": "vllm-node", "image_id": "sha256:1", "image_created": "2026-11-01T00:00:00Z"}
        write_seen(ledger, f"updates/{host}", {**image, **told})
    return ledger


async def test_the_news_are_what_the_observer_saw(http: httpx.AsyncClient, news: Ledger):
    run_id = "33333333-3333-4333-8333-333333333333"
    start_run(news, run_id, "update", "launcher", None)
    seen = (await http.get("/api/updates")).json()

    assert (seen["behind"], seen["branch"], seen["why"], seen["run"]) == (2, "main", [], run_id)
    assert seen["commits"] == COMMITS
    assert seen["same_image"] is True
    assert [image["host"] for image in seen["images"]] == ["spark-1", "spark-2"]
    assert seen["images"][0]["created"] == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"dirty": ["run.sh"], "ahead": 1}, ["local changes in run.sh", "1 commits of its own"]),
        ({"error": "no route"}, ["upstream cannot be asked: no route"]),
        ({"fault": "there is no checkout"}, ["there is no checkout"]),
    ],
)
async def test_what_stands_in_the_way_of_an_update_is_said(http: httpx.AsyncClient, ledger, told, words):
    write_seen(ledger, "updates/spark-1", {"image": "x", "launcher": {**NEWS, **told}})
    why = (await http.get("/api/updates")).json()["why"]

    assert len(why) == len(words)
    assert all(word in sentence for word, sentence in zip(words, why, strict=True))


async def test_before_the_first_look_nothing_is_known(http: httpx.AsyncClient):
    seen = (await http.get("/api/updates")).json()
    explained = await http.post("/api/updates/explain")

    assert (seen["behind"], seen["images"]) == (None, [])
    assert seen["why"] == ["the launcher has not been looked at yet"]
    assert (explained.status_code, explained.json()["error"]["code"]) == (409, "nothing_new")


async def test_an_update_is_one_run_for_whom_the_lock_allows(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    free = await http.post("/api/updates/apply", json={"approval": "ask"})
    token = take_lock(ledger, "night job", "", 60)
    refused = await http.post("/api/updates/apply", json={})
    allowed = await http.post("/api/updates/apply", json={"lock_token": token, "back": True})

    assert [free.status_code, refused.status_code, allowed.status_code] == [202, 423, 202]
    first, second = (run["parameters"] for run in prefect.created)
    assert first == {"dry_run": False, "approval": "ask", "back": False, "lock_pass": ""}
    assert second["back"] is True
    assert second["lock_pass"] not in ("", token)
    assert (await http.get(f"/api/runs/{free.json()['id']}")).json()["kind"] == "update"


async def test_the_commits_are_explained_word_by_word_by_the_loaded_model(
    http: httpx.AsyncClient, news: Ledger, upstream: FakeUpstream
):
    more = asyncio.Event()

    async def speak(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b'data: {"n": 1}\n\n')
        await more.wait()
        await call.chunk(b"data: [DONE]\n\n")
        await call.send(b"0\r\n\r\n")

    upstream.script = speak
    async with http.stream("POST", "/api/updates/explain") as answer:
        parts = answer.aiter_bytes()
        first = await anext(parts)
        more.set()
        rest = b"".join([part async for part in parts])

    asked = json.loads((await upstream.calls.get()).body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (first, rest) == (b'data: {"n": 1}\n\n', b"data: [DONE]\n\n")
    assert (asked["model"], asked["stream"]) == ("alpha", True)
    assert "Faster loading\nIt reads in parallel." in asked["messages"][1]["content"]


async def test_whoever_stops_reading_lets_the_model_go(
    http: httpx.AsyncClient, news: Ledger, upstream: FakeUpstream
):
    left = asyncio.Event()

    async def speak_on(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: 1\n\n")
        await call.wait_until_left()
        left.set()

    upstream.script = speak_on
    async with http.stream("POST", "/api/updates/explain") as answer:
        await anext(answer.aiter_bytes())
    await asyncio.wait_for(left.wait(), 10)


async def test_a_model_that_breaks_off_or_refuses_is_told(
    http: httpx.AsyncClient, news: Ledger, upstream: FakeUpstream
):
    async def break_off(call: Call) -> None:
        await call.begin_stream()
        await call.chunk(b"data: 1\n\n")
        call.hang_up()

    async def refuse(call: Call) -> None:
        await call.answer(b"{}", b"HTTP/1.1 400 Bad Request\r\n")

    upstream.script = break_off
    broken = await http.post("/api/updates/explain")
    upstream.script = refuse
    refused = await http.post("/api/updates/explain")

    assert "event: error" in broken.text
    assert "broke off" in broken.text
    assert refused.status_code == 502
    assert "status 400" in refused.json()["error"]["message"]


@pytest.fixture
def nothing_loaded(upstream: FakeUpstream) -> None:
    upstream.models = []


async def test_without_a_loaded_model_nothing_is_explained(
    nothing_loaded: None, news: Ledger, http: httpx.AsyncClient
):
    got = await http.post("/api/updates/explain")

    assert (got.status_code, got.json()["error"]["code"]) == (409, "no_model")
