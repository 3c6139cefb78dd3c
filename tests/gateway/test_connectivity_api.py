"""Connectivity through the socket: what the gateway sees is written down, and what others report."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from blocks.ledger.transitions import MOST_OUTSIDE, history, note_state
from gateway.options import Options
from gateway.problem import Problem
from gateway.rate import MOST_CLIENTS, Rate
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

PAGE = "https://crm.example"


@pytest.fixture
def options(options: Options) -> Options:
    """Of a gateway whose hot path one page may use."""
    return Options(**{**vars(options), "cors_origins": frozenset({PAGE})})


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """The first answer that is true."""
    for _ in range(1000):
        if found := await look():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def states_of(http: httpx.AsyncClient, subject: str) -> list[str]:
    got = (await http.get("/api/connectivity", params={"subject": subject})).json()
    return [each["state"] for each in got["history"]]


def events(prefect: FakePrefect) -> list[dict[str, Any]]:
    return [body[0] for _method, path, body in prefect.asked if path == "/api/events"]


async def test_a_service_that_goes_and_comes_leaves_its_history_and_its_events(
    http: httpx.AsyncClient, upstream: FakeUpstream, prefect: FakePrefect, ledger: Ledger
):
    async def has(*wanted: str) -> bool:
        return await states_of(http, "service/vllm") == list(wanted)

    await until(lambda: has("up"))
    await upstream.stop()
    await until(lambda: has("down", "up"))
    got = (await http.get("/api/connectivity", params={"subject": "service/vllm"})).json()

    (now,), (down, up) = got["subjects"], got["history"]
    assert (now["state"], now["source"], now["until"], got["unwritten"]) == ("down", "gateway", None, 0)
    assert (up["until"], down["why"] != "") == (down["at"], True)
    assert up["seconds"] == pytest.approx(down["at"] - up["at"], abs=0.1)
    sight = read_seen(ledger, "service/vllm")["service/vllm"].data
    assert (sight["up"], sight["models"], sight["why"]) == (False, [], down["why"])
    told = await until(lambda: _async([each for each in events(prefect) if each["event"].endswith("down")]))
    assert told[0]["event"] == "spark.service.down"
    assert told[0]["resource"]["prefect.resource.id"] == "spark.service.vllm"


async def _async(value: Any) -> Any:
    return value


async def test_a_ledger_that_is_away_gets_every_change_later_with_its_own_time(
    http: httpx.AsyncClient, upstream: FakeUpstream, ledger: Ledger
):
    await until(lambda: states_of(http, "service/vllm"))
    with ledger.write() as connection:
        connection.execute(text("alter table transitions rename to away"))
    before = time.time()
    await upstream.stop()

    async def is_down() -> bool:
        services = (await http.get("/api/status")).json()["services"]
        return not next(each for each in services if each["name"] == "vllm")["up"]

    await until(is_down)
    went = time.time()
    with ledger.write() as connection:
        connection.execute(text("alter table away rename to transitions"))

    async def is_written() -> bool:
        return (await states_of(http, "service/vllm")) == ["down", "up"]

    await until(is_written)
    assert before <= history(ledger, "service/vllm")[0].transition.at <= went


async def test_an_application_reports_what_it_saw_and_the_same_again_is_no_news(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    report = {"service": "vllm", "state": "down", "source": "crm", "why": "no answer in 5 s"}
    first, again = [await http.post("/api/health-event", json=report) for _ in range(2)]
    other = await http.post(
        "/api/health-event", json={"subject": "app/crm", "event": "slow", "source": "crm", "at": time.time()}
    )

    assert first.json() == {
        "noted": True, "subject": "service/vllm", "state": "down", "source": "report/crm",
    }  # fmt: skip
    assert again.json()["noted"] is False
    assert other.json()["subject"] == "app/crm"
    got = (await http.get("/api/connectivity")).json()
    assert ("app/crm", "slow") in [(each["subject"], each["state"]) for each in got["subjects"]]
    told = await until(lambda: _async([each for each in events(prefect) if "report" in each["event"]]))
    assert told[0]["event"] == "spark.report.down"


BAD = [
    ({"service": "nobody", "state": "down"}, 422, "subject"),
    ({"state": "down"}, 422, "subject"),
    ({"subject": "app/../x", "state": "down"}, 422, "subject"),
    ({"service": "vllm", "host": "spark-1", "state": "down"}, 422, "subject"),
    ({"host": "spark-1"}, 422, "state"),
    ({"host": "spark-1", "state": "down", "at": 5.0}, 422, "at"),
    ({"host": "spark-1", "state": "down", "at": time.time() + 3600}, 422, "at"),
    ({"host": "spark-1", "state": "Down!"}, 400, "state"),
    ({"host": "spark-1", "state": "down", "why": "a\nb"}, 400, "why"),
    ({"host": "spark-1", "state": "down", "more": 1}, 400, None),
    ({"host": "spark-1", "state": "down", "source": "../x"}, 400, "source"),
    ({"host": "spark-1", "state": "down", "why": "x" * 9000}, 413, None),
]


async def test_a_report_that_cannot_be_is_refused_with_its_field(http: httpx.AsyncClient, ledger: Ledger):
    for body, status, param in BAD:
        got = await http.post("/api/health-event", json={"source": "crm", **body})

        assert got.status_code == status, got.text
        assert param is None or got.json()["error"]["param"] == param
    assert not [each for each in history(ledger) if each.transition.source == "report/crm"]


async def test_pages_of_an_allowed_origin_may_report_and_others_may_not(http: httpx.AsyncClient):
    report = {"subject": "app/crm", "state": "up", "source": "crm"}
    asks = {"origin": PAGE, "access-control-request-method": "POST"}
    before = await http.options("/api/health-event", headers=asks)
    mine = await http.post("/api/health-event", json=report, headers={"origin": PAGE})
    other = await http.post("/api/health-event", json=report, headers={"origin": "https://evil.example"})
    elsewhere = await http.post("/api/webhooks/crm/test", headers={"origin": PAGE})

    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, PAGE)
    assert (mine.status_code, mine.headers["access-control-allow-origin"]) == (200, PAGE)
    assert (other.status_code, elsewhere.status_code) == (403, 403)


async def test_who_reports_without_end_is_held_back_and_the_ledger_stays_small(
    http: httpx.AsyncClient, ledger: Ledger
):
    for number in range(MOST_OUTSIDE):
        note_state(ledger, f"app/a{number}", "up", "report/crm")
    report = {"subject": "app/one-more", "state": "up", "source": "crm"}
    got = [await http.post("/api/health-event", json=report) for _ in range(40)]

    assert got[0].status_code == 409
    assert (got[-1].status_code, got[-1].headers["retry-after"]) == (429, "2")


def test_a_rate_lets_a_burst_through_and_then_one_at_a_time():
    now = [0.0]
    rate = Rate(3, 2.0, lambda: now[0])

    def passes(client: str) -> bool:
        try:
            rate.require(client)
        except Problem:
            return False
        return True

    assert [passes("a") for _ in range(4)] == [True, True, True, False]
    assert passes("b")
    now[0] = 2.0
    assert [passes("a"), passes("a")] == [True, False]
    for number in range(2 * MOST_CLIENTS):
        rate.require(f"many-{number}")
    assert len(rate._paid_until) == MOST_CLIENTS
