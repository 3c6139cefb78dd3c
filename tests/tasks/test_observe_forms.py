"""The choices of Prefect's run forms: what they are, and that Prefect is told once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.cluster import Cluster
from blocks.ledger.migrate import migrate
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.observe_forms import RunForms, choices_of
from tests.gateway.fake_prefect import OTHERS, FakePrefect
from tests.tasks.cluster_of_two import TWO

FORMS = set(choices_of(Settings(cluster=TWO), []))


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrefect]:
    prefect = FakePrefect()
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


@pytest.fixture
def forms(tmp_path: Path, prefect: FakePrefect) -> Iterator[RunForms]:
    url = f"sqlite:///{tmp_path}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    settings = Settings(cluster=TWO)
    yield RunForms(ledger, lambda: settings, threading.Event())
    ledger.close()


def changes(prefect: FakePrefect) -> list[str]:
    return [path for method, path, _ in prefect.asked if method == "PATCH"]


def test_hosts_services_and_models_are_offered_where_they_are_asked_for():
    choices = choices_of(Settings(cluster=TWO), ["alpha"])

    services = [service.name for service in TWO.services]
    assert choices["swap-model/cluster"] == {"model": ["alpha"]}
    assert choices["restart-service/cluster"] == {"service": services}
    assert choices["deep-check/cluster"] == {"service": ["all", *services]}
    assert choices["wake-host/cluster"] == {"host": ["spark-1", "spark-2"]}
    assert choices["download-model/cluster"] == {"hosts": ["all", "spark-1", "spark-2"]}
    assert choices["show-logs/cluster"] == {"service": services, "host": ["spark-1", "spark-2"]}


def test_each_form_is_told_once_and_again_when_its_choices_changed(forms: RunForms, prefect: FakePrefect):
    prefect.others |= {"free-memory/cluster": "66666666-6666-4666-8666-666666666666"}
    for _ in range(3):
        forms.offer()
    first = changes(prefect)
    one = Settings(cluster=TWO.model_copy(update={"hosts": TWO.hosts[:1]}))
    forms.settings = lambda: one
    write_seen(forms.ledger, "disk/spark-1", {"models": []})
    forms.offer()

    assert len(first) == len(set(first)) == len(FORMS)
    again = set(changes(prefect)[len(first) :])
    assert prefect.others["wake-host/cluster"] in {path.rpartition("/")[2] for path in again}
    assert prefect.others["start-service/cluster"] not in {path.rpartition("/")[2] for path in again}
    assert prefect.forms[prefect.others["wake-host/cluster"]]["properties"]["host"]["enum"] == ["spark-1"]


def test_a_form_that_is_missing_keeps_no_other_from_its_turn(forms: RunForms, prefect: FakePrefect):
    assert "free-memory/cluster" not in set(OTHERS)

    for _ in range(3):
        forms.offer()

    assert len(changes(prefect)) == len(FORMS) - 1


def test_with_prefect_away_one_call_a_round_is_tried(forms: RunForms, prefect: FakePrefect, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    forms.offer()
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    for _ in range(3):
        forms.offer()

    assert len(changes(prefect)) == len(FORMS) - 1


def test_before_the_settings_are_read_nothing_is_offered(forms: RunForms, prefect: FakePrefect):
    forms.settings = lambda: Settings(cluster=Cluster())
    forms.offer()

    assert prefect.asked == []
