"""The lock and the clocks: nobody who sets a clock frees it early or holds it longer."""

from pathlib import Path

import pytest

from blocks.ledger import clock
from blocks.ledger.lock import (
    LockHeld,
    WrongToken,
    current_lock,
    issue_pass,
    release_lock,
    renew_lock,
    require_lock,
    take_lock,
)
from blocks.ledger.migrate import migrate
from blocks.ledger.moment import Moment, present
from blocks.ledger.store import Ledger
from tests.blocks.ledger.clocks import Clocks

HOUR = 3600.0


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    clocks.install(monkeypatch)
    return clocks


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_wall_clock_that_is_set_neither_frees_a_lock_nor_holds_it_longer(ledger, clocks, jump: float):
    token = take_lock(ledger, "nightly", "", 600)
    clocks.set_wall(jump)

    clocks.pass_by(599)
    with pytest.raises(LockHeld):
        require_lock(ledger)
    with pytest.raises(LockHeld):
        take_lock(ledger, "other", "", 600)
    clocks.pass_by(2)

    require_lock(ledger)
    with pytest.raises(WrongToken):
        renew_lock(ledger, token, 600)
    assert not release_lock(ledger, token)


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_the_end_is_told_by_the_clock_as_it_is_set_now(ledger, clocks, jump: float):
    take_lock(ledger, "nightly", "", 600)

    clocks.set_wall(jump)

    assert current_lock(ledger).until == pytest.approx(clocks.wall + 600, abs=0.01)


def test_the_end_is_told_the_same_at_every_look(ledger):
    take_lock(ledger, "nightly", "", 600)

    assert len({current_lock(ledger).until for _ in range(5)}) == 1


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_pass_lives_as_long_as_ever_when_the_wall_clock_is_set(ledger, clocks, jump: float):
    first, second = (issue_pass(ledger, token) for token in [take_lock(ledger, "me", "", HOUR)] * 2)
    clocks.set_wall(jump)

    clocks.pass_by(599)
    require_lock(ledger, first)
    clocks.pass_by(2)

    with pytest.raises(LockHeld):
        require_lock(ledger, second)


@pytest.fixture
def sqlite(tmp_path: Path):
    """On PostgreSQL the wall clock is the server's, which a test cannot set."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    yield ledger
    ledger.close()


@pytest.mark.parametrize("leave", [Clocks.reboot, Clocks.go_to_the_other])
def test_after_a_boot_and_from_elsewhere_the_wall_clock_counts(sqlite, clocks, leave):
    take_lock(sqlite, "nightly", "", 600)
    leave(clocks)

    clocks.pass_by(599)
    assert current_lock(sqlite).holder == "nightly"
    clocks.pass_by(2)

    assert current_lock(sqlite) is None


def test_a_lock_of_a_machine_without_a_boot_id_goes_by_the_wall_clock(sqlite, clocks, monkeypatch):
    monkeypatch.setattr(clock, "boot_id", lambda: "")
    take_lock(sqlite, "nightly", "", 600)

    clocks.set_wall(601)

    assert current_lock(sqlite) is None


def test_machines_whose_clocks_differ_go_by_the_servers(ledger, clocks):
    """A machine whose clock is an hour ahead does not see a lock as run out that was taken elsewhere."""
    if ledger.engine.dialect.name != "postgresql":
        pytest.skip("a SQLite ledger is used by one machine")
    take_lock(ledger, "nightly", "", 600)

    clocks.go_to_the_other()
    clocks.set_wall(HOUR)

    with pytest.raises(LockHeld):
        take_lock(ledger, "other", "", 600)
    assert current_lock(ledger).holder == "nightly"


def test_this_machine_tells_its_boot_and_a_clock_that_grows(ledger):
    with ledger.read() as connection:
        first, second = present(connection), present(connection)

    assert len(first.boot_id) == 36
    assert 0 <= first.seconds_until(second) < 60
    assert first.after(5).seconds_until(first) == pytest.approx(-5)
    assert Moment(5.0).seconds_until(Moment(7.0)) == 2
