"""The changes of the topics: one look for all who listen, none for nobody, the newest state for the slow."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from gateway import changes as module
from gateway.changes import TOPICS, Changes, Topic
from gateway.inside import Inside


class Source:
    """An app that answers each path as a test says, and notes who asks."""

    def __init__(self) -> None:
        self.answers: dict[str, object] = {}
        self.asked: list[str] = []
        self.hosts: set[bytes] = set()
        self.held: dict[str, asyncio.Event] = {}

    async def __call__(self, scope, receive, send) -> None:
        path = scope["path"]
        self.asked.append(path)
        self.hosts |= {value for name, value in scope["headers"] if name == b"host"}
        if path in self.held:
            await self.held[path].wait()
        answer = self.answers.get(path, {})
        if isinstance(answer, Exception):
            raise answer
        status = 503 if isinstance(answer, dict) and "error" in answer else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    for name in TOPICS:
        monkeypatch.setitem(TOPICS, name, Topic(f"/{name}", 0.002, has_urls=name == "endpoints"))
    return Source()


@pytest.fixture
def changes(source: Source) -> Changes:
    return Changes(Inside(lambda: source))


async def next_of(events: AsyncIterator[bytes], kind: str = "change") -> dict:
    """The data of the next event of that kind."""
    async with asyncio.timeout(10):
        async for frame in events:
            said, data = frame.decode().strip().split("\n")
            if said == f"event: {kind}":
                return json.loads(data.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def looks(source: Source, number: int) -> None:
    """Wait for so many more looks."""
    async with asyncio.timeout(10):
        enough = len(source.asked) + number
        while len(source.asked) < enough:  # noqa: ASYNC110 - what is counted is the tested loop itself
            await asyncio.sleep(0.001)


async def test_many_who_listen_cost_the_looks_of_one_and_nobody_costs_none(changes: Changes, source: Source):
    source.held["/lock"] = asyncio.Event()
    listening = [changes.events(["lock"], "spark.example") for _ in range(20)]
    waiting = [asyncio.create_task(next_of(each)) for each in listening]
    await looks(source, 1)
    source.held["/lock"].set()
    got = await asyncio.gather(*waiting)
    asked_at_once = source.asked[:1]
    for each in listening:
        await each.aclose()
    asked = len(source.asked)
    await asyncio.sleep(0.05)

    assert asked_at_once == ["/lock"]
    assert len({json.dumps(each) for each in got}) == 1
    assert len(source.asked) == asked


async def test_a_topic_that_is_slow_or_broken_holds_up_no_other(
    changes: Changes, source: Source, monkeypatch
):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    source.held["/status"] = asyncio.Event()
    source.answers = {"/models": {"models": []}, "/bot": RuntimeError("broken"), "/lock": [1]}
    source.answers["/nim"] = {"error": {"message": "the ledger does not answer"}}
    events = changes.events(["status", "bot", "nim", "models", "lock"], "")
    got = [await next_of(events) for _ in range(5)]
    await events.aclose()
    found = {each["topic"]: (each["data"], each["error"]) for each in got}

    assert got[-1]["topic"] == "status"
    assert found["models"] == ({"models": []}, None)
    assert found["lock"] == ([1], None)
    assert found["nim"] == (None, "the ledger does not answer")
    assert found["bot"] == (None, "the gateway could not answer; its log says why")
    assert found["status"][1].startswith("there was no answer within")


async def test_who_takes_slowly_gets_the_newest_state_of_each_topic(changes: Changes, source: Source):
    source.answers = {"/lock": {"lock": 0}, "/models": {"models": 0}}
    events = changes.events(["lock", "models"], "")
    await next_of(events)
    for number in range(1, 6):
        source.answers = {"/lock": {"lock": number}, "/models": {"models": number}}
        await looks(source, 6)
    got = [await next_of(events), await next_of(events)]
    source.answers = {"/lock": {"lock": "the last"}, "/models": {"models": 5}}
    got.append(await next_of(events))
    await events.aclose()

    assert sorted(json.dumps(each["data"]) for each in got[:2]) == ['{"lock": 5}', '{"models": 5}']
    assert got[2]["data"] == {"lock": "the last"}


async def test_a_quiet_topic_is_told_once_and_then_beats(changes: Changes, source: Source, monkeypatch):
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.05)
    source.answers["/status"] = {"at": 1.0, "for_seconds": 1.0}
    events = changes.events(["status"], "")
    first = await anext(events)
    await looks(source, 5)
    rest = [await anext(events), await anext(events)]
    await events.aclose()

    assert first.startswith(b"event: change\n")
    assert all(each.startswith(b'event: beat\ndata: {"at":') for each in rest)


async def test_urls_are_made_of_the_host_by_which_each_listener_came(changes: Changes, source: Source):
    ones = [changes.events(["endpoints", "lock"], host) for host in ("spark-1:9999", "192.0.2.9")]
    for each in ones:
        await next_of(each)
        await next_of(each)
    for each in ones:
        await each.aclose()

    assert {b"spark-1:9999", b"192.0.2.9", b""} == source.hosts


async def test_closing_ends_every_stream(changes: Changes, source: Source):
    events = changes.events(["lock"], "")
    await next_of(events)
    ending = asyncio.create_task(next_of(events, "never"))
    await looks(source, 1)
    changes.close()

    with pytest.raises(AssertionError, match="the stream ended"):
        await ending
    assert [each async for each in changes.events(["lock"], "")] == []
