"""An answer of an upstream piece by piece as it comes, for questions of our own."""

import asyncio
from collections.abc import AsyncIterator

from gateway.upstream_connection import UpstreamBroke


class Pieces:
    """A sink that hands an answer on, piece by piece; meant for answers that are small as a whole."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self._begun = asyncio.Event()

    async def begun(self, seconds: float) -> None:
        """Wait for the head; `TimeoutError` after that long, `UpstreamBroke` is left to `all`."""
        async with asyncio.timeout(seconds):
            await self._begun.wait()

    async def all(self, seconds: float) -> AsyncIterator[bytes]:
        """The body; `UpstreamBroke` where it breaks off, `TimeoutError` after a silence of that long."""
        while (piece := await asyncio.wait_for(self._queue.get(), seconds)) is not None:
            if isinstance(piece, str):
                raise UpstreamBroke(piece)
            yield piece

    def head(self) -> None:
        """Status and headers stay on the connection."""
        self._begun.set()

    def body(self, data: bytes) -> None:
        """Hand it on."""
        self._queue.put_nowait(data)

    def settled(self) -> None:
        """Nothing to do: every piece is handed on at once."""

    def end(self) -> None:
        """That was all."""
        self._queue.put_nowait(None)

    def broke(self, why: str) -> None:
        """There will be no more of it."""
        self._queue.put_nowait(why)
        self._begun.set()

    def room(self, *, free: bool) -> None:
        """Nothing is sent beyond the head."""
