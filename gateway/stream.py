"""The streams of runs: one look at the ledger for all who listen to a run, none when nobody does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from blocks.ledger.runs import events_after
from gateway.feed import Feed
from gateway.records import Records
from gateway.swaps import Swaps

BEAT_SECONDS = 15.0


class Streams:
    """Runs as server-sent events."""

    def __init__(self, records: Records, swaps: Swaps) -> None:
        self._records = records
        self._swaps = swaps
        self._feeds: dict[UUID, tuple[Feed, asyncio.Task[None]]] = {}
        self._closing = False

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closing = True
        for feed, _task in self._feeds.values():
            feed.tell()

    async def has_more(self, run_id: UUID, after: int) -> bool:
        """There are events after that number."""
        return bool(await self._records.ask(events_after, str(run_id), after, 1))

    async def events(self, run_id: UUID, after: int = 0) -> AsyncIterator[bytes]:
        """
        A run's events after that number, as frames of an event stream, until the run has ended.

        Each frame carries the number of its event as `id`; a comment comes when nothing else does for 15 s.
        """
        async with self._feed(run_id) as feed:
            index = 0
            while True:
                news, ended = feed.news, feed.ended
                fresh, index = feed.frames[index:], len(feed.frames)
                for seq, frame in fresh:
                    if seq > after or not seq:
                        yield frame
                if ended or self._closing:
                    return
                try:
                    await asyncio.wait_for(news.wait(), BEAT_SECONDS)
                except TimeoutError:
                    yield b": still here\n\n"

    @asynccontextmanager
    async def _feed(self, run_id: UUID) -> AsyncIterator[Feed]:
        if run_id not in self._feeds:
            feed = Feed(self._records, self._swaps, run_id)
            self._feeds[run_id] = (feed, asyncio.create_task(feed.follow()))
        feed, task = self._feeds[run_id]
        feed.listeners += 1
        try:
            yield feed
        finally:
            feed.listeners -= 1
            if not feed.listeners:
                del self._feeds[run_id]
                task.cancel()
