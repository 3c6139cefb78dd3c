"""The way back of a swap for a while: where it leads, when, and whether what it undoes still stands."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blocks.ledger.launches import Launch, mark_ready, record_launch
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.recipe import Catalog, Recipe
from blocks.settings import Settings
from tasks.report import Report
from tasks.situation import Situation
from tasks.swap import Swap
from tasks.way_back import Order, has_changed_since, way_back

CODER = Recipe(key="coder", name="Coder", model="org/coder")
BATCH = Recipe(key="batch", name="Batch", model="org/batch")
TUNED = BATCH.with_knobs({"--max-model-len": "8192"})


@pytest.fixture
def ledger(tmp_path: Path):
    migrate(f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    yield ledger
    ledger.close()


def launched(ledger: Ledger, recipe: Recipe, at: float, *, ready: bool = True) -> Launch:
    """A launch that the ledger knows."""
    launch = Launch(
        id=f"launch-{at:g}", run_id="run", model=recipe.key, recipe=recipe.model_dump(mode="json"), argv=[],
        hosts=["spark-1"], image_id="", revision="", launched=at,
    )  # fmt: skip
    record_launch(ledger, launch)
    if ready:
        mark_ready(ledger, launch.id)
    return launch


def swap_to(ledger: Ledger, recipe: Recipe, situation: Situation) -> Swap:
    settings = Settings(catalog=Catalog(recipes=[CODER, BATCH]))
    return Swap(settings, ledger, Report(ledger, "run", recipe.key), recipe, Path("/nowhere"), situation)


def batch_runs(ledger: Ledger, recipe: Recipe = BATCH) -> Situation:
    return Situation(launch=launched(ledger, recipe, 1.0), serving=("batch",), previous=recipe)


def test_a_swap_without_a_length_is_for_good(ledger: Ledger):
    assert way_back(swap_to(ledger, CODER, batch_runs(ledger)), Order("coder")) is None


def test_what_was_loaded_comes_back_just_as_it_was_launched(ledger: Ledger):
    begun = datetime.now(UTC)

    back = way_back(swap_to(ledger, CODER, batch_runs(ledger, TUNED)), Order("coder", length_minutes=540))

    assert (back.model, back.title, back.as_launched) == ("batch", "Batch", "launch-1")
    assert timedelta(0) <= back.at - begun - timedelta(hours=9) < timedelta(minutes=1)
    assert back.sentence == f"It stays until {back.at:%H:%M} UTC on {back.at:%d %b}; then Batch is loaded."


def test_what_comes_afterwards_can_be_named(ledger: Ledger):
    order = Order("coder", length_minutes=60, afterwards="batch")

    assert way_back(swap_to(ledger, CODER, Situation()), order).model == "batch"
    assert way_back(swap_to(ledger, CODER, batch_runs(ledger)), order).as_launched == ""


def test_there_is_no_way_back_to_nothing(ledger: Ledger):
    stopped = Situation(previous=BATCH)

    assert way_back(swap_to(ledger, CODER, Situation()), Order("coder", length_minutes=60)) is None
    assert way_back(swap_to(ledger, CODER, stopped), Order("coder", length_minutes=60)) is None


def test_from_a_model_that_was_loaded_already_there_is_only_the_way_that_was_named(ledger: Ledger):
    swap = swap_to(ledger, BATCH, batch_runs(ledger))

    assert way_back(swap, Order("batch", length_minutes=60)) is None
    assert way_back(swap, Order("batch", length_minutes=60, afterwards="coder")).model == "coder"


def test_the_same_launch_still_stands(ledger: Ledger):
    ours = launched(ledger, CODER, 1.0)

    assert not has_changed_since(ledger, Situation(launch=ours), ours.id)


def test_the_same_recipe_started_anew_still_stands(ledger: Ledger):
    ours, again = launched(ledger, CODER, 1.0), launched(ledger, CODER, 2.0)

    assert not has_changed_since(ledger, Situation(launch=again), ours.id)


def test_a_swap_that_failed_and_was_put_right_changed_nothing(ledger: Ledger):
    ours = launched(ledger, CODER, 1.0)
    launched(ledger, BATCH, 2.0, ready=False)

    assert not has_changed_since(ledger, Situation(launch=launched(ledger, CODER, 3.0)), ours.id)


@pytest.mark.parametrize("other", [BATCH, CODER.with_knobs({"--max-model-len": "8192"})])
def test_another_model_or_other_knobs_are_a_change(ledger: Ledger, other: Recipe):
    ours = launched(ledger, CODER, 1.0)

    assert has_changed_since(ledger, Situation(launch=launched(ledger, other, 2.0)), ours.id)


def test_who_went_away_and_came_back_by_hand_is_left_alone(ledger: Ledger):
    ours = launched(ledger, CODER, 1.0)
    launched(ledger, BATCH, 2.0)

    assert has_changed_since(ledger, Situation(launch=launched(ledger, CODER, 3.0)), ours.id)


def test_nothing_loaded_and_an_unknown_launch_are_a_change(ledger: Ledger):
    ours = launched(ledger, CODER, 1.0)

    assert has_changed_since(ledger, Situation(), ours.id)
    assert has_changed_since(ledger, Situation(launch=ours), "unknown")
