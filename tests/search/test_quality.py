"""Both halves together find more than either alone: nDCG@10 on a small labelled corpus."""

import math
import re

import pytest

from simulator.engine.hashing import words
from tests.search import fake_models as fake
from tests.search.conftest import point
from tests.search.corpus import CONCEPTS, DOCUMENTS, QUESTIONS

MEANING = {word: at for at, line in enumerate(CONCEPTS) for word in words(line)}


def meant(text):
    """A vector over meanings; what has none still points somewhere, as with real models."""
    vector = [0.01 * value for value in fake.dense(re.sub(r"[A-Z]+-?\d+", "mark", text), fake.SIZE)]
    for word in words(text):
        if word in MEANING:
            vector[MEANING[word]] += 1.0
    length = math.hypot(*vector)
    return [value / length for value in vector]


def ndcg(found, labels):
    """At 10, with the usual gains and discounts."""

    def gain(grades):
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))

    return gain([labels.get(each, 0) for each in found[:10]]) / gain(sorted(labels.values(), reverse=True))


@pytest.fixture
def search(over, models, store):
    store.make("corpus", {"dense": {"size": fake.SIZE, "distance": "Cosine"}}, {"sparse": {}})
    store.put("corpus", [point(number, text, meant(text)) for number, text in DOCUMENTS.items()])
    served = models(
        v1__embeddings=lambda body: {"data": [{"embedding": meant(text)} for text in body["input"]]},
        embed_sparse=fake.tei_sparse,
        v1__rerank=fake.jina_rerank,
    )
    return over(served.port)


async def quality(search, **fields):
    total = 0.0
    for query, labels in QUESTIONS:
        answer = await search(query, "corpus", rerank=False, **fields)
        total += ndcg([each["id"] for each in answer["results"]], labels)
    return total / len(QUESTIONS)


async def test_hybrid_is_better_than_either_half(search):
    dense, sparse = await quality(search, mode="dense"), await quality(search, mode="sparse")
    rrf, dbsf = await quality(search), await quality(search, fusion="dbsf")
    figures = f"dense {dense:.3f}, sparse {sparse:.3f}, rrf {rrf:.3f}, dbsf {dbsf:.3f}"
    assert min(rrf, dbsf) >= max(dense, sparse), figures
