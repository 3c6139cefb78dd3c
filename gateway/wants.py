"""Who wants which model, and which could not be loaded (pure; times in seconds since 1970)."""

import math
from dataclasses import dataclass

from gateway.next_swap import Rules, Want


class Wants:
    """
    Who wants which model since when.

    A client counts while one of its requests is held, and for a while after it was told to come back.
    """

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], _Wanted] = {}

    def join(self, key: str, client: str, now: float) -> None:
        """A request that is held from now on; a client that comes back has waited all the time."""
        wanted = self._all.get((key, client))
        if wanted is None or not wanted.counts(now):
            wanted = self._all[key, client] = _Wanted(now)
        wanted.held += 1
        wanted.back_by = -math.inf

    def leave(self, key: str, client: str, back_by: float = -math.inf) -> None:
        """The request is held no more; by when its client is expected back, if it is."""
        wanted = self._all[key, client]
        wanted.held -= 1
        wanted.back_by = max(wanted.back_by, back_by)

    def oldest(self, now: float) -> list[Want]:
        """Each model that is wanted, since when the one waits that waits longest."""
        self._all = {of: wanted for of, wanted in self._all.items() if wanted.counts(now)}
        since: dict[str, float] = {}
        for (key, _), wanted in self._all.items():
            since[key] = min(wanted.since, since.get(key, math.inf))
        return [Want(key, at) for key, at in since.items()]


@dataclass
class _Wanted:
    """One client's want: since when, how many of its requests are held, by when it is expected back."""

    since: float
    held: int = 0
    back_by: float = -math.inf

    def counts(self, now: float) -> bool:
        return self.held > 0 or now < self.back_by


@dataclass(frozen=True)
class Failure:
    """Why a model could not be loaded, and until when it is left alone."""

    why: str
    until: float
    seconds: float
    run: str | None = None


class Failures:
    """The models that could not be loaded."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._all: dict[str, Failure] = {}

    def add(self, key: str, why: str, at: float, run: str | None = None) -> None:
        """It failed then, in seconds since 1970; each time it is left alone for twice as long."""
        before = self._all.get(key)
        seconds = before.seconds * 2 if before else self._rules.cool_seconds
        seconds = min(seconds, self._rules.longest_cool_seconds)
        self._all[key] = Failure(why, at + seconds, seconds, run)

    def forget(self, key: str) -> None:
        """It is loaded: nothing is wrong with it any more."""
        self._all.pop(key, None)

    def standing(self, key: str, now: float) -> Failure | None:
        """The failure for which a model is left alone now."""
        failure = self._all.get(key)
        return failure if failure is not None and now < failure.until else None
