"""A small Prefect API over a real socket: block documents, deployments, flow runs and their states."""

import contextlib
import copy
import json
import re
import socket
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.gateway.fake_schedules import FakeSchedules

DEPLOYMENT = "11111111-1111-4111-8111-111111111111"
OTHERS = tuple(
    f"{flow}/cluster"
    for flow in (
        "download-model", "delete-weights", "validate-model", "update-launcher",
        "wake-host", "create-ssh-key", "update-bot", "restart-bot", "show-bot-logs", "install-nim",
        "reapply-patches",
        "start-service", "stop-service", "restart-service", "show-logs", "deep-check", "ensure-state",
    )
)  # fmt: skip
"""Deployments besides the one that swaps."""

_DEPLOYMENT = re.compile(r"/api/deployments/name/([\w-]+/cluster)")
_WRITE = re.compile(r"/api/block_documents/([0-9a-f-]{36})")
_DOCUMENT = re.compile(r"/api/block_types/slug/([\w-]+)/block_documents/name/default")
_DOCUMENTS = "/api/block_documents/filter"
_RUN = re.compile(r"/api/flow_runs/([0-9a-f-]{36})(/\w+)?")
_FORM = re.compile(r"/api/deployments/([0-9a-f-]{36})")
_CREATE = re.compile(r"/api/deployments/([0-9a-f-]{36})/create_flow_run")


class FakePrefect:
    """Keeps what a test put in and writes down what it was asked."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.connections: set[socket.socket] = set()
        self.created: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.deployment = DEPLOYMENT
        self.others = {name: str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) for name in OTHERS}
        self.meanwhile: list[Callable[[], None]] = []
        """What somebody else does after each of the next readings that come before a write."""
        self.on_created: Callable[[str], None] = lambda _run_id: None
        """What a worker does with a run as soon as it is there."""
        self.resume_answer: dict[str, Any] = {"status": "ACCEPT", "details": {}}
        self.schedules = FakeSchedules(self.deployment)
        self.forms: dict[str, Any] = {}
        """Schemas of run forms, by the id of the deployment."""
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
        for connection in list(self.connections):  # those that are kept open end with the server
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

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
        if (answer := self.schedules.answer(method, path, body)) is not None:
            return answer
        if path == _DOCUMENTS or _DOCUMENT.fullmatch(path):
            return self._read(path)
        if method == "PATCH":
            return self._write(path, body)
        if found := _DEPLOYMENT.fullmatch(path):
            return self._deployment(found[1])
        if found := _CREATE.fullmatch(path):
            return self._create(found[1], body)
        if path == "/api/flow_runs/filter":
            return 200, self._found(body["flow_runs"])
        if (found := _RUN.fullmatch(path)) and found[1] in self.runs:
            return self._run(found[1], found[2], body)
        return 404, {"detail": "Not Found"}

    def _found(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        """Runs of some ids, or in some states."""
        if "id" in wanted:
            return [run for run in self.runs.values() if run["id"] in wanted["id"]["any_"]]
        states = wanted["state"]["type"]["any_"]
        return [run for run in self.runs.values() if run["state"]["type"] in states]

    def _read(self, path: str) -> tuple[int, Any]:
        """One block document, or all of them."""
        every = copy.deepcopy(self.documents)
        if path == _DOCUMENTS:
            return 200, [{"block_type": {"slug": kind}, "data": data} for kind, data in every.items()]
        kind = _DOCUMENT.fullmatch(path)[1]
        if kind not in every:
            return 404, {"detail": "Not Found"}
        return 200, {"id": _document_id(kind), "data": every[kind]}

    def _create(self, deployment: str, body: Any) -> tuple[int, Any]:
        if deployment not in (self.deployment, *self.others.values()):
            return 404, {"detail": "Deployment not found"}
        run_id = self.add_run("SCHEDULED", body["parameters"].get("model", ""))
        self.runs[run_id].update(deployment_id=deployment, name=body["name"], parameters=body["parameters"])
        self.created.append(body)  # last: tests in other threads wait for it
        self.on_created(run_id)
        return 201, self.runs[run_id]

    def _deployment(self, name: str) -> tuple[int, Any]:
        deployment = {"swap-model/cluster": self.deployment, **self.others}.get(name)
        if not deployment:
            return 404, {"detail": "Not Found"}
        return 200, {"id": deployment, "parameter_openapi_schema": self.forms.get(deployment, {})}

    def _write(self, path: str, body: Any) -> tuple[int, Any]:
        """Take a run form; or merge a document by the first keys, as Prefect does."""
        if found := _FORM.fullmatch(path):
            self.forms[found[1]] = body["parameter_openapi_schema"]
        elif found := _WRITE.fullmatch(path):
            kind = next(kind for kind in self.documents if _document_id(kind) == found[1])
            self.documents[kind].update(body["data"])
        return (204, None) if found else (404, {"detail": "Not Found"})

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
    disable_nagle_algorithm = True  # else the body waits 40 ms for the head to be acknowledged

    def setup(self) -> None:
        super().setup()
        self.prefect.connections.add(self.connection)

    def finish(self) -> None:
        self.prefect.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._answer(json.loads(body) if body else None)

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
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
