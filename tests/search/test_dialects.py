"""Every dialect of embedders and rerankers is found by trying, once."""

import pytest

from gateway.problem import Problem
from tests.search import fake_models as fake

OPENAI = {"v1__embeddings": fake.openai_dense}
BOTH = {**OPENAI, "embed_sparse": fake.tei_sparse}
QUERY = "who paid the invoice"


def ids(answer):
    return [each["id"] for each in answer["results"]]


@pytest.mark.parametrize(
    "routes",
    [OPENAI, {"embed": fake.tei_dense}, {"embed": fake.lexical}, {"encode": fake.lexical}],
    ids=["OpenAI", "TEI", "sidecar", "sidecar /encode"],
)
async def test_dense_vectors_come_in_every_dialect(over, models, routes):
    answer = await over(models(**routes).port)(QUERY, mode="dense", rerank=False)
    assert ids(answer)[0] == 1
    assert answer["warnings"] == []


@pytest.mark.parametrize(
    "routes",
    [
        {"embed_sparse": fake.tei_sparse},
        {"embed_sparse": fake.pairs},
        {"embed": fake.lexical},
        {"encode": fake.lexical},
    ],
    ids=["TEI", "pairs", "sidecar", "sidecar /encode"],
)
async def test_sparse_vectors_come_in_every_dialect(over, models, routes):
    answer = await over(models(**routes).port)(QUERY, mode="sparse", rerank=False)
    assert ids(answer)[:2] == [1, 3]
    assert answer["mode"] == "sparse"


@pytest.mark.parametrize(
    ("routes", "words"),
    [
        ({"v1__rerank": fake.jina_rerank}, "From 0 to 1"),
        ({"rerank": fake.jina_rerank}, "From 0 to 1"),
        ({"v2__rerank": fake.jina_rerank}, "From 0 to 1"),
        ({"v1__rerank": fake.logit_rerank}, "logit"),
        ({"rerank": fake.tei_rerank}, "From 0 to 1"),
    ],
    ids=["vLLM", "llama.cpp", "Cohere", "raw scores", "TEI"],
)
async def test_rerankers_of_every_dialect_are_understood(over, models, routes, words):
    answer = await over(models(**OPENAI, **routes).port)("roof mended", mode="dense")
    assert ids(answer)[0] == 4
    assert answer["reranked"] is True
    assert words in answer["scores"]["score"]


async def test_a_dialect_is_found_once_and_kept(over, models):
    served = models(embed=fake.tei_dense, embed_sparse=fake.tei_sparse)
    search = over(served.port)
    await search(QUERY, rerank=False)
    served.asked.clear()
    await search(QUERY, rerank=False)
    assert sorted(served.paths()) == ["/embed", "/embed_sparse"]


async def test_another_program_in_the_same_place_is_found_out(over, models):
    served = models(**OPENAI)
    search = over(served.port)
    await search(QUERY, mode="dense", rerank=False)
    served.routes = {"/embed": fake.tei_dense}
    assert ids(await search(QUERY, mode="dense", rerank=False))[0] == 1


async def test_each_role_may_be_another_service(over, models):
    dense, sparse = models(**OPENAI), models(embed_sparse=fake.tei_sparse)
    rank = models(rerank=fake.tei_rerank)
    answer = await over(dense.port, sparse.port, rank.port)(QUERY)
    assert (answer["mode"], answer["reranked"], answer["warnings"]) == ("hybrid", True, [])


async def test_models_are_named_by_their_role(over, models):
    served = models(**OPENAI, v1__rerank=fake.jina_rerank)
    served.models = ["BAAI/bge-m3", "BAAI/bge-reranker-v2-m3"]
    await over(served.port)(QUERY, mode="dense")
    named = {path: body["model"] for path, body in served.asked if body}
    assert named == {"/v1/embeddings": "BAAI/bge-m3", "/v1/rerank": "BAAI/bge-reranker-v2-m3"}


async def test_a_hybrid_search_without_sparse_vectors_says_so(over, models):
    answer = await over(models(**OPENAI).port)(QUERY, rerank=False)
    assert answer["mode"] == "dense"
    [warning] = answer["warnings"]
    assert "dense vectors only" in warning
    with pytest.raises(Problem) as refused:
        await over(models(**OPENAI).port)(QUERY, mode="sparse")
    assert (refused.value.status, refused.value.code) == (501, "not_implemented")


async def test_vectors_that_are_none_are_an_error_and_no_search(over, models):
    served = models(v1__embeddings=lambda _: {"data": [{"embedding": [0.0] * fake.SIZE}]})
    with pytest.raises(Problem) as refused:
        await over(served.port)(QUERY)
    assert refused.value.status == 501


async def test_many_candidates_are_ranked_in_batches_a_tei_takes(over, models, store):
    store.make("many", {"size": fake.SIZE, "distance": "Cosine"})
    texts = [f"note {number} of a roof" for number in range(80)]
    store.put(
        "many",
        [{"id": n, "vector": fake.dense(t, fake.SIZE), "payload": {"text": t}} for n, t in enumerate(texts)],
    )
    served = models(**OPENAI, rerank=fake.tei_rerank)
    answer = await over(served.port)("note 7", "many", candidates=80, limit=80)
    asked = [len(body["texts"]) for path, body in served.asked if path == "/rerank" and "texts" in body]
    assert sorted(asked) == [2, 16, 32, 32]
    assert answer["reranked"] is True
    assert len(set(ids(answer))) == 80
