"""A stand-in for Prefect's API: serves the settings a gateway reads, and knows of no runs."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_DOCUMENTS = "/api/block_documents/filter"


@contextmanager
def prefect(documents: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The API's address while the block runs; `documents` by the slug of their block type."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """The block documents; of whatever else is looked for, there is none."""
            self.rfile.read(int(self.headers.get("content-length") or 0))
            found = [{"block_type": {"slug": slug}, "data": data} for slug, data in documents.items()]
            self._answer(200, found if self.path == _DOCUMENTS else [])

        def _answer(self, status: int, value: object) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings(port: int) -> dict[str, dict[str, Any]]:
    """A cluster of one host on the loopback, whose vLLM and speech services are one upstream at that port."""
    kinds = {"vllm": "vllm", "parakeet": "stt", "kokoro": "tts"}
    services = [
        {"name": name, "kind": kind, "host": "spark-1", "port": port, "container": name}
        for name, kind in kinds.items()
    ]
    cluster = {"hosts": [{"name": "spark-1", "address": "127.0.0.1"}], "services": services}
    return {"cluster": cluster, "catalog": {"recipes": []}}
