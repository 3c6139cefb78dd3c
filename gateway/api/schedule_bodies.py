"""What may be sent to /api/schedules, and what it comes to."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import TypeAdapter, ValidationError

from blocks.ledger.schedules import Outside
from blocks.schedules import BadSchedule, check_cron, cron_of, weekly, zone_of
from blocks.words import Plain
from gateway.models import Models
from gateway.prefect_schedules import PrefectSchedule, Rule
from gateway.problem import Problem
from gateway.stay import stay

_PLAIN: TypeAdapter[str] = TypeAdapter(Plain)
_LENGTHS = {"name": 120, "owner": 120, "what": 500}


class SwapSchedule(msgspec.Struct, tag_field="kind", tag="swap", forbid_unknown_fields=True):
    """
    Swaps that come by themselves.

    Attributes:
        model: Key, served name or repo.
        at: Time of the day by the clocks of `timezone`, such as 09:00.
        days: mon, tue, …; none: every day.
        timezone: IANA name, such as Europe/Berlin.
        knobs: Flags for these swaps, in the place of the recipe's own.
        length_minutes: How long the model stays; 0: for good.
        afterwards: What comes then; blank: what was loaded before.
    """

    model: str
    at: str
    days: list[str] = []
    timezone: str = "UTC"
    knobs: dict[str, Any] = {}
    length_minutes: int = 0
    afterwards: str = ""


class OutsideSchedule(msgspec.Struct, tag_field="kind", tag="outside", forbid_unknown_fields=True):
    """
    What another program does, for people to see.

    Attributes:
        name, owner: Together they are its name: registered again, it is replaced.
        what: What it will do.
        cron: Of five fields, by the clocks of `timezone`; it goes before:
        next_at: The one next time; without an offset by the clocks of `timezone`.
    """

    name: str
    owner: str
    what: str = ""
    cron: str = ""
    next_at: datetime | None = None
    timezone: str = "UTC"


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What shall be otherwise; a field that is not named stays as it is."""

    active: bool | UnsetType = UNSET
    model: str | UnsetType = UNSET
    at: str | UnsetType = UNSET
    days: list[str] | UnsetType = UNSET
    knobs: dict[str, Any] | UnsetType = UNSET
    length_minutes: int | UnsetType = UNSET
    afterwards: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    what: str | UnsetType = UNSET
    cron: str | UnsetType = UNSET
    next_at: datetime | UnsetType = UNSET

    @property
    def named(self) -> dict[str, Any]:
        """The fields that were sent."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not UNSET}


def rule_of(days: list[str], at: str, timezone: str) -> Rule:
    """When swaps come, as Prefect has it; `Problem` 400 names the field."""
    try:
        return Rule(cron=cron_of(days, at), timezone=zone_of(timezone).key)
    except BadSchedule as error:
        raise _bad(error) from None


def checked(data: OutsideSchedule) -> Outside:
    """An outside schedule as it is kept; `Problem` 400 names the field."""
    try:
        words = {name: _words(name, getattr(data, name)) for name in _LENGTHS}
        zone = zone_of(data.timezone)
        cron = check_cron(data.cron) if data.cron or data.next_at is None else ""
    except BadSchedule as error:
        raise _bad(error) from None
    due = None if cron else data.next_at
    if due is not None and due.tzinfo is None:
        due = due.replace(tzinfo=zone)
    return Outside(**words, cron=cron, timezone=zone.key, next_at=due.timestamp() if due else None)


def changed_outside(before: Outside, data: Change) -> Outside:
    """The same with what was sent; a new cron line goes in the place of a time, and the other way round."""
    named = data.named
    _only(named, ("name", "owner", "what", "cron", "next_at", "timezone"), "registered by another program")
    kept = {name: getattr(before, name) for name in ("name", "owner", "what", "timezone")}
    if "cron" not in named and "next_at" not in named:
        zone = zone_of(before.timezone)
        kept["cron"] = before.cron
        kept["next_at"] = None if before.next_at is None else datetime.fromtimestamp(before.next_at, zone)
    return checked(OutsideSchedule(**{**kept, **named}))


async def changed_own(before: PrefectSchedule, flow: str, data: Change, models: Models) -> PrefectSchedule:
    """One of Prefect's schedules with what was sent; of another flow than swaps, only `active` is ours."""
    named = data.named
    ours = ("active", "model", "at", "days", "knobs", "length_minutes", "afterwards", "timezone")
    if flow == "swap-model":
        _only(named, ours, "one of swaps")
    else:
        _only(named, ours[:1], f"one of {flow}: change the rest in Prefect's UI")
    rule, given = before.schedule, dict(before.parameters)
    if named.keys() & {"at", "days", "timezone"}:
        days, at = weekly(rule.cron) or ([], "")
        days, at = named.get("days", days), named.get("at", at)
        rule = rule_of(days, at, named.get("timezone", rule.timezone or "UTC"))
    if "model" in named:
        given["model"] = (await models.known(named["model"])).key
    if named.keys() & {"knobs", "length_minutes", "afterwards"}:
        wanted = [
            named.get(field, given.pop(field, usual))
            for field, usual in (("knobs", {}), ("length_minutes", 0), ("afterwards", ""))
        ]
        given |= await stay(models, *wanted)
    active = named.get("active", before.active)
    return PrefectSchedule(before.id, before.deployment_id, rule, active, given, before.slug)


def _only(named: dict[str, Any], fields: tuple[str, ...], what: str) -> None:
    for name in named:
        if name not in fields:
            raise Problem(
                400, f"{name} cannot be changed: this schedule is {what}", "bad_request", param=name
            )


def _words(name: str, text: str) -> str:
    try:
        words = _PLAIN.validate_python(text.strip())
    except ValidationError:
        raise BadSchedule(name, "it holds a control character, or is far too long") from None
    if len(words) > _LENGTHS[name]:
        raise BadSchedule(name, f"it is longer than {_LENGTHS[name]} characters")
    if not words and name != "what":
        raise BadSchedule(name, "it is blank")
    return words


def _bad(error: BadSchedule) -> Problem:
    return Problem(400, str(error), "bad_request", param=error.field)
