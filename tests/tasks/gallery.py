"""A Prefect that keeps the artifacts it is sent, and may be slow, away or refusing."""

import threading
import uuid
from typing import Any

from tests.gateway.fake_prefect import FakePrefect


class Gallery(FakePrefect):
    """
    The artifacts that were written.

    Attributes:
        shown: Each as it stands now, by id.
        writes: Every write: method and body.
        open: Cleared, a write gets no answer until it is set.
        arrived: Set by each write, before it is answered.
        refuses: True: every write is answered with 422.
    """

    def __init__(self) -> None:
        self.shown: dict[str, dict[str, Any]] = {}
        self.writes: list[tuple[str, dict[str, Any]]] = []
        self.open = threading.Event()
        self.open.set()
        self.arrived = threading.Event()
        self.refuses = False
        super().__init__()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Take an artifact."""
        if not path.startswith("/api/artifacts/"):
            return super().answer(method, path, body)
        self.writes.append((method, body))
        self.arrived.set()
        self.open.wait(30)
        if self.refuses:
            return 422, {"detail": "no"}
        identity = path.rpartition("/")[2] or str(uuid.uuid4())
        self.shown[identity] = {**self.shown.get(identity, {}), **body}
        return (201, {"id": identity}) if method == "POST" else (204, None)

    def by_key(self) -> dict[str, dict[str, Any]]:
        """What is shown, by key; the bar has none."""
        return {one.get("key", "bar"): one for one in self.shown.values()}
