"""A Qdrant collection in memory: upsert, delete, and the query language of /points/query."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from simulator.engine.points import RRF_K, Point, Ranked, fuse, matches, score


class Refused(Exception):
    """A request a collection cannot follow; the text is Qdrant's."""


@dataclass(slots=True)
class Collection:
    """Vectors' parameters by name, and points by id."""

    config: dict[str, Any]
    points: dict[int | str, Point] = field(default_factory=dict)
    operations: int = 0

    @property
    def dense(self) -> dict[str, Any]:
        """Size and distance of dense vectors by name; the unnamed one is ""."""
        vectors = self.config.get("vectors") or {}
        return {"": vectors} if "size" in vectors else vectors

    @property
    def sparse(self) -> dict[str, Any]:
        return self.config.get("sparse_vectors") or {}

    def upsert(self, given: list[dict[str, Any]]) -> int:
        """Put points in; returns the operation's number."""
        ready = [self._point(item) for item in given]
        self.operations += 1
        for point in ready:
            point.version = self.operations
            self.points[point.id] = point
        return self.operations

    def delete(self, body: dict[str, Any]) -> int:
        """Take out points by ids or filter."""
        self.operations += 1
        gone = body.get("points")
        if gone is None:
            gone = [p.id for p in self.points.values() if matches(p, body.get("filter"))]
        for name in gone:
            self.points.pop(name, None)
        return self.operations

    def select(self, wanted: dict[str, Any] | None) -> list[Point]:
        """Points that pass a filter, by id."""
        found = [point for point in self.points.values() if matches(point, wanted)]
        return sorted(found, key=lambda point: (isinstance(point.id, str), point.id))

    def query(self, body: dict[str, Any]) -> Ranked:
        """The ranked answer of one query, prefetches first."""
        limit, offset = int(body.get("limit", 10)), int(body.get("offset") or 0)
        before = body.get("prefetch") or []
        before = before if isinstance(before, list) else [before]
        lists = [self.query({"limit": limit} | part) for part in before]
        ranked = self._rank(body, lists)
        edge = body.get("score_threshold")
        if edge is not None:
            ranked = [pair for pair in ranked if pair[1] >= edge]
        return ranked[offset : offset + limit]

    def _rank(self, body: dict[str, Any], lists: list[Ranked]) -> Ranked:
        query = body.get("query")
        if isinstance(query, dict) and ("fusion" in query or "rrf" in query):
            if not lists:
                raise Refused("Bad request: Fusion query requires at least one prefetch")
            kind = query.get("fusion", "rrf")
            fused = fuse(kind, lists, int((query.get("rrf") or {}).get("k", RRF_K)))
            return [pair for pair in fused if matches(pair[0], body.get("filter"))]
        known = {point.id for ranked in lists for point, _ in ranked}
        pool = [p for p in self.select(body.get("filter")) if not lists or p.id in known]
        if query is None:
            return [(point, 0.0) for point in pool]
        return self._nearest(query, str(body.get("using") or ""), pool)

    def _nearest(self, query: Any, name: str, pool: list[Point]) -> Ranked:
        if isinstance(query, dict) and "nearest" in query:
            query = query["nearest"]
        if isinstance(query, int | str):
            if query not in self.points:
                raise Refused(f"Not found: No point with id {query} found")
            query = self.points[query].vectors.get(name)
        vector = self._vector(name, query)
        distance = str(self.dense.get(name, {}).get("distance", "Dot"))
        ranked = [
            (point, score(vector, point.vectors[name], distance)) for point in pool if name in point.vectors
        ]
        if name in self.sparse:
            # A point that shares no index with the query is no answer at all.
            ranked = [pair for pair in ranked if pair[1] != 0]
        return sorted(ranked, key=lambda pair: pair[1], reverse=distance in {"Cosine", "Dot"})

    def _point(self, item: dict[str, Any]) -> Point:
        given = item.get("vector", {})
        named = given if isinstance(given, dict) else {"": given}
        vectors = {name: self._vector(name, vector) for name, vector in named.items()}
        return Point(_identity(item.get("id")), vectors, item.get("payload") or {})

    def _vector(self, name: str, given: Any) -> Any:
        """A checked vector in its inner form; raises Refused."""
        if name in self.sparse:
            if not isinstance(given, dict):
                raise Refused(f"Wrong input: Conversion between sparse and regular vectors: {name}")
            if "indices" not in given:
                return given
            return dict(zip(given["indices"], given["values"], strict=True))
        if name not in self.dense:
            raise Refused(f"Wrong input: Not existing vector name error: {name}")
        size = self.dense[name]["size"]
        if not isinstance(given, list) or len(given) != size:
            got = len(given) if isinstance(given, list) else 0
            raise Refused(f"Wrong input: Vector dimension error: expected dim: {size}, got {got}")
        return given


def _identity(given: Any) -> int | str:
    if isinstance(given, int) and given >= 0:
        return given
    try:
        return str(uuid.UUID(str(given)))
    except ValueError:
        raise Refused(
            f"Format error in JSON body: value {given} is not a valid point ID, valid values are "
            "either an unsigned integer or a UUID"
        ) from None
