"""/api/changes: every topic once, then what changed, over HTTP."""

import asyncio
import json
import time
from collections.abc import Iterator

import httpx
import pytest

from blocks.ledger.keys import create_key, revoke_key
from blocks.ledger.seen import write_seen
from gateway.changes import TOPICS
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.one_gateway import OneGateway, one_gateway


@pytest.fixture(scope="module")
def house(empty_ledger, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.changes.BEAT_SECONDS", 0.2)
        patch.setattr("gateway.watch.SETTINGS_SECONDS", 0.2)
        with one_gateway(empty_ledger, tmp_path_factory.mktemp("changes")) as house:
            yield house


def events_of(stream: httpx.Response) -> Iterator[tuple[str, dict]]:
    """Kind and data of each event as it comes."""
    kind = ""
    for line in stream.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line:
            yield kind, json.loads(line.removeprefix("data: "))


def changes_of(stream: httpx.Response) -> Iterator[dict]:
    return (data for kind, data in events_of(stream) if kind == "change")


def test_every_topic_says_what_its_path_says(house: OneGateway):
    got: dict[str, dict] = {}
    with house.http.stream("GET", "/api/changes") as stream:
        for each in changes_of(stream):
            got[each["topic"]] = each
            if len(got) == len(TOPICS):
                break
    answers = {name: house.http.get(topic.path) for name, topic in TOPICS.items()}

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert {name for name, each in got.items() if each["error"]} == {"bot"}
    assert got["bot"]["error"] == answers["bot"].json()["error"]["message"]
    assert got["bot"]["data"] is None
    for name in TOPICS.keys() - {"bot"}:
        assert got[name]["data"].keys() == answers[name].json().keys()
    for name in ("models", "lock", "endpoints", "nim"):
        assert got[name]["data"] == answers[name].json()


def test_what_changes_is_told_and_beats_come_in_between(house: OneGateway):
    with house.http.stream("GET", "/api/changes?topics=lock,hardware,lock") as stream:
        events = events_of(stream)
        before = {data["topic"]: data["data"] for _, data in (next(events), next(events))}
        beat = next(data for kind, data in events if kind == "beat")
        write_seen(house.ledger, "host/spark-2", {"state": "unreachable", "error": "it is off"})
        after = next(data for kind, data in events if kind == "change")

    assert before["lock"] == {"lock": None}
    assert before["hardware"]["hosts"][1]["state"] == "unknown"
    assert time.time() - 60 < beat["at"] <= after["at"] <= time.time()
    assert after["topic"] == "hardware"
    assert after["data"]["hosts"][1]["why"] == "it is off"


def test_an_unknown_topic_is_refused_with_the_known_ones(house: OneGateway):
    got = house.http.get("/api/changes?topics=status,weather")

    assert got.status_code == 400
    assert "'weather'" in got.json()["error"]["message"]
    assert all(name in got.json()["error"]["message"] for name in TOPICS)


def test_a_stream_ends_when_its_key_is_revoked(house: OneGateway):
    mine = {"x-api-key": create_key(house.ledger, "page", ["control"])}
    other = {"x-api-key": create_key(house.ledger, "app", ["inference"])}
    house.until(lambda: house.http.get("/api/changes?topics=none", headers=other).status_code == 403)
    with house.http.stream("GET", "/api/changes?topics=lock", headers=mine) as stream:
        events = events_of(stream)
        first = next(events)
        revoke_key(house.ledger, "page")
        rest = list(events)
    revoke_key(house.ledger, "app")

    assert first[0] == "change"
    assert all(kind == "beat" for kind, _ in rest)


async def test_a_gateway_that_stops_ends_the_stream_at_once(options: Options):
    gateway = Running(options)
    await asyncio.to_thread(gateway.start)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as http:
        async with http.stream("GET", "/api/changes") as stream:
            parts = stream.aiter_bytes()
            await anext(parts)
            stopping = asyncio.create_task(asyncio.to_thread(gateway.stop))
            rest = [part async for part in parts]
        await stopping

    assert rest[-1].endswith(b"\n\n")
