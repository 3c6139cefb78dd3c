"""What is usual for a model: added up over 30 days, never more rows than its bound."""

import threading

import pytest
from sqlalchemy import func, insert, select

from blocks.ledger import clock
from blocks.ledger.speeds import DAYS, MOST_MODELS, add_speeds, usual_speeds
from blocks.ledger.store import Ledger
from blocks.ledger.tables import speeds
from blocks.speed import Counted

DAY = 86_400.0


class Clock:
    """A clock that a test sets."""

    now = 20_000 * DAY

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    time = Clock()
    monkeypatch.setattr(clock, "now", time)
    return time


def counted(*tokens_per_second: float) -> Counted:
    found = Counted()
    for value in tokens_per_second:
        found.add(value, 0.5)
    return found


def test_answers_of_many_days_are_one_median(ledger: Ledger, time: Clock):
    add_speeds(ledger, {"alpha": counted(10, 10), "beta": counted(99)})
    add_speeds(ledger, {"alpha": counted(20)})
    time.now += DAY
    add_speeds(ledger, {"alpha": counted(20, 20)})
    usual = usual_speeds(ledger)

    assert set(usual) == {"alpha", "beta"}
    assert usual["alpha"].tokens_per_second == pytest.approx(20, rel=0.1)
    assert usual["alpha"].first_token_seconds == pytest.approx(0.5, rel=0.2)
    assert (usual["alpha"].answers, usual["alpha"].days) == (5, 2)


def test_what_is_older_than_thirty_days_does_not_count_and_goes(ledger: Ledger, time: Clock):
    add_speeds(ledger, {"alpha": counted(10)})
    time.now += DAYS * DAY
    before = usual_speeds(ledger)
    add_speeds(ledger, {"beta": counted(10)})

    assert before == {}
    with ledger.read() as connection:
        assert connection.execute(select(speeds.c.model)).scalars().all() == ["beta"]


def test_of_too_many_models_those_go_that_answered_longest_ago(ledger: Ledger, time: Clock):
    add_speeds(ledger, {"old": counted(10)})
    time.now += DAY
    add_speeds(ledger, {f"model-{number}": counted(10) for number in range(MOST_MODELS)})
    add_speeds(ledger, {"model-1": counted(10)})

    assert set(usual_speeds(ledger)) == {f"model-{number}" for number in range(MOST_MODELS)}


def test_a_clock_that_was_ahead_leaves_nothing_behind(ledger: Ledger, time: Clock):
    time.now += 900 * DAY
    add_speeds(ledger, {"alpha": counted(10)})
    time.now -= 900 * DAY
    add_speeds(ledger, {"alpha": counted(30)})

    assert usual_speeds(ledger)["alpha"].answers == 1


def test_rows_counted_in_other_bins_are_left_out(ledger: Ledger, time: Clock):
    with ledger.write() as connection:
        connection.execute(insert(speeds).values(model="alpha", day=20_000, tokens=[5], first=[5]))
    before = usual_speeds(ledger)
    add_speeds(ledger, {"alpha": counted(30)})

    assert before == {}
    assert usual_speeds(ledger)["alpha"].answers == 1


def test_two_gateways_that_write_at_once_lose_nothing(ledger: Ledger, time: Clock):
    writers = [
        threading.Thread(target=lambda: [add_speeds(ledger, {"alpha": counted(10)}) for _ in range(5)])
        for _ in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert usual_speeds(ledger)["alpha"].answers == 15
    with ledger.read() as connection:
        assert connection.execute(select(func.count()).select_from(speeds)).scalar_one() == 1
