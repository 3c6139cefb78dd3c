"""What docker says of a container, and what follows from it: read, judged and never guessed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.check import Answer, Unreadable
from tasks.service_container import (
    ALIVE,
    LOOPING,
    Contained,
    look_command,
    read_contained,
    why_given_up,
)
from tasks.service_logs import LogWatch

STATES = st.sampled_from([*ALIVE, "exited", "dead", "created", ""])


def test_a_container_that_is_not_there_and_a_host_without_docker_are_the_same():
    missing = Answer(1, "\n", "Error response from daemon: No such container: x\n")

    assert read_contained(missing) == read_contained(Answer(127)) == Contained()
    assert read_contained(Answer(0, "running 3\n")) == Contained("running", 3)
    assert look_command("x").words[-1] == "x"


@given(st.integers(0, 255), st.text(max_size=20), st.text(max_size=20))
def test_what_cannot_be_read_is_never_taken_for_a_state(code: int, out: str, err: str):
    with contextlib.suppress(Unreadable):
        seen = read_contained(Answer(code, out, err))
        assert seen == Contained() or (seen.state and seen.state in out)


@pytest.mark.parametrize(
    "answer", [Answer(1, "", "permission denied"), Answer(0, ""), Answer(0, "running x")]
)
def test_docker_that_gives_no_answer_is_unreadable(answer: Answer):
    with pytest.raises(Unreadable):
        read_contained(answer)


@given(STATES, st.integers(0, 9), st.integers(0, 9), st.floats(0, 1000), st.floats(0, 1000))
def test_a_start_is_given_up_exactly_when_it_ended_loops_or_is_late(state, before, more, gone, patience):
    why = why_given_up(Contained(state, before + more), before, gone, patience)

    assert bool(why) == (state not in ALIVE or more >= LOOPING or gone > patience)


@given(st.lists(st.lists(st.integers(0, 99), max_size=9), max_size=6))
def test_a_line_that_was_shown_is_not_shown_again(looks: list[list[int]]):
    shown: list[str] = []

    class Ear:
        def log(self, host, lines):
            shown.extend(lines)

    watch = LogWatch([], "x")
    for look in looks:
        lines = [(f"{at:03}", f"line {at:03}") for at in sorted(set(look))]
        watch._show(Ear(), "spark-1", watch.fresh("spark-1", lines))

    assert len(shown) == len(set(shown)) == watch.shown
    assert shown == sorted(shown)
