"""One request, from its first line to the last byte of its answer."""

from time import monotonic
from typing import Literal

from gateway.telemetry.passing import Headers, Passing, passing
from gateway.telemetry.usage import Usage

Outcome = Literal[
    "ok", "client_left", "upstream_broke", "unreachable", "timed_out", "refused", "busy", "loading"
]
"""
How a request ended.

ok: answered to the end, with whatever status.  client_left: the client went away first.
upstream_broke, unreachable, timed_out: the upstream broke off, took no connection, took too long.
refused: we said no (4xx).  busy: the queue was full (429).
loading: the model was not ready when the request had been held long enough (503).
"""


class Record:
    """
    What is known of one request.

    Attributes:
        key: Name of the key it came with.
        service, model: What it went to; blank: nothing yet.
        route: The known route ("/v1/chat/completions"; "/upstream"; "other"), never the path as it came.
        trace_id: Of the client's `traceparent`; blank: none.
        began: `time.monotonic` of its beginning.
        status: 0 until the answer begins.
        outcome: None until it has ended.
        queued_seconds: Waited for a turn, or for a model.
        seconds: From beginning to end.
        usage: The tokens the answer reported; None: it reported none.
        answer: Its body as it passed.
    """

    __slots__ = (
        "answer", "began", "bytes_in", "client", "key", "method", "model", "outcome", "path",
        "queued_seconds", "request_id", "route", "seconds", "service", "status", "trace_id", "usage",
    )  # fmt: skip

    def __init__(self, method: str, path: str, client: str, request_id: str) -> None:
        self.began = monotonic()
        self.method = method
        self.path = path
        self.client = client
        self.request_id = request_id
        self.trace_id = self.key = self.service = self.model = ""
        self.route = "other"
        self.status = self.bytes_in = 0
        self.queued_seconds = self.seconds = 0.0
        self.outcome: Outcome | None = None
        self.usage: Usage | None = None
        self.answer = Passing()

    def answer_begins(self, status: int, headers: Headers) -> None:
        """The answer's head; names of headers in lower case."""
        self.status = status
        self.answer = passing(headers)

    def passes(self, data: bytes) -> None:
        """The next part of the answer's body."""
        self.answer.passes(data)

    def ends(self, outcome: Outcome) -> None:
        """It is over; the first outcome stays."""
        if self.outcome is None:
            self.outcome = outcome
            self.seconds = monotonic() - self.began
            self.usage = self.answer.ends()

    @property
    def bytes_out(self) -> int:
        """Bytes of the answer's body until now."""
        return self.answer.size

    @property
    def first_byte_seconds(self) -> float | None:
        """Until the answer's first bytes, in a stream until the model's first word; None: none came."""
        return self.answer.first_at - self.began if self.answer.first_at else None
