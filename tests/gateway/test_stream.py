"""The stream of a run: every event once, in order, resumable, and an end that is told."""

import asyncio
import json

import httpx

from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect

RUN = "66666666-6666-4666-8666-666666666666"
STREAM = f"/api/runs/{RUN}/stream"


def begin(ledger: Ledger, prefect: FakePrefect) -> None:
    prefect.add_run("RUNNING", "beta", RUN)
    start_run(ledger, RUN, "swap", "beta", None)
    report(ledger, RUN, "phase", {"phase": "loading", "progress": 0.5}, phase="loading", progress=0.5)


def end(ledger: Ledger) -> None:
    lines = [{"host": "spark-1", "line": "ready"}]
    report(ledger, RUN, "log", {"lines": lines})
    data = {"state": "completed", "message": "beta answers"}
    report(ledger, RUN, "result", data, state="completed", ended=1.0, result=data)


def events_in(text: str) -> list[tuple[str, dict, int | None]]:
    """Kind, data and id of each event."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"]), int(lines.get("id", 0)) or None))
    return found


async def test_events_come_as_they_happen_and_the_stream_ends_with_the_run(
    http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect
):
    begin(ledger, prefect)
    async with http.stream("GET", STREAM) as stream:
        parts = stream.aiter_text()
        first = await anext(parts)
        end(ledger)
        rest = "".join([part async for part in parts])
        kind = stream.headers["content-type"]

    events = events_in(first + rest)
    assert kind.startswith("text/event-stream")
    assert [event[0] for event in events] == ["state", "phase", "log", "result"]
    assert events[2][1] == {"lines": [{"host": "spark-1", "line": "ready"}]}
    assert [event[2] for event in events] == sorted(event[2] for event in events)


async def test_a_browser_that_comes_back_misses_nothing_and_gets_nothing_twice(
    http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect
):
    begin(ledger, prefect)
    end(ledger)
    events = events_in((await http.get(STREAM)).text)
    resumed = events_in((await http.get(STREAM, headers={"last-event-id": str(events[1][2])})).text)
    over = await http.get(STREAM, headers={"last-event-id": str(events[-1][2])})

    assert resumed == events[2:]
    assert over.status_code == 204


async def test_a_queued_run_is_followed_into_its_beginning(
    http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect
):
    prefect.add_run("SCHEDULED", "beta", RUN)
    async with http.stream("GET", STREAM) as stream:
        parts = stream.aiter_text()
        first = events_in(await anext(parts))
        begin(ledger, prefect)
        end(ledger)
        rest = events_in("".join([part async for part in parts]))

    assert first[0][:2] == ("state", {"state": "queued", "message": "It is about to begin."})
    assert [event[0] for event in rest] == ["state", "phase", "log", "result"]


async def test_a_run_whose_process_died_gets_an_end_in_plain_words(
    http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect
):
    begin(ledger, prefect)
    prefect.set_state(RUN, "CRASHED")
    kind, data, number = events_in((await http.get(STREAM)).text)[-1]

    assert (kind, data["state"], number) == ("result", "crashed", None)
    assert "stopped without a word" in data["message"]


async def test_many_who_listen_cost_one_look(http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect):
    begin(ledger, prefect)
    listening = [asyncio.create_task(http.get(STREAM)) for _ in range(10)]
    await asyncio.wait(listening, timeout=1.0)
    asked = sum(path == f"/api/flow_runs/{RUN}" for _, path, _ in prefect.asked)
    end(ledger)
    texts = {(await task).text for task in listening}

    assert len(texts) == 1
    assert asked < 15
