"""A search from the question to the answer: vectors, candidates, ranks, a page of them."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from gateway.problem import Problem
from gateway.search import meaning
from gateway.search.answers import Sparse
from gateway.search.asking import Vectors, possible_mode, query_body
from gateway.search.question import Question, require_fit
from gateway.search.ranking import Ranked, in_order
from gateway.search.reranking import judge
from gateway.search.retrieval import Retrieval
from gateway.search.store import Point, Shape, Store
from gateway.search.upstream import ANSWER_SECONDS, Upstream
from gateway.turns import Turns
from gateway.watch import Watch
from gateway.wedge import Wedge

A = TypeVar("A")
B = TypeVar("B")
_NO_WORDS = "the query has no words that the sparse model knows"


class Search:
    """Searches collections of the cluster's vector store."""

    def __init__(
        self, watch: Watch, turns: Turns, wedge: Wedge, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._upstream = Upstream(watch, turns, wedge, answer_seconds)
        self._store = Store(self._upstream)
        self._retrieval = Retrieval(self._upstream)

    async def close(self) -> None:
        """Close its connections."""
        await self._upstream.close()

    async def collections(self, client: str) -> list[dict[str, Any]]:
        """What can be searched: names, points and vectors."""
        return [
            {
                "name": name,
                "points": shape.points,
                "dense": [
                    {"name": each, "size": vector.size, "distance": vector.distance}
                    for each, vector in sorted(shape.dense.items())
                ],
                "sparse": sorted(shape.sparse),
            }
            for name, shape in await self._store.collections(client)
        ]

    async def answer(self, question: Question, client: str) -> dict[str, Any]:
        """
        The page that is asked for.

        Args:
            question: As it came; `Problem` 422 when something in it does not fit.
            client: Whose turns are used.
        """
        require_fit(question)
        times = [time.monotonic()]
        shape = await self._store.shape(question.collection, client)
        vectors, warnings = await self._vectors(question, shape, client)
        times.append(time.monotonic())
        points = await self._points(question, shape, vectors, client)
        times.append(time.monotonic())
        scores, more = await judge(self._retrieval, question, points, client)
        times.append(time.monotonic())
        size = len(vectors.dense or ())
        return {
            **_page(question, points, scores),
            "mode": vectors.mode,
            "reranked": scores is not None,
            "scores": {
                "score": meaning.of_ranked(scores),
                "fused_score": meaning.of_fused(vectors.mode, question.fusion, shape, size),
            },
            "timing": _timing(times, ranked=scores is not None),
            "warnings": [*warnings, *more],
        }

    async def _vectors(self, question: Question, shape: Shape, client: str) -> tuple[Vectors, list[str]]:
        """The query's, both at once where both are wanted, and what is missing of them in words."""
        query, mode = question.query, possible_mode(question.mode, question.collection, shape)
        missing = [] if mode == question.mode else ["the collection has no others"]
        dense: list[float] | None = None
        sparse: Sparse | str | None = None
        if mode == "sparse":
            sparse = await self._retrieval.sparse(query, client)
        elif mode == "dense":
            dense = await self._retrieval.dense(query, client)
        else:
            dense, sparse = await _both(self._retrieval.dense(query, client), self._sparse(query, client))
        if isinstance(sparse, str):
            missing, sparse = [sparse], None
        vectors = Vectors(dense, sparse)
        return vectors, [f"searched by {vectors.mode} vectors only: {why}" for why in missing]

    async def _sparse(self, query: str, client: str) -> Sparse | str:
        """The words, or why there are none."""
        try:
            found = await self._retrieval.sparse(query, client)
        except Problem as problem:
            return str(problem)
        return found if found.indices else _NO_WORDS

    async def _points(self, question: Question, shape: Shape, vectors: Vectors, client: str) -> list[Point]:
        if vectors.dense is None and not (vectors.sparse and vectors.sparse.indices):
            return []
        body = query_body(question, shape, vectors)
        return await self._store.query(question.collection, body, client)


async def _both(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """Both answers; the first's failure counts first, and only once both have ended."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    if isinstance(first, BaseException):
        raise first
    if isinstance(second, BaseException):
        raise second
    return first, second


def _page(
    question: Question, points: Sequence[Point], scores: Sequence[float | None] | None
) -> dict[str, Any]:
    """The results of the page, and where the next one begins; null: there is none."""
    found = [Ranked(point, point.score) for point in points] if scores is None else in_order(points, scores)
    start, end = question.offset, question.offset + question.limit
    results = [
        {"id": point.id, "score": score, "fused_score": point.score, "payload": point.payload or {}}
        for point, score in found[start:end]
    ]
    return {"results": results, "candidates": len(found), "next_offset": end if end < len(found) else None}


def _timing(times: Sequence[float], *, ranked: bool) -> dict[str, float | None]:
    embed, search, rerank = (round(after - before, 4) for before, after in pairwise(times))
    return {"embed": embed, "search": search, "rerank": rerank if ranked else None}
