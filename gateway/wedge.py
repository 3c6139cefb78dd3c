"""A service that seems to be dead: clients are told to come back, and a deep check begins at once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Protocol

from gateway.problem import Problem, retry_after

log = logging.getLogger(__name__)

DEEP_CHECK = "deep-check/cluster"
"""The deployment that tries a service with real work and restarts it if need be, by flow and name."""

QUIET_SECONDS = 60.0
"""How long after one deep check of a service no other is asked for, and clients stay away."""

TIMEOUTS = 3
"""So many requests in a row without an answer, or failed by the service itself, make it suspect."""


class Prefect(Protocol):
    """What starts runs."""

    async def start(self, deployment: str, parameters: dict[str, Any]) -> object:
        """Start a run of a deployment; `Problem` when that cannot be done."""


async def always(_service: str) -> str:
    """Nothing speaks against a check."""
    return ""


class Wedge:
    """
    Has services looked at that seem dead, in the background: no request waits for it or fails because of it.

    Args:
        clock: Seconds, monotonic.
        why_not: Why a service that takes no connections is not to be checked, such as that it was stopped
            on purpose; blank: it is.

    Attributes:
        seen: How often each service was found wedged.
        not_checked: How many deep checks could not be started.
    """

    def __init__(
        self,
        prefect: Prefect,
        clock: Callable[[], float] = monotonic,
        why_not: Callable[[str], Awaitable[str]] = always,
    ) -> None:
        self._prefect = prefect
        self._clock = clock
        self._why_not = why_not
        self._asked: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._said = ""
        self.seen: Counter[str] = Counter()
        self.not_checked = 0

    def saw(self, service: str, why: str) -> None:
        """The service is wedged: have it checked, in the background and at most once a minute."""
        self.seen[service] += 1
        self._ask(service, why, always)

    def broke(self, service: str, why: str) -> None:
        """It refused a connection or broke off an answer: the first time is enough."""
        self._ask(service, why, self._why_not)

    def timed_out(self, service: str) -> None:
        """A request had no answer in time: three in a row are seen as a wedge."""
        if self._is_one_too_many(service):
            self.saw(service, f"{TIMEOUTS} requests in a row had no answer in time")

    def erred(self, service: str) -> None:
        """The service failed by itself (5xx) without the words of a wedge: so do three in a row."""
        if self._is_one_too_many(service):
            self._ask(service, f"{TIMEOUTS} requests in a row failed", always)

    def answered(self, service: str) -> None:
        """A good answer: earlier failures count no more."""
        self._failures.pop(service, None)

    async def close(self, grace_seconds: float = 1.0) -> None:
        """Let the checks that are being asked for be started within that time."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _is_one_too_many(self, service: str) -> bool:
        count = self._failures[service] = self._failures.get(service, 0) + 1
        if count >= TIMEOUTS:
            del self._failures[service]
        return count >= TIMEOUTS

    def _ask(self, service: str, why: str, why_not: Callable[[str], Awaitable[str]]) -> None:
        """Have it checked, at most once a minute."""
        now, before = self._clock(), self._asked.get(service)
        if before is not None and now - before < QUIET_SECONDS:
            return
        self._asked[service] = now
        task = asyncio.create_task(self._check(service, why, why_not))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _check(self, service: str, why: str, why_not: Callable[[str], Awaitable[str]]) -> None:
        try:
            if reason := await why_not(service):
                log.info("%s fails (%s), and is not checked: %s", service, why, reason)
                return
            log.warning("%s looks dead (%s): asking for a deep check", service, why)
            await self._prefect.start(DEEP_CHECK, {"service": service, "reason": why})
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
