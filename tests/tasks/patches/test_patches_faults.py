"""Patches that cannot be put in place or do not come up, and the observer's look at them."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import update

from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import read_seen
from blocks.ledger.tables import seen
from blocks.patches import PATCHES
from blocks.settings import Settings
from tasks.observe_patches import PatchesObserver
from tasks.outcome import Failed
from tasks.patches import Patching
from tests.simulator.simulation import Simulation
from tests.tasks.patching import (
    CONTAINER,
    app,
    docker,
    made,
    started_at,
)


def test_a_service_that_does_not_come_up_with_them_gets_its_files_back(
    simulation: Simulation, settings: Settings, patching: Patching
):
    before = {file.name: file.read_text() for file in app(simulation).glob("*.py")}
    patching.any_base = True
    patching.look()

    with (
        simulation.fault("patched-parakeet", "dies-at-start"),
        pytest.raises(
            Failed, match=r"ends again and again.*The files of before are back, and parakeet answers"
        ),
    ):
        patching.apply()

    assert {name: (app(simulation) / name).read_text() for name in before} == before
    assert docker(settings, "inspect", "--format", "{{.State.Status}}", CONTAINER) == "running"
    assert read_seen(patching.ledger, PATCHES)[PATCHES].data["runs_ours"] is False


def test_files_that_pythons_syntax_does_not_allow_are_never_put_there(
    simulation: Simulation, settings: Settings, patching: Patching, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        "tasks.patches_look.overlay", lambda: {"main.py": "def broken(:\n", "gpu.py": "A = 1\n"}
    )
    patching.any_base = True
    patching.look()
    before = started_at(settings)

    with pytest.raises(
        Failed, match=r"(?s)Python does not take the files: .*SyntaxError.*nothing was restarted"
    ):
        patching.apply()

    assert (app(simulation) / "main.py").read_text().endswith("VERSION = 1\n")
    assert started_at(settings) == before


def test_a_copy_that_fails_half_way_leaves_the_files_of_before(
    simulation: Simulation, settings: Settings, patching: Patching
):
    patching.any_base = True
    patching.look()

    with (
        simulation.fault("docker-cp", f"1\ndevice or resource busy\n{CONTAINER}:/app/sound.py"),
        pytest.raises(Failed, match=r"busy\. The files are as they were, nothing was restarted"),
    ):
        patching.apply()

    assert (app(simulation) / "main.py").read_text().endswith("VERSION = 1\n")
    assert not (app(simulation) / "diarizer.py").exists()


def test_a_line_that_is_cut_in_the_middle_leaves_a_word_on_what_is_not_certain(
    simulation: Simulation, patching: Patching
):
    patching.any_base = True
    patching.look()

    with (
        simulation.fault("ssh-cut", "0"),
        pytest.raises(Failed, match=r"in place is not certain.*Apply them again"),
    ):
        patching.apply()


def test_a_container_that_is_not_there_is_said_in_words(settings: Settings, tmp_path: Path):
    services = [
        service.model_copy(update={"container": "nothing"}) if service.name == "parakeet" else service
        for service in settings.cluster.services
    ]
    other = Settings(cluster=settings.cluster.model_copy(update={"services": services}))
    patching = made(other, tmp_path)

    with pytest.raises(Failed, match="there is no container nothing on spark-1"):
        patching.look()
    patching.ledger.close()


@pytest.fixture
def observer(settings: Settings, patching: Patching) -> PatchesObserver:
    """The observer's look, of hosts that are reachable."""
    return PatchesObserver(patching.ledger, lambda: settings, threading.Event(), lambda _name: True)


def test_they_are_looked_at_every_ten_minutes_and_not_while_a_run_is_at_work(
    simulation: Simulation, patching: Patching, observer: PatchesObserver
):
    start_run(patching.ledger, "another", "patches", "speech container", None)
    observer.look_if_due()
    assert PATCHES not in read_seen(patching.ledger, PATCHES)

    report(patching.ledger, "another", "result", {}, state="completed", ended=1.0)
    patching.report.end("completed", "Done.")
    observer.look_if_due()
    first = read_seen(patching.ledger, PATCHES)[PATCHES]
    assert first.data["state"] == "unknown_base"

    (app(simulation) / "main.py").unlink()
    observer.look_if_due()
    assert read_seen(patching.ledger, PATCHES)[PATCHES].data == first.data, "it is not ten minutes old"

    with patching.ledger.write() as connection:
        connection.execute(update(seen).values(at=seen.c.at - 601))
    observer.look_if_due()
    assert read_seen(patching.ledger, PATCHES)[PATCHES].data["state"] == "missing"


def test_patches_that_cannot_be_seen_are_told_beside_what_was_seen(
    simulation: Simulation, patching: Patching, observer: PatchesObserver
):
    patching.report.end("completed", "Done.")
    observer.look_if_due()
    with patching.ledger.write() as connection:
        connection.execute(update(seen).values(at=seen.c.at - 601))

    with simulation.fault("docker-inspect", "1\nCannot connect to the Docker daemon"):
        observer.look_if_due()

    told = read_seen(patching.ledger, PATCHES)[PATCHES].data
    assert told["state"] == "unknown_base"
    assert "what is shown was seen before: " in told["fault"]
    assert "Cannot connect to the Docker daemon" in told["fault"]
