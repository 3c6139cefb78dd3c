"""/api/settings: shown with their words, changed after they were judged, live at once and everywhere."""

import time

import httpx
import pytest
from sqlalchemy import select

from blocks.ledger.tables import journal
from blocks.setting_fields import KINDS, MASK
from tests.gateway.one_gateway import HOSTS, OneGateway, one_gateway


@pytest.fixture(scope="module")
def shared(empty_ledger, tmp_path_factory):
    with one_gateway(empty_ledger, tmp_path_factory.mktemp("settings")) as shared:
        yield shared


@pytest.fixture
def house(shared: OneGateway) -> OneGateway:
    shared.reset()
    return shared


@pytest.fixture
def http(house: OneGateway) -> httpx.Client:
    return house.http


def block(http: httpx.Client, name: str) -> dict:
    blocks = http.get("/api/settings").raise_for_status().json()["blocks"]
    return next(each for each in blocks if each["block"] == name)


def field(http: httpx.Client, name: str, of: str) -> dict:
    return next(each for each in block(http, name)["fields"] if each["name"] == of)


def test_every_block_is_shown_with_what_a_form_needs(http: httpx.Client):
    blocks = http.get("/api/settings").json()["blocks"]
    drain = field(http, "cluster", "drain_seconds")

    assert [each["block"] for each in blocks] == list(KINDS)
    assert (drain["value"], drain["used"], drain["default"], drain["type"]) == (None, 60, 60, "integer")
    assert drain["limits"] == {"minimum": 0, "maximum": 3600}
    assert drain["description"]
    assert all(each["form"]["properties"] for each in blocks)


def test_a_change_is_shown_before_and_after_and_is_live_at_once(house: OneGateway, http: httpx.Client):
    got = http.put("/api/settings/cluster", json={"services": [
        {"name": "vllm", "kind": "vllm", "host": "spark-1", "port": 9, "container": "other"},
    ]})  # fmt: skip
    container = house.service("vllm")["container"]["name"]
    with house.ledger.read() as connection:
        noted = connection.execute(select(journal).order_by(journal.c.at.desc())).first().data

    assert got.status_code == 200
    assert len(got.json()["fields"]["services"]["before"]) == 3
    assert got.json()["fields"]["services"]["after"][0]["container"] == "other"
    assert container == "other"
    assert (noted["block"], noted["who"]) == ("cluster", "127.0.0.1")


def test_what_another_gateway_or_prefects_ui_changes_is_live_within_five_seconds(
    house: OneGateway, http: httpx.Client
):
    house.prefect.documents["cluster"] = {"hosts": HOSTS, "services": [
        {"name": "new", "host": "spark-1", "port": 9, "container": "new"}
    ]}  # fmt: skip
    began = time.monotonic()
    house.until(lambda: [each["name"] for each in house.services()] == ["new"])

    assert time.monotonic() - began < 5


def test_what_does_not_fit_is_refused_with_the_old_value_beside_it(house: OneGateway, http: httpx.Client):
    house.prefect.documents["cluster"]["drain_seconds"] = 30
    got = http.put("/api/settings/cluster", json={"drain_seconds": -1, "image": "fine"})
    problem = got.json()
    old = next(each for each in problem["now"]["fields"] if each["name"] == "drain_seconds")

    assert (got.status_code, problem["error"]["param"]) == (422, "drain_seconds")
    assert "nothing was changed" in problem["error"]["message"]
    assert old["value"] == 30
    assert "image" not in house.prefect.documents["cluster"]


def test_of_two_browsers_the_second_gets_409_and_the_present_value(house: OneGateway, http: httpx.Client):
    version = block(http, "cluster")["version"]
    first = http.put("/api/settings/cluster", json={"drain_seconds": 1}, headers={"If-Match": version})
    second = http.put(
        "/api/settings/cluster", json={"drain_seconds": 2}, headers={"If-Match": f'"{version}"'}
    )
    now = second.json()["now"]
    third = http.put("/api/settings/cluster", json={"drain_seconds": 3}, headers={"If-Match": now["version"]})

    assert [answer.status_code for answer in (first, second, third)] == [200, 409, 200]
    assert second.json()["error"]["code"] == "changed_meanwhile"
    assert next(each["value"] for each in now["fields"] if each["name"] == "drain_seconds") == 1
    assert house.prefect.documents["cluster"]["drain_seconds"] == 3


def test_a_secret_goes_in_and_never_comes_out(house: OneGateway, http: httpx.Client):
    put = http.put("/api/settings/ngc-key", json={"key": "very-secret-key"})
    same = http.put("/api/settings/ngc-key", json={"key": MASK})
    shown = http.get("/api/settings").text

    assert (put.status_code, same.json()["fields"]) == (200, {})
    assert put.json()["fields"]["key"] == {"before": None, "after": MASK}
    assert house.prefect.documents["ngc-key"]["key"] == "very-secret-key"
    assert "very-secret-key" not in put.text + same.text + shown
    assert field(http, "ngc-key", "key")["secret"]


def test_unknown_blocks_and_bodies_that_are_no_settings_are_refused(http: httpx.Client):
    assert http.put("/api/settings/nobody", json={"a": 1}).status_code == 404
    assert http.put("/api/settings/cluster", json=[1]).status_code == 400
    assert http.put("/api/settings/cluster", content=b"{").status_code == 400
    other = http.put("/api/settings/cluster", json={}, headers={"origin": "http://evil.example"})
    assert other.status_code == 403


def test_a_problem_of_a_stored_value_stands_at_its_field(house: OneGateway, http: httpx.Client):
    house.prefect.documents["bot"]["branch"] = "--bad"

    assert "not used" in field(http, "bot", "branch")["problem"]
