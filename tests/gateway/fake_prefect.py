"""A small Prefect API over a real socket: block documents, deployments, flow runs and their states."""

import copy
import json
import re
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DEPLOYMENT = "11111111-1111-4111-8111-111111111111"
OTHERS = tuple(
    f"{flow}/cluster" for flow in ("download-model", "delete-weights", "validate-model", "update-launcher")
)
"""Deployments besides the one that swaps."""

_DEPLOYMENT = re.compile(r"/api/deployments/name/([\w-]+/cluster)")
_WRITE = re.compile(r"/api/block_documents/([0-9a-f-]{36})")
_DOCUMENT = re.compile(r"/api/block_types/slug/(\w+)/block_documents/name/default")
_RUN = re.compile(r"/api/flow_runs/([0-9a-f-]{36})(/\w+)?")
_CREATE = re.compile(r"/api/deployments/([0-9a-f-]{36})/create_flow_run")


class FakePrefect:
    """Keeps what a test put in and writes down what it was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.created: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.deployment = DEPLOYMENT
        self.others = {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in OTHERS}
        self.meanwhile: list[Callable[[], None]] = []
        """What somebody else does after each of the next readings that come before a write."""
        self.resume_answer: dict[str, Any] = {"status": "ACCEPT", "details": {}}
        handler = type("Handler", (_Handler,), {"prefect": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/api"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Go away: connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add_run(self, state: str, model: str = "beta", run_id: str | None = None) -> str:
        """A flow run in a state; its id."""
        run_id = run_id or str(uuid.uuid4())
        self.runs[run_id] = {
            "id": run_id,
            "name": f"swap to {model}",
            "deployment_id": self.deployment,
            "parameters": {"model": model},
            "created": "2026-11-22T09:00:00Z",
            "state": {"type": state, "name": state.title(), "message": None},
        }
        return run_id

    def set_state(self, run_id: str, state: str) -> None:
        self.runs[run_id]["state"] = {"type": state, "name": state.title(), "message": None}

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and JSON for one request."""
        self.asked.append((method, path, body))
        if found := _DOCUMENT.fullmatch(path):
            data = self.documents.get(found[1])
            document = {"id": _document_id(found[1]), "data": copy.deepcopy(data)}
            return (200, document) if data is not None else (404, {"detail": "Not Found"})
        if method == "PATCH" and (found := _WRITE.fullmatch(path)):
            return self._write(found[1], body)
        if found := _DEPLOYMENT.fullmatch(path):
            deployment = {"swap-model/cluster": self.deployment, **self.others}.get(found[1])
            return (200, {"id": deployment}) if deployment else (404, {"detail": "Not Found"})
        if found := _CREATE.fullmatch(path):
            return self._create(found[1], body)
        if path == "/api/flow_runs/filter":
            wanted = body["flow_runs"]["state"]["type"]["any_"]
            return 200, [run for run in self.runs.values() if run["state"]["type"] in wanted]
        if (found := _RUN.fullmatch(path)) and found[1] in self.runs:
            return self._run(found[1], found[2], body)
        return 404, {"detail": "Not Found"}

    def _create(self, deployment: str, body: Any) -> tuple[int, Any]:
        if deployment not in (self.deployment, *self.others.values()):
            return 404, {"detail": "Deployment not found"}
        self.created.append(body)
        run_id = self.add_run("SCHEDULED", body["parameters"].get("model", ""))
        self.runs[run_id].update(deployment_id=deployment, name=body["name"], parameters=body["parameters"])
        return 201, self.runs[run_id]

    def _write(self, document_id: str, body: Any) -> tuple[int, Any]:
        """Merge by the first keys, as Prefect does."""
        kind = next(kind for kind in self.documents if _document_id(kind) == document_id)
        self.documents[kind].update(body["data"])
        return 204, None

    def _run(self, run_id: str, action: str | None, body: Any) -> tuple[int, Any]:
        if action == "/set_state":
            self.set_state(run_id, body["state"]["type"])
            return 201, {"status": "ACCEPT", "details": {}, "state": self.runs[run_id]["state"]}
        if action == "/resume":
            return 201, self.resume_answer
        return 200, self.runs[run_id]


def _document_id(kind: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, kind))


class _Handler(BaseHTTPRequestHandler):
    prefect: FakePrefect
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._answer(json.loads(body) if body else None)

    def do_PATCH(self) -> None:
        self.do_POST()

    def _answer(self, body: Any) -> None:
        path, _, query = self.path.partition("?")
        status, data = self.prefect.answer(self.command, path, body)
        if self.prefect.meanwhile and not query and _DOCUMENT.fullmatch(path):
            self.prefect.meanwhile.pop(0)()
        answer = json.dumps(data).encode() if data is not None else b""
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_args: Any) -> None:
        """Be silent."""
