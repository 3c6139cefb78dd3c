"""One connection of the load: a request at a time over HTTP/1.1, and what its answer must be."""

import asyncio
import hashlib
from collections.abc import Callable
from time import monotonic
from typing import Protocol, cast

import httptools

from control.bench.upstream import EVENTS, LAST, MARK, PIECE

_MARK = MARK.encode()


class Answer(Protocol):
    """What is kept of an answer's body as it comes."""

    def take(self, body: bytes) -> None:
        """One more piece."""

    def fault(self, exact: bool) -> str:
        """What is wrong with it, now that it has ended; blank when it is right."""


class Reply:
    """
    A short answer, kept whole.

    Args:
        text: What stands in it in any case.
        whole: All of it, where bytes are passed through; blank: not known.
    """

    def __init__(self, text: bytes, whole: bytes = b"") -> None:
        self._text = text
        self._whole = whole
        self._body = b""

    def take(self, body: bytes) -> None:
        self._body += body

    def fault(self, exact: bool) -> str:
        """`exact`: every byte is as the upstream sent it; else its text is there."""
        right = self._body == self._whole if exact and self._whole else self._text in self._body
        return "" if right else f"this is not the upstream's answer: {self._body[:200]!r}"


class Events:
    """A stream of events: how many tokens have come, when the first did, and the longest silence after it."""

    def __init__(self, due: int, tally: Callable[["Events", int], None]) -> None:
        self._due = due
        self._tally = tally
        self._end = b""
        self._bytes = 0
        self.began = monotonic()
        self.tokens = 0
        self.first = 0.0
        self.last = 0.0
        self.longest_gap = 0.0

    def take(self, body: bytes) -> None:
        now = monotonic()
        self._bytes += len(body)
        seen = self._end + body
        self._end = seen[1 - len(_MARK) :]  # too short to hold a token, long enough for one that was cut
        count = seen.count(_MARK)
        if not count:
            return
        if self.first:
            self.longest_gap = max(self.longest_gap, now - self.last)
        self.first = self.first or now
        self.last = now
        self.tokens += count
        self._tally(self, count)

    def fault(self, exact: bool) -> str:
        """`exact`: every byte has come; else every token has."""
        if self.tokens != self._due:
            return f"a stream of {self._due} events ended after {self.tokens}"
        if exact and self._bytes != self._due * len(EVENTS[0]) + len(LAST):
            return f"a stream of {self._due} events had {self._bytes} bytes"
        return ""


class Sound:
    """Spoken audio: counted and hashed, not kept."""

    def __init__(self, size: int) -> None:
        self._due = size
        self._size = 0
        self._hash = hashlib.sha256()

    def take(self, body: bytes) -> None:
        self._size += len(body)
        self._hash.update(body)

    def fault(self, exact: bool) -> str:
        """Never anything but what the upstream sent, whoever is between."""
        if self._size != self._due:
            return f"{self._size} bytes of {self._due} came down"
        wanted = hashlib.sha256()
        for _ in range(self._due // len(PIECE)):
            wanted.update(PIECE)
        wanted.update(PIECE[: self._due % len(PIECE)])
        return (
            "" if self._hash.digest() == wanted.digest() else "what came down is not what the upstream sent"
        )


class Connection(asyncio.Protocol):
    """A connection kept open; `ended` is called for each answer, whole or not."""

    def __init__(self, ended: Callable[["Connection"], None], exact: bool) -> None:
        self._ended = ended
        self._exact = exact
        self._parser = httptools.HttpResponseParser(self)
        self._free = asyncio.Event()
        self._free.set()
        self._closed = False
        self.answer: Answer | None = None
        self.due = 0.0
        self.fault = ""

    @property
    def usable(self) -> bool:
        """Another request can be sent."""
        return not self._closed and self.answer is None

    def send(self, request: bytes, answer: Answer, due: float | None = None) -> None:
        """Send a request; `due`: when it should have been sent, which is where its time begins."""
        self.due = monotonic() if due is None else due
        self.answer = answer
        self._transport.write(request)

    async def send_more(self, piece: bytes) -> None:
        """One more piece of the request's body, once there is room for it."""
        await self._free.wait()
        self._transport.write(piece)

    def close(self) -> None:
        """Hang up, whatever is under way, without a word to `ended`."""
        self.answer = None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        self._free.set()
        if self.answer:
            self._end("the connection ended before the answer did")

    def pause_writing(self) -> None:
        self._free.clear()

    def resume_writing(self) -> None:
        self._free.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._transport.abort()
            self._end(f"not HTTP: {error}")

    def on_body(self, body: bytes) -> None:
        if self.answer:
            self.answer.take(body)

    def on_message_complete(self) -> None:
        if not self.answer:
            return
        status = self._parser.get_status_code()
        self._end(f"status {status}" if status != 200 else self.answer.fault(self._exact))

    def _end(self, fault: str) -> None:
        self.fault = fault
        self.finished, self.answer = self.answer, None
        self._ended(self)
