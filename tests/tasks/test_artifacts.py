"""What runs leave in Prefect's UI: few writes, the newest of each, and never in the run's way."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from tasks import artifacts
from tasks.artifacts import Artifact, Artifacts, bar, table
from tasks.report import Report
from tests.tasks.gallery import Gallery

RUN = "5a5a5a5a-0000-4000-8000-000000000000"


@pytest.fixture
def gallery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gallery]:
    gallery = Gallery()
    monkeypatch.setenv("PREFECT_API_URL", gallery.url)
    yield gallery
    gallery.open.set()
    gallery.close()


@pytest.fixture
def report(tmp_path: Path, gallery: Gallery) -> Iterator[Report]:
    migrate(f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    report = Report(ledger, RUN, "glm")
    report.start(None)
    yield report
    ledger.close()


def page(key: str, text: str = "text") -> Artifact:
    return Artifact(key, "markdown", "a page", text)


def test_a_run_leaves_its_plan_and_its_result(report: Report, gallery: Gallery):
    report.state("running", plan=["Stop alpha on spark-1.", "Start glm on spark-1."])
    report.phase("stopping", "stopping what runs now", 0.1)
    report.end("completed", "glm is loaded and answers.")

    shown = gallery.by_key()
    assert shown.keys() == {"swap-plan", "swap-result"}, "a run of an instant has no bar"
    assert "1. Stop alpha on spark-1.\n2. Start glm on spark-1." in shown["swap-plan"]["data"]
    assert "**Done.** glm is loaded and answers." in shown["swap-result"]["data"]
    assert {one["flow_run_id"] for one in shown.values()} == {RUN}


def test_a_run_that_waits_for_a_go_shows_its_plan_before_its_process_ends(report: Report, gallery: Gallery):
    report.state("waiting", plan=["Stop alpha on spark-1."])

    assert "waits for a go" in gallery.by_key()["swap-plan"]["data"]


def test_the_result_of_a_log_is_the_log(tmp_path: Path, gallery: Gallery, report: Report):
    shows = Report(report.ledger, RUN, "kokoro", kind="logs")
    shows.start(None)
    shows.log("spark-2", ["one", "<b>two</b>"])
    shows.end("completed", "2 lines.")

    assert "\n    spark-2 one\n    spark-2 <b>two</b>\n" in gallery.by_key()["logs-result"]["data"]


def test_of_each_key_the_newest_is_written_once_more_and_no_more(gallery: Gallery):
    gallery.open.clear()
    shown = Artifacts(RUN)
    shown.show(page("plan", "0"))
    assert gallery.arrived.wait(10)
    for number in range(1, 100):
        shown.show(page("plan", str(number)))
    gallery.open.set()
    shown.flush()

    assert [(method, body["data"]) for method, body in gallery.writes] == [("POST", "0"), ("PATCH", "99")]


def test_the_bar_moves_at_most_once_in_its_time_and_ends_where_the_run_ends(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(artifacts, "BAR_SECONDS", 0.0)
    shown = Artifacts(RUN)
    monkeypatch.setattr(artifacts, "BAR_SECONDS", 60.0)
    shown.show(bar(0.1, "begins"))
    assert gallery.arrived.wait(10)
    for number in range(20, 90):
        shown.show(bar(number / 100, "goes on"))
    shown.show(bar(1.0, "done"))
    shown.flush()

    assert [body["data"] for _, body in gallery.writes] == [10.0, 100.0]


def test_a_prefect_that_is_slow_holds_a_run_up_for_no_longer_than_its_time(
    report: Report, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(artifacts, "FLUSH_SECONDS", 0.2)
    gallery.open.clear()
    began = time.monotonic()
    report.state("running", plan=["Stop alpha on spark-1."])
    report.end("completed", "glm is loaded and answers.")

    assert time.monotonic() - began < 5, "Prefect answers after 30 s"


def test_a_prefect_that_refuses_or_is_away_fails_no_run(
    report: Report, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
):
    gallery.refuses = True
    report.state("running", plan=["Stop alpha on spark-1."])
    report.end("completed", "glm is loaded and answers.")
    assert len(gallery.writes) == 2

    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    away = Report(report.ledger, RUN, "glm")
    away.start(None)
    away.end("failed", "It did not start.")


def test_without_a_run_nothing_is_written(gallery: Gallery):
    shown = Artifacts("")
    shown.show(page("plan"))
    shown.flush()

    assert gallery.writes == []


def test_the_cells_of_a_table_are_shown_letter_by_letter():
    made = table("findings", [{"service": "kokoro", "said": "<img src=x>", "restarts": 2}], "")

    assert json.loads(made.data) == [{"service": "kokoro", "said": r"\<img src=x\>", "restarts": 2}]
