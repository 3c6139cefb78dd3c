"""Which model is loaded next, for whom it counts as wanted, and how long one that failed is left alone."""

from dataclasses import replace

import pytest

from gateway.next_swap import Rules, Situation, Verdict, Want, next_swap, words
from gateway.wants import Failures, Wants

RULES = Rules(least_stay_seconds=300, longest_wait_seconds=900)
IDLE = Situation(
    now=10_000.0, present="alpha", ready=0.0, idle_seconds=60.0, swapping=False, wants=[Want("beta", 9_990.0)]
)


def test_an_idle_model_gives_way_at_once():
    assert next_swap(IDLE, RULES) == Verdict("beta", "due")


def test_without_a_model_the_wanted_one_is_loaded_at_once():
    assert next_swap(replace(IDLE, present="", idle_seconds=0.0), RULES).why == "due"


def test_nothing_is_done_for_a_model_that_is_loaded_already():
    assert next_swap(replace(IDLE, wants=[Want("alpha", 0.0)]), RULES) == Verdict("", "nothing wanted")


def test_nothing_is_asked_for_while_a_swap_is_under_way():
    assert next_swap(replace(IDLE, swapping=True), RULES) == Verdict("beta", "swapping")


def test_a_model_stays_a_while_however_long_another_is_waited_for():
    ready = replace(IDLE, ready=9_800.0, wants=[Want("beta", 0.0)])

    assert next_swap(ready, RULES) == Verdict("beta", "least stay", 10_100.0)


def test_a_model_in_use_stays_until_the_other_has_waited_longest():
    busy = replace(IDLE, idle_seconds=0.0)

    assert next_swap(busy, RULES) == Verdict("beta", "in use", 10_890.0)
    assert next_swap(replace(busy, now=10_890.0), RULES).why == "due"


def test_a_model_that_answered_a_moment_ago_is_in_use():
    assert next_swap(replace(IDLE, idle_seconds=9.9), RULES).why == "in use"
    assert next_swap(replace(IDLE, idle_seconds=10.0), RULES).why == "due"


def test_the_model_that_has_been_waited_for_longest_is_first():
    wants = [Want("beta", 9_990.0), Want("gamma", 9_980.0)]

    assert next_swap(replace(IDLE, wants=wants), RULES).key == "gamma"


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict("beta", "least stay", 43_500.0), "alpha stays until 12:05 UTC at the earliest"),
        (
            Verdict("beta", "in use", 43_500.0),
            "alpha is in use and stays until it is idle or it is 12:05 UTC",
        ),
        (Verdict("beta", "swapping"), "a swap is under way or about to begin"),
        (Verdict("beta", "due"), "it is about to be loaded"),
        (Verdict("gamma", "due"), "gamma has been waited for longer; it is about to be loaded"),
    ],
)
def test_a_verdict_is_said_in_plain_words(verdict: Verdict, said: str):
    assert words(verdict, "beta", "alpha") == f"model beta is wanted; {said}"


def test_a_client_that_is_expected_back_has_waited_all_the_time():
    wants = Wants()
    wants.join("beta", "ann", 100.0)
    wants.leave("beta", "ann", back_by=150.0)
    assert wants.oldest(149.0) == [Want("beta", 100.0)]

    wants.join("beta", "ann", 149.0)
    assert wants.oldest(1000.0) == [Want("beta", 100.0)]


def test_a_client_that_does_not_come_back_is_forgotten():
    wants = Wants()
    wants.join("beta", "ann", 100.0)
    wants.leave("beta", "ann", back_by=150.0)

    assert wants.oldest(150.0) == []


def test_a_client_that_came_back_and_left_wants_nothing_more():
    wants = Wants()
    wants.join("beta", "ann", 100.0)
    wants.leave("beta", "ann", back_by=150.0)
    wants.join("beta", "ann", 120.0)
    wants.leave("beta", "ann")

    assert wants.oldest(121.0) == []


def test_one_that_leaves_takes_its_waiting_time_along():
    wants = Wants()
    wants.join("beta", "ann", 100.0)
    wants.join("beta", "bob", 200.0)
    wants.leave("beta", "ann")

    assert wants.oldest(300.0) == [Want("beta", 200.0)]


def test_a_model_that_failed_is_left_alone_for_twice_as_long_each_time_up_to_a_limit():
    failures, at, pauses = Failures(RULES), 0.0, []
    for _ in range(6):
        failures.add("beta", "no memory", at)
        failure = failures.standing("beta", at)
        assert failure is not None
        pauses.append(failure.until - at)
        at = failure.until
        assert failures.standing("beta", at) is None

    assert pauses == [60, 120, 240, 480, 600, 600]


def test_a_model_that_was_loaded_has_a_clean_slate():
    failures = Failures(RULES)
    failures.add("beta", "no memory", 0.0)
    failures.forget("beta")
    assert failures.standing("beta", 1.0) is None

    failures.add("beta", "no memory", 100.0)
    assert failures.standing("beta", 160.0) is None
