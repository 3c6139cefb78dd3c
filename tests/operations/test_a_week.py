"""A week of operation in seconds: nothing lost, nothing doubled, nothing that grows, no storm of restarts."""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from blocks.ledger import clock, tables
from blocks.ledger.deliveries import KEPT, delivery_counts, waiting_targets
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from blocks.ledger.transitions import KEPT as KEPT_TRANSITIONS
from tests.operations.actors import Actors
from tests.operations.world import DAY, HOSTS, MINUTE, SERVICES, House, Moody, Time
from tests.tasks.receiver import receiving

SEED = 20261122
MOST_BYTES = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Actors, dict[str, Moody], Path]]:
    """The house after a week."""
    file = tmp_path_factory.mktemp("week") / "ledger.db"
    migrate(f"sqlite:///{file}")
    ledger, time, chance = Ledger(f"sqlite:///{file}"), Time(), random.Random(SEED)
    moody = {name: Moody(random.Random(number), time) for number, name in enumerate(("crm", "desk"))}
    with (
        pytest.MonkeyPatch.context() as patch,
        receiving(moody["crm"].answer) as crm,
        receiving(moody["desk"].answer) as desk,
    ):
        patch.setattr(clock, "now", lambda: time.now)
        patch.setattr(clock, "since_boot", lambda: time.boot)
        house = House(ledger, chance, time, {"crm": crm, "desk": desk})
        actors = Actors(ledger, chance, time)
        live(house, actors, 7 * DAY)
        drain(house)
    yield house, actors, moody, file
    ledger.close()


def live(house: House, actors: Actors, seconds: float) -> None:
    """Minute after minute."""
    chance = house.chance
    for minute in range(int(seconds // MINUTE)):
        house.time.pass_by(MINUTE)
        house.look()
        if minute % 5 == 0:
            house.check()
            house.send()
        if chance.random() < 0.1:
            actors.act()
        if chance.random() < 0.006 and actors.may_swap():
            house.swap()


def drain(house: House) -> None:
    """Until everybody was told."""
    while waiting_targets(house.ledger):
        house.time.pass_by(10 * MINUTE)
        house.send()


def test_every_event_reaches_every_receiver_once_and_in_order(week):
    house, _actors, moody, _file = week

    assert len(house.told) > 300
    assert house.killed > 5, "senders died between sending and writing it down"
    for name, receiver in moody.items():
        assert receiver.events == list(range(len(house.told))), name
        assert len(house.receivers[name].told) > len(receiver.events), "some were sent more than once"
    assert all(set(counts) == {"delivered"} for counts in delivery_counts(house.ledger).values())


def test_the_lock_was_neither_lost_nor_doubled(week):
    """`Actors` holds the ledger against plain reckoning at each step: here, that there was enough of it."""
    _house, actors, _moody, _file = week

    assert all(actors.counts[deed] > 3 for deed in ("taken", "refused", "renewed", "released", "lost"))
    assert actors.counts["forced"] > 0


def test_no_service_is_restarted_more_than_three_times_in_thirty_minutes_before_a_person_presses(week):
    house, _actors, _moody, _file = week

    assert sum(map(len, house.restarts.values())) > 50
    assert house.told.count("service_exhausted") > 3
    for service in SERVICES:
        times = house.restarts[service]
        assert all(later - earlier >= 2 * MINUTE for earlier, later in itertools.pairwise(times))
        for first, fourth in zip(times, times[3:], strict=False):
            pressed = any(first < at <= fourth for at in house.pressed[service])
            assert fourth - first >= 30 * MINUTE or pressed


def test_the_ledger_stays_small(week):
    house, _actors, _moody, file = week

    with house.ledger.read() as connection:
        rows = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.transitions, tables.deliveries, tables.service_events, tables.lock_passes)
        }
    assert 0 < rows["transitions"] <= KEPT_TRANSITIONS * len(HOSTS + SERVICES)
    assert 0 < rows["deliveries"] <= KEPT + 100
    assert 0 < rows["service_events"] <= 200 * len(SERVICES)
    assert rows["lock_passes"] <= 10
    size = sum(each.stat().st_size for each in file.parent.iterdir())
    assert size < MOST_BYTES, f"{size} bytes"
