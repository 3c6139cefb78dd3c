"""NIMs over HTTP: the catalogue, and what is refused before a run is asked for."""

import httpx
import pytest

from blocks.ledger.lock import take_lock
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect

KEY = "nvapi-" + "Zq7" * 22


@pytest.fixture
def key(prefect: FakePrefect) -> None:
    prefect.documents["ngc-key"] = {"key": KEY, "registries": ["registry.example/nim/"]}


@pytest.fixture
def no_key(prefect: FakePrefect) -> None:
    prefect.documents["ngc-key"] = {"key": ""}


async def test_the_catalogue_says_what_each_needs_and_where_it_is(
    key: None, http: httpx.AsyncClient, ledger: Ledger
):
    image = "nvcr.io/nim/nvidia/magpie-tts-multilingual"
    write_seen(
        ledger, "host/spark-2", {"containers": [{"name": "voice", "state": "running", "image": image}]}
    )
    answer = await http.get("/api/nim/catalog")

    told = answer.json()
    assert (told["key_set"], told["registries"]) == (True, ["registry.example/nim/"])
    magpie = next(nim for nim in told["catalog"] if nim["key"] == "magpie")
    assert (magpie["kind"], magpie["dialect"], magpie["port"], magpie["memory_gib"]) == (
        "tts",
        "magpie",
        9000,
        14,
    )
    assert magpie["installed"] == [{"host": "spark-2", "container": "voice", "state": "running"}]
    assert KEY not in answer.text


async def test_an_installation_is_one_run_for_whom_the_lock_allows(
    key: None, http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    free = await http.post("/api/nim/install", json={"nim": "magpie", "approval": "ask"})
    token = take_lock(ledger, "night job", "", 60)
    refused = await http.post("/api/nim/install", json={"nim": "magpie"})
    own = {
        "nim": "registry.example/nim/x:1",
        "host": "spark-1",
        "port": 9100,
        "kind": "stt",
        "lock_token": token,
    }
    allowed = await http.post("/api/nim/install", json=own)

    assert [free.status_code, refused.status_code, allowed.status_code] == [202, 423, 202]
    first, second = (run["parameters"] for run in prefect.created)
    assert (first["nim"], first["host"], first["approval"], first["lock_pass"]) == (
        "magpie",
        "spark-2",
        "ask",
        "",
    )
    assert (second["nim"], second["host"], second["kind"]) == ("registry.example/nim/x:1", "spark-1", "stt")
    assert second["lock_pass"] not in ("", token)
    assert KEY not in str(prefect.created)
    assert (await http.get(f"/api/runs/{free.json()['id']}")).json()["kind"] == "nim"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"nim": "nosuch"}, 404, "unknown_nim"),
        ({"nim": "docker.io/library/nginx"}, 422, "foreign_registry"),
        ({"nim": "--privileged"}, 422, "unfit_value"),
        ({"nim": "magpie", "name": "No Name"}, 422, "unfit_value"),
        ({"nim": "magpie", "port": 70000}, 422, "unfit_value"),
        ({"nim": "magpie", "memory_gib": -1}, 422, "unfit_value"),
        ({"nim": "magpie", "host": "spark-9"}, 422, "unknown_host"),
        ({"nim": "magpie", "name": "vllm"}, 409, "name_taken"),
    ],
)
async def test_what_cannot_be_is_said_here_and_now(key: None, http, prefect: FakePrefect, body, status, code):
    answer = await http.post("/api/nim/install", json=body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert prefect.created == []


async def test_a_port_of_another_service_and_a_missing_key_are_said(
    key: None, http: httpx.AsyncClient, prefect: FakePrefect
):
    port = prefect.documents["cluster"]["services"][0]["port"]
    answer = await http.post("/api/nim/install", json={"nim": "magpie", "host": "spark-1", "port": port})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "port_taken")


async def test_without_a_key_nothing_is_installed(no_key: None, http: httpx.AsyncClient):
    answer = await http.post("/api/nim/install", json={"nim": "magpie"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_ngc_key")
    assert (await http.get("/api/nim/catalog")).json()["key_set"] is False
