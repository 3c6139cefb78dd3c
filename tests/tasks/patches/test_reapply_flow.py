"""The run that applies the patches: what it does before it acts, and when it does not act at all."""

import pytest

from blocks.ledger.claim import claim
from blocks.ledger.lock import take_lock
from blocks.settings import Settings
from flows.reapply_patches import carry_out
from tasks.outcome import Failed
from tasks.patches import Patching
from tasks.service import service_claim
from tests.simulator.simulation import Simulation
from tests.tasks.patching import app, started_at


@pytest.fixture(autouse=True)
def untouched(simulation: Simulation, settings: Settings, patching: Patching):
    """Nothing in the container is changed by a run that does not act."""
    patching.any_base = True
    before = started_at(settings), {file.name: file.read_text() for file in app(simulation).glob("*.py")}
    yield
    assert before == (
        started_at(settings),
        {file.name: file.read_text() for file in app(simulation).glob("*.py")},
    )


def test_a_dry_run_says_what_would_be_done_also_while_another_holds_the_lock(patching: Patching):
    take_lock(patching.ledger, "night job", "", 60)

    said = carry_out(patching, dry_run=True, approval="ask", lock_pass="")

    assert said.startswith("Dry run: Put diarizer.py, gpu.py, ")
    assert "Restart container parakeet-asr on spark-1: until parakeet answers again" in said
    assert patching.report.record.plan == patching.sentences()


def test_while_another_holds_the_lock_nothing_is_changed(patching: Patching):
    take_lock(patching.ledger, "night job", "", 60)

    with pytest.raises(Failed, match=r"nothing was changed: .*night job"):
        carry_out(patching, dry_run=False, approval="none", lock_pass="")


def test_while_another_run_acts_on_the_service_nothing_is_changed(patching: Patching):
    with (
        claim(patching.ledger, service_claim("parakeet"), "another", on_lost=lambda: None),
        pytest.raises(Failed, match=r"under way \(run another\): wait for its end"),
    ):
        carry_out(patching, dry_run=False, approval="none", lock_pass="")
