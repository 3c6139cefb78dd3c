"""The question to Qdrant: the halves of a search, and their fusion (pure)."""

from typing import Any, NamedTuple

from gateway.problem import Problem
from gateway.search.answers import Sparse
from gateway.search.question import Mode, Question
from gateway.search.store import Shape


class Vectors(NamedTuple):
    """The query's vectors; none of a kind that is not searched by, or has nothing in it."""

    dense: list[float] | None
    sparse: Sparse | None

    @property
    def mode(self) -> Mode:
        """What is searched by these."""
        if self.sparse is None:
            return "dense"
        return "sparse" if self.dense is None else "hybrid"


def possible_mode(wanted: Mode, collection: str, shape: Shape) -> Mode:
    """
    The mode in which a collection can be searched: with one kind of vectors, hybrid is that one.

    `Problem` 422 when it has no vectors of the kind that is wanted.
    """
    has: dict[Mode, bool] = {"dense": bool(shape.dense), "sparse": bool(shape.sparse)}
    has["hybrid"] = has["dense"] or has["sparse"]
    if not has[wanted]:
        kinds = "dense or sparse" if wanted == "hybrid" else wanted
        message = f"the collection '{collection}' has no {kinds} vectors to search by"
        raise Problem(422, message, "unfit_value", param="mode")
    if wanted != "hybrid" or (has["dense"] and has["sparse"]):
        return wanted
    return "dense" if has["dense"] else "sparse"


def query_body(question: Question, shape: Shape, vectors: Vectors) -> dict[str, Any]:
    """
    The body of Qdrant's `points/query` that finds all candidates.

    Each half has the filter and finds as many as there are candidates, so that pages do not change the order.
    """
    halves = []
    if vectors.dense is not None:
        halves.append(_half(vectors.dense, _dense_name(question, shape, len(vectors.dense)), question))
    if vectors.sparse is not None:
        sparse = {"indices": vectors.sparse.indices, "values": vectors.sparse.values}
        halves.append(_half(sparse, shape.sparse_name or "", question))
    if len(halves) == 1:
        return {**halves[0], "with_payload": True}
    query = {"fusion": question.fusion}
    return {"prefetch": halves, "query": query, "limit": question.candidates, "with_payload": True}


def _half(query: Any, name: str, question: Question) -> dict[str, Any]:
    half = {"query": query, "limit": question.candidates}
    if name:
        half["using"] = name
    if question.filter is not None:
        half["filter"] = question.filter
    return half


def _dense_name(question: Question, shape: Shape, size: int) -> str:
    name = shape.dense_of(size)
    if name is not None:
        return name
    sizes = ", ".join(sorted({str(vector.size) for vector in shape.dense.values()}))
    message = (
        f"the collection '{question.collection}' has dense vectors of {sizes} numbers, the embeddings "
        f"service makes {size}: it was filled by another model"
    )
    raise Problem(422, message, "unfit_value", param="collection")
