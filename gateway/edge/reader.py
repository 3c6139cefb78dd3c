"""Reads requests out of a client's bytes: httptools' parser, and what it leaves to us."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import httptools

from gateway.edge.exchange import Exchange
from gateway.edge.head import Header, ends_connection, fault_of_head
from gateway.edge.limits import Limits
from gateway.problem import Problem

if TYPE_CHECKING:
    from gateway.edge.client_connection import ClientConnection


class Reader:
    """
    Makes exchanges of bytes.

    Args:
        connection: Gets the exchanges by `arrives`, and by `refuse` what is no HTTP before there is one.
        limits: Of URL and head.

    Attributes:
        in_head: A request has begun and its head is not complete.
        head_began: When it began, on the loop's clock.
    """

    def __init__(self, connection: "ClientConnection", limits: Limits, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._limits = limits
        self._clock = clock
        self._parser = httptools.HttpRequestParser(self)
        self._exchange: Exchange | None = None
        self._url = b""
        self._headers: list[Header] = []
        self._unheeded = 0
        self._resuming = self._upgraded = False
        self.in_head = False
        self.head_began = 0.0

    def feed(self, data: bytes) -> None:
        """Read on."""
        if self._upgraded:
            self._connection.keep_early(data)
            return
        self._unheeded += len(data)
        while data:
            data = self._parse(data)
        if self._unheeded > self._limits.head + self._limits.url:
            self._refuse_more()

    def _parse(self, data: bytes) -> bytes:
        """Parse; what is left for a new parser is returned."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._cannot_read(error)
        return b""

    def _refuse_more(self) -> None:
        """A head, or what stands between and behind the chunks of a body, that never ends."""
        if self.in_head:
            self._connection.refuse(_too_long(self._url, self._limits))
        elif self._exchange is not None and not self._exchange.body.complete:
            message = "the trailers of the request are too large"
            self._connection.break_body(self._exchange, Problem(431, message, "headers_too_large"))

    def _after_upgrade(self, rest: bytes) -> bytes:
        """The parser stopped behind a head that asks for another protocol."""
        exchange = self._exchange
        if exchange is None or exchange.refusal is not None:
            return b""
        if exchange.upgrade:
            self._upgraded = True
            self._connection.keep_early(rest)
            return b""
        # Any other upgrade (Java's clients ask for h2c) is not taken: its request is an ordinary one.
        length, chunked = exchange.header(b"content-length"), exchange.header(b"transfer-encoding")
        framing = b"content-length: %b\r\n" % length if length else b""
        framing = b"transfer-encoding: chunked\r\n" if chunked else framing
        self._parser = httptools.HttpRequestParser(self)
        self._resuming = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\nhost: -\r\n%b\r\n" % framing)
        self._resuming = False
        return rest

    def _cannot_read(self, error: Exception) -> None:
        problem = Problem(400, f"the request is not valid HTTP/1.1: {error}", "bad_http")
        exchange = self._exchange
        if self.in_head or exchange is None:
            self._connection.refuse(problem)
        elif not exchange.body.complete:
            self._connection.break_body(exchange, problem)
        elif not exchange.close:  # what follows a "connection: close" is nobody's
            self._connection.refuse(problem)

    # httptools' side

    def on_message_begin(self) -> None:
        if not self._resuming:
            self._url, self._headers, self.in_head = b"", [], True
            self._unheeded = 0
            self.head_began = self._clock()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:
            self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        if self._resuming:
            return
        self.in_head = False
        version, method = self._parser.get_http_version(), self._parser.get_method()
        exchange = Exchange(
            self._connection, method.decode(), self._url, self._headers, http10=version == "1.0"
        )
        exchange.refusal = fault_of_head(version, method, self._headers, self._limits)
        if len(self._url) > self._limits.url:
            exchange.refusal = _too_long(self._url, self._limits)
        said = b""
        for name, value in self._headers:
            if name == b"connection":
                said += b"," + value
            elif name == b"expect":
                exchange.body.expects = value.lower() == b"100-continue" and not exchange.http10
            elif name == b"upgrade" and self._parser.should_upgrade():
                exchange.upgrade = value.lower() == b"websocket" and method == b"GET" and version == "1.1"
        must_close = exchange.upgrade or exchange.refusal is not None
        exchange.close = must_close or ends_connection(said, http10=exchange.http10)
        self._exchange = exchange
        self._connection.arrives(exchange)

    def on_body(self, body: bytes) -> None:
        self._unheeded = 0
        if self._exchange is not None:
            self._exchange.body.takes(body)

    def on_message_complete(self) -> None:
        exchange = self._exchange
        if exchange is not None and (exchange.upgrade or not self._parser.should_upgrade()):
            exchange.body.completes()


def _too_long(url: bytes, limits: Limits) -> Problem:
    if len(url) > limits.url:
        return Problem(414, "the URL is too long", "url_too_long")
    return Problem(431, "the headers of the request are too large", "headers_too_large")
