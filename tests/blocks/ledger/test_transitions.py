"""The transitions: states of hosts and services as they changed, and how long each held."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.transitions import KEPT, MOMENTS, Transition, history, note_state, spans, states

HOST, SERVICE = "host/spark-1", "service/kokoro"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch):
    """Set the ledger's clock."""
    return lambda now: monkeypatch.setattr(clock, "now", lambda: now)


def test_a_state_is_noted_once_and_its_end_is_the_next_one(ledger: Ledger, at):
    at(100.0)
    first = note_state(ledger, HOST, "well", "observer")
    at(110.0)
    again = note_state(ledger, HOST, "well", "observer")
    at(130.0)
    note_state(ledger, HOST, "unreachable", "observer", "no answer")
    at(140.0)

    assert (first.state, again) == ("well", None)
    down, well = history(ledger, HOST)
    assert (down.transition.state, down.transition.why, down.until, down.seconds) == (
        "unreachable", "no answer", None, 10.0,
    )  # fmt: skip
    assert (well.transition.at, well.until, well.seconds) == (100.0, 130.0, 30.0)


def test_many_who_note_the_same_at_once_make_one_row(ledger: Ledger):
    with ThreadPoolExecutor(8) as pool:
        noted = list(pool.map(lambda _: note_state(ledger, SERVICE, "down", "gateway"), range(24)))

    assert sum(each is not None for each in noted) == 1
    assert len(history(ledger, SERVICE)) == 1


def test_what_one_source_says_does_not_end_what_another_says(ledger: Ledger, at):
    for now, state, source in (
        (1.0, "up", "gateway"), (2.0, "down", "report/crm"), (5.0, "up", "report/crm"),
    ):  # fmt: skip
        at(now)
        note_state(ledger, SERVICE, state, source)
    at(10.0)

    assert note_state(ledger, SERVICE, "up", "gateway") is None
    assert {(span.transition.source, span.seconds) for span in states(ledger)} == {
        ("gateway", 9.0), ("report/crm", 5.0),
    }  # fmt: skip
    assert [span.seconds for span in history(ledger, SERVICE)] == [5.0, 3.0, 9.0]


def test_a_moment_ends_no_state_and_a_new_one_is_told_apart_by_its_words(ledger: Ledger, at):
    at(1.0)
    note_state(ledger, SERVICE, "up", "observer")
    at(3.0)
    noted = [
        note_state(ledger, SERVICE, "restarted", "observer", why)
        for why in ("its second start", "its second start", "its third start")
    ]
    at(7.0)

    assert [each is not None for each in noted] == [True, False, True]
    assert note_state(ledger, SERVICE, "up", "observer") is None
    assert [span.seconds for span in history(ledger, SERVICE)] == [0.0, 0.0, 6.0]


def test_the_newest_of_each_subject_are_kept_and_other_subjects_are_left_alone(ledger: Ledger):
    note_state(ledger, HOST, "well", "observer")
    for state in itertools.islice(itertools.cycle(("up", "down")), KEPT + 25):
        note_state(ledger, SERVICE, state, "gateway")

    assert len(history(ledger, SERVICE, limit=1000)) == KEPT
    assert len(history(ledger, HOST)) == 1
    assert len(history(ledger, limit=1000)) == KEPT + 1


def test_a_prefix_names_many_subjects_and_nothing_else(ledger: Ledger):
    for subject in (HOST, "host/spark-2", SERVICE, "host_other"):
        note_state(ledger, subject, "up", "observer")

    assert {span.transition.subject for span in history(ledger, "host/")} == {HOST, "host/spark-2"}
    assert {span.transition.subject for span in history(ledger, HOST)} == {HOST}


def test_what_could_not_be_written_at_once_keeps_its_time(ledger: Ledger, at):
    at(500.0)

    assert note_state(ledger, SERVICE, "down", "gateway", at=400.0).at == 400.0
    assert history(ledger, SERVICE)[0].seconds == 100.0


changes = st.builds(
    Transition,
    seq=st.just(0),
    subject=st.sampled_from((HOST, SERVICE)),
    at=st.floats(0, 1e6),
    state=st.sampled_from(("up", "down", *MOMENTS)),
    source=st.sampled_from(("gateway", "report/crm")),
    why=st.just(""),
)


@given(st.lists(changes), st.floats(0, 1e6))
def test_whatever_the_clock_did_no_state_held_for_less_than_nothing(told: list[Transition], now: float):
    found = spans(told, now)

    assert [span.transition for span in found] == told
    assert all(span.seconds >= 0 for span in found)
    still = [(s.transition.subject, s.transition.source) for s in found if s.until is None]
    assert len(still) == len(set(still)), "of each source one state holds"
