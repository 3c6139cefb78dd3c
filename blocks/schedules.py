"""When a schedule comes due: cron lines by the clocks of a time zone, and how they are said (pure)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_AT = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WEEKLY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\S+)")
_LONGEST_SHIFT = timedelta(hours=3)
"""More than any zone's clocks are ever put forward or back."""


class BadSchedule(ValueError):
    """A schedule that cannot be; `field` is the field of the request that is at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as Europe/Berlin; `BadSchedule` for any other."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSchedule("timezone", f"there is no time zone {name[:60]!r}, such as Europe/Berlin") from None


def cron_of(days: Sequence[str], at: str) -> str:
    """The cron line of days of the week (none: every day) and a time such as 09:00; `BadSchedule`."""
    if not (time := _AT.fullmatch(at)):
        raise BadSchedule("at", f"{at[:20]!r} is no time of the day such as 09:00")
    if strange := [day for day in days if day not in DAYS]:
        raise BadSchedule("days", f"{strange[0][:20]!r} is none of {', '.join(DAYS)}")
    chosen = [day for day in DAYS if day in days]
    named = ",".join(chosen) if 0 < len(chosen) < len(DAYS) else "*"
    return f"{int(time[2])} {int(time[1])} * * {named}"


def weekly(cron: str) -> tuple[list[str], str] | None:
    """Days and time of a cron line that names just these; None for any other."""
    found = _WEEKLY.fullmatch(" ".join(cron.lower().split()))
    if not found or int(found[1]) > 59 or int(found[2]) > 23:
        return None
    days = _days(found[3])
    return (days, f"{int(found[2]):02}:{int(found[1]):02}") if days else None


def check_cron(cron: str) -> str:
    """A line of five fields as it is kept; `BadSchedule` for what is none, or never comes due."""
    line = " ".join(cron.split())
    if len(line.split()) != 5 or len(line) > 120:
        raise BadSchedule("cron", f"{cron[:60]!r} is no cron line of five fields, such as 0 3 * * mon-fri")
    try:
        next(CronSim(line, datetime(2026, 1, 1)))  # noqa: DTZ001 - of any time zone
    except (CronSimError, StopIteration, ValueError):
        raise BadSchedule("cron", f"{cron[:60]!r} is no cron line that ever comes due") from None
    return line


def cron_times(cron: str, timezone: str, after: datetime, count: int) -> list[datetime]:
    """
    The next times of a cron line, in its zone; none for a line that cannot be read here.

    The line names what the clocks of the zone show.  A time that is left out when they are put forward comes
    by as much later, one that they show twice comes the first time.  Everywhere else these are the times of
    Prefect's scheduler; of a time that is left out it may say one an hour sooner (Prefect 3.8.8).
    """
    try:
        return list(islice(_times(check_cron(cron), zone_of(timezone), after), count))
    except BadSchedule:
        return []


def spoken(cron: str, timezone: str) -> str:
    """A cron line in words."""
    found = weekly(cron)
    if found is None:
        return f"by the cron line {cron} ({timezone})"
    days, at = found
    if len(days) == len(DAYS):
        return f"every day at {at} ({timezone})"
    names = [name for day, name in zip(DAYS, _NAMES, strict=True) if day in days]
    said = "Monday to Friday" if days == list(DAYS[:5]) else _and(names)
    return f"{said} at {at} ({timezone})"


def _times(line: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    last = after
    # The line is followed on a clock that nobody puts forward or back, and each time then read in the zone.
    for shown in CronSim(line, after.astimezone(zone).replace(tzinfo=None) - _LONGEST_SHIFT):
        due = shown.replace(tzinfo=zone).astimezone(UTC)
        if due > last:
            last = due
            yield due.astimezone(zone)


def _days(field: str) -> list[str]:
    """The days of cron's last field; none where it holds more than names, numbers and ranges."""
    if field == "*":
        return list(DAYS)
    chosen: set[int] = set()
    for part in field.split(","):
        first, dash, last = part.partition("-")
        begin, end = _day(first), _day(last) if dash else _day(first)
        if begin is None or end is None:
            return []
        if dash and end < begin:
            end += 7
        chosen |= {day % 7 for day in range(begin, end + 1)}
    return [day for number, day in enumerate(DAYS) if number in chosen]


def _day(word: str) -> int | None:
    """0 is Monday here; in cron 0 and 7 are Sunday."""
    if word in DAYS:
        return DAYS.index(word)
    return (int(word) - 1) % 7 if word in tuple("01234567") else None


def _and(names: Sequence[str]) -> str:
    return " and ".join(", ".join(names).rsplit(", ", 1))
