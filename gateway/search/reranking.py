"""The candidates judged once more by a reranker; without one they stay as they are, and it is said."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from gateway.problem import Problem
from gateway.search.question import Question
from gateway.search.ranking import TEXT_KEYS, text_of
from gateway.search.retrieval import Retrieval
from gateway.search.store import Point

_BATCH = 32
"""Texts of one request: TEI takes no more unless told to."""

Scores = list[float | None]


class Judgement(NamedTuple):
    """A score for each candidate, none where it has no text; no scores at all: it was not ranked."""

    scores: Scores | None
    warnings: tuple[str, ...] = ()


async def judge(retrieval: Retrieval, question: Question, points: Sequence[Point], client: str) -> Judgement:
    """What the reranker says; its `Problem` is a warning, not the end of the search."""
    texts = [text_of(point.payload, question.text_key) for point in points]
    written = [text for text in texts if text]
    if not question.rerank or not points:
        return Judgement(None)
    if not written:
        keys = question.text_key or ", ".join(TEXT_KEYS)
        return Judgement(None, (f"not reranked: no candidate has a text in its payload at {keys}",))
    try:
        found = iter(await _ranks(retrieval, question.query, written, client))
    except Problem as problem:
        return Judgement(None, (f"not reranked, the results are in fused order: {problem}",))
    silent = len(texts) - len(written)
    warnings = (f"{silent} candidates without a text come last, in fused order",) if silent else ()
    return Judgement([next(found) if text else None for text in texts], warnings)


async def _ranks(retrieval: Retrieval, query: str, texts: Sequence[str], client: str) -> Scores:
    """A score for each text; batches are asked for at once and take turns."""
    batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
    asked = (retrieval.ranks(query, batch, client) for batch in batches)
    told = await asyncio.gather(*asked, return_exceptions=True)
    scores: Scores = []
    for batch in told:
        if isinstance(batch, BaseException):
            raise batch
        scores += batch
    return scores
