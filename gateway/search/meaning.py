"""What the scores of an answer mean, in words (pure)."""

from collections.abc import Sequence

from gateway.search.question import Fusion, Mode
from gateway.search.store import Shape

RRF_K = 2
"""Qdrant's constant; the 60 of the paper, which counts places from 1, is 61 here."""

_RRF = (
    f"reciprocal rank fusion, k = {RRF_K}: each half that found a point adds 1 / ({RRF_K} + its place), "
    "places from 0; both halves' first is 1.0. It compares points of this answer only"
)
_DBSF = (
    "distribution-based score fusion: the scores of each half, spread from 0 to 1 over three standard "
    "deviations around their mean, added; at most about 2. It compares points of this answer only"
)
_SPARSE = "the weights of the words that query and point share, multiplied and added; without an upper bound"
_DISTANCES = {
    "Cosine": "the cosine of the angle between query and point, from -1 to 1; higher is nearer",
    "Dot": "the dot product of query and point; higher is nearer",
    "Euclid": "the distance of query and point; lower is nearer",
    "Manhattan": "the distance of query and point along the axes; lower is nearer",
}


def of_fused(mode: Mode, fusion: Fusion, shape: Shape, size: int) -> str:
    """
    What `fused_score` is.

    Args:
        mode: As it was searched.
        fusion: Of a hybrid search.
        shape: Of the collection.
        size: Numbers of the dense query vector; 0: there was none.
    """
    if mode == "hybrid":
        return _RRF if fusion == "rrf" else _DBSF
    if mode == "sparse":
        return _SPARSE
    distance = shape.dense[shape.dense_of(size) or ""].distance
    return _DISTANCES.get(distance, f"by Qdrant's distance {distance}")


def of_ranked(scores: Sequence[float | None] | None) -> str:
    """What `score` is; none: the candidates were not ranked."""
    if scores is None:
        return "the same as fused_score: the candidates were not ranked by their text"
    told = [score for score in scores if score is not None]
    words = "the reranker's judgement of how well the text answers the query; null where there is no text. "
    if all(0 <= score <= 1 for score in told):
        return f"{words}From 0 to 1; not comparable with another reranker's"
    return f"{words}A raw number (logit) without bounds; above 0 is more likely than not an answer"
