"""A service that is busy at first: the first request to a path gets the status in it, the next an answer."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

RETRY_SECONDS = 1
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "moody",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Again."}}],
}


class Moody:
    """
    Listens on a free port of the loopback in a thread, so that clients may block.

    A path is `/{status}/{number}/v1/chat/completions`; each that `path` gives is new.
    """

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {}
        self._numbers = count()
        handler = type("Handler", (_Handler,), {"moody": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def path(self, status: int) -> str:
        """A fresh path below `/upstream/moody` that answers with this status once."""
        return f"/{status}/{next(self._numbers)}"

    def waited(self, path: str) -> float:
        """Seconds between the two requests to a path."""
        first, second = self.times[path]
        return second - first

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    moody: Moody
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the body waits 40 ms for the head to be acknowledged

    def do_GET(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.partition("/v1/")[0]
        times = self.moody.times.setdefault(path, [])
        times.append(time.monotonic())
        status = int(path.split("/")[1])
        if len(times) == 1:
            self._answer(status, {"error": {"message": "busy", "type": "x", "code": None, "param": None}})
        else:
            self._answer(200, CHAT)

    def _answer(self, status: int, data: dict) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if status in {429, 503}:
            self.send_header("retry-after", str(RETRY_SECONDS))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Be silent."""
