"""The record of launches, what was seen last, and what is usual."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from blocks.ledger import launches as module
from blocks.ledger.launches import (
    Launch,
    get_launch,
    last_good_launch,
    mark_ended,
    mark_ready,
    record_launch,
    usual_seconds,
)
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.ledger.tables import seen


def launch(name: str, launched: float, model: str = "qwen", ready: float | None = None) -> Launch:
    return Launch(
        id=name,
        run_id="run",
        model=model,
        recipe={"key": model},
        argv=["vllm", "serve", "it's"],
        hosts=["spark-1"],
        image_id="sha256:1",
        revision="abc",
        launched=launched,
        ready=ready,
    )


def test_a_launch_is_kept_as_it_was_made(ledger: Ledger):
    made = launch("a", 10.0)
    record_launch(ledger, made)

    assert get_launch(ledger, "a") == made
    assert get_launch(ledger, "b") is None


def test_a_launch_becomes_ready_and_ends(ledger: Ledger):
    record_launch(ledger, launch("a", 10.0))
    mark_ready(ledger, "a")
    mark_ended(ledger, "swap to glm")

    ended = get_launch(ledger, "a")
    assert ended.ready == pytest.approx(time.time(), abs=60)
    assert ended.ended >= ended.ready
    assert ended.why_ended == "swap to glm"


def test_an_end_is_not_written_twice(ledger: Ledger):
    record_launch(ledger, launch("a", 10.0))
    mark_ended(ledger, "first")
    record_launch(ledger, launch("b", 20.0))
    mark_ended(ledger, "second")

    assert [get_launch(ledger, name).why_ended for name in "ab"] == ["first", "second"]


def test_the_last_good_launch_is_the_newest_that_came_to_answer(ledger: Ledger):
    assert last_good_launch(ledger) is None
    for made in (launch("a", 10.0, ready=11.0), launch("c", 30.0), launch("b", 20.0, ready=22.0)):
        record_launch(ledger, made)

    assert last_good_launch(ledger).id == "b"


def test_of_old_launches_only_the_newest_the_last_good_one_and_those_that_run_are_kept(
    ledger: Ledger, monkeypatch
):
    monkeypatch.setattr(module, "KEPT_LAUNCHES", 2)
    record_launch(ledger, launch("old", 1.0, ready=2.0))
    record_launch(ledger, launch("good", 3.0, ready=4.0))
    mark_ended(ledger, "swap")
    record_launch(ledger, launch("running", 5.0))

    for number in range(4):
        record_launch(ledger, replace(launch(f"failed-{number}", 10.0 + number), ended=20.0))

    names = ["old", "good", "running", *(f"failed-{number}" for number in range(4))]
    kept = [name for name in names if get_launch(ledger, name)]
    assert kept == ["good", "running", "failed-2", "failed-3"]
    assert last_good_launch(ledger).id == "good"


def test_the_usual_time_is_the_median_of_the_last_five_good_launches_of_that_model(ledger: Ledger):
    lengths = [9000.0, 100.0, 500.0, 200.0, 400.0, 300.0]
    for number, length in enumerate(lengths):
        started = 10_000.0 * number
        record_launch(ledger, launch(f"l{number}", started, ready=started + length))
    record_launch(ledger, launch("failed", 90_000.0))
    record_launch(ledger, launch("other", 95_000.0, model="glm", ready=95_001.0))

    assert usual_seconds(ledger, "qwen") == 300.0
    assert usual_seconds(ledger, "glm") == 1.0


def test_without_a_good_launch_nothing_is_usual(ledger: Ledger):
    record_launch(ledger, launch("a", 10.0))

    assert usual_seconds(ledger, "qwen") is None


def test_the_last_look_replaces_the_one_before(ledger: Ledger):
    write_seen(ledger, "host/spark-1", {"load": 1})
    write_seen(ledger, "host/spark-1", {"load": 2})

    assert read_seen(ledger, "host/")["host/spark-1"].data == {"load": 2}


def test_looks_are_read_by_the_beginning_of_their_subject(ledger: Ledger):
    for subject in ("host/spark-1", "host/spark_1", "hostess", "disk/spark-1"):
        write_seen(ledger, subject, {})

    assert set(read_seen(ledger, "host/")) == {"host/spark-1", "host/spark_1"}
    assert set(read_seen(ledger, "host/spark_")) == {"host/spark_1"}, "an underscore is no wildcard"
    assert set(read_seen(ledger, "%")) == set()


def test_a_look_knows_its_age(ledger: Ledger):
    write_seen(ledger, "host/spark-1", {})
    with ledger.write() as connection:
        connection.execute(update(seen).values(at=seen.c.at - 100))

    assert 100 <= read_seen(ledger, "host/")["host/spark-1"].age_seconds < 200


def test_a_look_from_a_clock_that_is_ahead_is_not_of_negative_age(ledger: Ledger):
    write_seen(ledger, "host/spark-1", {})
    with ledger.write() as connection:
        connection.execute(update(seen).values(at=seen.c.at + 100))

    assert read_seen(ledger, "host/")["host/spark-1"].age_seconds == 0
