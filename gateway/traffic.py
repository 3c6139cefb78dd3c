"""What real requests show of each service: told when one has ended, written down every few seconds."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from blocks.ledger.health import TRAFFIC, why_at_rest
from blocks.ledger.seen import write_seen
from gateway.problem import Problem
from gateway.records import Records
from gateway.routes import ROUTES
from gateway.swaps import Swaps
from gateway.telemetry.record import Record
from gateway.turns import Turns
from gateway.watch import Watch

FLUSH_SECONDS = 5.0

NO_WORK = ("/tokenize", "/detokenize", "/v1/messages/count_tokens")
"""Routes that a service answers although its GPU is dead."""

PROOFS = frozenset(path.decode() for path, route in ROUTES.items() if route.method == "POST") - {*NO_WORK}
"""Routes whose good answers are real work."""

FOR_MODELS = frozenset(path.decode() for path, route in ROUTES.items() if route.kind == "vllm")

BROKEN = {"unreachable": "it takes no connections", "upstream_broke": "it broke off its answer"}
"""Outcomes by which a service shows that it has died."""


class Suspects(Protocol):
    """Who has a service looked at that seems to have died."""

    def broke(self, service: str, why: str) -> None:
        """It refused a connection or broke off an answer."""

    def erred(self, service: str) -> None:
        """It answered with a failure of its own."""


class Traffic:
    """
    Notes the last good answer of each service, and tells of those that break.

    What breaks while a swap is under way is the engine that the swap stops.
    """

    def __init__(
        self, records: Records, watch: Watch, turns: Turns, swaps: Swaps, suspects: Suspects
    ) -> None:
        self._records = records
        self._watch = watch
        self._turns = turns
        self._swaps = swaps
        self._suspects = suspects
        self._good_at: dict[str, float] = {}
        self._written: dict[str, dict[str, Any]] = {}

    def finished(self, record: Record) -> None:
        """A request has ended."""
        outcome, service = record.outcome, record.service
        if outcome == "ok":
            if record.status == 200 and record.route in PROOFS:
                self._good_at[service] = time.time()
            elif service and record.status >= 500:
                self._suspects.erred(service)
        elif outcome in BROKEN:
            self._broke(service, record.route, BROKEN[outcome])

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Write down what changed every few seconds, and once more at the end of the block."""
        task = asyncio.create_task(self._keep_writing())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self._write()

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._write()

    def _broke(self, service: str, route: str, why: str) -> None:
        """A request for a model may find the engine gone before it is sent anywhere."""
        engine = self._watch.vllm
        if not service and route in FOR_MODELS and engine is not None:
            service = engine.name
        swapping = engine is not None and service == engine.name and self._swaps.now is not None
        if service and not swapping:
            self._suspects.broke(service, why)

    async def _write(self) -> None:
        """What has changed since; a ledger that is away gets it the next time."""
        for service in self._watch.settings.cluster.services:
            name = service.name
            in_flight = self._turns.counts(name).in_flight
            data = {"good_at": self._good_at.get(name), "in_flight": in_flight}
            if name not in self._good_at and not in_flight and name not in self._written:
                continue
            if data == self._written.get(name):
                continue
            try:
                await self._records.ask(write_seen, f"{TRAFFIC}{name}", data)
            except Problem:
                return
            self._written[name] = data


def resting(records: Records, watch: Watch) -> Callable[[str], Awaitable[str]]:
    """Tells why a service that broke needs no deep check; blank when it does, or the ledger cannot say."""

    async def why(service: str) -> str:
        engine = watch.vllm
        is_engine = engine is not None and engine.name == service
        try:
            return await records.ask(why_at_rest, service, is_engine=is_engine)
        except Problem:
            return ""

    return why
