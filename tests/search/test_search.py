"""A search over real sockets: halves, filters, pages, scores, and what happens when something is dead."""

import socket

import pytest

from gateway.problem import Problem
from gateway.search.filters import Condition, Filter, Range
from tests.search import fake_models as fake

ALL = {
    "v1__embeddings": fake.openai_dense,
    "embed_sparse": fake.tei_sparse,
    "v1__rerank": fake.jina_rerank,
}
QUERY = "who paid the invoice"
CUDA = b'{"error": {"message": "CUDA error: an illegal memory access was encountered"}}'


@pytest.fixture
def served(models):
    return models(**ALL)


@pytest.fixture
def search(over, served):
    return over(served.port)


@pytest.fixture
def nobody():
    """A port where connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def ids(answer):
    return [each["id"] for each in answer["results"]]


async def test_a_search_says_what_it_found_how_and_how_long_it_took(search):
    answer = await search(QUERY, limit=2)
    assert ids(answer) == [1, 3]
    best = answer["results"][0]
    assert best["payload"] == {"text": "The invoice of the printer was paid in March.", "year": 2021}
    assert best["score"] > answer["results"][1]["score"]
    assert best["fused_score"] == pytest.approx(1.0)
    assert "k = 2" in answer["scores"]["fused_score"]
    assert set(answer["timing"]) == {"embed", "search", "rerank"}
    assert all(value >= 0 for value in answer["timing"].values())
    assert (answer["mode"], answer["candidates"], answer["next_offset"]) == ("hybrid", 4, 2)
    assert answer["warnings"] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fusion": "dbsf"}, "distribution-based"),
        ({"mode": "dense"}, "cosine"),
        ({"mode": "sparse"}, "words"),
    ],
)
async def test_every_mode_finds_it_and_says_what_its_scores_mean(search, fields, words):
    answer = await search(QUERY, rerank=False, **fields)
    assert ids(answer)[0] == 1
    assert words in answer["scores"]["fused_score"]
    assert answer["results"][0]["score"] == answer["results"][0]["fused_score"]
    assert answer["timing"]["rerank"] is None


async def test_the_filter_holds_in_every_half(search):
    since = Filter(must=[Condition(key="year", range=Range(gte=2023))])
    for mode in ("hybrid", "dense", "sparse"):
        answer = await search(QUERY, filter=since, mode=mode)
        assert set(ids(answer)) <= {3, 4}
        assert ids(answer)


@pytest.mark.parametrize("rerank", [True, False])
async def test_pages_are_parts_of_one_order(search, rerank):
    whole = ids(await search(QUERY, rerank=rerank))
    first = await search(QUERY, rerank=rerank, limit=3)
    second = await search(QUERY, rerank=rerank, limit=3, offset=first["next_offset"])
    assert ids(first) + ids(second) == whole
    assert second["next_offset"] is None


async def test_a_collection_with_one_kind_of_vectors_is_searched_by_it(search):
    answer = await search(QUERY, "plain")
    assert (ids(answer), answer["mode"], answer["reranked"]) == ([1], "dense", False)
    only, text = answer["warnings"]
    assert "dense vectors only" in only
    assert "no candidate has a text" in text
    with pytest.raises(Problem, match="no sparse vectors"):
        await search(QUERY, "plain", mode="sparse")


async def test_a_collection_of_another_model_is_said_to_be_one(search):
    with pytest.raises(Problem, match="8 numbers, the embeddings service makes 64") as refused:
        await search(QUERY, "other")
    assert refused.value.status == 422


async def test_a_query_of_unknown_words_is_searched_by_meaning(search):
    answer = await search("?!")
    assert answer["mode"] == "dense"
    assert "no words" in answer["warnings"][0]
    assert (await search("?!", mode="sparse"))["results"] == []


async def test_a_collection_that_is_not_there_is_named_so(search, served):
    with pytest.raises(Problem) as refused:
        await search(QUERY, "none")
    assert (refused.value.status, refused.value.code) == (404, "unknown_collection")
    assert served.asked == []


async def test_collections_are_listed_with_their_vectors(search):
    found = {each["name"]: each for each in await search.search.collections("somebody")}
    assert found["notes"]["points"] == 4
    assert found["notes"]["dense"] == [{"name": "dense", "size": fake.SIZE, "distance": "Cosine"}]
    assert found["notes"]["sparse"] == ["sparse"]


async def test_a_dead_store_is_said_to_be_dead(over, served, nobody):
    with pytest.raises(Problem, match="qdrant on spark-2 does not answer") as refused:
        await over(served.port, qdrant=nobody)(QUERY)
    assert (refused.value.status, refused.value.headers["retry-after"]) == (503, "5")


async def test_dead_embeddings_are_said_to_be_dead(over, nobody):
    with pytest.raises(Problem, match="embeddings-0 on spark-2 does not answer") as refused:
        await over(nobody)(QUERY)
    assert refused.value.status == 503


async def test_a_dead_reranker_leaves_the_fused_order_and_is_told(over, models, nobody):
    vectors = models(**{name: ALL[name] for name in ("v1__embeddings", "embed_sparse")})
    answer = await over(vectors.port, nobody)(QUERY)
    assert (ids(answer)[0], answer["reranked"], answer["timing"]["rerank"]) == (1, False, None)
    assert "embeddings-1 on spark-2 does not answer" in answer["warnings"][0]


async def test_a_broken_gpu_is_checked_at_once_and_the_client_told_to_come_back(search, served):
    served.status, served.trouble = 500, CUDA
    with pytest.raises(Problem) as refused:
        await search(QUERY)
    assert (refused.value.status, refused.value.code) == (503, "upstream_wedged")
    await search.wedge.close()
    assert search.prefect.started[0]["service"] == "embeddings-0"


async def test_an_embedder_that_hangs_is_not_waited_for_without_end(over, served):
    served.hold.clear()
    with pytest.raises(Problem, match="no answer in time") as refused:
        await over(served.port, seconds=0.3)(QUERY, mode="dense")
    assert (refused.value.status, refused.value.code) == (504, "timed_out")


async def test_a_wrong_key_is_said_without_a_word_of_it(over, served):
    with pytest.raises(Problem, match="Upstream Keys") as refused:
        await over(served.port, key="another-key")(QUERY)
    assert (refused.value.status, refused.value.code) == (502, "upstream_key")
    assert "another-key" not in str(refused.value)


async def test_the_key_does_not_follow_a_redirect(over, models, served):
    lure, trap = models(), models()
    lure.status, lure.headers = 307, {"location": f"http://127.0.0.1:{trap.port}/steal"}
    with pytest.raises(Problem, match="status 307"):
        await over(served.port, qdrant=lure.port)(QUERY)
    assert trap.asked == []


@pytest.mark.parametrize("status", [200, 404])
async def test_something_that_is_no_qdrant_is_said_to_be_none(over, models, status):
    other = models()
    other.status, other.trouble = status, b"<html>"
    with pytest.raises(Problem, match="is it Qdrant"):
        await over(other.port, qdrant=other.port).search.collections("somebody")
