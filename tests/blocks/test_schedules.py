"""Cron lines by the clocks of a zone: the same times as Prefect's scheduler, also when clocks are changed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.server.schemas.schedules import CronSchedule

from blocks.schedules import DAYS, BadSchedule, check_cron, cron_of, cron_times, spoken, weekly, zone_of

BERLIN = "Europe/Berlin"
CHANGES = (
    "2026-03-29T01:00+00:00", "2026-10-25T01:00+00:00", "2026-03-08T07:00+00:00", "2026-11-01T06:00+00:00",
    "2026-04-04T15:00+00:00", "2026-10-03T15:30+00:00",
)  # fmt: skip
"""When the clocks of these zones are put forward or back."""
ZONES = (BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def times(cron: str, zone: str, after: str, count: int = 3) -> list[str]:
    found = cron_times(cron, zone, datetime.fromisoformat(after).astimezone(UTC), count)
    return [time.isoformat(timespec="minutes") for time in found]


def test_nine_o_clock_stays_nine_o_clock_when_clocks_are_put_forward():
    assert times("0 9 * * *", BERLIN, "2026-03-28T12:00+01:00") == [
        "2026-03-29T09:00+02:00",
        "2026-03-30T09:00+02:00",
        "2026-03-31T09:00+02:00",
    ]


def test_nine_o_clock_stays_nine_o_clock_when_clocks_are_put_back():
    assert times("0 9 * * *", BERLIN, "2026-10-24T12:00+02:00", 2) == [
        "2026-10-25T09:00+01:00",
        "2026-10-26T09:00+01:00",
    ]


@pytest.mark.parametrize(
    "after", ["2026-03-28T12:00+01:00", "2026-03-29T01:59+01:00", "2026-03-29T03:10+02:00"]
)
def test_a_time_that_is_left_out_comes_an_hour_later(after: str):
    assert times("30 2 * * *", BERLIN, after, 2) == ["2026-03-29T03:30+02:00", "2026-03-30T02:30+02:00"]


def test_a_time_that_the_clocks_show_twice_comes_once():
    assert times("30 2 * * *", BERLIN, "2026-10-24T12:00+02:00", 2) == [
        "2026-10-25T02:30+02:00",
        "2026-10-26T02:30+01:00",
    ]
    assert times("30 2 * * *", BERLIN, "2026-10-25T02:15+01:00", 1) == ["2026-10-26T02:30+01:00"]


_UNSURE = timedelta(hours=3)


@given(
    minute=st.sampled_from(["0", "30", "59", "*/20"]),
    hour=st.sampled_from(["*", "0", "1", "2", "3", "9", "*/6", "1-3"]),
    days=st.sampled_from(["*", "mon", "mon-fri", "0", "sun,wed", "1-5"]),
    zone=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
    minutes=st.integers(-3000, 1500),
)
def test_the_times_are_those_of_prefect(minute, hour, days, zone, change: str, minutes: int):
    cron, changed = f"{minute} {hour} * * {days}", datetime.fromisoformat(change)
    after = changed + timedelta(minutes=minutes)
    theirs = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(300, start=after))

    ours = cron_times(cron, zone, after, 300)

    # Of the hours that a change leaves out or shows twice, Prefect says another time from each start.
    wanted, said = (
        sorted({each for time in times if abs((each := time.astimezone(UTC)) - changed) > _UNSURE})
        for times in (theirs, ours)
    )
    assert said[:5] == wanted[:5]
    assert all(str(time.tzinfo) == zone for time in ours)


@given(
    days=st.lists(st.sampled_from(DAYS), unique=True),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
def test_days_and_time_survive_the_cron_line(days: list[str], hour: int, minute: int):
    at = f"{hour:02}:{minute:02}"

    line = cron_of(days, at)

    assert weekly(line) == ([day for day in DAYS if day in days or not days], at)
    assert check_cron(line) == line


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("0 9 * * 1-5", "mon tue wed thu fri"),
        ("0 9 * * 0", "sun"),
        ("0 9 * * 7", "sun"),
        ("0 9 * * fri-mon", "mon fri sat sun"),
        ("0 9 * * SAT,sun", "sat sun"),
    ],
)
def test_days_are_read_as_cron_has_them(line: str, days: str):
    assert weekly(line) == (days.split(), "09:00")


@pytest.mark.parametrize(
    "line", ["*/5 * * * *", "0 9 1 * *", "0 9 * * mon#2", "60 9 * * *", "0 24 * * *", "", "x"]
)
def test_a_line_that_names_more_than_days_and_a_time_is_not_read_as_such(line: str):
    assert weekly(line) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 9 * * *", "every day at 09:00 (Europe/Berlin)"),
        ("0 9 * * 1-5", "Monday to Friday at 09:00 (Europe/Berlin)"),
        ("30 22 * * sat,sun", "Saturday and Sunday at 22:30 (Europe/Berlin)"),
        ("0 9 * * mon,wed,fri", "Monday, Wednesday and Friday at 09:00 (Europe/Berlin)"),
        ("*/5 * * * *", "by the cron line */5 * * * * (Europe/Berlin)"),
    ],
)
def test_a_line_is_said_in_words(line: str, words: str):
    assert spoken(line, BERLIN) == words


@pytest.mark.parametrize(
    "line", ["", "* * *", "0 0 30 2 *", "61 * * * *", "@daily", "0 0 * * * *", "0 9 * * *" * 30]
)
def test_a_line_that_never_comes_due_is_refused(line: str):
    with pytest.raises(BadSchedule, match="cron"):
        check_cron(line)
    assert cron_times(line, "UTC", datetime.now(UTC), 5) == []


@given(st.text(max_size=60))
def test_whatever_is_given_as_a_cron_line_is_read_or_refused(text: str):
    try:
        line = check_cron(text)
    except BadSchedule:
        return
    assert len(cron_times(line, "UTC", datetime(2026, 11, 22, tzinfo=UTC), 1)) == 1


@pytest.mark.parametrize("at", ["9", "9:00", "24:00", "09:60", "09:00:00", "", "۰۹:00"])
def test_a_time_that_is_none_is_refused(at: str):
    with pytest.raises(BadSchedule, match="at:"):
        cron_of([], at)


def test_a_day_that_is_none_is_refused():
    with pytest.raises(BadSchedule, match="days: 'someday' is none of mon, tue"):
        cron_of(["mon", "someday"], "09:00")


@pytest.mark.parametrize(
    "name", ["", "Mars", "../etc/passwd", "/etc/localtime", "Europe", "x" * 300, "a\x00b"]
)
def test_a_zone_that_is_none_is_refused(name: str):
    with pytest.raises(BadSchedule, match="timezone"):
        zone_of(name)
