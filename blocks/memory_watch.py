"""The memory guard's judgement: is a host about to run out of memory, and what is done about it (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from blocks.policies import MemoryGuard

ALERT = "alert/"
"""Subject of the ledger, before a host's name: {state, why, since, acted_at, action}, by the observer."""

MemoryState = Literal["calm", "low", "falling"]
Action = Literal["drop_caches", "stop_engine"]

SOON_SECONDS = 6.0
"""A fall counts when it would reach the floor before the next look."""

KEPT_LOOKS = 4
CALM_LOOKS = 3
"""So many looks in a row above the floor and a margin end an alert."""

MARGIN_SHARE, MARGIN_GIB = 0.25, 0.5
"""How far above the floor memory must be for calm: the greater of a share of the floor and a size."""

ACTION_SECONDS = 60.0
"""Something is done at most once in so many seconds on a host."""


@dataclass(frozen=True)
class MemoryLook:
    """Memory that was available at a time, in seconds of any steady clock."""

    at: float
    available_gib: float


@dataclass(frozen=True)
class Judgement:
    """A host's memory: `calm`, `low` (under the floor) or `falling` (soon under it), and why, in words."""

    state: MemoryState
    why: str = ""


def judge(
    looks: Sequence[MemoryLook], guard: MemoryGuard, was: MemoryState, *, engine_runs: bool
) -> Judgement:
    """
    Judge by the last looks, oldest first.

    One look under the floor is enough.  A fall needs two steps in a row, each faster than the guard allows,
    and counts only while an engine runs and when the floor would be reached before the next look: loading a
    model takes memory just as fast, and stops.  An alert ends after `CALM_LOOKS` looks with a margin.
    """
    if not looks or not guard.floor_gib:
        return Judgement("calm")
    now, floor = looks[-1].available_gib, guard.floor_gib
    if now < floor:
        return Judgement("low", f"{now:.1f} GiB of memory are available, {floor:g} are to stay free")
    speed = falling_speed(looks)
    if engine_runs and guard.fall_gib_per_second and speed > guard.fall_gib_per_second:
        seconds = (now - floor) / speed
        if seconds <= SOON_SECONDS:
            return Judgement(
                "falling",
                f"{now:.1f} GiB of memory are available and {speed:.1f} GiB a second are being taken: "
                f"{floor:g} GiB are reached in {seconds:.0f} s",
            )
    if was != "calm" and not _has_calmed(looks, floor):
        return Judgement(was, f"{now:.1f} GiB of memory are available, still close to {floor:g}")
    return Judgement("calm")


def falling_speed(looks: Sequence[MemoryLook]) -> float:
    """GiB a second by which memory fell in each of the last two steps at least; 0 without three looks."""
    if len(looks) < 3:
        return 0.0
    steps = list(zip(looks[-3:], looks[-2:], strict=False))
    speeds = [
        (before.available_gib - after.available_gib) / (after.at - before.at)
        for before, after in steps
        if after.at > before.at
    ]
    return max(0.0, min(speeds)) if len(speeds) == len(steps) else 0.0


def wanted(
    judgement: Judgement, guard: MemoryGuard, seconds_since: float, *, engine_runs: bool
) -> Action | None:
    """
    What is to be done now; None: nothing but telling.

    Args:
        judgement: Of the last look.
        guard: What the operator allows.
        seconds_since: How long ago something was done on this host.
        engine_runs: Without an engine there is none to stop.
    """
    if judgement.state == "calm" or guard.action == "alert" or seconds_since < ACTION_SECONDS:
        return None
    if guard.action == "stop_engine" and not engine_runs:
        return None
    return guard.action


def _has_calmed(looks: Sequence[MemoryLook], floor: float) -> bool:
    enough = floor + max(floor * MARGIN_SHARE, MARGIN_GIB)
    last = looks[-CALM_LOOKS:]
    return len(last) == CALM_LOOKS and all(look.available_gib >= enough for look in last)
