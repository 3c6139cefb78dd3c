"""The speech container's patches on a simulated Spark, over real SSH: seen and put in place."""

import pytest

from blocks.ledger.seen import read_seen
from blocks.ledger.service_events import service_events_of
from blocks.patches import PATCHES
from blocks.settings import Settings
from tasks.checks.patches import MemoryCapped
from tasks.ensure import look
from tasks.outcome import Failed
from tasks.overlay import overlay
from tasks.patches import Patching
from tests.simulator.simulation import Simulation
from tests.tasks.patching import (
    CONTAINER,
    app,
    as_the_image_has_it,
    docker,
    started_at,
    states,
)


def test_a_file_that_nobody_knows_is_not_replaced_without_a_word(simulation, patching: Patching):
    with pytest.raises(
        Failed, match=r"not made for: main\.py \(SHA-256 [0-9a-f]{12}…\).*Also replace unknown"
    ):
        patching.look()

    assert states(patching)["main.py"] == "unknown_base"
    assert states(patching)["diarizer.py"] == "missing"
    seen = read_seen(patching.ledger, PATCHES)[PATCHES].data
    assert (seen["state"], seen["service"], seen["container"]) == ("unknown_base", "parakeet", CONTAINER)
    assert (app(simulation) / "main.py").read_text().endswith("VERSION = 1\n")


def test_the_patches_are_put_in_place_once_and_then_nothing_is_done(
    simulation: Simulation, settings: Settings, patching: Patching
):
    patching.any_base = True
    patching.look()
    plan = " ".join(patching.sentences())
    assert "Put ours in the place of main.py, which nobody knows." in plan
    assert "What was there before is kept beside it (main.py)." in plan
    assert "Cap its memory at 24 GiB." in plan
    before = started_at(settings)

    said = patching.apply()

    assert said == f"parakeet on spark-1 runs with the patches ({len(overlay())} files)."
    assert {name: (app(simulation) / name).read_text() for name in overlay()} == overlay()
    assert (app(simulation) / "main.py.original").read_text().endswith("VERSION = 1\n")
    assert not (app(simulation) / "diarizer.py.original").exists(), "there was nothing before it"
    assert started_at(settings) != before
    assert look(settings.cluster.host("spark-1"), MemoryCapped(CONTAINER, 24)).verdict.ok
    assert patching.report.phases()[:3] == ["looking", "copying", "restarting"]
    assert [event.kind for event in service_events_of(patching.ledger, "parakeet")] == ["restarted"]
    kept = simulation.home() / ".local/state/spark-control/patches" / CONTAINER
    assert not kept.exists(), "what was kept for an undo is gone"

    after = started_at(settings)
    patching.look()
    assert (patching.due, patching.seen.runs_ours) == (False, True)
    assert patching.sentences() == ["The patches are in place: there is nothing to do."]
    assert started_at(settings) == after
    assert read_seen(patching.ledger, PATCHES)[PATCHES].data["state"] == "in_sync"


def test_a_drifted_file_is_replaced_and_its_first_original_stays(simulation: Simulation, patching: Patching):
    patching.any_base = True
    patching.look()
    patching.apply()
    (app(simulation) / "main.py").write_text("VERSION = 'by hand'\n")
    patching.any_base = False

    patching.look()
    assert states(patching)["main.py"] == "drift"
    patching.apply()

    assert (app(simulation) / "main.py").read_text() == overlay()["main.py"]
    assert "VERSION = 1" in (app(simulation) / "main.py.original").read_text()


def test_a_base_that_was_accepted_once_is_known_when_the_container_is_made_anew(
    simulation, patching: Patching
):
    patching.any_base = True
    patching.look()
    patching.apply()
    as_the_image_has_it(simulation)
    patching.any_base = False

    patching.look()

    assert states(patching)["main.py"] == "drift"


def test_a_stopped_container_is_seen_and_patched_as_well(
    simulation: Simulation, settings: Settings, patching: Patching
):
    docker(settings, "stop", "-t", "1", CONTAINER)
    patching.any_base = True

    patching.look()
    assert (patching.seen.state, states(patching)["main.py"]) == ("exited", "unknown_base")
    patching.apply()

    assert docker(settings, "inspect", "--format", "{{.State.Status}}", CONTAINER) == "running"
    patching.look()
    assert not patching.due


def test_nothing_is_ever_installed_in_the_container(simulation: Simulation):
    words = (simulation.folder / "spark-1/docker/commands").read_text()

    assert "py_compile" in words
    assert "install" not in words
