"""POST /api/search through the gateway, over the simulator's vector store and embeddings service."""

import httpx
import pytest

from blocks.ledger.migrate import migrate
from gateway.options import Options
from simulator.engine.hashing import dense
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect
from tests.search.conftest import KEY, NOTES, cluster, point, program
from tests.search.test_pure import HOSTILE

QUERY = "who paid the invoice"
PAGE = "https://notes.example"


@pytest.fixture(scope="module")
def http(store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    store.make("house", {"dense": {"size": 1024, "distance": "Cosine"}}, {"sparse": {}})
    store.put("house", [point(n, text, dense(text, 1024), year=2020 + n) for n, text in NOTES.items()])
    url, prefect = f"sqlite:///{folder}/ledger.db", FakePrefect()
    migrate(url)
    with program(folder, "embeddings-server") as models, pytest.MonkeyPatch.context() as patch:
        prefect.documents["cluster"] = cluster(store.port, models).model_dump(mode="json")
        prefect.documents["upstream-keys"] = {"keys": {"qdrant": KEY}}
        patch.setenv("PREFECT_API_URL", prefect.url)
        gateway = Running(
            Options(
                prefect_url=prefect.url, ledger_url=url, access_log="off", drain_seconds=1.0,
                cors_origins=frozenset({PAGE}),
            )
        )  # fmt: skip
        gateway.start()
        with httpx.Client(base_url=gateway.url, timeout=30) as client:
            yield client
        gateway.stop()
    prefect.close()


def ask(http, **fields):
    return http.post("/api/search", json={"collection": "house", "query": QUERY} | fields)


def error(answer):
    return answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["param"]


def test_a_question_is_answered_by_both_halves_and_the_reranker(http):
    answer = ask(http, filter={"must": {"key": "year", "range": {"lte": 2023}}}, limit=2)
    told = answer.raise_for_status().json()
    assert [each["id"] for each in told["results"]] == [1, 3]
    assert (told["mode"], told["reranked"], told["warnings"]) == ("hybrid", True, [])
    assert set(told["timing"]) == {"embed", "search", "rerank"}


def test_collections_are_listed(http):
    listed = http.get("/api/search/collections").raise_for_status().json()["collections"]
    house = next(each for each in listed if each["name"] == "house")
    assert house == {
        "name": "house",
        "points": 4,
        "dense": [{"name": "dense", "size": 1024, "distance": "Cosine"}],
        "sparse": ["sparse"],
    }


@pytest.mark.parametrize("name", [name for name in HOSTILE if "\ud800" not in name])
def test_no_name_reaches_another_path_of_the_store(http, name):
    assert error(ask(http, collection=name)) == (422, "unfit_value", "collection")


def test_half_a_character_is_no_name(http):
    body = b'{"collection": "a\\ud800", "query": "x"}'
    answer = http.post("/api/search", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "fields",
    [
        {"filter": {"must": [{"key": "year", "script": "x"}]}},
        {"filter": {"must": [{"key": "year"}]}},
        {"filter": {"query": {}}},
        {"filter": "year = 2024"},
        {"mode": "best"},
        {"fusion": "sum"},
        {"limit": 0},
        {"limit": 101},
        {"offset": -1},
        {"with_vectors": True},
        {"query": 7},
    ],
)
def test_what_is_no_search_is_refused_in_words(http, fields):
    answer = ask(http, **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_brackets_without_end_are_refused(http):
    deep = b'{"must":' * 50_000 + b"null" + b"}" * 50_000
    body = b'{"collection": "house", "query": "x", "filter": ' + deep + b"}"
    answer = http.post("/api/search", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "nested" in answer.json()["error"]["message"]


def test_the_stores_key_is_in_no_answer(http):
    answers = [
        ask(http), ask(http, collection="none"), ask(http, collection="../telemetry"), ask(http, limit=0),
        http.get("/api/search/collections"),
    ]  # fmt: skip
    assert [each.status_code for each in answers] == [200, 404, 422, 400, 200]
    assert not any(KEY in each.text or KEY in str(each.headers) for each in answers)


def test_pages_of_allowed_origins_may_search(http):
    allowed = http.post("/api/search", json={"collection": "house", "query": QUERY}, headers={"origin": PAGE})
    assert allowed.headers["access-control-allow-origin"] == PAGE
    refused = http.post("/api/search", json={}, headers={"origin": "https://other.example"})
    assert error(refused)[:2] == (403, "other_origin")
