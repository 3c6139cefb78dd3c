"""A receiver of webhooks on a real socket: writes down what it is told, and answers as it was told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_UP = 0


@dataclass
class Told:
    """One call as it came in."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """
    Attributes:
        answer: The status for a call; HANG_UP: the connection is closed without a word.
    """

    answer: Callable[[Told], int] = lambda _told: 200
    told: list[Told] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        """The delivery ids in the order in which they came, each try."""
        return [told.headers["x-delivery"] for told in self.told]

    def wait_for(self, count: int, seconds: float = 30.0) -> None:
        """Wait until it has been called so often."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.told) >= count, seconds), f"{len(self.told)} calls"

    def take(self, told: Told) -> int:
        with self.came:
            self.told.append(told)
            self.came.notify_all()
        return self.answer(told)


@contextmanager
def receiving(answer: Callable[[Told], int] = lambda _told: 200) -> Iterator[Receiver]:
    """A receiver that listens on the loopback."""
    receiver = Receiver(answer)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"receiver": receiver}))
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status = self.receiver.take(Told({key.lower(): value for key, value in self.headers.items()}, body))
        self.close_connection = True
        if status == HANG_UP:
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """Where a redirect that is followed would come in."""
        self.do_POST()

    def log_message(self, *_args: Any) -> None:
        """Be silent."""
