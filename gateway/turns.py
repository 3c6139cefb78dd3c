"""Turns: how many requests a service gets at once, who waits, and whose turn comes next."""

import asyncio
import math
from collections import OrderedDict
from time import monotonic
from typing import NamedTuple

from gateway.problem import Problem, retry_after

UNKNOWN_SECONDS = 5.0
"""When to come back while no request of the service has ended yet."""

LONGEST_RETRY_SECONDS = 300.0

NEWEST_WEIGHT = 0.2
"""What the newest request counts for in the mean of the seconds that one takes."""


class Counts(NamedTuple):
    """
    How busy a service is.

    Attributes:
        oldest_seconds: How long the one waits who waits longest; 0 when nobody does.
        idle_seconds: Since when no request is in flight; 0 while one is, infinite when there never was one.
    """

    in_flight: int
    waiting: int
    oldest_seconds: float
    idle_seconds: float


class Turn:
    """
    The right to send one request to a service, until it is given back.

    Attributes:
        queued_seconds: How long it was waited for.
        position: The number of those who waited when it joined them, itself included; 0: it did not wait.
    """

    __slots__ = ("_began", "_line", "position", "queued_seconds")

    def __init__(self, line: "_Line", began: float, queued_seconds: float = 0.0, position: int = 0) -> None:
        self._line: _Line | None = line
        self._began = began
        self.queued_seconds = queued_seconds
        self.position = position

    def give_back(self) -> None:
        """The request has ended, however it did; more than once does no harm."""
        line = self._line
        if line is not None:
            self._line = None
            line.end(self._began)


class _Waiter:
    """One who waits: what it is told through, and since when and at which place it waits."""

    __slots__ = ("future", "joined", "position")

    def __init__(self, future: asyncio.Future[Turn], position: int) -> None:
        self.future = future
        self.joined = monotonic()
        self.position = position


class _Line:
    """
    The requests of one service: those in flight, and those who wait by client.

    Nobody waits while there is room.  The client at the front has the next turn, then goes to the end.
    Ordered dicts find the front, the end and one in the middle in the same short time.
    """

    def __init__(self) -> None:
        self.at_once = math.inf
        self.queue = 0
        self.in_flight = 0
        self.waiting = 0
        self.mean_seconds: float | None = None
        self.ended = -math.inf
        self._clients: OrderedDict[str, OrderedDict[_Waiter, None]] = OrderedDict()

    async def wait(self, client: str) -> Turn:
        """Join the line; a caller that is cancelled leaves it, and hands on a turn that it just got."""
        self.waiting += 1
        waiter = _Waiter(asyncio.get_running_loop().create_future(), self.waiting)
        self._clients.setdefault(client, OrderedDict())[waiter] = None
        try:
            return await waiter.future
        except BaseException:
            if waiter.future.done() and not waiter.future.cancelled():
                waiter.future.result().give_back()
            else:
                self._leave(client, waiter)
            raise

    def end(self, began: float) -> None:
        """A request that began then has ended: its turn goes to the next."""
        self.ended = monotonic()
        seconds = self.ended - began
        mean = self.mean_seconds
        self.mean_seconds = seconds if mean is None else mean + NEWEST_WEIGHT * (seconds - mean)
        self.in_flight -= 1
        if self.waiting:
            self.hand_on()

    def hand_on(self) -> None:
        """Give turns to those who wait, one client after the other, while there is room."""
        while self.waiting and self.in_flight < self.at_once:
            client, waiters = self._clients.popitem(last=False)
            waiter, _ = waiters.popitem(last=False)
            there = not waiter.future.done()  # else it was cancelled in this very moment
            if waiters:
                self._clients[client] = waiters
                self._clients.move_to_end(client, last=there)  # one that left has not used up the turn
            self.waiting -= 1
            if there:
                self.in_flight += 1
                now = monotonic()
                waiter.future.set_result(Turn(self, now, now - waiter.joined, waiter.position))

    def retry_seconds(self) -> float:
        """When those who wait now have had their turn, as far as the last requests tell."""
        if self.mean_seconds is None:
            return UNKNOWN_SECONDS
        return min((self.waiting + 1) * self.mean_seconds / self.at_once, LONGEST_RETRY_SECONDS)

    def counts(self) -> Counts:
        now = monotonic()
        oldest = min((next(iter(waiters)).joined for waiters in self._clients.values()), default=now)
        return Counts(self.in_flight, self.waiting, now - oldest, 0.0 if self.in_flight else now - self.ended)

    def _leave(self, client: str, waiter: _Waiter) -> None:
        waiters = self._clients.get(client)
        if waiters is not None and waiter in waiters:
            del waiters[waiter]
            self.waiting -= 1
            if not waiters:
                del self._clients[client]


class Turns:
    """
    The turns of every service; a service without a limit only has its requests counted.

    Clients take turns, so that one with fifty requests does not lock another out; the requests of one client
    are served in the order in which they came.
    """

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def limit(self, service: str, at_once: int, queue: int) -> None:
        """
        Set how many requests a service gets at once and how many may wait; 0 at once: unlimited.

        More room is used at once by those who wait.  With less, nobody in flight or waiting is sent away.
        """
        line = self._of(service)
        line.at_once = at_once or math.inf
        line.queue = queue
        line.hand_on()

    def take(self, service: str, client: str) -> Turn | None:
        """A turn when there is room, and so nobody waits; None when it has to be waited for."""
        line = self._lines.get(service) or self._of(service)
        if line.in_flight >= line.at_once:
            return None
        line.in_flight += 1
        return Turn(line, monotonic())

    async def wait(self, service: str, client: str) -> Turn:
        """A turn, as soon as it is this client's; `Problem` 429 when too many wait already."""
        turn = self.take(service, client)
        if turn is not None:
            return turn
        line = self._lines[service]
        if line.waiting >= line.queue:
            raise _full(service, line)
        return await line.wait(client)

    def counts(self, service: str) -> Counts:
        """How busy a service is."""
        return self._of(service).counts()

    def _of(self, service: str) -> _Line:
        return self._lines.setdefault(service, _Line())


def _full(service: str, line: _Line) -> Problem:
    seconds = line.retry_seconds()
    waiting = f"{line.waiting} wait already" if line.waiting else "none may wait"
    return Problem(
        429,
        f"{service} is busy: it takes {line.at_once} at once and {waiting}; "
        f"try again in about {max(1, round(seconds))} s",
        "queue_full",
        headers=retry_after(seconds),
    )
