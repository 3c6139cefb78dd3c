"""The choices of Prefect's run forms: what they are, and that Prefect is told once."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.cluster import Cluster
from blocks.ledger.migrate import migrate
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.menu import Entry, OnDisk, make_menu
from blocks.recipe import Catalog
from blocks.settings import Settings
from tasks.announce import Offer
from tasks.observe_forms import RunForms, offers_of
from tests.gateway.fake_prefect import OTHERS, FakePrefect
from tests.tasks.cluster_of_two import TWO

FORMS = offers_of(Settings(cluster=TWO), [])
FREE_MEMORY = "66666666-6666-4666-8666-666666666666"


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrefect]:
    prefect = FakePrefect()
    known = {"swap-model/cluster": prefect.deployment, "free-memory/cluster": FREE_MEMORY, **prefect.others}
    prefect.forms = {known[form]: published(form) for form in FORMS}
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


def published(form: str) -> dict[str, Any]:
    """A form's schema as the flow alone makes it: no field offers anything."""
    return {"properties": {field: {"type": "string"} for field in FORMS[form]}}


def changes(prefect: FakePrefect) -> list[str]:
    return [path for method, path, _ in prefect.asked if method == "PATCH"]


def menu(*disks: OnDisk) -> list[Entry]:
    catalog = Catalog(recipes=[{"key": "alpha", "model": "org/alpha"}, {"key": "beta", "model": "org/beta"}])
    return make_menu(TWO, catalog, {"spark-1": list(disks)})


def test_hosts_services_and_models_are_offered_where_they_are_asked_for():
    on_disk = menu(OnDisk("org/alpha", 8, complete=True, disk_bytes=8), OnDisk("~/own", 4, complete=True))

    offers = offers_of(Settings(cluster=TWO), on_disk)

    services = tuple(service.name for service in TWO.services)
    assert offers["swap-model/cluster"]["model"].values == ("alpha",)
    assert offers["swap-model/cluster"]["afterwards"].values == ("", "alpha")
    assert {"alpha", "beta"} <= set(offers["validate-model/cluster"]["model"].values)
    assert offers["delete-weights/cluster"]["model"].values == ("org/alpha", "~/own")
    repo = offers["download-model/cluster"]["repo"]
    assert repo.others
    assert "org/beta" in repo.values
    assert "org/alpha" not in repo.values
    assert offers["restart-service/cluster"] == {"service": Offer(services)}
    assert offers["deep-check/cluster"] == {"service": Offer(("all", *services))}
    assert offers["wake-host/cluster"] == {"host": Offer(("spark-1", "spark-2"))}
    assert offers["download-model/cluster"]["hosts"] == Offer(("all", "spark-1", "spark-2"))
    nim = offers["install-nim/cluster"]["nim"]
    assert nim.others
    assert "magpie" in nim.values


def test_what_may_be_left_blank_can_be_made_blank_again():
    offers = offers_of(Settings(cluster=TWO), [])

    for form, field in (("show-logs", "service"), ("show-logs", "host"), ("install-nim", "host")):
        assert offers[f"{form}/cluster"][field].values[0] == ""


def test_each_form_is_told_once_and_again_when_its_choices_changed(forms: RunForms, prefect: FakePrefect):
    prefect.others |= {"free-memory/cluster": FREE_MEMORY}
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


def test_a_form_that_was_published_anew_gets_its_values_back(forms: RunForms, prefect: FakePrefect):
    form = prefect.others["wake-host/cluster"]
    forms.again_seconds = 0.0
    forms.offer()
    told = len(changes(prefect))
    forms.offer()
    assert len(changes(prefect)) == told, "a form that has its values is only looked at"

    prefect.forms[form] = published("wake-host/cluster")
    forms.offer()

    assert prefect.forms[form]["properties"]["host"]["enum"] == ["spark-1", "spark-2"]


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
