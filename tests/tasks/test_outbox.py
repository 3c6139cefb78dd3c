"""The sender of the outbox: in order, one at a time, again after a failure or a death, to real receivers."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from blocks.ledger import clock
from blocks.ledger import deliveries as outbox_of_ledger
from blocks.ledger.deliveries import LEASE_SECONDS, Delivery, delivery_log
from blocks.ledger.migrate import migrate
from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from blocks.settings import load_settings
from blocks.telling import tell, tell_as_a_test
from tasks.outbox import Outbox
from tests.gateway.fake_prefect import FakePrefect
from tests.tasks.receiver import Receiver, receiving

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    migrate(url := f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(url)
    yield ledger
    ledger.close()


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrefect]:
    prefect = FakePrefect()
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_of_ledger, "FIRST_PAUSE", 0.01)


def targets(prefect: FakePrefect, **receivers: Receiver) -> None:
    named = [{"name": name, "url": receiver.url} for name, receiver in receivers.items()]
    prefect.documents["swap-webhook"] = {"targets": named, "secrets": dict.fromkeys(receivers, "s3cret")}


def happens(ledger: Ledger, count: int = 1, event: str = "host_down") -> None:
    for number in range(count):
        tell(ledger, load_settings(ledger), event, {"host": "spark-1", "number": number})


@contextmanager
def sending(ledger: Ledger) -> Iterator[None]:
    ended = threading.Event()
    thread = threading.Thread(target=Outbox(ledger, look_seconds=0.02).run, args=(ended,))
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def settled(ledger: Ledger, wanted: Callable[[list[Delivery]], bool]) -> list[Delivery]:
    """The log as soon as it is as wanted."""
    deadline = time.monotonic() + 30
    while not wanted(found := delivery_log(ledger)):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def all_delivered(found: list[Delivery]) -> bool:
    return {each.state for each in found} == {"delivered"}


def numbers(receiver: Receiver) -> list[int]:
    return [json.loads(told.body)["data"]["number"] for told in receiver.told]


def test_each_target_that_wants_an_event_is_told_it_with_the_endpoints(ledger: Ledger, prefect: FakePrefect):
    with receiving() as crm, receiving() as desk:
        targets(prefect, crm=crm, desk=desk)
        prefect.documents["swap-webhook"]["targets"][1]["events"] = ["swap_complete"]
        with sending(ledger):
            happens(ledger)
            (seen,) = settled(ledger, all_delivered)

    (told,) = crm.told
    body = json.loads(told.body)
    assert desk.told == []
    assert (body["event"], body["data"]["host"], body["endpoints"]["version"]) == ("host_down", "spark-1", 1)
    assert body["id"] == seen.event_id != seen.id == told.headers["x-delivery"]
    assert told.headers["x-signature"].startswith("sha256=")


def test_what_fails_is_sent_again_in_its_turn_under_its_id(ledger: Ledger, prefect: FakePrefect):
    failing = iter([500, 0, 302])
    with receiving(lambda _told: next(failing, 200)) as crm:
        targets(prefect, crm=crm)
        happens(ledger, 3)
        with sending(ledger):
            settled(ledger, all_delivered)

    assert numbers(crm) == [0, 0, 0, 0, 1, 2]
    assert len(set(crm.ids)) == 3


def test_a_target_that_hangs_holds_nobody_else_up(ledger: Ledger, prefect: FakePrefect):
    free = threading.Event()

    def hang(_told: object) -> int:
        free.wait(30)
        return 200

    with receiving(hang) as slow, receiving() as crm:
        targets(prefect, slow=slow, crm=crm)
        happens(ledger, 3)
        with sending(ledger):
            crm.wait_for(3)
            slow.wait_for(1)
            free.set()
            settled(ledger, all_delivered)

    assert numbers(slow) == numbers(crm) == [0, 1, 2]


def test_several_senders_send_nothing_twice(ledger: Ledger, prefect: FakePrefect):
    with receiving() as crm:
        targets(prefect, crm=crm)
        with sending(ledger), sending(ledger), sending(ledger):
            happens(ledger, 12)
            settled(ledger, all_delivered)

    assert numbers(crm) == list(range(12))


def test_a_delivery_whose_sender_was_killed_before_it_was_marked_is_sent_again_by_the_next(
    ledger: Ledger, prefect: FakePrefect, monkeypatch: pytest.MonkeyPatch
):
    free = threading.Event()

    def answer(_told: object) -> int:
        free.wait(30)
        return 200

    with receiving(answer) as crm:
        targets(prefect, crm=crm)
        happens(ledger, 2)
        words = [sys.executable, "-m", "tests.tasks.sender", ledger.engine.url.render_as_string()]
        with subprocess.Popen(words, cwd=CHECKOUT) as sender:
            crm.wait_for(1)
            sender.kill()
        free.set()
        assert [each.state for each in delivery_log(ledger)] == ["waiting", "sending"]
        real = clock.now
        monkeypatch.setattr(clock, "now", lambda: real() + LEASE_SECONDS)
        with sending(ledger):
            settled(ledger, all_delivered)

    assert numbers(crm) == [0, 0, 1]
    assert crm.ids[0] == crm.ids[1] != crm.ids[2]


def test_without_prefect_events_are_kept_and_sent_where_the_settings_last_said(
    ledger: Ledger, prefect: FakePrefect
):
    with receiving() as crm:
        targets(prefect, crm=crm)
        with sending(ledger):
            happens(ledger)
            crm.wait_for(1)
            prefect.close()
            happens(ledger)
            settled(ledger, all_delivered)

        assert len(crm.told) == 2
        kept = [str(sight.data) for sight in read_seen(ledger, "webhook/").values()]
    assert kept
    assert not any(word in text for text in kept for word in ("s3cret", "http"))


def test_a_sender_that_never_saw_the_settings_waits_for_them(ledger: Ledger, prefect: FakePrefect):
    with receiving() as crm:
        targets(prefect, crm=crm)
        happens(ledger)
        settings = prefect.documents.pop("swap-webhook")
        outbox = Outbox(ledger)
        outbox.send_to_all(threading.Event())
        assert delivery_log(ledger)[0].tries == 0
        prefect.documents["swap-webhook"] = settings
        with sending(ledger):
            crm.wait_for(1)


def test_what_waits_for_a_target_that_was_removed_is_given_up_with_the_reason(
    ledger: Ledger, prefect: FakePrefect
):
    with receiving() as crm:
        targets(prefect, crm=crm)
        happens(ledger)
        prefect.documents["swap-webhook"] = {}
        with sending(ledger):
            (seen,) = settled(ledger, lambda found: found[0].state == "given_up")

        assert "no such target" in seen.error
        assert crm.told == []


def test_a_test_is_told_whatever_the_target_wants(ledger: Ledger, prefect: FakePrefect):
    with receiving() as crm:
        targets(prefect, crm=crm)
        prefect.documents["swap-webhook"]["targets"][0]["events"] = ["host_up"]
        delivery = tell_as_a_test(ledger, load_settings(ledger), "crm")
        with sending(ledger):
            settled(ledger, all_delivered)

    assert crm.ids == [delivery]
    assert crm.told[0].headers["x-event"] == "test"
