"""Which model is loaded next when applications ask for several: decided on a snapshot and a clock (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal


@dataclass(frozen=True)
class Rules:
    """
    How patient a model and those who want another one are.

    Attributes:
        least_stay_seconds: How long a model stays at least, from when it was ready.
        longest_wait_seconds: How long a model that is in use keeps another one waiting at most.
        fresh_seconds: How long after its last answer a model still counts as in use.
        cool_seconds, longest_cool_seconds: How long a model that failed is left alone; doubles each time.
    """

    least_stay_seconds: float = 300.0
    longest_wait_seconds: float = 900.0
    fresh_seconds: float = 10.0
    cool_seconds: float = 60.0
    longest_cool_seconds: float = 600.0


@dataclass(frozen=True)
class Want:
    """A model that somebody waits for; since when, in seconds since 1970."""

    key: str
    since: float


@dataclass(frozen=True)
class Situation:
    """
    What the decision rests on; times are seconds since 1970.

    Attributes:
        present: Key or id of the model that is loaded; blank for none.
        ready: When the present model was ready, or the last good swap ended; minus infinite when long ago.
        idle_seconds: For how long the present model has had nothing to do; 0 while it has.
        swapping: A swap is under way or queued, or another holds the lock: nothing may be asked for.
        wants: The models that may be loaded, in any order.
    """

    now: float
    present: str
    ready: float
    idle_seconds: float
    swapping: bool
    wants: Sequence[Want]


Why = Literal["nothing wanted", "swapping", "least stay", "in use", "due"]


@dataclass(frozen=True)
class Verdict:
    """
    What is to be done.

    Attributes:
        key: The model that is next; blank when none is wanted.
        why: `due`: load it now; else what it waits for.
        until: When that ends (`least stay`), or ends at the latest (`in use`), in seconds since 1970.
    """

    key: str
    why: Why
    until: float = 0.0


NOTHING = Verdict("", "nothing wanted")


def next_swap(situation: Situation, rules: Rules) -> Verdict:
    """
    The model that has been waited for longest, as soon as the present one may go.

    The least stay holds whatever happens, also while the model that was just loaded does not answer: it may
    be about to come back.
    """
    wants = [want for want in situation.wants if want.key != situation.present]
    if not wants:
        return NOTHING
    first = min(wants, key=lambda want: (want.since, want.key))
    if situation.swapping:
        return Verdict(first.key, "swapping")
    stays_until = situation.ready + rules.least_stay_seconds
    if situation.now < stays_until:
        return Verdict(first.key, "least stay", stays_until)
    goes_at = first.since + rules.longest_wait_seconds
    if situation.present and situation.idle_seconds < rules.fresh_seconds and situation.now < goes_at:
        return Verdict(first.key, "in use", goes_at)
    return Verdict(first.key, "due")


def words(verdict: Verdict, key: str, present: str) -> str:
    """In plain words why a model that is wanted is not loaded yet."""
    present = present or "what was loaded last"
    waits_for = {
        "swapping": "a swap is under way or about to begin",
        "least stay": f"{present} stays until {_clock(verdict.until)} at the earliest",
        "in use": f"{present} is in use and stays until it is idle or it is {_clock(verdict.until)}",
        "due": "it is about to be loaded",
    }.get(verdict.why, "when it is loaded is about to be decided")
    before = f"{verdict.key} has been waited for longer; " if verdict.key not in ("", key) else ""
    return f"model {key} is wanted; {before}{waits_for}"


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"
