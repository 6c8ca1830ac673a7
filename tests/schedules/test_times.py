"""When schedules are due, above all where clocks change."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.errors import ConfigError
from cass.schedules import cron, words
from cass.schedules.definition import When
from cass.schedules.triggers import between, lately, times_of

BERLIN, YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Antarctica/Troll",
    "America/St_Johns",
)
MINUTE = timedelta(minutes=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(line: str, zone: str, first: datetime, last: datetime) -> list[datetime]:
    return list(between(times_of(When(cron=line, zone=zone), first), first, last))


def by_counting(line: str, zone: str, first: datetime, last: datetime) -> list[datetime]:
    """The same, minute by minute with a clock on the wall: what it jumps over comes at once, what it shows again does
    not come again; of an hourly line every minute counts for itself."""
    meant, there = cron.read(line), ZoneInfo(zone)

    def fits(wall: datetime) -> bool:
        day, weekday = wall.day in meant.days, wall.isoweekday() % 7 in meant.weekdays
        both = meant.any_day or meant.any_weekday
        return (
            wall.minute in meant.minutes
            and wall.hour in meant.hours
            and wall.month in meant.months
            and (day and weekday if both else day or weekday)
        )

    found: list[datetime] = []
    now, seen = first, first.astimezone(there).replace(tzinfo=None, fold=0)
    while now < last:
        now += MINUTE
        wall = now.astimezone(there).replace(tzinfo=None, fold=0)
        if meant.is_hourly:
            if fits(wall):
                found.append(now)
            continue
        passed = [seen + n * MINUTE for n in range(1, max(0, round((wall - seen) / MINUTE)) + 1)]
        if any(map(fits, passed)):
            found.append(now)
        seen = max(seen, wall)
    return found


LINES = (
    "30 2 * * *",
    "0 * * * *",
    "*/15 * * * *",
    "*/20 1-3 * * *",
    "0 0 * * *",
    "15 2 1,29 * sun",
    "0 */2 * * *",
    "5 3 8 3 *",
)
CHANGES = ("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("line", LINES)
def test_cron_lines_are_due_as_a_clock_on_the_wall_shows_them(line: str, zone: str) -> None:
    for day in CHANGES:
        first = utc(day)
        last = first + timedelta(days=2)
        assert due(line, zone, first, last) == by_counting(line, zone, first, last), (line, zone, day)


@settings(max_examples=60, deadline=None)
@given(
    line=st.builds(
        "{} {} * * {}".format,
        st.sampled_from(["0", "*/7", "59", "10-20/5", "1,31"]),
        st.sampled_from(["*", "1", "2", "3", "0-4", "*/3", "23"]),
        st.sampled_from(["*", "sun", "1-5", "0,6"]),
    ),
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(CHANGES),
)
def test_any_line_around_a_change(line: str, zone: str, day: str) -> None:
    first = utc(day) + timedelta(hours=9)
    last = first + timedelta(hours=40)
    assert due(line, zone, first, last) == by_counting(line, zone, first, last)


def test_a_time_that_the_clocks_leave_out_comes_once_when_they_have_jumped() -> None:
    found = due("30 2 * * *", "Europe/Berlin", utc("2026-03-28T00:00"), utc("2026-03-30T23:00"))
    assert [moment.astimezone(BERLIN).strftime("%d %H:%M") for moment in found] == [
        "28 02:30",
        "29 03:00",
        "30 02:30",
    ]


def test_a_time_that_the_clocks_show_twice_comes_once_the_first_time() -> None:
    found = due("30 1 * * *", "America/New_York", utc("2026-10-31T12:00"), utc("2026-11-02T12:00"))
    assert found == [utc("2026-11-01T05:30"), utc("2026-11-02T06:30")]


def test_every_quarter_of_an_hour_goes_by_the_time_that_passes() -> None:
    found = due("*/15 * * * *", "Europe/Berlin", utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))
    assert {second - first for first, second in itertools.pairwise(found)} == {timedelta(minutes=15)}


def test_days_of_month_and_of_week_together_mean_either() -> None:
    found = due("0 9 13 * fri", "UTC", utc("2026-11-01"), utc("2026-11-30"))
    assert [moment.day for moment in found] == [6, 13, 20, 27]
    assert [moment.day for moment in due("0 9 10 * fri", "UTC", utc("2026-11-01"), utc("2026-11-15"))] == [
        6,
        10,
        13,
    ]


def test_sunday_is_0_and_7_and_leap_days_come_in_leap_years() -> None:
    assert cron.read("0 0 * * 0") == cron.read("0 0 * * 7") == cron.read("0 0 * * sun")
    assert due("0 0 29 2 *", "UTC", utc("2026-01-01"), utc("2033-01-01")) == [utc("2028-02-29"), utc("2032-02-29")]


def test_a_line_without_end_of_the_year_is_found_at_once() -> None:
    times = times_of(When(cron="* * * * *"), utc("2020-01-01"))
    found = lately(times, utc("2020-01-01"), utc("2026-01-01"))
    assert found[-1] == utc("2026-01-01")
    assert len(found) < 100


def test_intervals_count_from_their_beginning_through_a_change_of_clocks() -> None:
    times = times_of(When(every=86_400, zone="Europe/Berlin"), utc("2026-03-27T07:00"))
    assert list(between(times, utc("2026-03-27T07:00"), utc("2026-03-30T23:00"))) == [
        utc(f"2026-03-{day}T07:00") for day in (28, 29, 30)
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("61 * * * *", "'61' is wrong for the minute"),
        ("0 24 * * *", "'24' is wrong for the hour"),
        ("0 0 0 * *", "'0' is wrong for the day of the month"),
        ("0 0 * * 8", "'8' is wrong for the day of the week"),
        ("5-1 * * * *", "'5-1' is wrong for the minute"),
        ("*/0 * * * *", "'*/0' is wrong for the minute"),
        ("0 0 ? * *", "'?' is wrong for the day of the month"),
        ("0 0 L * *", "'l' is wrong for the day of the month"),
        ("0 9 * *", "has 4 fields"),
        ("", "has 0 fields"),
        ("@noon", "there is no '@noon' in cron"),
        ("0 0 30 2 *", "never comes"),
        ("0 0 31 4,6 *", "never comes"),
    ],
)
def test_a_wrong_line_says_which_field(line: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("?", r"\?").replace("*", r"\*")):
        cron.read(line)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("1h30m", 5400), ("1h 30 min", 5400), ("2 days", 172_800), ("1w", 604_800)],
)
def test_lengths_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert words.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5", "1x", "-5m", "0s", "5m!", "99999999w", "1.5h"])
def test_what_is_no_length_says_so(text: str) -> None:
    with pytest.raises(ConfigError):
        words.seconds_of(text)


def test_moments_are_read_in_the_users_zone() -> None:
    now = utc("2026-06-01T10:00")
    assert words.moment_of("2026-12-01 09:00", BERLIN, now) == utc("2026-12-01T08:00")
    assert words.moment_of("2026-12-01T09:00-05:00", BERLIN, now) == utc("2026-12-01T14:00")
    assert words.moment_of("11:00", BERLIN, now) == utc("2026-06-02T09:00")
    assert words.moment_of("13:00", BERLIN, now) == utc("2026-06-01T11:00")
    assert words.moment_of("tomorrow 9:00", BERLIN, now) == utc("2026-06-02T07:00")
    assert words.moment_of("in 2h", BERLIN, now) == utc("2026-06-01T12:00")
    assert words.moment_of("2026-03-29 02:30", BERLIN, now) == utc("2026-03-29T01:00")
    for wrong in ("25:00", "soon", "2026-13-01", "tomorrow"):
        with pytest.raises(ConfigError):
            words.moment_of(wrong, BERLIN, now)


@pytest.mark.parametrize("name", ["", "Europe/Berln", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_a_zone_that_there_is_not_says_so(name: str) -> None:
    with pytest.raises(ConfigError, match="time zone"):
        words.zone_of(name)
