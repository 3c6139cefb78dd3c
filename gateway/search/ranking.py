"""The candidates in the reranker's order, and which text of theirs it reads (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.search.store import Point

TEXT_KEYS = ("text", "content", "page_content", "document", "chunk", "body")
"""Where the usual programs that fill collections put a point's text."""

MOST_CHARACTERS = 4000
"""So much of a text is ranked: more than a chunk has, and within the window of bge-reranker-v2-m3."""


class Ranked(NamedTuple):
    """A candidate with the reranker's score; none: it has no text, or was left out."""

    point: Point
    score: float | None


def text_of(payload: Mapping[str, Any] | None, key: str | None) -> str:
    """
    The text of a point; blank when it has none.

    Args:
        payload: The point's.
        key: Its field, dotted; none: the first of `TEXT_KEYS` that holds a text.
    """
    found = (_at(payload or {}, each) for each in ((key,) if key else TEXT_KEYS))
    return next((text for text in found if text), "")[:MOST_CHARACTERS]


def in_order(points: Sequence[Point], scores: Sequence[float | None]) -> list[Ranked]:
    """The best first; those without a score keep their order behind the others."""
    pairs = [Ranked(point, score) for point, score in zip(points, scores, strict=True)]
    return sorted(pairs, key=lambda pair: (pair.score is None, -(pair.score or 0.0)))


def _at(payload: Mapping[str, Any], key: str) -> str:
    found: Any = payload
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found.strip() if isinstance(found, str) else ""
