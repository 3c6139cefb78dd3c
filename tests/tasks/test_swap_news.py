"""The news of a swap: what the webhooks are told of its start and its end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.ledger.deliveries import delivery_log
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.recipe import Recipe
from blocks.settings import make_settings
from tasks.report import Report
from tasks.swap import Swap
from tasks.swap_news import tell_complete, tell_failed, tell_started


@pytest.fixture
def swap(tmp_path: Path) -> Iterator[Swap]:
    migrate(url := f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(url)
    settings = make_settings({"swap-webhook": {"url": "http://192.0.2.9/hook"}})
    recipe = Recipe(key="beta", name="Beta", model="org/beta")
    yield Swap(settings, ledger, Report(ledger, "run-1", "beta"), recipe, tmp_path)
    ledger.close()


def told(swap: Swap) -> list[tuple[str, bool | None]]:
    """Events in the order in which they happened, and whether something was changed."""
    log = delivery_log(swap.ledger)[::-1]
    return [(each.event, json.loads(each.body)["data"].get("changed")) for each in log]


def test_a_swap_that_works_tells_its_start_and_its_end(swap: Swap):
    tell_started(swap)
    swap.touched = True
    tell_complete(swap, "Beta is loaded and answers.")

    assert told(swap) == [("swap_started", None), ("swap_complete", True)]
    data = json.loads(delivery_log(swap.ledger)[0].body)["data"]
    assert (data["model"], data["served"], data["run"], data["previous"]) == ("beta", "beta", "run-1", None)


def test_a_swap_that_was_refused_has_changed_nothing(swap: Swap):
    tell_failed(swap, "Nothing was changed: there is no room.")

    assert told(swap) == [("swap_failed", False)]


def test_a_model_that_was_put_back_is_told_after_the_failure(swap: Swap):
    swap.touched = swap.rolled_back = True
    tell_failed(swap, "Beta did not start. Alpha is loaded again and answers.")

    assert told(swap) == [("swap_failed", True), ("swap_rolled_back", True)]


def test_a_ledger_that_is_away_does_not_stop_a_swap(swap: Swap, caplog: pytest.LogCaptureFixture):
    with swap.ledger.write() as connection:
        connection.exec_driver_sql("drop table deliveries")

    tell_started(swap)

    assert "will not be told of swap_started" in caplog.text
