"""One request of a client and the answer to it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway.edge.body import Body, too_large
from gateway.edge.head import Header, split_target
from gateway.edge.reasons import REASONS
from gateway.problem import Problem

if TYPE_CHECKING:
    from gateway.edge.client_connection import ClientConnection


class Exchange:
    """
    A request as it comes in, and the answer as it goes out.

    `begin`, `write` and `end` answer without waiting; what they give leaves in one piece with `flush`, at
    the latest with the end.  Whoever sends much sets `on_pause` and `on_room` and heeds them.  `on_leave` is
    called when the client is gone.

    Attributes:
        path, query: As they came, bytes unchanged.
        headers: Names in lower case, in their order.
        refusal: Why it cannot be served at all.
        upgrade: The client asks for a WebSocket.
        close: The connection ends with the answer.
        begun: Status and headers of an answer are on their way.
        over: Nothing more can be sent.
        gone: The client has left.
        sent: Bytes of the answer's body until now.
        task: Works on the answer; it is cancelled when the client leaves, unless `keeps_on`.
    """

    __slots__ = (
        "_bodiless", "_chunked", "_connection", "_left", "_out", "begun", "body", "close", "gone", "headers",
        "http10",
        "keeps_on", "method", "on_leave", "on_pause", "on_room", "over", "path", "query", "refusal", "sent",
        "task", "upgrade",
    )  # fmt: skip

    def __init__(
        self, connection: "ClientConnection", method: str, url: bytes, headers: list[Header], *, http10: bool
    ) -> None:
        self._connection = connection
        self.method = method
        self.path, self.query = split_target(url)
        self.headers = headers
        self.http10 = http10
        self.body = Body(
            connection.loop, connection.read_no_more, connection.read_on, connection.send_continue
        )
        self.refusal: Problem | None = None
        self.upgrade = self.close = self.begun = self.over = self.gone = self.keeps_on = False
        self.sent = 0
        self.task: asyncio.Task[None] | None = None
        self.on_pause: Callable[[], None] | None = None
        self.on_room: Callable[[], None] | None = None
        self.on_leave: Callable[[], None] | None = None
        self._chunked = self._bodiless = False
        self._out: list[bytes] = []
        self._left: int | None = None

    # The request

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header; None when absent."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    @property
    def length(self) -> int | None:
        """The length of the body in bytes, when the client names one."""
        length = self.header(b"content-length")
        return None if length is None else int(length)

    def refuse_longer_than(self, limit: int) -> None:
        """Raise `Problem` 413 when the client names a length beyond `limit` bytes."""
        if (self.length or 0) > limit:
            raise too_large(limit)

    @property
    def client(self) -> str:
        """The client's address."""
        return self._connection.client

    @property
    def blocked(self) -> bool:
        """The client does not take what was sent."""
        return self._connection.blocked

    def hold_back(self) -> None:
        """Let the client wait with what it sends."""
        self._connection.read_no_more()

    def go_on(self) -> None:
        """Take more from the client."""
        self._connection.read_on()

    def leaves(self) -> None:
        """The client is gone."""
        self.gone = self.over = True
        if not self.body.complete:
            self.body.fails(Problem(400, "the client left before its request was whole", "client_left"))
        if self.on_leave is not None:
            self.on_leave()
        if self.task is not None and not self.keeps_on:
            self.task.cancel()

    # The answer

    def begin(self, status: int, headers: Iterable[Header], reason: bytes = b"") -> None:
        """
        Send status and headers.

        How the end is marked is ours to say: by the content-length among `headers`, else by chunks, or for
        HTTP/1.0 by closing.
        """
        self.begun = True
        self._bodiless = self.method == "HEAD" or status in (204, 304) or status < 200
        lines = [b"HTTP/1.1 %d %b" % (status, reason or REASONS.get(status, b"Unknown"))]
        for name, value in headers:
            if name == b"content-length":
                self._left = int(value)
            lines.append(b"%b: %b" % (name, value))
        if status != 101:  # then the connection speaks something else, as the headers say
            lines += self._last_lines()
        lines.append(b"\r\n")
        self._out.append(b"\r\n".join(lines))

    def write(self, data: bytes) -> None:
        """Send more of the body."""
        if self.over or not data:
            return
        self.sent += len(data)
        if self._bodiless:
            return
        if not self._chunked:
            if self._left is not None:
                self._left -= len(data)
            self._out.append(data)
        else:
            self._out += (b"%x\r\n" % len(data), data, b"\r\n")

    def flush(self) -> None:
        """Send what was written."""
        out = self._out
        if out:
            self._out = []
            self._connection.send(out)

    def end(self, trailers: Iterable[Header] = ()) -> None:
        """The answer is whole; one that is shorter or longer than it said ends uncleanly instead."""
        if self.over:
            return
        if self._left and not self._bodiless:
            self.break_off()
            return
        if self._chunked:
            lines = [b"%b: %b\r\n" % trailer for trailer in trailers]
            self._out.append(b"0\r\n%b\r\n" % b"".join(lines))
        self.flush()
        self.over = True
        self._connection.answered(self)

    def break_off(self) -> None:
        """End the answer so that nobody takes it for a whole one."""
        if self.over:
            return
        self.flush()
        self.over = self.close = True
        # One that ends with its connection would seem to be whole: only a reset says that it is not.
        self._connection.broke_off(reset=not self._chunked and self._left is None and not self._bodiless)

    def answer(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        """A whole answer at once."""
        self.begin(status, [*headers, (b"content-length", b"%d" % len(body))] if status != 204 else headers)
        self.write(body)
        self.end()

    def answer_problem(self, problem: Problem, headers: Iterable[Header] = ()) -> None:
        """Answer with our envelope."""
        own = [(name.encode(), value.encode()) for name, value in problem.headers.items()]
        self.answer(problem.status, [(b"content-type", b"application/json"), *own, *headers], problem.encoded)

    def tunnel(self, upstream: Callable[[bytes], None], lost: Callable[[], None]) -> Callable[[bytes], None]:
        """
        From now on bytes pass as they are, for a WebSocket; returns what sends them to the client.

        Args:
            upstream: Gets what the client sends.
            lost: Is called when the client leaves.
        """
        return self._connection.tunnel(upstream, lost)

    def _last_lines(self) -> list[bytes]:
        """The headers of this one connection."""
        lines: list[bytes] = []
        if self._left is None and not self._bodiless:
            if self.http10:
                self.close = True
            else:
                self._chunked = True
                lines.append(b"transfer-encoding: chunked")
        if self.close or not self.body.complete or self._connection.closing:
            self.close = True
            lines.append(b"connection: close")
        elif self.http10:
            lines.append(b"connection: keep-alive")
        return lines
