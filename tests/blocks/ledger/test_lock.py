"""The swap lock: held, run out, opened by token, by force or by a single-use pass."""

import time

import pytest
from sqlalchemy import select, update

from blocks.ledger import lock
from blocks.ledger.lock import (
    BadTime,
    LockHeld,
    WrongToken,
    current_lock,
    issue_pass,
    release_lock,
    renew_lock,
    require_lock,
    take_lock,
)
from blocks.ledger.store import Ledger
from blocks.ledger.tables import journal, lock_passes, swap_lock
from tests.blocks.ledger.racer import race, results


def make_older(ledger: Ledger, table, seconds: float) -> None:
    """As if that much time had passed, on every clock."""
    ends = {"until": table.c.until - seconds, "until_boot": table.c.until_boot - seconds}
    with ledger.write() as connection:
        connection.execute(update(table).values(ends))


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


@pytest.mark.parametrize("asked", [1, 604_800, 0.5 + 0.5])
def test_a_lock_lasts_as_long_as_was_asked(ledger: Ledger, asked: float):
    take_lock(ledger, "nightly", "", asked)

    held = current_lock(ledger)
    assert held.until - held.since == pytest.approx(asked)


@pytest.mark.parametrize("asked", [-5, 0, 0.99, 604_801, 1e9, float("inf"), float("nan")])
def test_a_time_too_short_or_too_long_is_refused_by_name(ledger: Ledger, asked: float):
    token = take_lock(ledger, "nightly", "", 600)
    before = current_lock(ledger)

    with pytest.raises(BadTime, match="ttl_seconds"):
        renew_lock(ledger, token, asked)
    release_lock(ledger, token)
    with pytest.raises(BadTime, match="ttl_seconds"):
        take_lock(ledger, "other", "", asked)

    assert before.until - before.since == pytest.approx(600)
    assert current_lock(ledger) is None


@pytest.mark.parametrize("seconds", [60, 6000])
def test_the_holder_moves_the_end_of_its_lock(ledger: Ledger, seconds: float):
    token = take_lock(ledger, "nightly", "tuning", 600)
    make_older(ledger, swap_lock, 300)

    renewed = renew_lock(ledger, token, seconds)

    assert (renewed.holder, renewed.reason) == ("nightly", "tuning")
    assert current_lock(ledger) == renewed
    assert renewed.until - time.time() == pytest.approx(seconds, abs=30)


def test_nobody_else_renews_a_lock(ledger: Ledger):
    take_lock(ledger, "nightly", "", 600)

    with pytest.raises(WrongToken):
        renew_lock(ledger, "guess", 6000)


def test_a_lock_that_has_run_out_is_not_renewed(ledger: Ledger):
    """Another one may have changed the GPU in between."""
    token = take_lock(ledger, "nightly", "", 600)
    make_older(ledger, swap_lock, 601)

    with pytest.raises(WrongToken, match="run out"):
        renew_lock(ledger, token, 600)


def test_the_token_of_an_earlier_lock_does_nothing_to_the_next_one(ledger: Ledger):
    token = take_lock(ledger, "nightly", "", 600)
    make_older(ledger, swap_lock, 601)
    take_lock(ledger, "other", "", 600)

    with pytest.raises(WrongToken):
        renew_lock(ledger, token, 600)
    with pytest.raises(WrongToken):
        release_lock(ledger, token)
    assert current_lock(ledger).holder == "other"


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

    assert release_lock(ledger, None, force=True, by="the owner at 192.0.2.7")
    assert current_lock(ledger) is None
    assert entries(ledger)[-1] == ("lock-forced", {"holder": "nightly", "by": "the owner at 192.0.2.7"})


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
        assert connection.execute(select(lock_passes)).first() is None


def test_of_many_who_take_the_lock_at_once_one_wins(url: str):
    with race(url, "lock") as racers:
        assert sorted(results(racers)) == ["lost", "lost", "won"]


def test_of_many_runs_with_the_same_pass_one_gets_in(ledger: Ledger, url: str):
    single_use = issue_pass(ledger, take_lock(ledger, "nightly", "", 600))

    with race(url, f"pass={single_use}") as racers:
        assert sorted(results(racers)) == ["lost", "lost", "won"]
