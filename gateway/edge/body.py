"""The body of a request, as it comes in."""

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable

from gateway.problem import Problem

HIGH_WATER = 64 * 1024
"""Bytes of a body that wait for an upstream before we stop reading from the client."""


class Body:
    """
    The body of one request.

    Args:
        loop: The connection's.
        hold_back: Lets the client wait.
        go_on: Takes more from it.
        expected: Tells a client that waits for a word to send the body.

    Attributes:
        complete: All of it has come.
        received: Bytes until now.
        expects: The client sends it only when told to.
    """

    __slots__ = (
        "_expected", "_failure", "_go_on", "_hold_back", "_loop", "_parts", "_waiter", "_waiting_bytes",
        "complete", "expects", "received",
    )  # fmt: skip

    def __init__(
        self,
        loop: AbstractEventLoop,
        hold_back: Callable[[], None],
        go_on: Callable[[], None],
        expected: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._hold_back = hold_back
        self._go_on = go_on
        self._expected = expected
        self._parts: list[bytes] = []
        self._waiting_bytes = self.received = 0
        self._waiter: Future[None] | None = None
        self._failure: Problem | None = None
        self.complete = self.expects = False

    async def part(self) -> bytes:
        """The next part as it came, `b""` at the end; `Problem` when it breaks HTTP or comes too slowly."""
        while not self._parts:
            if self._failure is not None:
                raise self._failure
            if self.complete:
                return b""
            await self._arrival()
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        if self._waiting_bytes > HIGH_WATER:
            self._go_on()
        self._waiting_bytes = 0
        return data

    async def whole(self, limit: int) -> bytes:
        """All of it; `Problem` 413 as soon as it is known to be larger than `limit` bytes."""
        if self.complete and self.received <= limit and len(self._parts) <= 1:
            return self._parts.pop() if self._parts else b""
        body = bytearray()
        while data := await self.part():
            body += data
            if len(body) > limit:
                raise too_large(limit)
        return bytes(body)

    @property
    def waiting(self) -> bool:
        """A part of it is there and nobody has taken it."""
        return bool(self._parts)

    @property
    def failed(self) -> bool:
        """The rest of it cannot be read."""
        return self._failure is not None

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for more of it."""
        return self._waiter is not None

    def takes(self, data: bytes) -> None:
        """More of it came."""
        self._parts.append(data)
        self.received += len(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > HIGH_WATER:
            self._hold_back()
        self._wake()

    def completes(self) -> None:
        """That was all; what the client sends from now on, or that it leaves, is not to be missed."""
        self.complete = True
        if self._waiting_bytes > HIGH_WATER:
            self._go_on()
        self._wake()

    def fails(self, problem: Problem) -> None:
        """The rest of it cannot be read."""
        self._failure = problem
        self._wake()

    async def _arrival(self) -> None:
        if self.expects:
            self.expects = False
            self._expected()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def too_large(limit: int) -> Problem:
    """The problem of a body beyond the limit."""
    size = f"{limit / 1024 / 1024:.0f} MiB" if limit >= 1024 * 1024 else f"{limit} bytes"
    return Problem(413, f"the body is larger than {size}", "body_too_large")
