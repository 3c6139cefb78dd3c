"""What a probe came to, and how a service that gave no word is judged: busy or dead (pure)."""

from dataclasses import dataclass

from blocks.ledger.health import Word
from tasks.engine_numbers import EngineNumbers

NORMAL_WATTS = 30.0
"""A GB10 that computes draws more; a wedged one 16 to 27 W while it claims full use (spark-tools.md 2.3)."""

DOUBT_SECONDS = 120.0
"""How long an engine may stand still when nobody can tell what its GPU draws."""

BUSY_SECONDS = 900.0
"""How long a service that counts nothing may be believed to be busy without one good answer."""


@dataclass(frozen=True)
class Verdict:
    """
    What came of a probe.

    Attributes:
        why: In a sentence without its end.
        latency_seconds: How long the good answer took.
        wedged: It showed the signs of a dead GPU context.
        curable: A restart may help.
        silent: It gave no word in time, whatever that was taken for.
    """

    word: Word
    why: str
    latency_seconds: float | None = None
    wedged: bool = False
    curable: bool = True
    silent: bool = False


@dataclass(frozen=True)
class Surroundings:
    """
    What is known of a service that gave no word.

    Attributes:
        watts: What the GPU of its host draws; None: nobody has looked lately.
        busy_seconds: For how long it has been busy at every check.
        in_flight: Requests that the gateway has under way there.
    """

    watts: float | None = None
    busy_seconds: float = 0.0
    in_flight: int = 0


def judge_engine(
    first: EngineNumbers | None, second: EngineNumbers | None, known: Surroundings, silence: str
) -> Verdict:
    """
    An engine that did not answer one token in time: progress, or a GPU at work, shows that it is busy.

    Only what grows is progress: that the question was given up frees its share of the cache.

    Args:
        first: Its numbers when time was up; None: it did not tell them.
        second: The same some seconds later.
        known: What else is known.
        silence: How it was silent, in words.
    """
    if first is None or second is None:
        return Verdict("failing", f"{silence}, nor does it tell its numbers")
    if any(later > earlier for earlier, later in zip(first.marks, second.marks, strict=True)):
        return Verdict("busy", f"{silence}, but it moves on with {_requests(second)}")
    if known.watts is None:
        if known.busy_seconds < DOUBT_SECONDS:
            return Verdict("busy", f"{silence} and stands still; nobody can tell what its GPU draws")
        return Verdict("failing", f"{silence}, and has stood still for {known.busy_seconds:.0f} s")
    if known.watts >= NORMAL_WATTS:
        return Verdict("busy", f"{silence}, but its GPU works ({known.watts:.0f} W) on {_requests(first)}")
    return Verdict(
        "failing",
        f"{silence}, stands still with {_requests(first)}, and its GPU draws {known.watts:.0f} W only",
        wedged=True,
    )


def judge_other(known: Surroundings, silence: str) -> Verdict:
    """A service that counts nothing: busy while requests are under way and the GPU works, for some time."""
    works = known.in_flight > 0 and known.watts is not None and known.watts >= NORMAL_WATTS
    if works and known.busy_seconds < BUSY_SECONDS:
        return Verdict("busy", f"{silence}, but has {known.in_flight} requests under way and its GPU works")
    return Verdict("failing", silence)


def _requests(numbers: EngineNumbers) -> str:
    count = numbers.under_way
    return f"{count} request{'' if count == 1 else 's'} under way"
