"""The feed of one run: its events from the ledger and Prefect's word, as frames of an event stream."""

import asyncio
import time
from typing import Any
from uuid import UUID

import msgspec

from blocks.ledger.runs import events_after
from gateway.problem import Problem
from gateway.records import Records
from gateway.runs import RunView
from gateway.swaps import Swaps

POLL_SECONDS = 0.3
PREFECT_SECONDS = 2.0

LATE_SECONDS = 3.0
"""How long a run that Prefect calls ended may still take to write its own end down."""

_UNWRITTEN = ("queued", "cancelling")
"""States that the run itself does not write down."""


class Feed:
    """
    The events of one run, read once for all who listen.

    Attributes:
        frames: Number and frame of each; number 0 for those the run did not write itself.
        ended: The run has ended and all of it was read.
        news: Set when frames were added; a new one each time.
        listeners: How many there are.
    """

    def __init__(self, records: Records, swaps: Swaps, run_id: UUID) -> None:
        self._records = records
        self._swaps = swaps
        self._run_id = run_id
        self._seq = 0
        self._has_result = False
        self._run: RunView | None = None
        self._asked = 0.0
        self._said = ""
        self._over_at = 0.0
        self.frames: list[tuple[int, bytes]] = []
        self.ended = False
        self.news = asyncio.Event()
        self.listeners = 0

    async def follow(self) -> None:
        """Read until the run has ended and every event is read."""
        while not self.ended:
            try:
                run = await self._view()
                before = len(self.frames)
                await self._read()
            except Problem:  # the ledger or Prefect is away for a moment: the listeners wait
                await asyncio.sleep(1.0)
                continue
            self._say_unwritten(run)
            if run.over and len(self.frames) == before:
                self._end(run)
            if self.ended or len(self.frames) > before:
                self.tell()
            await asyncio.sleep(POLL_SECONDS)

    def tell(self) -> None:
        """Wake those who listen."""
        self.news.set()
        self.news = asyncio.Event()

    async def _view(self) -> RunView:
        now = time.monotonic()
        if self._run is None or now > self._asked + PREFECT_SECONDS:
            self._run, self._asked = await self._swaps.view(self._run_id), now
        elif not self._run.over:
            self._run = await self._swaps.recorded(self._run_id) or self._run
        return self._run

    async def _read(self) -> None:
        for event in await self._records.ask(events_after, str(self._run_id), self._seq):
            self._add(event.kind, event.data, event.seq)

    def _add(self, kind: str, data: dict[str, Any], seq: int = 0) -> None:
        self.frames.append((seq, frame(kind, data, seq)))
        self._seq = seq or self._seq
        self._has_result = self._has_result or kind == "result"

    def _say_unwritten(self, run: RunView) -> None:
        if run.state in _UNWRITTEN and run.state != self._said:
            self._add("state", {"state": run.state, "message": run.message})
        self._said = run.state

    def _end(self, run: RunView) -> None:
        """End when the run's own result was read, or when it does not come."""
        now = time.monotonic()
        self._over_at = self._over_at or now
        if not self._has_result and now > self._over_at + LATE_SECONDS:
            self._add("result", {"state": run.state, "message": run.message, **(run.result or {})})
        self.ended = self._has_result


def frame(kind: str, data: dict[str, Any], seq: int) -> bytes:
    """One server-sent event; without a number when it has none."""
    mark = b"id: %d\n" % seq if seq else b""
    return b"%bevent: %b\ndata: %b\n\n" % (mark, kind.encode(), msgspec.json.encode(data))
