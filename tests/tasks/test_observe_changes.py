"""What changed between two looks: a host that goes and comes back, a container that started anew."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from blocks.cluster import Service
from tasks.observe_changes import PAUSES, Presence, restarted_between

QDRANT = Service(name="qdrant", kind="qdrant", host="spark-2", port=6333, container="qdrant")
STATES = st.sampled_from(["well", "unreachable", "wedged", "refused"])


def told(states: list[str]) -> tuple[list[str], list[str]]:
    """What is declared, and what the webhook is told, of looks one after another."""
    presence, declared, events = Presence(), [], []
    for state in states:
        presence.learn(state)
        if (news := presence.to_declare) is not None:
            events.append(presence.webhook_event)
            declared.append(news)
            presence.declared = news
    return declared, [event for event in events if event]


def test_one_lost_packet_is_no_alarm():
    assert told(["well", "unreachable", "well", "wedged", "well"]) == (["well"], [])


def test_two_failed_looks_are_one_whatever_they_showed():
    assert told(["well", "wedged", "unreachable"]) == (["well", "unreachable"], ["host_down"])


def test_a_host_that_is_down_changes_its_manner_only_when_it_keeps_to_it():
    down = ["well", "wedged", "wedged"]

    assert told([*down, "unreachable", "well"])[0] == ["well", "wedged", "well"]
    assert told([*down, "unreachable", "unreachable"]) == (["well", "wedged", "unreachable"], ["host_down"])


def test_the_first_sight_of_a_host_is_no_news_for_the_webhook():
    assert told(["well"]) == (["well"], [])
    assert told(["unreachable", "unreachable", "well"])[1] == ["host_up"]


def test_the_pauses_grow_while_it_is_away_and_are_short_again_at_once():
    presence, pauses = Presence(), []
    for _ in range(6):
        presence.learn("unreachable")
        pauses.append(presence.pause_seconds)
    presence.learn("well")

    assert pauses == [5, 10, 20, 30, 30, 30]
    assert presence.pause_seconds == PAUSES[0]


@given(st.lists(STATES, max_size=60))
def test_the_webhook_hears_down_and_up_in_turn(states: list[str]):
    _, events = told(["well", *states])

    assert all(event == ("host_down", "host_up")[number % 2] for number, event in enumerate(events))


@given(st.lists(STATES, max_size=60))
def test_nothing_is_declared_twice_in_a_row(states: list[str]):
    declared, _ = told(states)

    assert all(one != other for one, other in pairwise(declared))


def row(started: str = "2026-09-13T09:38:07.1Z", restarts: int = 0, state: str = "running") -> dict:
    return {"name": "qdrant", "state": state, "started_at": started, "restarts": restarts}


def test_a_container_that_started_anew_is_found_with_who_did_it():
    later = "2026-09-13T10:00:00.5Z"

    (by_hand,) = restarted_between([row()], [row(later)], [QDRANT])
    (by_docker,) = restarted_between([row()], [row(later, restarts=2)], [QDRANT])

    assert by_hand.why == (
        "container qdrant was started anew at 2026-09-13 10:00:00 UTC, not by Spark Control"
    )
    assert "restarted by docker at 2026-09-13 10:00:00 UTC (2 times by now)" in by_docker.why


def test_what_is_as_before_new_gone_stopped_or_not_told_is_no_restart():
    later = "2026-09-13T10:00:00.5Z"

    assert restarted_between([row()], [row()], [QDRANT]) == []
    assert restarted_between([], [row()], [QDRANT]) == []
    assert restarted_between([row()], [], [QDRANT]) == []
    assert restarted_between([row()], [row(later, state="exited")], [QDRANT]) == []
    assert restarted_between([row("")], [row(later)], [QDRANT]) == []
    assert restarted_between([row()], [row("")], [QDRANT]) == []
