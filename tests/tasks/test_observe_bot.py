"""The observer's look at the bot of a simulated host: when it looks, and what it writes down."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import update

from blocks.bot import BOT
from blocks.ledger.runs import start_run
from blocks.ledger.seen import read_seen
from blocks.ledger.store import Ledger
from blocks.ledger.tables import runs, seen
from blocks.settings import Settings, make_settings
from tasks import ssh
from tasks.observe_bot import BotObserver
from tests.simulator.simulation import Simulation, start, stop
from tests.tasks.quiet import quiet_report


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """One Spark with a bot for this file."""
    simulation = start(tmp_path_factory.mktemp("sparks"), "--hosts", "1")
    yield simulation
    ssh.close_all()
    stop(simulation)


@pytest.fixture
def observer(simulation: Simulation, tmp_path: Path) -> Iterator[BotObserver]:
    """An observer of the bot, whose host was reached."""
    bot = yaml.safe_load((simulation.folder / "bot.yaml").read_text())
    settings = make_settings({"cluster": simulation.config, "bot": bot})
    ledger = quiet_report(tmp_path).ledger
    yield BotObserver(ledger, lambda: settings, threading.Event(), lambda _name: True)
    ledger.close()


def age(ledger: Ledger, seconds: float) -> None:
    """Let the last look be so old."""
    with ledger.write() as connection:
        connection.execute(update(seen).values(at=seen.c.at - seconds))


def found(observer: BotObserver) -> dict:
    return read_seen(observer.ledger, BOT)[BOT].data


def other(observer: BotObserver, **changes: str) -> None:
    """The operator changes the bot's settings."""
    settings = observer.settings()
    changed = Settings(settings.cluster, bot=settings.bot.model_copy(update=changes))
    observer.settings = lambda: changed


def test_the_bot_is_looked_at_every_ten_minutes_and_upstream_is_asked_every_hour(
    simulation: Simulation, observer: BotObserver
):
    observer.look_if_due()
    first = found(observer)
    observer.look_if_due()
    age(observer.ledger, 3700)
    (simulation.folder / "bot.git").rename(simulation.folder / "away")
    observer.look_if_due()
    second = found(observer)
    (simulation.folder / "away").rename(simulation.folder / "bot.git")

    assert (first["behind"], first["error"], first["fault"]) == (2, "", "")
    assert second["fetched_at"] == first["fetched_at"]
    assert (second["behind"], second["error"]) == (2, ""), "upstream was asked again within the hour"
    assert read_seen(observer.ledger, BOT)[BOT].age_seconds < 600


def test_upstream_away_stays_told_until_it_is_asked_again(
    simulation: Simulation, observer: BotObserver, monkeypatch: pytest.MonkeyPatch
):
    (simulation.folder / "bot.git").rename(simulation.folder / "away")
    observer.look_if_due()
    (simulation.folder / "away").rename(simulation.folder / "bot.git")
    age(observer.ledger, 700)
    observer.look_if_due()
    told = found(observer)["error"]
    monkeypatch.setattr("tasks.observe_bot.FETCH_SECONDS", 0)
    age(observer.ledger, 700)
    observer.look_if_due()

    assert "bot.git" in told
    assert found(observer)["error"] == ""


def test_a_bot_that_cannot_be_seen_is_a_finding_beside_what_was_seen(observer: BotObserver):
    observer.look_if_due()
    head = found(observer)["head"]
    other(observer, user="somebody")

    observer.look_if_due()

    assert found(observer)["fault"].startswith("the bot cannot be looked at, what is shown was seen before:")
    assert found(observer)["head"] == head


def test_a_bot_of_other_settings_is_looked_at_at_once(observer: BotObserver):
    observer.look_if_due()
    other(observer, directory="~/nothing")

    observer.look_if_due()

    assert "is no git checkout" in found(observer)["fault"]


def test_while_a_run_is_at_work_on_it_the_bot_is_left_alone(observer: BotObserver):
    start_run(observer.ledger, "update", "bot", "bot", None)
    observer.look_if_due()
    left_alone = read_seen(observer.ledger, BOT) == {}
    with observer.ledger.write() as connection:
        connection.execute(update(runs).values(updated=runs.c.updated - 700))
    observer.look_if_due()

    assert left_alone
    assert found(observer)["fault"] == ""


def test_without_a_bot_or_its_host_nothing_is_looked_at(observer: BotObserver):
    observer.reachable = lambda _name: False
    observer.look_if_due()
    observer.reachable = lambda _name: True
    nobody = Settings(observer.settings().cluster)
    observer.settings = lambda: nobody
    observer.look_if_due()

    assert read_seen(observer.ledger, BOT) == {}
