"""Whether a service that gave no word in time is busy or dead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engine_numbers import EngineNumbers
from tasks.probes.verdict import Surroundings, judge_engine, judge_other

STILL, MOVED = EngineNumbers(2, (10.0, 5.0, 0.1)), EngineNumbers(2, (10.0, 5.0, 0.2))


@pytest.mark.parametrize(
    ("before", "after", "known", "word"),
    [
        (STILL, MOVED, Surroundings(watts=20.0), "busy"),
        (MOVED, STILL, Surroundings(watts=20.0), "failing"),
        (STILL, EngineNumbers(1, STILL.marks), Surroundings(watts=20.0), "failing"),
        (STILL, STILL, Surroundings(watts=45.0), "busy"),
        (STILL, STILL, Surroundings(watts=45.0, busy_seconds=1e6), "busy"),
        (STILL, STILL, Surroundings(watts=21.0), "failing"),
        (STILL, STILL, Surroundings(watts=None), "busy"),
        (STILL, STILL, Surroundings(watts=None, busy_seconds=120), "failing"),
        (None, STILL, Surroundings(watts=45.0), "failing"),
        (STILL, None, Surroundings(watts=45.0), "failing"),
    ],
)
def test_progress_or_power_tell_a_busy_engine_from_a_dead_one(before, after, known, word: str):
    judged = judge_engine(before, after, known, "it gave no answer within 20 s")

    assert judged.word == word
    assert judged.wedged == (word == "failing" and None not in (before, after, known.watts))


NUMBERS = st.builds(EngineNumbers, st.integers(0, 5), st.tuples(st.floats(0, 9), st.floats(0, 9)))


@given(NUMBERS, NUMBERS, st.floats(0, 100), st.floats(0, 1e6))
def test_an_engine_that_moves_or_draws_power_is_never_called_dead(before, after, watts, busy):
    judged = judge_engine(before, after, Surroundings(watts, busy), "silent")

    moved = any(later > earlier for earlier, later in zip(before.marks, after.marks, strict=True))
    assert (judged.word == "busy") == (moved or watts >= 30)


def test_a_service_that_counts_nothing_is_believed_for_a_quarter_of_an_hour():
    working = Surroundings(watts=50.0, in_flight=1)

    assert judge_other(working, "silent").word == "busy"
    assert judge_other(Surroundings(watts=50.0, in_flight=1, busy_seconds=900), "silent").word == "failing"
    assert judge_other(Surroundings(watts=50.0), "silent").word == "failing"
    assert judge_other(Surroundings(watts=9.0, in_flight=1), "silent").word == "failing"
