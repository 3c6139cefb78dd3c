"""Two models on real sockets, each keeping all that it saw: one outside, one on the LAN."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Model:
    """
    Answers each API with the last user's words.

    Attributes:
        saw: Bodies and headers, in order.
        says: In place of the words, when not blank.
        finds: Its answer when it is asked for entities; `ending` how that answer ended.
        status: Of the next answers.
    """

    saw: list[str] = field(default_factory=list)
    says: str = ""
    finds: str | None = '{"entities": []}'
    ending: str = "stop"
    status: int = 200
    port: int = 0

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What this path answers."""
        if self.status != 200:
            return {"error": {"message": f"no: {self.says}"}}
        if path.endswith("/responses"):
            text = {"type": "output_text", "text": self.says or body["input"]}
            return {"output": [{"type": "message", "content": [text]}]}
        if "response_format" in body:
            told = {"role": "assistant", "content": self.finds}
            return {"choices": [{"index": 0, "message": told, "finish_reason": self.ending}]}
        content = body["messages"][-1]["content"]
        words = self.says or (content if isinstance(content, str) else "a picture")
        if path.endswith("/messages"):
            return {"type": "message", "content": [{"type": "text", "text": words}]}
        return {"choices": [{"index": 0, "message": {"role": "assistant", "content": words}}]}

    @staticmethod
    def streamed(told: dict[str, Any]) -> bytes:
        """The same chat completion three characters at a time."""
        words = told["choices"][0]["message"]["content"]
        deltas = [{"content": words[at : at + 3]} for at in range(0, len(words), 3)]
        events = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        return ("".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n").encode()


@contextmanager
def serving(model: Model) -> Iterator[Model]:
    """A model at work until the block ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_GET(self) -> None:
            self._send(200, {"object": "list", "data": [{"id": "alpha", "object": "model"}]})

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            model.saw.append(raw + str(self.headers))
            body = json.loads(raw)
            told = model.answer(self.path, body)
            if body.get("stream") and model.status == 200:
                self._write(200, model.streamed(told), "text/event-stream")
            else:
                self._send(model.status, told)

        def _send(self, status: int, told: dict[str, Any]) -> None:
            self._write(status, json.dumps(told).encode(), "application/json")

        def _write(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield model
    server.shutdown()
    server.server_close()
