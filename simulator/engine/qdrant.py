"""The vector database: the part of Qdrant's REST interface that search needs, in memory."""

import os
import time
from collections.abc import Callable
from typing import Any

from simulator.engine.collection import Collection, Refused
from simulator.engine.http import Answer, Request, as_json
from simulator.engine.points import Point
from simulator.engine.service import Refusal, Service

VERSION = "1.16.2"
HEALTH = {"/healthz": "healthz check passed", "/livez": "healthz check passed"}
HEALTH |= {"/readyz": "all shards are ready"}
Step = Callable[[Collection, dict[str, Any]], Any]


def _put(collection: Collection, body: dict[str, Any]) -> Any:
    return {"operation_id": collection.upsert(body["points"]), "status": "completed"}


def _delete(collection: Collection, body: dict[str, Any]) -> Any:
    return {"operation_id": collection.delete(body), "status": "completed"}


def _query(collection: Collection, body: dict[str, Any]) -> Any:
    ranked = collection.query(body)
    return {"points": [_shown(p, body, payload=False) | {"score": s} for p, s in ranked]}


def _retrieve(collection: Collection, body: dict[str, Any]) -> Any:
    found = [collection.points[name] for name in body["ids"] if name in collection.points]
    return [_shown(point, body, payload=True) for point in found]


def _scroll(collection: Collection, body: dict[str, Any]) -> Any:
    limit = int(body.get("limit") or 10)
    found = collection.select(body.get("filter"))
    if body.get("offset") is not None:
        names = [point.id for point in found]
        found = found[names.index(body["offset"]) :] if body["offset"] in names else []
    rest = found[limit].id if len(found) > limit else None
    shown = [_shown(point, body, payload=True) for point in found[:limit]]
    return {"points": shown, "next_page_offset": rest}


def _count(collection: Collection, body: dict[str, Any]) -> Any:
    return {"count": len(collection.select(body.get("filter")))}


STEPS: dict[str, Step] = {
    "PUT /points": _put,
    "POST /points": _retrieve,
    "POST /points/delete": _delete,
    "POST /points/query": _query,
    "POST /points/scroll": _scroll,
    "POST /points/count": _count,
}


class Qdrant:
    """All collections, behind one handler."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._collections: dict[str, Collection] = {}

    async def handle(self, request: Request) -> Answer:
        """Every route below /collections."""
        started = time.perf_counter()
        if self._key and request.headers.get("api-key") != self._key:
            raise Refusal(401, "Must provide an API key or an Authorization bearer token")
        try:
            result = self._result(request)
        except Refused as reason:
            raise Refusal(400, _failed(str(reason), started)) from None
        except (KeyError, TypeError, ValueError, AttributeError) as reason:
            text = f"Format error in JSON body: {type(reason).__name__} {reason}"
            raise Refusal(400, _failed(text, started)) from None
        spent = time.perf_counter() - started
        return as_json({"result": result, "status": "ok", "time": round(spent, 6)})

    def _result(self, request: Request) -> Any:
        _, _, rest = request.path.partition("/collections")
        name, _, inside = rest.strip("/").partition("/")
        if not name:
            return {"collections": [{"name": known} for known in sorted(self._collections)]}
        if inside == "exists":
            return {"exists": name in self._collections}
        body = request.json() if request.body else {}
        if not inside:
            return self._whole(request.method, name, body)
        collection = self._get(name)
        place, _, point = inside.partition("/")
        step = STEPS.get(f"{request.method} /{inside}")
        if step is None and request.method == "GET" and place == "points":
            return self._point(collection, point)
        if step is None and inside == "index":
            return {"operation_id": collection.operations, "status": "completed"}
        if step is None:
            raise Refusal(404, "")
        return step(collection, body)

    def _whole(self, method: str, name: str, body: dict[str, Any]) -> Any:
        """Make, show or drop a collection."""
        if method == "PUT":
            if name in self._collections:
                text = f"Wrong input: Collection `{name}` already exists!"
                raise Refusal(409, _failed(text, time.perf_counter()))
            self._collections[name] = Collection(body)
            return True
        if method == "DELETE":
            return self._collections.pop(name, None) is not None
        collection = self._get(name)
        params = {k: collection.config.get(k) for k in ("vectors", "sparse_vectors")}
        state = {"status": "green", "optimizer_status": "ok", "segments_count": 1}
        return state | {"points_count": len(collection.points), "config": {"params": params}}

    def _get(self, name: str) -> Collection:
        if name not in self._collections:
            text = f"Not found: Collection `{name}` doesn't exist!"
            raise Refusal(404, _failed(text, time.perf_counter()))
        return self._collections[name]

    def _point(self, collection: Collection, text: str) -> Any:
        point = collection.points.get(int(text) if text.isdigit() else text)
        if point is None:
            failed = f"Not found: Point with id {text} does not exists!"
            raise Refusal(404, _failed(failed, time.perf_counter()))
        return _shown(point, {"with_vector": True}, payload=True)


def _shown(point: Point, body: dict[str, Any], payload: bool) -> dict[str, Any]:
    """A point as answered; `payload` says whether it is shown when not asked."""
    shown: dict[str, Any] = {"id": point.id, "version": point.version}
    wanted = body.get("with_payload", payload)
    if wanted:
        keys = wanted if isinstance(wanted, list) else list(point.payload)
        shown["payload"] = {key: point.payload[key] for key in keys if key in point.payload}
    if body.get("with_vector"):
        vectors = {name: _outside(vector) for name, vector in point.vectors.items()}
        shown["vector"] = vectors.get("", vectors)
    return shown


def _outside(vector: Any) -> Any:
    if not isinstance(vector, dict):
        return vector
    return {"indices": list(vector), "values": list(vector.values())}


def _failed(text: str, started: float) -> dict[str, Any]:
    return {"status": {"error": text}, "time": round(time.perf_counter() - started, 6)}


async def _alive(request: Request) -> Answer:
    return Answer(HEALTH[request.path].encode(), content_type="text/plain; charset=utf-8")


async def _title(_: Request) -> Answer:
    return as_json({"title": "qdrant - vector search engine", "version": VERSION})


def service() -> Service:
    """The service, ready to run; QDRANT__SERVICE__API_KEY guards it as in the real one."""
    handlers = Qdrant(os.environ.get("QDRANT__SERVICE__API_KEY", ""))
    routes = {f"GET {path}": _alive for path in HEALTH} | {"GET /": _title}
    for method in ("GET", "PUT", "POST", "DELETE"):
        routes[f"{method} /collections*"] = handlers.handle
    paths = frozenset({*HEALTH, "/"})
    return Service("qdrant", routes, starting=2, gib=0.5, uses_gpu=False, health=paths)
