"""Connectivity: what the watch sees of the services, written down off the hot path and told to Prefect."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from blocks.cluster import Service
from blocks.ledger.seen import write_seen
from blocks.ledger.transitions import Transition, note_state
from gateway.prefect_api import PrefectApi
from gateway.problem import Problem
from gateway.records import Records
from gateway.watch import Look, Watch

log = logging.getLogger(__name__)

SOURCE = "gateway"
MOST_WAITING = 1000
"""Changes that a ledger which is away has still to be told; past it the oldest are lost."""

AGAIN_SECONDS = 2.0
REFRESH_SECONDS = 30.0
"""What was seen of a service is written at least so often, so that others see that we still look."""


@dataclass(frozen=True)
class _Change:
    service: str
    up: bool
    since: float
    why: str


class Connectivity:
    """
    Writes transitions and sights of the services.

    A ledger that is away loses nothing: what is to be written waits in memory, with its own time.
    """

    def __init__(self, records: Records, watch: Watch, prefect: PrefectApi) -> None:
        self._records = records
        self._watch = watch
        self._prefect = prefect
        self._waiting: deque[_Change] = deque(maxlen=MOST_WAITING)
        self._last: dict[str, tuple[bool, float]] = {}
        self._written: dict[str, tuple[Look, float]] = {}
        self._to_do = asyncio.Event()
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def unwritten(self) -> int:
        """How many changes wait for the ledger."""
        return len(self._waiting)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Write in the background until the block ends."""
        tasks = [asyncio.create_task(self._see()), asyncio.create_task(self._keep_writing())]
        yield
        tasks += self._telling
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def tell(self, event: str, transition: Transition) -> None:
        """Have Prefect told of a transition; lost when it is away."""
        task = asyncio.create_task(self._tell(event, transition))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _see(self) -> None:
        """Take every change of the watch, however quickly they come."""
        while True:
            for service in self._watch.settings.cluster.services:
                look = self._watch.looks.get(service.name)
                if look and self._last.get(service.name) != (look.up, look.since):
                    self._last[service.name] = (look.up, look.since)
                    self._waiting.append(_Change(service.name, look.up, look.since, look.why))
            self._to_do.set()
            await self._watch.change(REFRESH_SECONDS)

    async def _keep_writing(self) -> None:
        while True:
            await self._to_do.wait()
            self._to_do.clear()
            try:
                await self._write_transitions()
                await self._write_sights()
            except Problem:  # the ledger is away, as Records has said
                await asyncio.sleep(AGAIN_SECONDS)
                self._to_do.set()

    async def _write_transitions(self) -> None:
        while self._waiting:
            change = self._waiting[0]
            subject, state = f"service/{change.service}", "up" if change.up else "down"
            noted = await self._records.ask(note_state, subject, state, SOURCE, change.why, change.since)
            if self._waiting[0] is change:
                self._waiting.popleft()
            if noted is not None:
                self.tell(f"spark.service.{state}", noted)

    async def _write_sights(self) -> None:
        for service in self._watch.settings.cluster.services:
            look = self._watch.looks.get(service.name)
            if look is not None and self._is_news(service, look):
                await self._records.ask(write_seen, f"service/{service.name}", _sight(look))
                self._written[service.name] = (look, time.monotonic())

    def _is_news(self, service: Service, look: Look) -> bool:
        before, at = self._written.get(service.name, (None, 0.0))
        if before is None or at < time.monotonic() - REFRESH_SECONDS:
            return True
        return (look.up, look.why, look.models, look.since) != (
            before.up, before.why, before.models, before.since,
        )  # fmt: skip

    async def _tell(self, event: str, transition: Transition) -> None:
        name = transition.subject.replace("/", ".")
        body = {
            "id": str(uuid4()),
            "occurred": datetime.fromtimestamp(transition.at, UTC).isoformat(),
            "event": event,
            "resource": {
                "prefect.resource.id": f"spark.{name}",
                "prefect.resource.name": name.partition(".")[2],
            },
            "payload": {"state": transition.state, "source": transition.source, "why": transition.why},
        }
        try:
            await self._prefect.write("POST", "/events", [body])
        except Problem as problem:
            log.warning("event %s was not told to Prefect: %s", event, problem)


def _sight(look: Look) -> dict[str, Any]:
    """What others learn of a service; `looked_at` and `since` in seconds since 1970."""
    return {
        "up": look.up,
        "why": look.why,
        "models": list(look.models),
        "version": look.version,
        "since": look.since,
        "looked_at": time.time() - (time.monotonic() - look.at),
    }
