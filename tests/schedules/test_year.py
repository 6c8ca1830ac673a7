"""A year in seconds: each due time is carried out once, or as its policy says, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.schedules.headless import Result
from cass.schedules.triggers import between, times_of
from support.timetable import START, Diary, Timetable

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
YEAR = START + timedelta(days=365)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
async def test_a_year_of_days_in_a_zone_is_run_once_each(tmp_path: Path, zone: str) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="30 2 * * *", zone=zone)
    weekly = table.add("weekly", cron="0 1 * * sun", zone=zone)
    await table.until(YEAR)
    for name, one in (("job", made), ("weekly", weekly)):
        assert table.diary.times(name) == list(between(times_of(one.when, one.anchor), START, YEAR))
    assert 364 <= len(table.diary.times()) <= 366


async def test_two_runners_on_one_store_share_a_year(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="0 */12 * * *", zone="Europe/Berlin")
    other = table.another()
    random = Random(7)
    moment = START
    while moment < YEAR:
        table.clock.moment = moment
        runners = [table.runner, other]
        random.shuffle(runners)
        wakes = [wake for wake in await asyncio.gather(*(one.step() for one in runners)) if wake]
        for one in runners:
            await one.settle()
        moment = min(wakes)
    due = list(between(times_of(made.when, made.anchor), START, table.clock.moment))
    assert table.diary.times() == due


async def test_a_clock_that_is_set_back_repeats_nothing(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="0 * * * *")
    await table.until(START + 10 * HOUR)
    for back in (timedelta(minutes=1), 3 * HOUR, 9 * HOUR):
        await table.at(table.clock.moment - back)
        await table.until(START + 12 * HOUR)
    await table.until(START + 20 * HOUR)
    counted = Counter(table.diary.times())
    assert max(counted.values()) == 1
    assert sorted(int(due) for due in table.store.story(made).dues) == [
        int((START + n * HOUR).timestamp()) for n in range(1, 21)
    ]


async def test_a_clock_that_was_years_ahead_for_a_moment_stops_nothing(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    table.add(cron="0 * * * *")
    await table.until(START + 5 * HOUR)
    await table.at(START + timedelta(days=70 * 366))
    await table.at(START + 5 * HOUR + timedelta(minutes=30))
    await table.until(START + 10 * HOUR)
    assert table.diary.times()[-5:] == [START + n * HOUR for n in range(6, 11)]


async def test_clocks_that_jump_about_at_random_run_each_due_time_at_most_once(tmp_path: Path) -> None:
    table, random = Timetable(tmp_path), Random(11)
    made = table.add(cron="*/10 * * * *", missed="all")
    story = table.store.story(made)
    for _ in range(150):
        jump = timedelta(minutes=random.choice([1, 5, 10, 30, 60, -7, -45, 240, -120]))
        await table.at(max(START, table.clock.moment + jump))
    runs = [run for run in table.store.story(made).runs.values() if run.state != "skipped"]
    dues = Counter(run.due for run in runs)
    assert max(dues.values()) == 1
    assert story.count <= len(table.diary.times())
    last = table.clock.moment
    await table.at(last + 2 * HOUR)
    assert {int((last + HOUR).timestamp()) // 600 * 600} <= table.store.story(made).dues


@pytest.mark.parametrize(
    ("policy", "grace", "ran", "missed"),
    [
        ("once", None, 1, 71),
        ("once", 1800, 1, 71),
        ("skip", None, 0, 72),
        ("skip", 7300, 2, 70),
        ("all", None, 72, 0),
        ("all", 6 * 3600, 6, 66),
    ],
)
async def test_what_was_missed_in_three_days_goes_by_its_policy(
    tmp_path: Path, policy: str, grace: int | None, ran: int, missed: int
) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="0 * * * *", missed=policy, grace=grace, overlap="queue")
    late = START + 3 * DAY + timedelta(minutes=15)
    table.clock.moment = late
    await table.until(late)
    assert len(table.diary.times()) == ran
    story = table.store.story(made)
    assert sum(record.count for record in story.passed) == missed
    await table.until(START + 3 * DAY + 2 * HOUR)
    assert len(table.diary.times()) == ran + 2


async def test_a_year_of_missed_minutes_is_looked_through_at_once_and_bounded(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="* * * * *", missed="all", overlap="queue")
    table.add("once", cron="* * * * *", missed="once")
    table.clock.moment = YEAR
    await table.until(YEAR)
    assert len(table.diary.times()) == 100
    assert len(table.diary.times("once")) == 1
    assert table.store.story(made).passed[0].count > 1_000


async def test_jitter_is_the_same_for_each_due_time_and_stays_in_its_bounds(tmp_path: Path) -> None:
    first, second = Timetable(tmp_path / "a"), Timetable(tmp_path / "b")
    made = first.add(cron="0 */4 * * *", jitter=1800)
    second.store.add(made)
    for table in (first, second):
        await table.until(START + 20 * DAY)
    assert first.diary.times() == second.diary.times()
    due = list(between(times_of(made.when, made.anchor), START, START + 20 * DAY))
    late = [began - moment for began, moment in zip(first.diary.times(), due, strict=False)]
    assert all(timedelta() <= one <= timedelta(minutes=30) for one in late)
    assert len(set(late)) > 50


async def test_it_ends_when_it_should(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    table.add("three", cron="0 * * * *", max_runs=3)
    table.add("short", cron="0 * * * *", starts=START + 5 * HOUR, ends=START + 7 * HOUR)
    table.add("single", at=(START + 2 * HOUR).isoformat())
    await table.until(START + DAY)
    assert len(table.diary.times("three")) == 3
    assert table.diary.times("short") == [START + n * HOUR for n in (5, 6, 7)]
    assert table.diary.times("single") == [START + 2 * HOUR]


async def test_what_fails_is_tried_again_after_longer_and_longer(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(at=(START + HOUR).isoformat(), retries={"count": 3, "wait": 60})
    table.diary.how = lambda number: Result("failed" if number < 4 else "done", retryable=True)
    await table.until(START + DAY)
    assert [moment - START - HOUR for moment in table.diary.times()] == [timedelta(minutes=m) for m in (0, 1, 3, 7)]
    assert table.states(made) == ["failed", "failed", "failed", "done"]
    assert [run.state for run in table.told] == ["done"]


async def test_what_cannot_end_otherwise_is_not_tried_again(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(at=(START + HOUR).isoformat(), retries={"count": 3, "wait": 60})
    table.diary.how = lambda number: Result("failed", "wrong key")
    await table.until(START + DAY)
    assert table.states(made) == ["failed"]


async def test_a_run_in_a_folder_that_is_not_trusted_does_not_happen(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="0 0 * * *")
    table.refused["job"] = "it was not trusted"
    await table.until(START + 2 * DAY)
    del table.refused["job"]
    await table.until(START + 3 * DAY)
    assert table.states(made) == ["refused", "refused", "done"]
    assert table.diary.times() == [START + 3 * DAY]
    assert table.told[0].why == "it was not trusted"


async def test_the_next_one_is_skipped_queued_or_takes_the_place_of_the_last(tmp_path: Path) -> None:
    expected = {
        "skip": ["done", "skipped", "skipped"],
        "queue": ["done", "done", "done"],
        "replace": ["cancelled", "cancelled", "done"],
    }
    for overlap, states in expected.items():
        table = Timetable(tmp_path / overlap)
        made = table.add(cron="0 * * * *", overlap=overlap)
        table.diary.hold = asyncio.Event()
        for hour in (1, 2, 3):
            await table.at(START + hour * HOUR)
            while overlap == "replace" and len(table.diary.began) < hour:
                await table.runner.step()
                await asyncio.sleep(0)
        table.diary.hold.set()
        table.diary.hold = None
        await table.at(START + 3 * HOUR + timedelta(minutes=1))
        assert table.states(made) == states, overlap


async def test_a_runner_that_dies_leaves_nothing_undone_and_does_nothing_twice(tmp_path: Path) -> None:
    """One that has claimed and not begun: the next one begins it. One that has begun: it is told, and tried again where
    the schedule says so."""
    table = Timetable(tmp_path)
    made = table.add("begun", cron="0 * * * *", retries={"count": 1, "wait": 1})
    other = table.add("claimed", cron="0 * * * *")
    held = Diary(table.clock, hold=asyncio.Event())
    dying = table.another(held)
    await dying.open()
    table.clock.moment = START + HOUR
    await dying.step()
    while not {"begun", "claimed"} <= {name for name, _ in held.began}:
        await asyncio.sleep(0)
    os.close(dying._lock)  # as when the process dies: its locks go
    dying._lock = -1
    await table.at(START + HOUR + timedelta(seconds=5))
    await table.at(START + HOUR + timedelta(seconds=10))
    assert table.states(made) == ["interrupted", "done"]
    assert table.states(other) == ["interrupted"]
    held.hold.set() if held.hold else None
    await dying.settle()
    assert table.states(other) == ["interrupted"]


async def test_a_schedule_that_is_removed_or_paused_runs_no_more(tmp_path: Path) -> None:
    table = Timetable(tmp_path)
    made = table.add(cron="0 * * * *")
    await table.until(START + 2 * HOUR)
    paused = table.store.change(made, table.clock.moment, enabled=False)
    await table.until(START + 10 * HOUR)
    assert len(table.diary.times()) == 2
    table.clock.moment = START + 10 * HOUR + timedelta(minutes=5)
    table.store.change(paused, table.clock.moment, enabled=True)
    await table.until(START + 12 * HOUR)
    assert table.diary.times()[2:] == [START + 11 * HOUR, START + 12 * HOUR]
    table.store.remove(made)
    await table.until(START + DAY)
    assert len(table.diary.times()) == 4


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.integers(-90, 300), min_size=5, max_size=40),
    policy=st.sampled_from(["skip", "once", "all"]),
    overlap=st.sampled_from(["skip", "queue", "replace"]),
    jitter=st.sampled_from([0, 45, 1800]),
)
def test_whatever_the_clock_does_no_due_time_is_run_twice(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], policy: str, overlap: str, jitter: int
) -> None:
    async def go() -> None:
        table = Timetable(tmp_path_factory.mktemp("t"), keep=5)
        made = table.add(cron="*/20 * * * *", missed=policy, overlap=overlap, jitter=jitter)
        for minutes in steps:
            await table.at(table.clock.moment + timedelta(minutes=minutes))
        ran = [run.due for run in table.told if run.state == "done"]
        assert not table.store.story(made).open
        assert len(table.diary.times()) == len(ran) == len(set(ran))

    asyncio.run(go())
