"""A service that was installed is added to the Cluster's settings, and nothing of them is lost."""

from pathlib import Path

import pytest

from blocks.cluster import Service
from blocks.settings import make_settings
from tasks.outcome import Failed
from tasks.register_service import register_service, with_service
from tests.gateway.fake_prefect import FakePrefect
from tests.tasks.quiet import quiet_report

HOSTS = [{"name": "spark-1", "address": "192.0.2.1"}, {"name": "spark-2", "address": "192.0.2.2"}]
MAGPIE = Service(
    name="magpie", kind="tts", host="spark-2", port=9000, container="magpie", dialect="magpie",
    health_path="/v1/health/ready",
)  # fmt: skip


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch):
    """A small Prefect with the settings of two hosts."""
    prefect = FakePrefect()
    prefect.documents["cluster"] = {"hosts": HOSTS, "image": "vllm-node:2"}
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


def services(data: dict) -> dict[str, Service]:
    return {service.name: service for service in make_settings({"cluster": data}).cluster.services}


def test_the_usual_services_stay_when_one_is_added_to_them():
    data = with_service({"hosts": HOSTS}, MAGPIE)

    assert set(services(data)) == {"vllm", "parakeet", "kokoro", "embeddings", "qdrant", "magpie"}
    assert services(data)["magpie"] == MAGPIE
    assert services({"hosts": HOSTS})["kokoro"] == services(data)["kokoro"]


def test_what_is_written_stays_as_it_is_also_where_it_is_unfit():
    odd = {"name": "vllm", "kind": "vllm", "host": "spark-1", "port": "none", "container": "x"}
    data = with_service({"hosts": HOSTS, "services": [odd], "colour": "red"}, MAGPIE)

    assert data["services"][0] is odd
    assert data["colour"] == "red"
    with pytest.raises(Failed, match="there is a service named magpie already"):
        with_service(data, MAGPIE)


def test_it_is_written_to_prefect(prefect: FakePrefect, tmp_path: Path):
    ledger = quiet_report(tmp_path).ledger
    register_service(ledger, MAGPIE)
    ledger.close()

    assert services(prefect.documents["cluster"])["magpie"] == MAGPIE
    assert prefect.documents["cluster"]["image"] == "vllm-node:2"


def test_settings_that_cannot_be_written_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    ledger = quiet_report(tmp_path).ledger

    with pytest.raises(Failed, match="Prefect, which keeps the settings, cannot be asked"):
        register_service(ledger, MAGPIE)
    ledger.close()
