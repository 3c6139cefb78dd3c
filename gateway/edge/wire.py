"""A client's socket: held back, written to, and closed so that the client can read all of an answer."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import cast

WRITE_HIGH_WATER = 128 * 1024
_SMALL = 16 * 1024
"""Up to here one copy is cheaper than several buffers."""
_LINGER_SECONDS = 2.0
"""How long what a client still sends is thrown away, so that it can read the answer."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: the close drops what is unsent and tells the client that it was no clean end."""


class Wire(asyncio.Protocol):
    """
    The socket of one client.

    Args:
        loop: The server's.
        stall_seconds: How long a client may take no bytes.

    Attributes:
        client: The client's address.
        held: It has to wait with what it sends.
        discarding: Whatever it still sends is thrown away.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, stall_seconds: float) -> None:
        self.loop = loop
        self.client = ""
        self.held = self.discarding = False
        self._stall_seconds = stall_seconds
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._blocked_since: float | None = None
        self._close_by: float | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_WATER)
        self.client = (transport.get_extra_info("peername") or ("",))[0]

    def pause_writing(self) -> None:
        self._blocked_since = self.loop.time()

    def resume_writing(self) -> None:
        self._blocked_since = None

    # In

    def read_no_more(self) -> None:
        """Let the client wait."""
        if not (self.held or self.discarding or self._transport.is_closing()):
            self.held = True
            self._transport.pause_reading()

    def read_on(self) -> None:
        """Take more from the client."""
        if self.held:
            self.held = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # Out

    @property
    def blocked(self) -> bool:
        """The client does not take what was sent."""
        return self._blocked_since is not None

    @property
    def ended(self) -> bool:
        """Nothing more can be sent."""
        return self._close_by is not None or self._transport.is_closing()

    def send(self, parts: list[bytes]) -> None:
        """Write, unless the client is gone or was told that this is all; in one system call."""
        if not self.ended:
            if sum(map(len, parts)) < _SMALL:
                self._transport.write(b"".join(parts))
            else:
                self._transport.writelines(parts)

    def send_continue(self) -> None:
        """Tell a client that waits for a word to send its body."""
        self.send([b"HTTP/1.1 100 Continue\r\n\r\n"])

    def send_frames(self, data: bytes) -> None:
        """Write what passes through a tunnel."""
        if not self.ended:
            self._transport.write(data)

    # The end

    def close(self) -> None:
        """Close at once when nothing is on its way in or out."""
        if self.held or self._transport.get_write_buffer_size():
            self.linger()
        else:
            self._transport.close()

    def linger(self) -> None:
        """Close after the client could read the answer: a close with unread bytes would destroy it."""
        if self.ended:
            return
        self.discarding = True
        Wire.read_on(self)
        unsent = self._transport.get_write_buffer_size()
        self._close_by = self.loop.time() + (self._stall_seconds if unsent else _LINGER_SECONDS)
        self._transport.write_eof()

    def leave(self) -> None:
        """Close on a client that sends no more; it may still take what was sent."""
        self._close_by = self.loop.time() + self._stall_seconds
        self._transport.close()

    def reset(self) -> None:
        """Close so that the client knows that something is missing."""
        with suppress(OSError):  # it was faster
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def is_too_late(self, now: float) -> bool:
        """It did not take what was sent, or did not close, in time."""
        blocked, until = self._blocked_since, self._close_by
        if blocked is not None and now - blocked > self._stall_seconds:
            return True
        return until is not None and now > until
