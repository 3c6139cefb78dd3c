"""The list of services over HTTP: added to, changed and shortened, judged before it is kept."""

import httpx
import pytest

from tests.gateway.one_gateway import OneGateway, one_gateway


@pytest.fixture(scope="module")
def shared(empty_ledger, tmp_path_factory):
    with one_gateway(empty_ledger, tmp_path_factory.mktemp("services")) as shared:
        yield shared


@pytest.fixture
def house(shared: OneGateway) -> OneGateway:
    shared.reset()
    return shared


@pytest.fixture
def http(house: OneGateway) -> httpx.Client:
    return house.http


NEW = {"kind": "http", "host": "spark-1", "port": 7000, "container": "extra", "health_path": "/"}


def test_a_service_is_added_changed_hidden_and_removed(house: OneGateway, http: httpx.Client):
    added = http.post("/api/services/extra", json=NEW)
    seen = house.service("extra")
    taken = http.post("/api/services/extra", json=NEW)
    changed = http.put("/api/services/extra", json={"hidden": True, "port": 7001})
    hidden = house.service("extra")
    default = http.put("/api/services/extra", json={"port": 7002, "hidden": None})
    removed = http.delete("/api/services/extra")

    assert (added.status_code, added.json()["service"]["port"]) == (201, 7000)
    assert (seen["port"], seen["hidden"]) == (7000, False)
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "name_taken")
    assert (changed.status_code, hidden["port"], hidden["hidden"]) == (200, 7001, True)
    assert default.json()["service"]["hidden"] is False
    assert removed.json() == {"removed": "extra"}
    assert [each["name"] for each in house.services()] == ["vllm", "parakeet", "qdrant"]
    assert not house.prefect.created


def test_the_usual_services_stay_when_one_is_added_to_them(house: OneGateway, http: httpx.Client):
    house.prefect.documents["cluster"]["services"] = []
    http.post("/api/services/extra", json=NEW)
    names = [each["name"] for each in house.services()]

    assert names == ["vllm", "parakeet", "kokoro", "embeddings", "qdrant", "extra"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "param"),
    [
        ("POST", "bad", {**NEW, "port": 0}, 422, "services.3.port"),
        ("POST", "bad", {**NEW, "prot": 1}, 422, "services.3.prot"),
        ("POST", "bad", {**NEW, "host": "spark-9"}, 422, "services"),
        ("POST", "Bad Name", NEW, 422, "services.3.name"),
        ("PUT", "qdrant", {"kind": "toaster"}, 422, "services.2.kind"),
        ("PUT", "qdrant", {"name": "other"}, 422, "name"),
        ("PUT", "nobody", {"hidden": True}, 404, "name"),
        ("DELETE", "nobody", None, 404, "name"),
        ("DELETE", "vllm", None, 409, "name"),
    ],
)
def test_a_list_that_cannot_be_is_refused_by_its_field(
    house: OneGateway, http: httpx.Client, method, path, body, status, param
):
    before = house.prefect.documents["cluster"]["services"]
    got = http.request(method, f"/api/services/{path}", json=body)

    assert (got.status_code, got.json()["error"]["param"]) == (status, param)
    assert house.prefect.documents["cluster"]["services"] == before


def test_the_only_vllm_goes_by_force_alone(house: OneGateway, http: httpx.Client):
    assert http.delete("/api/services/vllm?force=true").status_code == 200
    assert [each["name"] for each in house.services()] == ["parakeet", "qdrant"]
