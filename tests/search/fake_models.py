"""Embedders and rerankers over a real socket, in whichever dialect a test wants."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulator.engine.hashing import dense, relevance, sparse

SIZE = 64

Route = Callable[[dict[str, Any]], Any]


class Refused(Exception):
    """The status that is answered in place of a result."""


def _scores(query: str, texts: list[str]) -> list[tuple[int, float]]:
    return sorted(((at, relevance(query, text)) for at, text in enumerate(texts)), key=lambda pair: -pair[1])


def openai_dense(body: dict[str, Any]) -> Any:
    return {"data": [{"index": at, "embedding": dense(text, SIZE)} for at, text in enumerate(body["input"])]}


def tei_dense(body: dict[str, Any]) -> Any:
    return [dense(text, SIZE) for text in body["inputs"]]


def tei_sparse(body: dict[str, Any]) -> Any:
    return [[{"index": i, "value": v} for i, v in sparse(text).items()] for text in body["inputs"]]


def lexical(body: dict[str, Any]) -> Any:
    """FlagEmbedding's words: weights by the token's number as text."""
    told: dict[str, Any] = {}
    if body["return_dense"]:
        told["dense_vecs"] = [dense(text, SIZE) for text in body["texts"]]
    if body["return_sparse"]:
        told["lexical_weights"] = [{str(i): v for i, v in sparse(text).items()} for text in body["texts"]]
    return told


def pairs(body: dict[str, Any]) -> Any:
    """A sidecar with Qdrant's own words."""
    found = [sparse(text) for text in body["texts"]]
    return {"sparse_vectors": [{"indices": list(each), "values": list(each.values())} for each in found]}


def jina_rerank(body: dict[str, Any]) -> Any:
    ranked = _scores(body["query"], body["documents"])
    return {"results": [{"index": at, "relevance_score": score} for at, score in ranked]}


def logit_rerank(body: dict[str, Any]) -> Any:
    ranked = _scores(body["query"], body["documents"])
    return {"results": [{"index": at, "relevance_score": 10 * score - 5} for at, score in ranked]}


def tei_rerank(body: dict[str, Any]) -> Any:
    if len(body["texts"]) > 32:
        raise Refused(413)
    return [{"index": at, "score": score} for at, score in _scores(body["query"], body["texts"])]


class FakeModels:
    """
    Answers what it has a route for; 422 when a body is in another dialect.

    Attributes:
        routes: By path.
        models: The ids of /v1/models; none: it has no such route.
        status: When set, of every answer, with `trouble` as its body.
        hold: Requests wait for it while it is not set.
        asked: Path and body of each request.
    """

    def __init__(self, **routes: Route) -> None:
        self.routes: dict[str, Route] = {_path(name): route for name, route in routes.items()}
        self.models: list[str] = []
        self.status, self.trouble = 0, b""
        self.headers: dict[str, str] = {}
        self.hold = threading.Event()
        self.hold.set()
        self.asked: list[tuple[str, Any]] = []
        handler = type("Handler", (_Handler,), {"models": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _path(name: str) -> str:
    """`v1__rerank` is /v1/rerank."""
    return "/" + name.replace("__", "/")


class _Handler(BaseHTTPRequestHandler):
    models: FakeModels
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.models.asked.append((self.path, None))
        if self.models.status:
            self._send(self.models.status, self.models.trouble)
            return
        ids = self.models.models
        known = self.path == "/v1/models" and ids
        self._send(200 if known else 404, {"data": [{"id": each} for each in ids]} if known else {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.models.asked.append((self.path, body))
        self.models.hold.wait(30)
        if self.models.status:
            self._send(self.models.status, self.models.trouble)
            return
        route = self.models.routes.get(self.path)
        if route is None:
            self._send(404, {"detail": "Not Found"})
            return
        try:
            self._send(200, route(body))
        except KeyError as missing:
            self._send(422, {"error": f"missing field {missing}"})
        except Refused as refused:
            self._send(refused.args[0], {"error": "too many"})

    def _send(self, status: int, body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in self.models.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
