"""When a failing service may be restarted, whatever happened before and whatever the clock does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.ledger.service_events import ServiceEvent
from blocks.policies import RestartPolicy
from blocks.restarts import Exhausted, LeftAlone, Restart, Wait, decide, restarts_used

POLICY = RestartPolicy()
NOW = 1_000_000.0


def events(*kinds_and_ages: tuple[str, float], now: float = NOW) -> list[ServiceEvent]:
    """Newest first, by how long ago each was."""
    return [ServiceEvent("parakeet", now - age, kind, "", "") for kind, age in kinds_and_ages]


def test_the_first_failure_is_answered_with_a_restart():
    assert decide(POLICY, [], NOW) == Restart(0)


@pytest.mark.parametrize(
    ("happened", "decision"),
    [
        ([("restarted", 119)], Wait),
        ([("restarted", 120)], Restart),
        ([("restarted", 130), ("restarted", 300)], Restart),
        ([("restarted", 130), ("restarted", 300), ("restarted", 500)], Exhausted),
        ([("restarted", 130), ("restarted", 300), ("restarted", 1800)], Restart),
        ([("restarted", 10), ("restarted", 300), ("restarted", 500)], Wait),
        ([("exhausted", 90_000), ("restarted", 90_200)], Exhausted),
        ([("reset", 1), ("exhausted", 10), ("restarted", 130), ("restarted", 300)], Restart),
        ([("started", 59)], Wait),
        ([("started", 60)], Restart),
        ([("stopped", 90_000)], LeftAlone),
        ([("restarted", 200), ("stopped", 300)], Restart),
    ],
)
def test_what_happened_before_decides(happened, decision):
    assert isinstance(decide(POLICY, events(*happened), NOW), decision)


def test_a_container_that_has_ended_needs_no_time_for_its_start():
    started = events(("started", 5))

    assert decide(POLICY, started, NOW) == Wait(55, "it started a moment ago and has 55 s more for its start")
    assert decide(POLICY, started, NOW, exited=True) == Restart(0)


def test_a_start_that_only_its_launch_tells_of_counts_as_well():
    assert isinstance(decide(POLICY, [], NOW, started_at=NOW - 10), Wait)


def test_without_allowed_restarts_there_are_none():
    assert isinstance(decide(RestartPolicy(at_most=0), [], NOW), LeftAlone)


def test_a_clock_that_was_set_back_far_bars_nothing():
    future = events(("restarted", -90_000), ("restarted", -89_000), ("restarted", -88_000))

    assert decide(POLICY, future, NOW) == Restart(0)
    assert restarts_used(POLICY, future, NOW) == 0


def test_a_small_step_back_allows_no_earlier_restart():
    assert isinstance(decide(POLICY, events(("restarted", -30)), NOW), Wait)


POLICIES = st.builds(
    RestartPolicy,
    grace_seconds=st.integers(0, 200),
    cooldown_seconds=st.integers(0, 300),
    at_most=st.integers(1, 4),
    window_seconds=st.integers(1, 2000),
)
STEPS = st.lists(
    st.tuples(st.floats(0, 700), st.sampled_from(["fails", "fails", "fails", "started", "stopped", "ended"])),
    max_size=60,
)


@given(POLICIES, STEPS)
def test_no_course_of_things_restarts_more_often_than_the_policy_allows(policy: RestartPolicy, steps):
    now, happened, restarts = NOW, [], []
    for pause, what in steps:
        now += pause
        if what in ("started", "stopped"):
            happened.insert(0, ServiceEvent("x", now, what, "", ""))
            continue
        decision = decide(policy, happened, now, exited=what == "ended")
        if isinstance(decision, Restart):
            restarts.append(now)
            happened.insert(0, ServiceEvent("x", now, "restarted", "", ""))
        elif isinstance(decision, Exhausted):
            happened.insert(0, ServiceEvent("x", now, "exhausted", "", ""))

    gaps = [later - earlier for earlier, later in pairwise(restarts)]
    assert all(gap >= policy.cooldown_seconds for gap in gaps)
    for at in restarts:
        assert sum(at <= other < at + policy.window_seconds for other in restarts) <= policy.at_most


@given(POLICIES, st.lists(st.tuples(st.sampled_from(["started", "restarted"]), st.floats(-(10**7), 10**7))))
def test_no_clock_makes_a_wait_without_an_end(policy: RestartPolicy, happened):
    decision = decide(policy, events(*happened), NOW)

    if isinstance(decision, Wait):
        longest = max(policy.window_seconds + policy.cooldown_seconds, 2 * policy.grace_seconds)
        assert 0 < decision.seconds <= longest
