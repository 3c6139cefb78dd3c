"""Whether a service that failed its deep check may be restarted now (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.ledger.service_events import ServiceEvent, stopped_on_purpose
from blocks.policies import RestartPolicy


@dataclass(frozen=True)
class Restart:
    """It may; `used` restarts of the window come before this one."""

    used: int


@dataclass(frozen=True)
class Wait:
    """Not yet: in so many seconds, because of `why`."""

    seconds: float
    why: str


@dataclass(frozen=True)
class Exhausted:
    """Not before a person presses."""

    why: str


@dataclass(frozen=True)
class LeftAlone:
    """Not at all: somebody stopped it on purpose, or the policy allows no restart."""

    why: str


Decision = Restart | Wait | Exhausted | LeftAlone


def decide(
    policy: RestartPolicy,
    events: Sequence[ServiceEvent],
    now: float,
    started_at: float | None = None,
    *,
    exited: bool = False,
) -> Decision:
    """
    What the policy says of one more restart.

    An event later than `now` comes of a clock that was set back.  Within the window it counts as it stands,
    so that a small step allows nothing more; beyond the window it is left out, or it would bar every restart
    until the clock has caught up.

    Args:
        policy: The cluster's.
        events: What happened to the service, newest first.
        now: Seconds since 1970.
        started_at: When its container was last seen to start, in seconds since 1970; None: not known.
        exited: Its container has ended: there is nothing that could still be starting.
    """
    if why := _why_left_alone(policy, events):
        return LeftAlone(why)
    mine = since_reset(events)
    if is_exhausted(events):
        return Exhausted("it was restarted too often, and is left alone until a person takes it up again")
    wait = _cooldown(policy, mine, now) or (None if exited else _grace(policy, events, now, started_at))
    if wait is not None:
        return wait
    used = restarts_used(policy, events, now)
    if used >= policy.at_most:
        return Exhausted(f"it was restarted {used} times within {policy.window_seconds / 60:.0f} minutes")
    return Restart(used)


def restarts_used(policy: RestartPolicy, events: Sequence[ServiceEvent], now: float) -> int:
    """How many restarts of the window there were since a person last pressed."""
    return sum(
        event.kind == "restarted" and abs(now - event.at) < policy.window_seconds
        for event in since_reset(events)
    )


def is_exhausted(events: Sequence[ServiceEvent]) -> bool:
    """True from the restart that was one too many until a person presses."""
    return any(event.kind == "exhausted" for event in since_reset(events))


def since_reset(events: Sequence[ServiceEvent]) -> list[ServiceEvent]:
    """The events, newest first, since a person last pressed."""
    kinds = [event.kind for event in events]
    return list(events[: kinds.index("reset")] if "reset" in kinds else events)


def _why_left_alone(policy: RestartPolicy, events: Sequence[ServiceEvent]) -> str:
    if stopped_on_purpose(list(events)):
        return "it was stopped on purpose"
    return "" if policy.at_most else "the settings allow no restarts"


def _cooldown(policy: RestartPolicy, events: Sequence[ServiceEvent], now: float) -> Wait | None:
    """The rest of the cool-down."""
    ages = [now - event.at for event in events if event.kind == "restarted"]
    recent = [age for age in ages if -policy.window_seconds < age < policy.cooldown_seconds]
    if not recent:
        return None
    seconds = policy.cooldown_seconds - min(recent)
    return Wait(seconds, f"it was restarted a moment ago: the next restart is possible in {seconds:.0f} s")


def _grace(
    policy: RestartPolicy, events: Sequence[ServiceEvent], now: float, started_at: float | None
) -> Wait | None:
    """The rest of the time that a service has for its start."""
    starts = [event.at for event in events if event.kind in ("started", "restarted")]
    ages = [now - at for at in (*starts, *([] if started_at is None else [started_at]))]
    recent = [age for age in ages if -policy.grace_seconds < age < policy.grace_seconds]
    if not recent:
        return None
    seconds = policy.grace_seconds - min(recent)
    return Wait(seconds, f"it started a moment ago and has {seconds:.0f} s more for its start")
