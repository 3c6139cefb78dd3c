"""The bot over HTTP: hidden without a user, its state, its runs and its log."""

import httpx
import pytest

from blocks.bot import BOT
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect

CONTAINER = {"name": "bot-app-1", "service": "app", "state": "running", "status": "Up", "health": ""}
SEEN = {
    "fault": "", "head": "abc", "on": "main", "dirty": ["bot.py"], "error": "", "behind": 2, "ahead": 0,
    "commits": [{"id": "def", "at": 1, "subject": "News"}], "in_the_way": [], "compose_fault": "",
    "containers": [{**CONTAINER, "exit_code": 0, "restarts": 0}],
}  # fmt: skip


@pytest.fixture
def no_bot(prefect: FakePrefect) -> None:
    prefect.documents["bot"] = {"user": ""}


@pytest.fixture
def bot(prefect: FakePrefect) -> None:
    prefect.documents["bot"] = {"user": "bot", "directory": "~/bot"}


async def test_without_a_user_there_is_no_bot(no_bot: None, http: httpx.AsyncClient, prefect: FakePrefect):
    for method, path in (("GET", ""), ("POST", "/update"), ("POST", "/restart"), ("GET", "/logs")):
        answer = await http.request(method, f"/api/bot{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_bot")
    assert prefect.created == []


async def test_its_state_is_what_was_seen_with_containers_as_fresh_as_the_host(
    bot: None, http: httpx.AsyncClient, ledger: Ledger
):
    before = (await http.get("/api/bot")).json()
    write_seen(ledger, BOT, SEEN)
    write_seen(ledger, "host/spark-2", {"containers": [{"name": "bot-app-1", "state": "exited"}]})
    seen = (await http.get("/api/bot")).json()

    assert (before["age_seconds"], before["head"]) == (None, "")
    assert before["why"] == ["the bot has not been looked at yet: update it once"]
    assert (seen["host"], seen["user"], seen["branch"]) == ("spark-2", "bot", "main")
    assert (seen["head"], seen["behind"], seen["dirty"], seen["why"]) == ("abc", 2, ["bot.py"], [])
    assert seen["containers"] == [{**CONTAINER, "state": "exited"}]


async def test_update_and_restart_are_runs(bot: None, http: httpx.AsyncClient, prefect: FakePrefect):
    update = await http.post("/api/bot/update", json={"build": True, "approval": "ask"})
    restart = await http.post("/api/bot/restart")

    assert [update.status_code, restart.status_code] == [202, 202]
    assert [run["parameters"] for run in prefect.created] == [
        {"dry_run": False, "approval": "ask", "build": True},
        {"dry_run": False, "approval": "none"},
    ]
    assert (await http.get(f"/api/runs/{update.json()['id']}")).json()["kind"] == "bot"


async def test_its_log_is_read_by_a_run(bot: None, http, prefect: FakePrefect, ledger: Ledger):
    def read(run_id: str) -> None:
        start_run(ledger, run_id, "logs", "bot", None)
        report(ledger, run_id, "log", {"lines": [{"host": "spark-2", "line": "bot: connected"}]})
        report(ledger, run_id, "result", {}, state="completed", ended=1.0)

    def fail(run_id: str) -> None:
        start_run(ledger, run_id, "logs", "bot", None)
        report(ledger, run_id, "result", {}, state="failed", message="spark-2 is away", ended=1.0)

    prefect.on_created = read
    good = await http.get("/api/bot/logs?tail=5")
    prefect.on_created = fail
    bad = await http.get("/api/bot/logs")

    assert (good.status_code, good.json()["lines"]) == (200, ["bot: connected"])
    assert prefect.created[0]["parameters"] == {"tail": 5}
    assert (bad.status_code, bad.json()["error"]["message"]) == (502, "spark-2 is away")
    assert (await http.get("/api/bot/logs?tail=0")).status_code in (400, 422)


async def test_a_log_that_does_not_come_is_told_with_its_run(
    bot: None, http: httpx.AsyncClient, prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("gateway.api.bot.LOG_SECONDS", 0.3)
    answer = await http.get("/api/bot/logs")

    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "logs_slow")
    assert answer.json()["run"] in prefect.runs
