"""Speed in bins: a median is right to a bin, counting loses nothing, and words follow the figures."""

from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.speed import FASTER, FIRST, LEAST_NOW, LEAST_USUAL, SLOWER, TOKENS, Counted, compared

within = st.floats(TOKENS.lowest, TOKENS.lowest * TOKENS.factor ** (TOKENS.bins - 2))
anything = st.floats(0, 1e9)


@given(st.lists(within, min_size=1, max_size=60))
def test_a_median_is_right_to_the_width_of_a_bin(values):
    counted = Counted()
    for value in values:
        counted.add(value, 1.0)
    found = TOKENS.median(counted.tokens)

    assert found is not None
    assert found == pytest.approx(median_low(values), rel=TOKENS.factor - 1)


@given(st.lists(st.tuples(anything, anything)), st.lists(st.tuples(anything, anything)))
def test_what_is_counted_apart_and_joined_is_what_is_counted_at_once(ones, others):
    apart, more, at_once = Counted(), Counted(), Counted()
    for counted, answers in ((apart, ones), (more, others), (at_once, ones + others)):
        for answer in answers:
            counted.add(*answer)
    apart.join(more)

    assert apart == at_once
    assert apart.answers == len(ones) + len(others)
    assert len(apart.tokens) == TOKENS.bins
    assert len(apart.first) == FIRST.bins


@given(anything, anything)
def test_more_is_never_in_a_lower_bin(one, other):
    low, high = sorted((one, other))

    assert 0 <= TOKENS.bin_of(low) <= TOKENS.bin_of(high) < TOKENS.bins


def test_nothing_counted_has_no_median():
    assert TOKENS.median(Counted().tokens) is None


def test_other_bins_are_not_joined_and_leave_what_was_counted():
    counted = Counted()
    counted.add(10.0, 1.0)
    with pytest.raises(ValueError, match="zip"):
        counted.join(Counted([1], [1]))

    assert counted.answers == 1


@pytest.mark.parametrize(
    ("now", "answers_now", "usual", "answers", "words"),
    [
        (None, 0, 40.0, 900, "no answers in the last minutes"),
        (40.0, LEAST_NOW - 1, 40.0, 900, "not enough answers yet"),
        (40.0, 9, 40.0, LEAST_USUAL - 1, "not enough answers yet"),
        (40.0, 9, None, 0, "not enough answers yet"),
        (40.0 * SLOWER, 9, 40.0, 900, "as usual"),
        (40.0 * FASTER, 9, 40.0, 900, "as usual"),
        (24.0, 9, 40.0, 900, "slower than usual (0.6 of it)"),
        (1.0, 9, 40.0, 900, "slower than usual (0.03 of it)"),
        (60.0, 9, 40.0, 900, "faster than usual (1.5 times)"),
    ],
)
def test_now_is_compared_with_the_usual_in_words(now, answers_now, usual, answers, words):
    assert compared(now, answers_now, usual, answers) == words
