"""A service whose GPU context is dead: clients are told to come back, and a deep check begins at once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from gateway.problem import Problem, retry_after

log = logging.getLogger(__name__)

DEEP_CHECK = "deep-check/cluster"
"""The deployment that tries a service with real work and restarts it if need be, by flow and name."""

QUIET_SECONDS = 60.0
"""How long after one deep check of a service no other is asked for, and clients stay away."""

TIMEOUTS = 3
"""So many requests in a row without an answer make a service suspect."""


class Prefect(Protocol):
    """What starts runs."""

    async def start(self, deployment: str, parameters: dict[str, Any], name: str) -> object:
        """Start a run of a deployment; `Problem` when that cannot be done."""


class Wedge:
    """
    Has wedged services looked at, in the background: no request waits for it or fails because of it.

    Args:
        clock: Seconds, monotonic.

    Attributes:
        seen: How often each service was found wedged.
        not_checked: How many deep checks could not be started.
    """

    def __init__(self, prefect: Prefect, clock: Callable[[], float] = monotonic) -> None:
        self._prefect = prefect
        self._clock = clock
        self._asked: dict[str, float] = {}
        self._timeouts: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._said = ""
        self.seen: Counter[str] = Counter()
        self.not_checked = 0

    def saw(self, service: str, why: str) -> None:
        """The service is wedged: have it checked, in the background and at most once a minute."""
        self.seen[service] += 1
        now, before = self._clock(), self._asked.get(service)
        if before is not None and now - before < QUIET_SECONDS:
            return
        self._asked[service] = now
        task = asyncio.create_task(self._check(service, why))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def timed_out(self, service: str) -> None:
        """A request had no answer in time: three in a row are seen as a wedge."""
        times = self._timeouts[service] = self._timeouts.get(service, 0) + 1
        if times >= TIMEOUTS:
            del self._timeouts[service]
            self.saw(service, f"{times} requests in a row had no answer in time")

    def answered(self, service: str) -> None:
        """A good answer: earlier timeouts count no more."""
        self._timeouts.pop(service, None)

    async def close(self, grace_seconds: float = 1.0) -> None:
        """Let the checks that are being asked for be started within that time."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _check(self, service: str, why: str) -> None:
        log.warning("%s looks wedged (%s): asking for a deep check", service, why)
        try:
            await self._prefect.start(
                DEEP_CHECK, {"service": service, "reason": why}, f"deep check of {service}"
            )
        except Problem as trouble:
            self.not_checked += 1
            if str(trouble) != self._said:  # it stays the same for as long as the deployment is missing
                self._said = str(trouble)
                log.warning("%s cannot be checked: %s", service, trouble)


def problem(service: str) -> Problem:
    """503: what a client of a wedged service is told."""
    return Problem(
        503,
        f"{service} has stopped working: its hold on the GPU is broken. It is being checked now and, "
        "if need be, restarted; try again in a minute",
        "upstream_wedged",
        headers=retry_after(QUIET_SECONDS),
    )
