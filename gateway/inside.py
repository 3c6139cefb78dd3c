"""The control API from inside the process: a GET without the network, its guard and its log."""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar.types import ASGIApp


class Inside:
    """
    Asks the control API what a client would ask.

    Args:
        app: Gives the app; called when somebody asks, since the app itself may be made later.
    """

    def __init__(self, app: Callable[[], ASGIApp]) -> None:
        self._app = app

    async def get(self, path: str, host: str) -> tuple[int, bytes]:
        """
        Status and body of a GET.

        Args:
            path: With its query, such as '/api/connectivity?limit=100'.
            host: The Host header; answers that hold URLs are made of it.
        """
        answer = _Answer()
        await self._app()(_scope(path, host), answer.receive, answer.send)  # type: ignore[arg-type]
        return answer.status, b"".join(answer.parts)


class _Answer:
    """ASGI's receive and send for one GET: nothing comes from the client, and it never leaves."""

    def __init__(self) -> None:
        self.status = 0
        self.parts: list[bytes] = []
        self._asked = False

    async def receive(self) -> dict[str, Any]:
        if self._asked:
            await asyncio.get_running_loop().create_future()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))


def _scope(url: str, host: str) -> dict[str, Any]:
    path, _, query = url.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", host.encode("latin-1"))],
        "client": ("127.0.0.1", 0),
        "server": ("127.0.0.1", 80),
        "extensions": {},
        "state": {},
    }
