"""The claim on the GPU: one run at a time, also when processes are killed or stall."""

import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text, update

from blocks.ledger import claim as module
from blocks.ledger import clock
from blocks.ledger.claim import STALE_SECONDS, Claimed, Owner, _take, claim, holder, process_start
from blocks.ledger.store import Ledger
from blocks.ledger.tables import claims
from tests.blocks.ledger.racer import Racer, race, results

PATIENCE = 30


def never_lost() -> None:
    raise AssertionError("the claim was lost")


def write_claim(ledger: Ledger, **changes: Any) -> None:
    """A claim of another run that is alive, but for the changes."""
    now = time.time()
    row = {
        "name": "gpu",
        "run_id": "other",
        "machine": socket.gethostname(),
        "pid": os.getpid(),
        "process_start": process_start(os.getpid()),
        "claimed_at": now,
        "heartbeat": now,
        "boot_id": "",
        "beat_boot": None,
    }
    with ledger.write() as connection:
        connection.execute(insert(claims).values(**{**row, **changes}))


def move_heartbeat(ledger: Ledger, **values: Any) -> None:
    """Change the last heartbeat of every claim."""
    with ledger.write() as connection:
        connection.execute(update(claims).values(**values))


def take(ledger: Ledger) -> None:
    """Claim and let go."""
    with claim(ledger, "gpu", "mine", never_lost):
        assert holder(ledger, "gpu") == "mine"


def test_a_claim_excludes_others_and_names_the_run_that_has_it(ledger: Ledger):
    with (
        claim(ledger, "gpu", "first", never_lost),
        pytest.raises(Claimed, match=r"run first has been changing the GPU for \d+ s"),
        claim(ledger, "gpu", "second", never_lost),
    ):
        pytest.fail("both have it")


def test_a_claim_is_free_again_after_its_block_however_that_ends(ledger: Ledger):
    with pytest.raises(ZeroDivisionError), claim(ledger, "gpu", "first", never_lost):
        _ = 1 / 0

    assert holder(ledger, "gpu") is None
    take(ledger)


def test_claims_of_different_names_do_not_meet(ledger: Ledger):
    with claim(ledger, "gpu", "first", never_lost), claim(ledger, "disk", "second", never_lost):
        assert (holder(ledger, "gpu"), holder(ledger, "disk")) == ("first", "second")


def test_of_processes_that_claim_at_once_exactly_one_wins(url: str):
    with race(url, "claim") as racers:
        said = results(racers)

        assert said.count("won") == 1
        winner = f"run-{said.index('won')}"
        assert sorted(said) == [f"lost to {winner}"] * 2 + ["won"]


def test_a_claim_of_a_killed_process_is_taken_over_at_once(ledger: Ledger, url: str):
    victim = Racer(url, "claim", "victim")
    victim.hear()
    victim.go()
    assert victim.hear() == "won"
    with pytest.raises(Claimed, match="victim"):
        take(ledger)

    victim.end()

    assert holder(ledger, "gpu") is None
    take(ledger)


def test_a_pid_that_was_given_to_another_process_does_not_keep_a_claim(ledger: Ledger):
    write_claim(ledger, process_start="1")

    take(ledger)


@pytest.mark.parametrize("machine", ["elsewhere", socket.gethostname()])
def test_a_claim_without_a_heartbeat_for_long_is_taken_over(ledger: Ledger, machine: str):
    write_claim(ledger, machine=machine, heartbeat=time.time() - STALE_SECONDS - 1)

    assert holder(ledger, "gpu") is None
    take(ledger)


@pytest.mark.parametrize("hour", [-3600, 3600])
def test_a_wall_clock_that_is_set_takes_no_living_claim_away(ledger: Ledger, hour: float):
    with claim(ledger, "gpu", "mine", never_lost):
        move_heartbeat(ledger, heartbeat=claims.c.heartbeat - hour)  # as if the clock had been set since

        assert holder(ledger, "gpu") == "mine"
        with pytest.raises(Claimed, match=r"mine has been changing the GPU for \d+ s"):
            _take(ledger, "gpu", "other")


def test_a_wall_clock_that_is_set_back_keeps_no_dead_claim(ledger: Ledger):
    with claim(ledger, "gpu", "mine", lambda: None):
        beats = {"heartbeat": claims.c.heartbeat + 3600, "beat_boot": claims.c.beat_boot - STALE_SECONDS}
        move_heartbeat(ledger, **beats)

        assert holder(ledger, "gpu") is None


def test_a_claim_of_another_boot_goes_by_the_wall_clock(ledger: Ledger):
    beat = {"boot_id": "another", "beat_boot": clock.since_boot() + 1e6, "machine": "elsewhere"}
    write_claim(ledger, **beat, heartbeat=time.time() - STALE_SECONDS / 2)
    assert holder(ledger, "gpu") == "other"

    move_heartbeat(ledger, heartbeat=claims.c.heartbeat - STALE_SECONDS)

    assert holder(ledger, "gpu") is None


def test_a_claim_of_another_machine_counts_while_its_heart_beats(ledger: Ledger):
    """Its pid says nothing here, even when no process of this machine has that number."""
    write_claim(ledger, machine="elsewhere", pid=2**22 + 1, heartbeat=time.time() - STALE_SECONDS / 2)

    assert holder(ledger, "gpu") == "other"
    with pytest.raises(Claimed, match="other"):
        take(ledger)


def test_the_one_who_lost_its_claim_is_told_and_leaves_the_new_one_alone(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)
    told = threading.Event()

    with claim(ledger, "gpu", "mine", told.set):
        with ledger.write() as connection:
            connection.execute(update(claims).values(run_id="other"))
        assert told.wait(PATIENCE)

    assert holder(ledger, "gpu") == "other"


def heartbeat(ledger: Ledger) -> float:
    with ledger.read() as connection:
        return connection.execute(select(claims.c.heartbeat)).scalar_one()


def wait_for_a_beat_after(ledger: Ledger, before: float) -> None:
    """Wait until the heart has beaten."""
    beaten = threading.Event()
    event.listen(ledger.engine, "commit", lambda _connection: beaten.set())
    deadline = time.monotonic() + PATIENCE
    while heartbeat(ledger) <= before:
        assert time.monotonic() < deadline
        beaten.wait(PATIENCE)
        beaten.clear()


def test_the_heart_beats_as_long_as_the_block_lasts(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)

    with claim(ledger, "gpu", "mine", never_lost):
        for _ in range(3):
            wait_for_a_beat_after(ledger, heartbeat(ledger))


def test_the_heart_survives_a_database_that_is_away_for_a_moment(ledger: Ledger, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.02)
    failed = threading.Event()
    event.listen(ledger.engine, "handle_error", lambda _context: failed.set())

    with claim(ledger, "gpu", "mine", never_lost):
        before = heartbeat(ledger)
        with ledger.write() as connection:
            connection.execute(text("alter table claims rename to away"))
        assert failed.wait(PATIENCE)
        with ledger.write() as connection:
            connection.execute(text("alter table away rename to claims"))

        wait_for_a_beat_after(ledger, before)


def test_a_process_is_told_from_a_later_one_by_its_start():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    begun = process_start(child.pid)
    ours = Owner("run", socket.gethostname(), child.pid, begun)
    assert begun.isdigit()
    assert not ours.is_gone()

    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert ours.is_gone(), "a zombie has ended"
    child.wait()
    assert ours.is_gone()
    assert process_start(child.pid) == ""


def test_a_process_with_a_strange_name_is_read_as_well(tmp_path):
    """The name stands in brackets in /proc, and may hold brackets and spaces itself."""
    program = tmp_path / "a) S 1 (b"
    program.symlink_to(sys.executable)
    child = subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE)

    assert abs(int(process_start(child.pid)) - int(process_start(os.getpid()))) < 100 * 3600 * 24

    child.communicate()
