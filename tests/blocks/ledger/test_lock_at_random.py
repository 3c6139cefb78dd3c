"""The lock against a model of it: whoever takes, renews, releases and forces it, whatever the clocks do."""

from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete

from blocks.ledger.lock import (
    PASS_SECONDS,
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
from blocks.ledger.store import Ledger
from blocks.ledger.tables import journal, lock_passes, swap_lock
from tests.blocks.ledger.clocks import Clocks

SECONDS = st.sampled_from([1.0, 30.0, 599.0, 600.0, 3600.0])
JUMPS = st.sampled_from([-7200.0, -3600.0, -5.0, 5.0, 3600.0, 7200.0])


class End:
    """When something runs out: by the true time where it was written down, elsewhere by the wall clock."""

    def __init__(self, clocks: Clocks, seconds: float) -> None:
        self.clocks, self.boot = clocks, clocks.here
        self.true, self.wall = clocks.true + seconds, clocks.wall + seconds

    @property
    def over(self) -> bool:
        here = self.clocks.here == self.boot
        return self.clocks.true >= self.true if here else self.clocks.wall >= self.wall


class LockMachine(RuleBasedStateMachine):
    """Does to the ledger and to a few variables the same."""

    tokens = Bundle("tokens")
    passes = Bundle("passes")

    def __init__(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.ledger, self.clocks = ledger, Clocks()
        self.clocks.install(monkeypatch)
        self.token, self.end = "", End(self.clocks, 0)
        self.valid: dict[str, End] = {}
        with ledger.write() as connection:
            for table in (swap_lock, lock_passes, journal):
                connection.execute(delete(table))

    @property
    def held(self) -> bool:
        return bool(self.token) and not self.end.over

    @rule(target=tokens, seconds=SECONDS)
    def take(self, seconds):
        held = self.held
        try:
            token = take_lock(self.ledger, "somebody", "", seconds)
        except LockHeld:
            assert held
            return "none"
        assert not held
        self.token, self.end, self.valid = token, End(self.clocks, seconds), {}
        return token

    @rule(token=tokens, seconds=SECONDS)
    def renew(self, token, seconds):
        mine = self.held and token == self.token
        with pytest.raises(WrongToken) if not mine else nullcontext():
            renew_lock(self.ledger, token, seconds)
            self.end = End(self.clocks, seconds)

    @rule(token=tokens)
    def release(self, token):
        foreign = self.held and token != self.token
        with pytest.raises(WrongToken) if foreign else nullcontext():
            assert release_lock(self.ledger, token) == self.held
            self.token = ""

    @rule()
    def force(self):
        assert release_lock(self.ledger, None, force=True) == self.held
        self.token = ""

    @rule(target=passes, token=tokens)
    def issue(self, token):
        if not (self.held and token == self.token):
            with pytest.raises(WrongToken):
                issue_pass(self.ledger, token)
            return "none"
        single_use = issue_pass(self.ledger, token)
        self.valid[single_use] = End(self.clocks, PASS_SECONDS)
        return single_use

    @rule(single_use=passes | st.just(""))
    def require(self, single_use):
        end = self.valid.pop(single_use, None)
        stopped = self.held and (end is None or end.over)
        with pytest.raises(LockHeld) if stopped else nullcontext():
            require_lock(self.ledger, single_use)
        self.valid = {word: end for word, end in self.valid.items() if not end.over}
        self.token = self.token if self.held else ""

    @rule(seconds=SECONDS)
    def time_passes(self, seconds):
        self.clocks.pass_by(seconds)

    @rule(seconds=JUMPS)
    def somebody_sets_the_clock(self, seconds):
        self.clocks.set_wall(seconds)

    @rule()
    def the_machine_boots(self):
        self.clocks.reboot()

    @rule()
    def look_from_the_other_machine(self):
        self.clocks.go_to_the_other()

    @invariant()
    def the_lock_is_seen_as_it_is(self):
        assert (current_lock(self.ledger) is not None) == self.held


def test_the_lock_does_what_its_model_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    migrate(f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    often = settings(
        max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )

    run_state_machine_as_test(lambda: LockMachine(ledger, monkeypatch), settings=often)

    ledger.close()
