"""Bytes of HTTP/1.1 to requests, and responses to bytes; no sockets here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

HEAD_LIMIT = 64 * 1024


class Malformed(Exception):
    """What arrived is not HTTP/1.1 that this server reads."""


@dataclass(slots=True)
class Request:
    """One request; header names are lower case, path is unquoted, client is `host:port`."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    client: str = ""

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; raises ValueError."""
        return json.loads(self.body)


@dataclass(slots=True)
class Intake:
    """Collects bytes of one connection until a request is whole."""

    buffer: bytearray = field(default_factory=bytearray)
    _head: Request | None = None
    _body: bytearray = field(default_factory=bytearray)
    _continued: bool = False

    def wants_continue(self) -> bool:
        """True once, when a client waits for `100 Continue` before it sends its body."""
        head = self._head
        if head is None or self._continued:
            return False
        self._continued = True
        return head.headers.get("expect", "").lower() == "100-continue"

    def next(self) -> Request | None:
        """The next whole request, or None until more bytes come; raises Malformed."""
        if self._head is None:
            self._head = self._read_head()
        head = self._head
        if head is None or not self._read_body(head.headers):
            return None
        head.body = bytes(self._body)
        self._head, self._body, self._continued = None, bytearray(), False
        return head

    def _read_head(self) -> Request | None:
        while self.buffer[:2] == b"\r\n":
            del self.buffer[:2]
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > HEAD_LIMIT:
                raise Malformed("head too large")
            return None
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        del self.buffer[: end + 4]
        words = first.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise Malformed(f"bad request line: {first[:80]}")
        headers = {"http-version": words[2]}
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise Malformed(f"bad header line: {line[:80]}")
            headers[name.strip().lower()] = value.strip()
        return Request(words[0], words[1], headers)

    def _read_body(self, headers: Mapping[str, str]) -> bool:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks()
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise Malformed("bad content-length")
        if len(self.buffer) < int(length):
            return False
        self._body += self.buffer[: int(length)]
        del self.buffer[: int(length)]
        return True

    def _read_chunks(self) -> bool:
        while True:
            end = self.buffer.find(b"\r\n")
            if end < 0:
                return False
            try:
                size = int(bytes(self.buffer[:end]).partition(b";")[0], 16)
            except ValueError:
                raise Malformed("bad chunk size") from None
            if len(self.buffer) < end + 2 + size + 2:
                return False
            self._body += self.buffer[end + 2 : end + 2 + size]
            del self.buffer[: end + 2 + size + 2]
            if size == 0:
                return True


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers, as bytes."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
