"""The memory guard's judgement: when a host is about to run out of memory, and when that is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.memory_watch import (
    ACTION_SECONDS,
    CALM_LOOKS,
    Judgement,
    MemoryLook,
    falling_speed,
    judge,
    wanted,
)
from blocks.policies import MemoryGuard

GUARD = MemoryGuard(floor_gib=4, fall_gib_per_second=2)
GIB = st.floats(0, 128)


def looks(*available: float, seconds: float = 5) -> list[MemoryLook]:
    return [MemoryLook(number * seconds, gib) for number, gib in enumerate(available)]


def state(*available: float, was="calm", engine_runs=True, guard=GUARD) -> str:
    return judge(looks(*available), guard, was, engine_runs=engine_runs).state


def watch(available: list[float], guard=GUARD) -> list[str]:
    """The states of one look after another, as the observer sees them."""
    seen, now = [], "calm"
    for number in range(1, len(available) + 1):
        now = judge(looks(*available[:number])[-4:], guard, now, engine_runs=True).state
        seen.append(now)
    return seen


def test_one_look_under_the_floor_is_enough():
    assert state(60, 3.9) == "low"
    assert state(3.9, engine_runs=False) == "low"


def test_a_fall_counts_when_the_next_look_would_be_too_late():
    assert state(50, 34, 18) == "falling", "3.2 GiB/s: 14 GiB above the floor last 4 s"
    assert state(100, 84, 68) == "calm", "as fast, but far from the floor: a model is being loaded"
    assert state(34, 34, 18) == "calm", "one step is no fall yet"
    assert state(50, 34, 18, engine_runs=False) == "calm"


def test_the_words_say_what_is_so_and_what_comes():
    assert (
        "3.2 GiB of memory are available, 4 are to stay free"
        in judge(looks(3.2), GUARD, "calm", engine_runs=False).why
    )
    assert "4 GiB are reached in 4 s" in judge(looks(50, 34, 18), GUARD, "calm", engine_runs=True).why


def test_an_alert_ends_only_after_some_looks_with_a_margin():
    assert watch([3, 4.2, 4.2, 4.2, 4.2]) == ["low"] * 5
    assert watch([3, 6, 6, 6]) == ["low", "low", "low", "calm"]
    assert watch([3, 6, 4.5, 6, 6, 6])[-3:] == ["low", "low", "calm"]


def test_without_a_floor_there_is_no_guard():
    assert state(0.1, was="low", guard=MemoryGuard(floor_gib=0)) == "calm"


def test_without_looks_nothing_is_said():
    assert judge([], GUARD, "low", engine_runs=True).state == "calm"


@given(st.lists(st.floats(4.01, 4.99), min_size=1, max_size=40), st.sampled_from(["low", "falling"]))
def test_memory_that_wavers_about_the_floor_does_not_flap(available: list[float], was):
    assert state(*available[-4:], was=was) == was
    assert set(watch(available)) == {"calm"}


@given(st.lists(GIB, min_size=1, max_size=60))
def test_an_alert_holds_for_some_looks_and_low_is_never_missed(available: list[float]):
    seen = watch(available)

    for number, now in enumerate(seen):
        assert (now == "low") >= (available[number] < 4)
        if now == "calm" and number and seen[number - 1] != "calm":
            assert min(available[number - CALM_LOOKS + 1 : number + 1]) >= 5


@given(st.lists(GIB, min_size=1, max_size=4), st.sampled_from(["calm", "low", "falling"]), st.booleans())
def test_less_memory_is_never_judged_calmer(available: list[float], was, engine_runs):
    less = [*available[:-1], available[-1] / 2]

    before = state(*available, was=was, engine_runs=engine_runs)
    after = state(*less, was=was, engine_runs=engine_runs)

    assert not (before != "calm" and after == "calm")


@given(st.lists(st.builds(MemoryLook, st.floats(0, 1e6), GIB), max_size=5))
def test_a_speed_is_never_negative_whatever_the_clock_did(given_looks: list[MemoryLook]):
    assert falling_speed(given_looks) >= 0


@pytest.mark.parametrize(
    ("action", "word", "since", "engine_runs", "done"),
    [
        ("drop_caches", "low", 1000, False, "drop_caches"),
        ("drop_caches", "calm", 1000, True, None),
        ("drop_caches", "low", ACTION_SECONDS - 1, True, None),
        ("stop_engine", "falling", 1000, True, "stop_engine"),
        ("stop_engine", "low", 1000, False, None),
        ("alert", "low", 1000, True, None),
    ],
)
def test_what_is_done_is_what_the_operator_allows_and_not_too_often(action, word, since, engine_runs, done):
    guard = MemoryGuard(action=action)

    assert wanted(Judgement(word), guard, since, engine_runs=engine_runs) == done
