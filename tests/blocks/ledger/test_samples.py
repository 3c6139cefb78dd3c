"""The history of numbers: fine for an hour, coarse for a day and a month, never more rows than its bound."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from blocks.ledger import clock
from blocks.ledger.samples import DAY, HOUR, MONTH, MOST_ROWS, add_sample, read_history, summary
from blocks.ledger.store import Ledger
from blocks.ledger.tables import samples

SPARK = "host/spark-1"
START = 1_790_000_000.0


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    time = Clock()
    monkeypatch.setattr(clock, "now", time)
    return time


def rows(ledger: Ledger) -> int:
    with ledger.read() as connection:
        return int(connection.execute(select(func.count()).select_from(samples)).scalar_one())


def test_of_the_last_hour_every_ten_seconds_are_kept_once(ledger: Ledger, time: Clock):
    for number in range(6):
        time.now = START + 5 * number
        add_sample(ledger, SPARK, {"load": number})

    found = read_history(ledger, SPARK, HOUR)

    assert found.at == [START, START + 10, START + 20]
    assert found.columns == {"load": {kind: [0, 2, 4] for kind in ("min", "mean", "max")}}


def test_what_is_not_told_leaves_a_gap_in_its_column(ledger: Ledger, time: Clock):
    add_sample(ledger, SPARK, {"load": 1, "gpu_watts": 5})
    time.now += 10
    add_sample(ledger, SPARK, {"load": 2})

    assert read_history(ledger, SPARK, HOUR).columns["gpu_watts"]["mean"] == [5, None]


def test_five_minutes_are_summed_up_as_least_mean_and_greatest(ledger: Ledger, time: Clock):
    begin = START - START % 300
    for number in range(31):
        time.now = begin + 10 * number
        add_sample(ledger, SPARK, {"load": number})

    found = read_history(ledger, SPARK, DAY)

    assert found.at == [begin]
    assert found.columns == {"load": {"min": [0], "mean": [14.5], "max": [29]}}


def test_what_was_not_summed_up_before_an_end_is_after_the_new_start(ledger: Ledger, time: Clock):
    """The observer died and came back within the hour: the fine samples are still there."""
    begin = START - START % 300
    for seconds in (0, 290, 300, 1500):
        time.now = begin + seconds
        add_sample(ledger, SPARK, {"load": seconds})

    assert read_history(ledger, SPARK, DAY).at == [begin, begin + 300]


def test_subjects_do_not_mix(ledger: Ledger, time: Clock):
    add_sample(ledger, SPARK, {"load": 1})
    add_sample(ledger, "host/spark-10", {"load": 9})

    assert read_history(ledger, SPARK, HOUR).columns["load"]["mean"] == [1]


def test_31_days_stay_below_the_bound_and_a_month_is_small_on_the_wire(ledger: Ledger, time: Clock):
    """A sample an hour through 30 days, one in five minutes through a day, then an hour of all of them."""
    names = [f"number_{number}" for number in range(10)]
    most = 0
    for pause, count in ((3600, 720), (300, 290), (10, 370)):
        for number in range(count):
            time.now += pause
            add_sample(ledger, SPARK, dict.fromkeys(names, number + 0.25))
        most = max(most, rows(ledger))

    hour, day, month = (read_history(ledger, SPARK, span) for span in (HOUR, DAY, MONTH))

    assert most <= MOST_ROWS
    assert len(hour.at) == 360
    assert 285 <= len(day.at) <= 288
    assert 718 <= len(month.at) <= 720
    assert len(json.dumps({"at": month.at, "columns": month.columns}, separators=(",", ":"))) < 300_000


@pytest.mark.parametrize("jump", [-400 * 86_400, -3600, 3600, 400 * 86_400])
def test_a_clock_that_jumps_and_comes_back_breaks_nothing(ledger: Ledger, time: Clock, jump: float):
    for round_ in range(3):
        for number in range(60):
            time.now = START + round_ * 1200 + 10 * number + (jump if round_ == 1 else 0)
            add_sample(ledger, SPARK, {"load": number})

    found = read_history(ledger, SPARK, HOUR)

    assert rows(ledger) <= MOST_ROWS
    assert found.at == sorted(found.at)
    assert found.at[-1] == time.now
    assert all(time.now - 3600 < at <= time.now for at in found.at)


def test_more_rows_than_the_bound_go_even_when_all_look_young(ledger: Ledger, time: Clock):
    with ledger.write() as connection:
        many = [
            {"subject": SPARK, "step": HOUR.step, "at": START + number / 10, "data": {}}
            for number in range(1, 3000)
        ]
        connection.execute(insert(samples), many)
    time.now += 400

    add_sample(ledger, SPARK, {"load": 1})

    assert rows(ledger) <= MOST_ROWS


NUMBERS = st.dictionaries(st.sampled_from("abc"), st.floats(-1e6, 1e6).map(lambda value: [value] * 3))


@given(st.lists(NUMBERS, max_size=20))
def test_a_summary_holds_every_number_between_its_ends(given_rows):
    found = summary(given_rows)

    assert set(found) == {name for row in given_rows for name in row}
    for name, (least, mean, most) in found.items():
        values = [row[name][0] for row in given_rows if name in row]
        assert (least, most) == (min(values), max(values))
        assert least - 0.01 <= mean <= most + 0.01
