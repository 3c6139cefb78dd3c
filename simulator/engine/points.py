"""Points of a Qdrant collection: filters, scores of vectors, and the fusion of ranked lists."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RRF_K = 2  # Qdrant's default; the paper's 60 is 61 here


@dataclass(slots=True)
class Point:
    """One point: vectors by name ("" is the unnamed one), dense lists or sparse index-value maps."""

    id: int | str
    vectors: dict[str, Any]
    payload: dict[str, Any]
    version: int = 0


Ranked = list[tuple[Point, float]]


def matches(point: Point, wanted: Mapping[str, Any] | None) -> bool:
    """True if the point passes a filter of must, should and must_not."""
    if not wanted:
        return True
    must, should, never = (_conditions(wanted.get(k)) for k in ("must", "should", "must_not"))
    return (
        all(_holds(point, condition) for condition in must)
        and not any(_holds(point, condition) for condition in never)
        and (not should or any(_holds(point, condition) for condition in should))
    )


def _conditions(given: Any) -> Sequence[Mapping[str, Any]]:
    return given if isinstance(given, list) else [given] if given else []


def _holds(point: Point, condition: Mapping[str, Any]) -> bool:
    if "has_id" in condition:
        return point.id in condition["has_id"]
    if "is_empty" in condition:
        return not _values(point.payload, condition["is_empty"]["key"])
    if "key" not in condition:
        return matches(point, condition)
    values = _values(point.payload, condition["key"])
    if "range" in condition:
        return any(_in_range(value, condition["range"]) for value in values)
    return any(_fits(value, condition["match"]) for value in values)


def _values(payload: Mapping[str, Any], key: str) -> list[Any]:
    """The values at a dotted key; a list counts as its members."""
    found: Any = payload
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _fits(value: Any, match: Mapping[str, Any]) -> bool:
    if "value" in match:
        return bool(value == match["value"])
    if "any" in match:
        return value in match["any"]
    if "except" in match:
        return value not in match["except"]
    return str(match["text"]).lower() in str(value).lower()


def _in_range(value: Any, edges: Mapping[str, float]) -> bool:
    tests: dict[str, Callable[[float, float], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and all(tests[k](value, edge) for k, edge in edges.items() if edge is not None)


def score(a: Any, b: Any, distance: str) -> float:
    """How near two vectors are; for Euclid and Manhattan smaller is nearer."""
    if isinstance(a, dict):
        return float(sum(value * b.get(index, 0.0) for index, value in a.items()))
    if distance == "Euclid":
        return math.dist(a, b)
    if distance == "Manhattan":
        return float(sum(abs(x - y) for x, y in zip(a, b, strict=True)))
    product = sum(x * y for x, y in zip(a, b, strict=True))
    if distance == "Dot":
        return float(product)
    return float(product / ((math.hypot(*a) * math.hypot(*b)) or 1.0))


def fuse(kind: str, lists: Sequence[Ranked], k: int = RRF_K) -> Ranked:
    """One ranking out of several: `rrf` by places, `dbsf` by scores within three deviations."""
    totals: dict[int | str, float] = {}
    points: dict[int | str, Point] = {}
    for ranked in lists:
        shares = _by_place(ranked, k) if kind == "rrf" else _by_spread(ranked)
        for (point, _), share in zip(ranked, shares, strict=True):
            points[point.id] = point
            totals[point.id] = totals.get(point.id, 0.0) + share
    order = sorted(totals, key=lambda name: -totals[name])
    return [(points[name], totals[name]) for name in order]


def _by_place(ranked: Ranked, k: int) -> list[float]:
    return [1 / (k + place) for place in range(len(ranked))]


def _by_spread(ranked: Ranked) -> list[float]:
    scores = [value for _, value in ranked]
    if len(scores) < 2 or (spread := statistics.stdev(scores)) == 0:
        return [0.5] * len(scores)
    low = statistics.fmean(scores) - 3 * spread
    return [(value - low) / (6 * spread) for value in scores]
