"""The log of a service: a run that reads it, waited for or followed line by line."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from blocks.ledger.runs import events_after
from gateway.prefect_api import PrefectApi
from gateway.problem import Problem
from gateway.records import Records
from gateway.runs import RunView
from gateway.stream import Streams
from gateway.swaps import Swaps

SHOW = "show-logs/cluster"
POLL_SECONDS = 0.2
FOLLOW_SECONDS = 1800


class ServiceLogs:
    """Reads logs by runs: the gateway itself reaches no host."""

    def __init__(self, records: Records, swaps: Swaps, streams: Streams, prefect: PrefectApi) -> None:
        self._records = records
        self._swaps = swaps
        self._streams = streams
        self._prefect = prefect
        self._ending: set[asyncio.Task[None]] = set()

    async def last(self, service: str, tail: int, wait_seconds: float) -> dict[str, Any]:
        """
        The last lines; `Problem` 504 with the run's id when they do not come in time, 502 when they cannot.

        Args:
            service: Its name.
            tail: How many lines.
            wait_seconds: How long the run may take.
        """
        run_id = UUID((await self._start(service, tail, 0)).id)
        until = time.monotonic() + wait_seconds
        while time.monotonic() < until:
            run = await self._swaps.recorded(run_id)
            if run is not None and run.over:
                return await self._read(service, run)
            await asyncio.sleep(POLL_SECONDS)
        message = f"the log of {service} was not read within {wait_seconds:.0f} seconds; its run goes on"
        raise Problem(504, message, "logs_slow", run=str(run_id))

    async def follow(self, service: str, tail: int) -> "Followed":
        """The events of a run that shows the last lines and those that follow."""
        run = await self._start(service, tail, FOLLOW_SECONDS)
        return Followed(self, UUID(run.id), self._streams.events(UUID(run.id)))

    async def end(self, run_id: UUID) -> None:
        """Nobody listens any more: the run need not go on; a client that has left does not wait for that."""
        task = asyncio.create_task(self._cancel(run_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _start(self, service: str, tail: int, follow_seconds: int) -> RunView:
        parameters = {"service": service, "tail": tail, "follow_seconds": follow_seconds}
        return await self._swaps.start_other(SHOW, parameters)

    async def _read(self, service: str, run: RunView) -> dict[str, Any]:
        if run.state != "completed":
            raise Problem(502, run.message or f"the log of {service} cannot be read", "no_log", run=run.id)
        events = await self._records.ask(events_after, run.id, 0, 1000)
        lines = [line for event in events if event.kind == "log" for line in event.data["lines"]]
        return {"service": service, "lines": lines, "run": run.id}

    async def _cancel(self, run_id: UUID) -> None:
        with suppress(Problem):  # it ends by itself, too
            run = await self._swaps.view(run_id)
            if not run.over:
                await self._prefect.cancel(run_id)


class Followed:
    """A log that is followed: its frames, and the end of its run when nobody reads them any more."""

    def __init__(self, logs: ServiceLogs, run_id: UUID, frames: AsyncIterator[bytes]) -> None:
        self._logs = logs
        self._run_id = run_id
        self._frames = frames
        self._ended = False

    async def events(self) -> AsyncIterator[bytes]:
        """The frames; the run ends with them."""
        try:
            async for frame in self._frames:
                yield frame
        finally:
            await self.close()

    async def close(self) -> None:
        """End the run, once."""
        if not self._ended:
            self._ended = True
            await self._logs.end(self._run_id)
