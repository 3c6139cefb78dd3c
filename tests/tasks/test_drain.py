"""What an engine's numbers say of the answers under way, and when a swap waits for them no more."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.check import Unreadable
from tasks.drain import STILL_SECONDS, DrainWatch
from tasks.engine_numbers import EngineNumbers, read_numbers

METRICS = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="a b}, c"} 2.0
vllm:num_requests_waiting{engine="0",model_name="a b}, c"} 1.0
vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9.0
vllm:kv_cache_usage_perc{engine="0",model_name="a b}, c"} 0.25
vllm:prompt_tokens_total{engine="0",model_name="a b}, c"} 1.2e+06
vllm:prompt_tokens_created{engine="0",model_name="a b}, c"} 1.7e+09
vllm:generation_tokens_total{engine="0",model_name="a b}, c"} 345.0
process_cpu_seconds_total 12.5
"""
BUSY = EngineNumbers(2, (10.0, 5.0, 0.1))
IDLE = EngineNumbers(0, (10.0, 9.0, 0.0))
CORE = "vllm:num_requests_running 1\nvllm:num_requests_waiting 0\n"


def test_numbers_are_read_by_their_exact_names():
    assert read_numbers(METRICS) == EngineNumbers(3, (1.2e6, 345.0, 0.25))


def test_the_engines_of_one_server_are_summed():
    second = METRICS.replace('engine="0"', 'engine="1"')

    assert read_numbers(METRICS + second) == EngineNumbers(6, (2.4e6, 690.0, 0.5))


def test_requests_are_enough_to_be_counted():
    assert read_numbers(CORE) == EngineNumbers(1, (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>502</html>",
        "process_cpu_seconds_total 1.0\n",
        METRICS.replace("vllm:num_requests_waiting{", "vllm:other{"),
        METRICS.replace("} 2.0", "} NaN"),
        METRICS.replace("} 2.0", "} +Inf"),
        METRICS.replace("} 2.0", "} -1"),
        METRICS.replace("} 2.0", "} two"),
    ],
)
def test_an_engine_that_does_not_count_is_unreadable(text: str):
    with pytest.raises(Unreadable, match="/metrics"):
        read_numbers(text)


@given(st.text() | st.builds(lambda a, b: METRICS[:a] + b + METRICS[a:], st.integers(0, 700), st.text()))
def test_any_text_is_read_or_unreadable(text: str):
    with contextlib.suppress(Unreadable):
        assert read_numbers(text).under_way >= 0


def after(*looks: tuple[float, EngineNumbers | str], limit: float = 60) -> DrainWatch:
    """A watch after these looks, from time 0 on; a text is the reason why a look showed nothing."""
    watch = DrainWatch(limit, began=0.0)
    for at, seen in looks:
        if isinstance(seen, str):
            watch.learn_nothing(seen)
        else:
            watch.learn(seen, at)
    return watch


@pytest.mark.parametrize(
    ("looks", "now", "why"),
    [
        (((0, IDLE),), 0, "no answers are under way"),
        (((0, BUSY),), 0, ""),
        (((0, BUSY), (9, IDLE)), 9, "no answers are under way"),
        (((0, BUSY),), 59.9, ""),
        (((0, BUSY),), 60, "2 answers under way did not end within 60 s: cut off"),
        (((0, EngineNumbers(1)),), 61, "1 answer under way did not end within 60 s: cut off"),
        (((60, IDLE),), 60, "no answers are under way"),
        (((0, "refused"),), 0, ""),
        (((0, "refused"), (1, BUSY), (2, "refused")), 2, ""),
        (((0, IDLE), (1, "refused")), 1, ""),
        (
            ((0, BUSY), (1, "refused"), (2, "refused")),
            2,
            "the engine does not tell of answers under way (refused): none is waited for",
        ),
        (
            ((0, "refused"),),
            60,
            "the engine does not tell of answers under way (refused): none is waited for",
        ),
    ],
)
def test_waiting_is_over_when_it_is_of_no_more_use(looks, now: float, why: str):
    assert after(*looks).why_go_on(now) == why


def test_an_engine_that_gave_no_word_is_not_waited_for():
    watch = after((0, BUSY))
    watch.stuck = True

    assert (
        watch.why_go_on(20) == "the engine stands still with 2 answers under way and gives no word: cut off"
    )


@pytest.mark.parametrize(
    "moved",
    [EngineNumbers(1, BUSY.marks), EngineNumbers(2, (10.0, 6.0, 0.1)), EngineNumbers(2, (10.0, 5.0, 0.2))],
)
def test_an_engine_moves_while_any_of_its_numbers_does(moved: EngineNumbers):
    assert after((0, BUSY), (1, BUSY)).stands_still(STILL_SECONDS)
    assert not after((0, BUSY), (1, moved)).stands_still(STILL_SECONDS)
    assert after((0, BUSY), (1, moved)).stands_still(1 + STILL_SECONDS)


def test_nothing_stands_still_before_it_was_seen():
    assert not after((0, "refused")).stands_still(1000)


SEEN = st.one_of(st.just("refused"), st.builds(EngineNumbers, st.integers(0, 3), st.tuples(st.floats(0, 9))))


@given(st.lists(SEEN, max_size=20), st.floats(1, 19))
def test_waiting_is_over_at_the_limit_whatever_was_seen(seen, limit: float):
    watch = after(*enumerate(seen), limit=limit)

    assert not seen or watch.why_go_on(limit)


@given(st.lists(SEEN, min_size=1, max_size=20), SEEN)
def test_waiting_goes_on_only_with_answers_or_doubts(seen, last):
    watch = after(*enumerate([*seen, last]), limit=1000)

    if watch.why_go_on(20) == "":
        assert isinstance(last, str) or last.under_way > 0
