"""Telling: who is told, and what the endpoints document says in the moment of a swap."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocks.cluster import Cluster, Host, with_default_services
from blocks.ledger.deliveries import delivery_log
from blocks.ledger.launches import Launch, mark_ended, mark_ready, record_launch
from blocks.ledger.migrate import migrate
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.settings import Settings, make_settings
from blocks.telling import endpoints_now, public_url, remember_wants, tell
from blocks.webhook import Webhook, every_target, secret_of

CLUSTER = with_default_services(Cluster(hosts=[Host(name="spark-1", address="192.0.2.1")]))
WEBHOOK = {
    "url": "http://192.0.2.9/hook",
    "secret": "one",
    "targets": [
        {"name": "crm", "url": "http://192.0.2.8/", "events": ["host_down"]},
        {"name": "crm", "url": "http://192.0.2.7/"},
    ],
    "secrets": {"crm": "two"},
}
SETTINGS = replace(make_settings({"swap-webhook": WEBHOOK}), cluster=CLUSTER)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    migrate(url := f"sqlite:///{tmp_path}/ledger.db")
    ledger = Ledger(url)
    yield ledger
    ledger.close()


def launched(ledger: Ledger, model: str) -> None:
    mark_ended(ledger, "swap")
    recipe = {"key": model, "served_name": "", "model": f"org/{model}"}
    record_launch(ledger, Launch(model, "run", model, recipe, [], ["spark-1"], "", "", time.time()))


def looked(ledger: Ledger, *models: str, ago: float = 0.0) -> None:
    data = {"up": bool(models), "models": list(models), "looked_at": time.time() - ago}
    write_seen(ledger, "service/vllm", data)


def chat(ledger: Ledger) -> tuple[str | None, bool, bool | None]:
    document = endpoints_now(ledger, SETTINGS)
    return document["chat"]["model"], document["chat"]["ready"], document["services"]["vllm"]["ready"]


def test_the_targets_are_the_one_of_the_url_and_the_others_each_name_once():
    webhook = Webhook.model_validate(WEBHOOK)

    assert [(each.name, str(each.url)) for each in every_target(webhook)] == [
        ("webhook", "http://192.0.2.9/hook"), ("crm", "http://192.0.2.8/"),
    ]  # fmt: skip
    assert [secret_of(webhook, name) for name in ("webhook", "crm", "nobody")] == ["one", "two", ""]


def test_who_wants_an_event_is_told_it(ledger: Ledger):
    tell(ledger, SETTINGS, "host_up", {"host": "spark-1"})
    tell(ledger, SETTINGS, "host_down", {"host": "spark-1", "odd": object})

    assert [(each.target, each.event) for each in delivery_log(ledger)] == [
        ("crm", "host_down"), ("webhook", "host_down"), ("webhook", "host_up"),
    ]  # fmt: skip
    first, second, _ = delivery_log(ledger)
    assert first.event_id == second.event_id == json.loads(first.body)["id"]
    assert first.body == second.body


def test_without_prefect_the_last_known_names_are_told(ledger: Ledger):
    remember_wants(ledger, SETTINGS)
    from_memory = Settings(CLUSTER, from_memory=True)

    remember_wants(ledger, from_memory)
    tell(ledger, from_memory, "host_up", {})

    assert [each.target for each in delivery_log(ledger)] == ["webhook"]


def test_where_nobody_wants_to_know_nothing_is_written(ledger: Ledger):
    tell(ledger, Settings(CLUSTER), "host_up", {})

    assert delivery_log(ledger) == []


def test_the_document_follows_a_swap_ahead_of_the_gateways_next_look(ledger: Ledger):
    assert chat(ledger) == (None, False, False)
    looked(ledger, "alpha", ago=1.0)
    assert chat(ledger) == ("alpha", True, True)

    launched(ledger, "beta")
    assert chat(ledger) == (None, False, False), "the look is older than the launch"
    mark_ready(ledger, "beta")
    assert chat(ledger) == ("beta", True, True)

    looked(ledger)
    assert chat(ledger) == (None, False, False), "the engine has died since"


def test_services_are_as_they_were_last_seen(ledger: Ledger):
    write_seen(ledger, "service/kokoro", {"up": True})
    write_seen(ledger, "service/parakeet", {"up": False})
    document = endpoints_now(ledger, SETTINGS)

    assert (document["audio"]["speech_ready"], document["audio"]["ready"]) == (True, False)
    assert document["services"]["qdrant"]["ready"] is None
    assert document["search"]["ready"] is False, "there is a store, and nobody who makes vectors"


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({}, "http://127.0.0.1:9999"),
        ({"SPARK_GATEWAY_HOST": "192.0.2.10", "SPARK_GATEWAY_PORT": "80"}, "http://192.0.2.10:80"),
        ({"SPARK_GATEWAY_HOST": "fd00::1"}, "http://[fd00::1]:9999"),
        ({"SPARK_PUBLIC_URL": "https://spark.example/ ", "SPARK_GATEWAY_PORT": "1"}, "https://spark.example"),
    ],
)
def test_others_reach_the_gateway_where_the_environment_says(env: dict[str, str], url: str):
    assert public_url(env) == url


def test_an_address_to_listen_on_everywhere_is_no_address_to_call():
    assert "0.0.0.0" not in public_url({"SPARK_GATEWAY_HOST": "0.0.0.0"})
