"""Prefect's schedules and those of other programs as one list, in plain words, with their next times."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from blocks.ledger.schedules import Registered
from blocks.schedules import cron_times, spoken, weekly, zone_of
from gateway.prefect_schedules import OwnSchedule, Planned, Rule

TIMES = 5


class ScheduleView(msgspec.Struct):
    """
    One schedule.

    Attributes:
        kind: `swap`, `run` (of another flow), `once` (a planned run of no schedule), `outside`.
        name: Of the flow, of the run, or as it was registered.
        owner: Whose it is.
        what: What will be done, in words.
        when: The same for the time.
        cron: Its line; blank where it has none.
        active: It is not paused.
        next: The next times in its zone, ISO 8601, at most five; none while it is paused.
        parameters: What the flow is given beside its usual ones.
        days, at: Of the line, where it names just these.
        run: The planned run, for `once`.
    """

    id: str
    kind: str
    name: str
    owner: str
    what: str
    when: str
    cron: str
    timezone: str
    active: bool
    next: list[str]
    parameters: dict[str, Any] = {}
    days: list[str] = []
    at: str = ""
    run: str | None = None


def view_of_own(own: OwnSchedule, now: datetime) -> ScheduleView:
    """A schedule of Prefect's."""
    schedule, rule = own.schedule, own.schedule.schedule
    zone = rule.timezone or "UTC"
    active = schedule.active and not own.paused
    times = cron_times(rule.cron, zone, now, TIMES) or [_in_zone(time, zone) for time in own.planned[:TIMES]]
    days, at = weekly(rule.cron) or ([], "")
    return ScheduleView(
        id=schedule.id,
        kind="swap" if own.flow == "swap-model" else "run",
        name=own.flow,
        owner="Spark Control",
        what=_what(own),
        when=_when(rule, zone),
        cron=rule.cron,
        timezone=zone,
        active=active,
        next=[time.isoformat() for time in times] if active else [],
        parameters=schedule.parameters,
        days=days,
        at=at,
    )


def view_of_planned(run: Planned) -> ScheduleView:
    """A run that will begin once."""
    due = run.expected_start_time.astimezone(UTC)
    model = run.parameters.get("model")
    return ScheduleView(
        id=run.id,
        kind="once",
        name=run.name,
        owner="Spark Control",
        what=run.name if not model or str(model) in run.name else f"{run.name}: {model}",
        when=f"once, {due:%d %b %Y at %H:%M} (UTC)",
        cron="",
        timezone="UTC",
        active=True,
        next=[due.isoformat()],
        parameters={name: value for name, value in run.parameters.items() if value and name != "lock_pass"},
        run=run.id,
    )


def view_of_outside(kept: Registered, now: datetime) -> ScheduleView:
    """One that another program keeps."""
    said = kept.schedule
    if said.cron:
        when, times = spoken(said.cron, said.timezone), cron_times(said.cron, said.timezone, now, TIMES)
    else:
        due = _in_zone(datetime.fromtimestamp(said.next_at or 0.0, UTC), said.timezone)
        when, times = f"once, {due:%d %b %Y at %H:%M} ({said.timezone})", [due] if due > now else []
    days, at = weekly(said.cron) or ([], "")
    return ScheduleView(
        id=kept.id,
        kind="outside",
        name=said.name,
        owner=said.owner,
        what=said.what,
        when=when,
        cron=said.cron,
        timezone=said.timezone,
        active=True,
        next=[time.isoformat() for time in times],
        days=days,
        at=at,
    )


def sorted_by_next(views: list[ScheduleView]) -> list[ScheduleView]:
    """What comes first comes first; what never comes, last."""
    return sorted(views, key=lambda view: (not view.next, _utc(view), view.owner, view.name, view.id))


def _utc(view: ScheduleView) -> datetime:
    return datetime.fromisoformat(view.next[0]) if view.next else datetime.max.replace(tzinfo=UTC)


def _in_zone(time: datetime, zone: str) -> datetime:
    return time.astimezone(zone_of(zone))


def _when(rule: Rule, zone: str) -> str:
    if rule.cron:
        return spoken(rule.cron, zone)
    if rule.interval:
        return f"every {_length(rule.interval)}"
    return f"by the rule {rule.rrule} ({zone})"


def _what(own: OwnSchedule) -> str:
    """What the flow will do with these parameters."""
    given = own.schedule.parameters
    if own.flow != "swap-model":
        more = ", ".join(
            f"{name} {value}" for name, value in sorted(given.items()) if value not in ("", None)
        )
        return f"{own.description or own.flow}{f' ({more})' if more else ''}"
    said = f"Swap to {given.get('model') or 'the usual model'}"
    if knobs := given.get("knobs"):
        said += " with " + ", ".join(f"{flag} {value}" for flag, value in sorted(knobs.items()))
    if minutes := given.get("length_minutes"):
        said += f" for {_length(minutes * 60)}, then {given.get('afterwards') or 'what was loaded before'}"
    return said


def _length(seconds: float) -> str:
    """A length of time in its largest whole unit."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{round(seconds / size)} {unit}{'s' if seconds != size else ''}"
    return f"{seconds:g} seconds"
