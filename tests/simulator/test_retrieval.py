"""The embeddings and Qdrant stand-ins: near texts are near, and a hybrid search finds them."""

import base64
import struct

import openai
import pytest
import pytest_asyncio

from tests.simulator.engines import Spark

# One server answers every test here: what it is asked leaves nothing behind.
pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = [
    "The invoice of the printer was paid in March.",
    "Our cat sleeps on the warm roof all day.",
    "Printers and invoices: how we pay for paper.",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def models(tmp_path_factory):
    async with Spark(tmp_path_factory.mktemp("cluster") / "spark-2").runs("embeddings-server") as running:
        yield await running.ready()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def qdrant(tmp_path_factory):
    async with Spark(tmp_path_factory.mktemp("cluster") / "spark-2").runs("qdrant") as running:
        yield await running.ready()


async def post(server, path, body, status=200):
    answer = await server.client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def vectors(models, texts):
    data = (await post(models, "/v1/embeddings", {"input": texts}))["data"]
    return [item["embedding"] for item in data]


def near(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


async def test_texts_that_share_words_have_near_vectors(models):
    invoice, cat, printers = await vectors(models, TEXTS)
    assert len(invoice) == 1024
    assert near(invoice, invoice) == pytest.approx(1, abs=1e-4)
    assert near(invoice, printers) > near(invoice, cat) + 0.1


async def test_vectors_can_be_packed_and_shortened(models):
    ask = {"input": TEXTS[0], "dimensions": 64}
    plain = (await post(models, "/v1/embeddings", ask))["data"][0]["embedding"]
    packed = await post(models, "/v1/embeddings", ask | {"encoding_format": "base64"})
    raw = base64.b64decode(packed["data"][0]["embedding"])
    assert struct.unpack("<64f", raw) == pytest.approx(plain)
    await post(models, "/v1/embeddings", {"input": []}, 400)
    await post(models, "/v1/embeddings", ask | {"dimensions": 9999}, 400)


async def test_openais_client_is_understood(models):
    async with openai.AsyncOpenAI(base_url=f"{models.url}/v1", api_key="none") as sdk:
        found = await sdk.embeddings.create(model="BAAI/bge-m3", input=TEXTS)
    assert found.data[1].embedding == pytest.approx((await vectors(models, TEXTS))[1])


async def test_bodies_of_a_wrong_shape_are_refused(models):
    for body in ({"query": "x", "documents": [7]}, {"query": "x", "texts": [None]}):
        await post(models, "/rerank", body, 422)


async def test_sparse_weights_are_ids_and_values(models):
    first, second = await post(models, "/embed_sparse", {"inputs": [TEXTS[0], TEXTS[2]]})
    shared = {item["index"] for item in first} & {item["index"] for item in second}
    assert len(shared) == 2
    assert all(0 < item["value"] < 1 for item in first)


async def test_reranking_answers_in_the_form_it_was_asked_in(models):
    ask = {"query": "who paid the invoice", "documents": TEXTS, "top_n": 2}
    for path in ("/rerank", "/v1/rerank", "/v2/rerank"):
        results = (await post(models, path, ask))["results"]
        assert [result["index"] for result in results] == [0, 2]
        assert results[0]["document"]["text"] == TEXTS[0]
    bare = await post(models, "/rerank", {"query": "who paid the invoice", "texts": TEXTS})
    assert [item["index"] for item in bare] == [0, 2, 1]
    assert bare[0]["score"] == results[0]["relevance_score"]
    await post(models, "/v1/rerank", {"query": "x"}, 400)


async def filled(qdrant):
    config = {
        "vectors": {"dense": {"size": 2, "distance": "Cosine"}},
        "sparse_vectors": {"sparse": {}},
    }
    await qdrant.client.delete("/collections/notes")
    assert (await qdrant.client.put("/collections/notes", json=config)).json()["result"] is True
    points = [
        _point(1, [1, 0], {7: 1.0}, {"tag": "a", "year": 2024, "by": {"name": "Ann"}}),
        _point(2, [0.9, 0.1], {8: 1.0}, {"tag": "b", "year": 2025}),
        _point(3, [0, 1], {7: 2.0}, {"tag": ["a", "c"], "year": 2026}),
    ]
    answer = await qdrant.client.put("/collections/notes/points?wait=true", json={"points": points})
    assert answer.json()["result"]["status"] == "completed"


def _point(number, dense, sparse, payload):
    weights = {"indices": list(sparse), "values": list(sparse.values())}
    return {"id": number, "vector": {"dense": dense, "sparse": weights}, "payload": payload}


async def ids(qdrant, **body):
    answer = await post(qdrant, "/collections/notes/points/query", body)
    return [point["id"] for point in answer["result"]["points"]]


async def test_a_hybrid_query_fuses_dense_and_sparse(qdrant):
    await filled(qdrant)
    assert await ids(qdrant, query=[1, 0], using="dense") == [1, 2, 3]
    sparse = {"indices": [7], "values": [1.0]}
    assert await ids(qdrant, query=sparse, using="sparse") == [3, 1]
    both = [
        {"query": [1, 0], "using": "dense", "limit": 3},
        {"query": sparse, "using": "sparse", "limit": 3},
    ]
    for kind in ("rrf", "dbsf"):
        assert await ids(qdrant, prefetch=both, query={"fusion": kind}, limit=2) == [1, 3]
    body = {"prefetch": both, "query": {"fusion": "rrf"}, "with_payload": True, "limit": 1}
    best = (await post(qdrant, "/collections/notes/points/query", body))["result"]["points"][0]
    assert best["score"] == pytest.approx(1 / 2 + 1 / 3)
    assert best["payload"]["tag"] == "a"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"must": [{"key": "tag", "match": {"value": "a"}}]}, [1, 3]),
        ({"must_not": [{"key": "tag", "match": {"any": ["b", "c"]}}]}, [1]),
        ({"must": {"key": "year", "range": {"gte": 2025, "lt": 2026}}}, [2]),
        ({"should": [{"key": "by.name", "match": {"value": "Ann"}}, {"has_id": [3]}]}, [1, 3]),
        ({"must": [{"is_empty": {"key": "by"}}]}, [2, 3]),
        ({"must": [{"must_not": [{"key": "year", "match": {"value": 2024}}]}]}, [2, 3]),
    ],
)
async def test_filters_hold(qdrant, wanted, found):
    await filled(qdrant)
    assert sorted(await ids(qdrant, query=[1, 0], using="dense", filter=wanted)) == found
    body = {"filter": wanted, "limit": 1}
    page = (await post(qdrant, "/collections/notes/points/scroll", body))["result"]
    assert page["points"][0]["id"] == found[0]
    assert page["next_page_offset"] == (found[1] if len(found) > 1 else None)
    counted = await post(qdrant, "/collections/notes/points/count", {"filter": wanted})
    assert counted["result"]["count"] == len(found)


async def test_points_and_collections_come_and_go(qdrant):
    await filled(qdrant)
    one = (await qdrant.client.get("/collections/notes/points/3")).json()["result"]
    assert one["vector"]["sparse"] == {"indices": [7], "values": [2.0]}
    await post(qdrant, "/collections/notes/points/delete", {"points": [3]})
    assert (await qdrant.client.get("/collections/notes/points/3")).status_code == 404
    shown = (await qdrant.client.get("/collections/notes")).json()["result"]
    assert (shown["status"], shown["points_count"]) == ("green", 2)
    assert (await qdrant.client.delete("/collections/notes")).json()["result"] is True
    assert (await qdrant.client.get("/collections")).json()["result"] == {"collections": []}


async def test_what_qdrant_refuses_is_refused(qdrant):
    await filled(qdrant)
    missing = await post(qdrant, "/collections/none/points/query", {"query": [1, 0]}, 404)
    assert missing["status"]["error"] == "Not found: Collection `none` doesn't exist!"
    for body in ({"query": [1, 0, 0], "using": "dense"}, {"query": [1, 0], "using": "other"}):
        await post(qdrant, "/collections/notes/points/query", body, 400)
    bad = {"points": [{"id": "not-a-uuid", "vector": {}}]}
    answer = await qdrant.client.put("/collections/notes/points", json=bad)
    assert "valid point ID" in answer.json()["status"]["error"]


async def test_health_is_open_and_the_rest_asks_for_the_key(tmp_path):
    host = Spark(tmp_path / "spark-2")
    async with host.runs("qdrant", QDRANT__SERVICE__API_KEY="secret") as guarded:
        await guarded.ready()
        for path in ("/readyz", "/livez", "/healthz"):
            assert (await guarded.client.get(path)).status_code == 200
        assert (await guarded.client.get("/collections")).status_code == 401
        known = await guarded.client.get("/collections", headers={"api-key": "secret"})
        assert known.status_code == 200
