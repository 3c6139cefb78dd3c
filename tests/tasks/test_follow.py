"""When a start counts as failed on a host, and what is remembered between two looks."""

import pytest

from blocks.cluster import Host
from tasks.engine import EngineLook
from tasks.follow import APPEAR_SECONDS, LOST_SECONDS, HostWatch

HOST = Host(name="spark-1", address="10.0.0.1")
RUNNING = EngineLook("running", 2, ())
IDLE = EngineLook("running", 0, ())
GONE = EngineLook("", 0, ())


def after(*looks: EngineLook, every: float = 1.0) -> tuple[HostWatch, float]:
    """A watch after these looks, from time 0 on, and the time of the last one."""
    watch = HostWatch(HOST, last_contact=0.0)
    for number, look in enumerate(looks):
        watch.learn(look, number * every)
    return watch, max(0, len(looks) - 1) * every


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ((), ""),
        ((RUNNING,), ""),
        ((IDLE, IDLE, IDLE), ""),
        ((RUNNING, IDLE), ""),
        ((RUNNING, IDLE, RUNNING, IDLE), ""),
        ((RUNNING, IDLE, IDLE), "the engine on spark-1 has ended"),
        ((IDLE,) * (int(APPEAR_SECONDS) + 1), ""),
        ((IDLE,) * (int(APPEAR_SECONDS) + 2), "no engine appeared on spark-1"),
        ((RUNNING, GONE), ""),
        ((RUNNING, GONE, GONE), "the container on spark-1 is gone"),
        ((GONE, GONE), "the container on spark-1 is gone"),
        ((IDLE, RUNNING, RUNNING), ""),
    ],
)
def test_an_engine_has_failed_when_two_looks_in_a_row_say_so(looks: tuple[EngineLook, ...], why: str):
    watch, now = after(*looks)

    assert watch.why_dead(now, dispatched=0.0) == why


@pytest.mark.parametrize("looks", [(), (RUNNING,), (IDLE, IDLE)])
def test_a_host_out_of_reach_for_long_fails_the_start_whatever_was_seen_before(looks: tuple[EngineLook, ...]):
    watch, now = after(*looks)

    late = now + LOST_SECONDS
    assert watch.why_dead(late, dispatched=late) == ""
    assert watch.why_dead(late + 1, dispatched=late) == "spark-1 has been out of reach for 121 s"


def test_a_slow_start_counts_from_its_dispatch():
    watch, now = after(IDLE, IDLE)

    assert watch.why_dead(now, dispatched=now - APPEAR_SECONDS - 1) == "no engine appeared on spark-1"


def test_the_next_look_begins_after_the_last_line():
    watch = HostWatch(HOST)
    watch.learn(EngineLook("running", 1, (("2026-03-04T10:00:01Z", "a"), ("2026-03-04T10:00:02Z", "b"))), 0)
    watch.learn(RUNNING, 1)

    assert watch.since == "2026-03-04T10:00:02Z"


def test_dockers_own_words_do_not_make_the_log_begin_anew():
    watch = HostWatch(HOST)
    watch.learn(EngineLook("running", 1, (("2026-03-04T10:00:01Z", "a"),)), 0)
    watch.learn(EngineLook("", 0, (("", "Error response from daemon: No such container"),)), 1)

    assert watch.since == "2026-03-04T10:00:01Z"
