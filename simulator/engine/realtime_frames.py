"""The server's side of a WebSocket (RFC 6455): the handshake's answer, frames in and out, no extensions.

Whole messages are given to a listener; pings are answered, a close is answered with its own code, and
whoever breaks the rules is closed with 1002.
"""

import asyncio
import base64
import hashlib
import struct
from collections.abc import Mapping
from typing import Protocol

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
MORE, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NO_CODE, LOST, WRONG = 1005, 1006, 1002


class Listener(Protocol):
    """What a WebSocket is heard by."""

    def opened(self, socket: "WebSocket") -> None: ...

    def heard(self, socket: "WebSocket", message: str | bytes) -> None: ...

    def closed(self, code: int) -> None: ...


class NoHandshake(ValueError):
    """The request does not ask for a WebSocket."""


class Broken(ValueError):
    """A frame that breaks the rules."""


def handshake(headers: Mapping[str, str], protocol: str) -> dict[str, str]:
    """Headers of the 101 that accepts a request; the protocol is named if it was offered."""
    key = headers.get("sec-websocket-key", "")
    asked = headers.get("upgrade", "").lower() == "websocket"
    if not asked or not key or headers.get("sec-websocket-version") != "13":
        raise NoHandshake("a WebSocket of version 13 is expected")
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()  # noqa: S324
    answer = {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": accept}
    offered = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
    return answer | ({"sec-websocket-protocol": protocol} if protocol in offered else {})


def frame(kind: int, data: bytes) -> bytes:
    """One whole frame as a server sends it: not masked."""
    size = len(data)
    if size < 126:
        return struct.pack("!BB", 0x80 | kind, size) + data
    if size < 65_536:
        return struct.pack("!BBH", 0x80 | kind, 126, size) + data
    return struct.pack("!BBQ", 0x80 | kind, 127, size) + data


class WebSocket(asyncio.Protocol):
    """One connection after its handshake."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._parts = bytearray()
        self._kind = MORE
        self._code: int | None = None

    def send(self, message: str | bytes) -> None:
        """Send a text or a binary message."""
        text = isinstance(message, str)
        data = message.encode() if isinstance(message, str) else message
        self._transport.write(frame(TEXT if text else BINARY, data))

    def close(self, code: int, reason: str = "") -> None:
        """Say why and close; the other side's answer is not waited for."""
        self._end(code, struct.pack("!H", code) + reason.encode())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport
        self._listener.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._listener.closed(LOST if self._code is None else self._code)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        try:
            while self._code is None and (found := self._next()) is not None:
                self._take(*found)
        except (Broken, UnicodeDecodeError) as reason:
            self.close(WRONG, str(reason)[:100])

    def _next(self) -> tuple[bool, int, bytes] | None:
        """The next frame (last of its message, kind, data), or None until more bytes come."""
        if len(self._buffer) < 2:
            return None
        first, second = self._buffer[:2]
        if first & 0x70 or not second & 0x80:
            raise Broken("a client's frames are masked and have no reserved bits")
        size, start = second & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(self._buffer[2:start], "big")
        end = start + 4 + size
        if len(self._buffer) < max(end, start):
            return None
        mask = bytes(self._buffer[start : start + 4])
        data = _unmasked(bytes(self._buffer[start + 4 : end]), mask)
        del self._buffer[:end]
        return bool(first & 0x80), first & 0x0F, data

    def _take(self, last: bool, kind: int, data: bytes) -> None:
        if kind == CLOSE:
            self._end(int.from_bytes(data[:2], "big") if data else NO_CODE, data)
        elif kind == PING:
            self._transport.write(frame(PONG, data))
        elif kind in {TEXT, BINARY, MORE}:
            self._join(last, kind, data)
        elif kind != PONG:
            raise Broken(f"frames of kind {kind} do not exist")

    def _join(self, last: bool, kind: int, data: bytes) -> None:
        """Put the frames of a message together and give it on when it is whole."""
        if (kind == MORE) != (self._kind != MORE):
            raise Broken("a message begins once and ends before the next")
        self._kind = kind or self._kind
        self._parts += data
        if not last:
            return
        whole, text = bytes(self._parts), self._kind == TEXT
        self._parts.clear()
        self._kind = MORE
        self._listener.heard(self, whole.decode() if text else whole)

    def _end(self, code: int, data: bytes) -> None:
        if self._code is None:
            self._code = code
            self._transport.write(frame(CLOSE, data))
            self._transport.close()


def _unmasked(data: bytes, mask: bytes) -> bytes:
    """Every byte with that of the mask in its turn."""
    size = len(data)
    whole = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
