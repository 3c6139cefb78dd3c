"""A rate: how often each client may do what anybody may do."""

from collections.abc import Callable
from time import monotonic

from gateway.problem import Problem, retry_after

MOST_CLIENTS = 512


class Rate:
    """
    Lets each client do it `burst` times at once, and then once in so many seconds.

    Only the `MOST_CLIENTS` that came last are remembered, so that many addresses take no memory.
    """

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._patience = (burst - 1) * seconds
        self._seconds = seconds
        self._clock = clock
        self._paid_until: dict[str, float] = {}

    def require(self, client: str) -> None:
        """`Problem` 429 for one who comes too often."""
        now = self._clock()
        paid_until = max(self._paid_until.pop(client, now), now)
        late = paid_until - now - self._patience
        self._paid_until[client] = paid_until if late > 0 else paid_until + self._seconds
        if len(self._paid_until) > MOST_CLIENTS:
            del self._paid_until[next(iter(self._paid_until))]
        if late > 0:
            raise Problem(429, "too many reports from this address", "too_often", headers=retry_after(late))
