"""The outbox: every delivery has one sender at a time, its turn, its pauses and its end."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from blocks.ledger import clock, deliveries
from blocks.ledger.deliveries import (
    KEPT,
    KEPT_SECONDS,
    LEASE_SECONDS,
    LEAST_TRIES,
    LONGEST_PAUSE,
    MOST_WAITING,
    TEST,
    TRYING_SECONDS,
    Delivery,
    after_failure,
    delivery_counts,
    delivery_log,
    enqueue,
    lease,
    pause,
    retry,
    settle,
    waiting_targets,
)  # fmt: skip
from blocks.ledger.store import Ledger
from blocks.ledger.tables import deliveries as table

START = 1_000_000.0


class Clock:
    """The ledger's clock in a test."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    time = Clock()
    monkeypatch.setattr(clock, "now", time.now)
    return time


def put(ledger: Ledger, *targets: str, event: str = "host_down") -> list[str]:
    return enqueue(ledger, targets or ("crm",), event, "event-1", "{}")


def fail(ledger: Ledger, target: str = "crm", status: int | None = 500) -> Delivery:
    sent = lease(ledger, target)
    settle(ledger, sent, status, "it said no")
    return delivery_log(ledger, target)[-1]


def test_an_event_waits_for_each_of_its_targets_under_an_id_of_its_own(ledger: Ledger):
    ids = put(ledger, "crm", "desk")

    assert len(set(ids)) == 2
    assert waiting_targets(ledger) == ["crm", "desk"]
    assert lease(ledger, "desk").id == ids[1]


def test_of_many_senders_one_gets_it(ledger: Ledger):
    put(ledger)

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: lease(ledger, "crm"), range(16)))

    assert sum(each is not None for each in got) == 1


def test_the_next_one_waits_until_the_one_before_it_has_ended(ledger: Ledger, time: Clock):
    first, second = put(ledger)[0], put(ledger)[0]

    assert fail(ledger).id == first
    assert lease(ledger, "crm") is None
    time.at += pause(1)
    sent = lease(ledger, "crm")
    assert sent.id == first
    settle(ledger, sent, 204, "")
    assert lease(ledger, "crm").id == second


def test_a_delivery_whose_sender_died_is_sent_again_under_the_same_id(ledger: Ledger, time: Clock):
    put(ledger)
    dead = lease(ledger, "crm")

    time.at += LEASE_SECONDS - 1
    assert lease(ledger, "crm") is None
    time.at += 1
    again = lease(ledger, "crm")
    assert (again.id, again.tries) == (dead.id, 2)


def test_the_failure_of_a_sender_that_lost_its_lease_counts_for_nothing(ledger: Ledger, time: Clock):
    put(ledger)
    slow = lease(ledger, "crm")
    time.at += LEASE_SECONDS
    lease(ledger, "crm")

    settle(ledger, slow, 410, "gone")
    assert delivery_log(ledger)[0].state == "sending"
    settle(ledger, slow, 200, "")
    assert delivery_log(ledger)[0].state == "delivered", "a receiver that took it has it"


def test_a_target_that_never_answers_is_tried_for_a_day_and_then_given_up(ledger: Ledger, time: Clock):
    put(ledger)
    pauses = []
    while (seen := fail(ledger)).state == "waiting":
        pauses.append(seen.next_try - time.at)
        time.at = seen.next_try

    assert pauses[:4] == [5.0, 10.0, 20.0, 40.0]
    assert max(pauses) == LONGEST_PAUSE
    assert TRYING_SECONDS <= time.at - START <= TRYING_SECONDS + LONGEST_PAUSE
    assert (seen.state, seen.status, seen.error) == ("given_up", 500, "it said no")


def test_an_address_that_is_gone_for_good_is_given_up_at_once(ledger: Ledger):
    put(ledger)

    assert fail(ledger, status=410).state == "given_up"


def test_a_test_goes_before_what_waits_and_is_tried_once(ledger: Ledger):
    put(ledger)
    fail(ledger)
    put(ledger, event=TEST)

    sent = lease(ledger, "crm")
    assert sent.event == TEST
    settle(ledger, sent, None, "refused")
    assert delivery_log(ledger, event=TEST)[0].state == "given_up"


def test_a_clock_that_is_set_forward_gives_nothing_up_at_once(ledger: Ledger, time: Clock):
    put(ledger)
    time.at += 10 * TRYING_SECONDS

    for _ in range(LEAST_TRIES - 1):
        seen = fail(ledger)
        assert seen.state == "waiting"
        time.at = seen.next_try
    assert fail(ledger).state == "given_up"


def test_a_clock_that_is_set_back_holds_nothing_up(ledger: Ledger, time: Clock):
    put(ledger)
    fail(ledger)
    time.at -= 3 * TRYING_SECONDS

    assert lease(ledger, "crm") is not None


def test_a_person_may_have_one_sent_again_and_with_it_what_waits_before(ledger: Ledger, time: Clock):
    head, given_up = put(ledger)[0], put(ledger)[0]
    fail(ledger)
    with ledger.write() as connection:
        connection.execute(
            update(table).where(table.c.id == given_up).values(state="given_up", ended=time.at)
        )

    assert retry(ledger, given_up).state == "waiting"
    sent = lease(ledger, "crm")
    assert sent.id == head
    assert retry(ledger, head).state == "sending", "what is on its way is left alone"
    settle(ledger, sent, 200, "")
    assert lease(ledger, "crm").id == given_up
    assert retry(ledger, "unknown") is None


def test_the_log_shows_the_newest_first_and_can_be_narrowed(ledger: Ledger):
    put(ledger, "crm")
    put(ledger, "desk", event="host_up")
    fail(ledger, "desk", status=410)

    assert [each.target for each in delivery_log(ledger)] == ["desk", "crm"]
    assert [each.event for each in delivery_log(ledger, state="given_up")] == ["host_up"]
    assert delivery_log(ledger, target="crm", event="host_up") == []
    assert delivery_counts(ledger) == {"crm": {"waiting": 1}, "desk": {"given_up": 1}}


def test_what_has_ended_is_forgotten_by_number_and_by_age(
    ledger: Ledger, time: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deliveries, "KEPT", 10)
    for _ in range(25):
        put(ledger)
        settle(ledger, lease(ledger, "crm"), 200, "")
    put(ledger)
    assert delivery_counts(ledger) == {"crm": {"delivered": 10, "waiting": 1}}

    time.at += KEPT_SECONDS + 1
    put(ledger)
    assert delivery_counts(ledger) == {"crm": {"waiting": 2}}
    assert (KEPT, MOST_WAITING) == (1000, 1000)


def test_a_target_that_is_away_for_long_is_told_the_newest_only(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deliveries, "MOST_WAITING", 5)
    ids = [put(ledger)[0] for _ in range(8)]

    assert [each.id for each in delivery_log(ledger, state="waiting")] == ids[:2:-1]
    assert "newer ones wait" in delivery_log(ledger, state="given_up")[0].error


@given(tries=st.integers(1, 10_000), age=st.floats(0, 1e7), status=st.sampled_from((None, 302, 404, 500)))
def test_a_failure_is_tried_again_soon_enough_or_ended(tries: int, age: float, status: int | None):
    sent = Delivery(1, "d", "e", "crm", "host_up", START, "{}", "sending", tries, START, None, "", None)
    after = after_failure(sent, status, START + age, for_good=False)

    ended = age >= TRYING_SECONDS and tries >= LEAST_TRIES
    assert (after["state"] == "given_up") is ended is (after["ended"] is not None)
    assert ended or 5 <= after["next_try"] - (START + age) <= LONGEST_PAUSE + 1e-3
