"""The swap lock: held, run out, opened by token, by force or by a single-use pass."""

import time

import pytest
from sqlalchemy import select, update

from blocks.ledger import lock
from blocks.ledger.lock import (
    LockHeld,
    WrongToken,
    current_lock,
    issue_pass,
    release_lock,
    require_lock,
    take_lock,
)
from blocks.ledger.store import Ledger
from blocks.ledger.tables import journal, lock_passes, swap_lock
from tests.blocks.ledger.racer import race, results


def make_older(ledger: Ledger, table, seconds: float) -> None:
    """As if that much time had passed."""
    with ledger.write() as connection:
        connection.execute(update(table).values(until=table.c.until - seconds))


def entries(ledger: Ledger) -> list[tuple[str, dict]]:
    with ledger.read() as connection:
        return [(row.kind, row.data) for row in connection.execute(select(journal).order_by(journal.c.seq))]


def test_without_a_lock_everybody_may_go_on(ledger: Ledger):
    assert current_lock(ledger) is None
    require_lock(ledger)


def test_a_lock_says_who_why_and_until_when(ledger: Ledger):
    take_lock(ledger, "nightly", "fine-tuning", 600)

    held = current_lock(ledger)
    assert (held.holder, held.reason) == ("nightly", "fine-tuning")
    assert held.until - held.since == pytest.approx(600)


def test_a_held_lock_stops_others_with_a_sentence(ledger: Ledger):
    take_lock(ledger, "nightly", "fine-tuning", 600)

    with pytest.raises(LockHeld, match=r"held by nightly until \d\d:\d\d:\d\d UTC: fine-tuning"):
        require_lock(ledger)
    with pytest.raises(LockHeld):
        take_lock(ledger, "other", "", 600)


def test_a_lock_that_has_run_out_counts_as_none(ledger: Ledger):
    token = take_lock(ledger, "nightly", "", 600)
    make_older(ledger, swap_lock, 601)

    assert current_lock(ledger) is None
    assert not release_lock(ledger, token)
    require_lock(ledger)
    take_lock(ledger, "other", "", 600)
    assert current_lock(ledger).holder == "other"


@pytest.mark.parametrize(("asked", "granted"), [(-5, 1), (0, 1), (1e9, lock.MAX_TTL_SECONDS)])
def test_a_lock_lasts_at_least_a_second_and_at_most_a_week(ledger: Ledger, asked: float, granted: float):
    take_lock(ledger, "nightly", "", asked)

    with ledger.read() as connection:
        row = connection.execute(select(swap_lock)).one()
    assert row.until - row.since == pytest.approx(granted)


def test_the_token_releases_the_lock(ledger: Ledger):
    token = take_lock(ledger, "nightly", "", 600)

    assert release_lock(ledger, token)
    assert current_lock(ledger) is None
    assert [kind for kind, _ in entries(ledger)] == ["lock-taken", "lock-released"]


@pytest.mark.parametrize("token", [None, "", "guess"])
def test_another_token_does_not(ledger: Ledger, token: str | None):
    take_lock(ledger, "nightly", "", 600)

    with pytest.raises(WrongToken, match="nightly"):
        release_lock(ledger, token)
    assert current_lock(ledger) is not None


def test_force_releases_the_lock_and_is_recorded(ledger: Ledger):
    take_lock(ledger, "nightly", "", 600)

    assert release_lock(ledger, None, force=True)
    assert current_lock(ledger) is None
    assert entries(ledger)[-1] == ("lock-forced", {"holder": "nightly"})


def test_releasing_no_lock_is_said_and_not_recorded(ledger: Ledger):
    assert not release_lock(ledger, None, force=True)
    assert entries(ledger) == []


def test_the_token_itself_is_not_kept(ledger: Ledger):
    token = take_lock(ledger, "nightly", "", 600)
    single_use = issue_pass(ledger, token)

    with ledger.read() as connection:
        kept = [*connection.execute(select(swap_lock)).one(), *connection.execute(select(lock_passes)).one()]
    assert token not in kept
    assert single_use not in kept


def test_a_pass_opens_the_lock_once(ledger: Ledger):
    single_use = issue_pass(ledger, take_lock(ledger, "nightly", "", 600))

    require_lock(ledger, single_use)
    with pytest.raises(LockHeld):
        require_lock(ledger, single_use)


def test_a_pass_runs_out(ledger: Ledger):
    single_use = issue_pass(ledger, take_lock(ledger, "nightly", "", 6000))
    make_older(ledger, lock_passes, lock.PASS_SECONDS + 1)

    with pytest.raises(LockHeld):
        require_lock(ledger, single_use)


@pytest.mark.parametrize("made_up", ["", "guess"])
def test_a_made_up_pass_opens_nothing(ledger: Ledger, made_up: str):
    issue_pass(ledger, take_lock(ledger, "nightly", "", 600))

    with pytest.raises(LockHeld):
        require_lock(ledger, made_up)


def test_a_pass_of_an_earlier_holder_does_not_open_the_next_ones_lock(ledger: Ledger):
    token = take_lock(ledger, "nightly", "", 600)
    single_use = issue_pass(ledger, token)
    release_lock(ledger, token)
    take_lock(ledger, "other", "", 600)

    with pytest.raises(LockHeld, match="other"):
        require_lock(ledger, single_use)


def test_only_the_holder_gets_a_pass(ledger: Ledger):
    with pytest.raises(WrongToken):
        issue_pass(ledger, "guess")
    token = take_lock(ledger, "nightly", "", 600)
    with pytest.raises(WrongToken):
        issue_pass(ledger, "guess")
    make_older(ledger, swap_lock, 601)
    with pytest.raises(WrongToken, match="run out"):
        issue_pass(ledger, token)


def test_passes_that_ran_out_are_cleared_away(ledger: Ledger):
    issue_pass(ledger, take_lock(ledger, "nightly", "", 6000))
    make_older(ledger, lock_passes, lock.PASS_SECONDS + 1)
    release_lock(ledger, None, force=True)

    require_lock(ledger)

    with ledger.read() as connection:
        assert (
            connection.execute(select(lock_passes).where(lock_passes.c.until < time.time())).first() is None
        )


def test_of_many_who_take_the_lock_at_once_one_wins(url: str):
    with race(url, "lock") as racers:
        assert sorted(results(racers)) == ["lost", "lost", "won"]


def test_of_many_runs_with_the_same_pass_one_gets_in(ledger: Ledger, url: str):
    single_use = issue_pass(ledger, take_lock(ledger, "nightly", "", 600))

    with race(url, f"pass={single_use}") as racers:
        assert sorted(results(racers)) == ["lost", "lost", "won"]
