"""The record of runs: what the dashboard shows, in order, and from where it resumes."""

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import StatementError

from blocks.ledger import runs as module
from blocks.ledger.runs import events_after, get_run, latest_runs, report, start_run
from blocks.ledger.store import Ledger
from blocks.ledger.tables import run_events, runs


def began(ledger: Ledger, run_id: str, at: float, kind: str = "swap") -> None:
    """A run that began at a time."""
    start_run(ledger, run_id, kind, "qwen", None)
    with ledger.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(started=at))


def test_a_run_begins_by_looking(ledger: Ledger):
    start_run(ledger, "a", "swap", "qwen", 240.0)

    run = get_run(ledger, "a")
    assert (run.state, run.phase, run.progress, run.expected_seconds) == ("running", "looking", 0.0, 240.0)
    assert (run.ended, run.plan, run.result, run.previous) == (None, None, None, None)
    assert [(event.kind, event.data) for event in events_after(ledger, "a")] == [
        ("state", {"state": "running"})
    ]


def test_a_report_changes_the_run_and_is_an_event(ledger: Ledger):
    start_run(ledger, "a", "swap", "qwen", None)

    report(ledger, "a", "phase", {"phase": "stopping"}, phase="stopping", progress=0.25, plan=["Stop it."])

    run = get_run(ledger, "a")
    assert (run.phase, run.progress, run.plan) == ("stopping", 0.25, ["Stop it."])
    assert run.updated >= run.started
    last = events_after(ledger, "a")[-1]
    assert (last.kind, last.data, last.run_id) == ("phase", {"phase": "stopping"}, "a")


def test_a_report_that_cannot_be_kept_leaves_neither_half(ledger: Ledger):
    start_run(ledger, "a", "swap", "qwen", None)

    with pytest.raises((StatementError, TypeError)):
        report(ledger, "a", "log", {"lines": object()}, phase="stopping")

    assert get_run(ledger, "a").phase == "looking"
    assert len(events_after(ledger, "a")) == 1


def test_events_come_in_order_and_from_where_one_left_off(ledger: Ledger):
    start_run(ledger, "a", "swap", "qwen", None)
    start_run(ledger, "b", "swap", "qwen", None)
    for number in range(6):
        report(ledger, "ab"[number % 2], "log", {"number": number})

    events = events_after(ledger, "a")
    assert [event.data.get("number") for event in events] == [None, 0, 2, 4]
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    assert events_after(ledger, "a", events[1].seq) == events[2:]
    assert events_after(ledger, "a", events[-1].seq) == []


def test_events_come_in_pages(ledger: Ledger):
    start_run(ledger, "a", "swap", "qwen", None)
    for number in range(5):
        report(ledger, "a", "log", {"number": number})

    first = events_after(ledger, "a", limit=4)

    assert first + events_after(ledger, "a", first[-1].seq, limit=4) == events_after(ledger, "a")


def test_the_number_of_an_event_is_never_used_twice(ledger: Ledger):
    start_run(ledger, "old", "swap", "qwen", None)
    last = events_after(ledger, "old")[-1].seq
    with ledger.write() as connection:
        connection.execute(delete(run_events))

    start_run(ledger, "new", "swap", "qwen", None)

    assert events_after(ledger, "new")[0].seq > last


def test_a_run_that_is_begun_again_forgets_how_it_ended(ledger: Ledger):
    start_run(ledger, "a", "swap", "qwen", None)
    report(ledger, "a", "result", {}, state="failed", ended=5.0, result={"cause": "x"})

    start_run(ledger, "a", "swap", "qwen", 60.0)

    run = get_run(ledger, "a")
    assert (run.state, run.ended, run.result, run.expected_seconds) == ("running", None, None, 60.0)


def test_the_newest_runs_come_first_and_by_kind(ledger: Ledger):
    for number, kind in enumerate(["swap", "download", "swap"]):
        began(ledger, f"run-{number}", at=1000.0 + number, kind=kind)

    assert [run.id for run in latest_runs(ledger)] == ["run-2", "run-1", "run-0"]
    assert [run.id for run in latest_runs(ledger, "swap")] == ["run-2", "run-0"]
    assert [run.id for run in latest_runs(ledger, limit=1)] == ["run-2"]


def test_only_the_newest_runs_are_kept_with_their_events(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(module, "KEPT_RUNS", 3)

    for number in range(5):
        began(ledger, f"run-{number}", at=1000.0 + number)

    assert [run.id for run in latest_runs(ledger)] == ["run-4", "run-3", "run-2"]
    with ledger.read() as connection:
        left = connection.execute(select(run_events.c.run_id).distinct()).scalars().all()
    assert set(left) == {"run-2", "run-3", "run-4"}


def test_checks_once_a_minute_leave_the_records_of_swaps_in_place(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(module, "KEPT_LOOKS", 2)
    began(ledger, "swap", at=1.0)

    for number in range(5):
        began(ledger, f"check-{number}", at=1000.0 + number, kind="deep-check")

    assert [run.id for run in latest_runs(ledger)] == ["check-4", "check-3", "swap"]
    assert events_after(ledger, "check-2") == []
    assert len(events_after(ledger, "swap")) == 1


def test_a_run_that_never_was_is_none(ledger: Ledger):
    assert get_run(ledger, "nope") is None
    assert events_after(ledger, "nope") == []
