"""A receiver of webhooks that keeps what it is told."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator


class Ear(http.server.ThreadingHTTPServer):
    """Listens on a free port of loopback; `told` holds pairs of headers and body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.told: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def events(self, name: str) -> list[dict]:
        """What it was told of one kind of event."""
        bodies = [json.loads(body) for _, body in self.told]
        return [body for body in bodies if body["event"] == name]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


@contextlib.contextmanager
def listening() -> Iterator[Ear]:
    """An ear that listens until the block ends."""
    with Ear() as ear:
        thread = threading.Thread(target=ear.serve_forever, daemon=True)
        thread.start()
        yield ear
        ear.shutdown()
        thread.join()
