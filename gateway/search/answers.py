"""What embedders and rerankers answer, in the shapes that are in use (pure)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

_LARGEST_INDEX = 2**32 - 1


class Unreadable(ValueError):
    """An answer that is none; the message says why in plain words."""


@dataclass(frozen=True)
class Sparse:
    """Weights of words by their number; nothing in it: the model knows none of the words."""

    indices: list[int]
    values: list[float]


class _Embedding(msgspec.Struct):
    embedding: list[float]


class _Embeddings(msgspec.Struct):
    data: list[_Embedding]


class _Encoded(msgspec.Struct):
    """A sidecar's: names differ, as do a list of one and the one itself."""

    dense_vecs: list[Any] | None = None
    dense_vectors: list[Any] | None = None
    embeddings: list[Any] | None = None
    embedding: list[Any] | None = None
    lexical_weights: list[Any] | dict[str, Any] | None = None
    sparse_vectors: list[Any] | dict[str, Any] | None = None
    sparse_embeddings: list[Any] | dict[str, Any] | None = None
    sparse: list[Any] | dict[str, Any] | None = None


class _Weight(msgspec.Struct):
    index: int
    value: float


class _Result(msgspec.Struct):
    index: int
    relevance_score: float


class _Results(msgspec.Struct):
    results: list[_Result]


class _Score(msgspec.Struct):
    index: int
    score: float


def openai_vector(body: bytes) -> list[float]:
    """OpenAI's `{"data": [{"embedding": [...]}]}`."""
    return _vector([each.embedding for each in _read(body, _Embeddings).data])


def tei_vector(body: bytes) -> list[float]:
    """The bare `[[...]]` of text-embeddings-inference."""
    return _vector(_read(body, list[list[float]]))


def encoded_vector(body: bytes) -> list[float]:
    """The dense part of a bge-m3 sidecar's answer."""
    told = _read(body, _Encoded)
    return _vector(told.dense_vecs or told.dense_vectors or told.embeddings or told.embedding)


def tei_sparse(body: bytes) -> Sparse:
    """The `[[{index, value}]]` of text-embeddings-inference."""
    [weights] = _only(_read(body, list[list[_Weight]]))
    return _sparse({each.index: each.value for each in weights})


def encoded_sparse(body: bytes) -> Sparse:
    """The sparse part of a bge-m3 sidecar's answer: weights by the token's number, or indices and values."""
    told = _read(body, _Encoded)
    names = (told.lexical_weights, told.sparse_vectors, told.sparse_embeddings, told.sparse)
    found = next((each for each in names if each is not None), None)
    first = found[0] if isinstance(found, list) and found else found
    if not isinstance(first, dict):
        raise Unreadable("its answer holds no sparse vector")
    indices, values = first.get("indices"), first.get("values")
    if isinstance(indices, list) and isinstance(values, list) and len(indices) == len(values):
        return _sparse(dict(zip(indices, values, strict=True)))
    return _sparse(first)


def jina_scores(body: bytes, count: int) -> list[float | None]:
    """Jina's, Cohere's, vLLM's and llama.cpp's `{"results": [{index, relevance_score}]}`, in any order."""
    results = _read(body, _Results).results
    return _placed([(each.index, each.relevance_score) for each in results], count)


def tei_scores(body: bytes, count: int) -> list[float | None]:
    """The bare `[{index, score}]` of text-embeddings-inference."""
    return _placed([(each.index, each.score) for each in _read(body, list[_Score])], count)


def _placed(told: Sequence[tuple[int, float]], count: int) -> list[float | None]:
    """A score for each text, by its place; none for one that was left out."""
    scores: list[float | None] = [None] * count
    for index, score in told:
        if not 0 <= index < count or not math.isfinite(score):
            raise Unreadable(f"it ranks text {index} of {count} with {score}")
        scores[index] = score
    return scores


def _vector(told: Any) -> list[float]:
    first = told[0] if told and isinstance(told[0], list) else told
    numbers = _numbers(first)
    if not numbers or not any(numbers):
        raise Unreadable("its answer holds no dense vector")
    return numbers


def _sparse(weights: Mapping[Any, Any]) -> Sparse:
    """Ordered by index, without those that weigh nothing; keys may be texts, as JSON wants them."""
    try:
        pairs = sorted((int(index), value) for index, value in weights.items())
    except (TypeError, ValueError):
        raise Unreadable("its sparse vector names words that are no numbers") from None
    if pairs and not 0 <= pairs[0][0] <= pairs[-1][0] <= _LARGEST_INDEX:
        raise Unreadable("its sparse vector names words outside of what can be stored")
    values = _numbers([value for _, value in pairs])
    kept = [(index, value) for (index, _), value in zip(pairs, values, strict=True) if value]
    return Sparse([index for index, _ in kept], [value for _, value in kept])


def _numbers(told: Any) -> list[float]:
    fits = isinstance(told, list) and all(type(each) in (int, float) for each in told)
    if not fits or not all(map(math.isfinite, told)):
        raise Unreadable("its answer holds something that is no vector of numbers")
    return [float(each) for each in told]


def _only(told: list[Any]) -> list[Any]:
    if len(told) != 1:
        raise Unreadable(f"it answers one text with {len(told)} vectors")
    return told


def _read(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise Unreadable(f"its answer has not the shape that is expected ({error})") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Unreadable("its answer is not whole JSON") from None
