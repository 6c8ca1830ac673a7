"""Given the time and what has happened: what is to be claimed, passed over and stopped. Decides, and does nothing.

Each due time is decided about once. Those that were missed (nobody looked in time) go by the schedule's policy; a run
that is still going when the next one is due, by its overlap policy.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cass.schedules.definition import Schedule
from cass.schedules.records import Record, Run, Story, new_run
from cass.schedules.triggers import Times, between, lately

MOST_CAUGHT_UP = 100
"""Missed runs of one schedule that are made up for, the latest; with the policy `all`."""
MOST_QUEUED = 10
"""Runs of one schedule that wait for the one before them."""
_MOST_COUNTED = 1_000
_TRIED_AGAIN = ("failed", "interrupted")


@dataclass
class Plan:
    """`records` are to be written; the runs of `stop` are to be ended; `wake` is when to look again, None: never by
    itself."""

    records: list[Record] = field(default_factory=list[Record])
    stop: list[str] = field(default_factory=list[str])
    wake: datetime | None = None


def jittered(schedule: Schedule, due: datetime) -> datetime:
    """When a run that is due then begins: later by up to the jitter, always the same for one due time."""
    if not schedule.jitter:
        return due
    digest = hashlib.sha256(f"{schedule.id} {int(due.timestamp())}".encode()).digest()
    return due + timedelta(seconds=int.from_bytes(digest[:6], "big") % (schedule.jitter + 1))


def plan(schedule: Schedule, times: Times, story: Story, now: datetime) -> Plan:
    """What is to be done at `now`. `story` is folded on with the records as they are made, so that it is true of
    them, too."""
    out = Plan()
    if now < story.cursor:
        _write(out, story, Record(kind="back", at=now, due=now))
    if schedule.enabled:
        ready = _ready(schedule, times, story, now)
        if ready:
            _decide(schedule, times, story, now, ready, out)
    out.wake = _wake(schedule, times, story, now)
    return out


def recover(schedule: Schedule, story: Story, now: datetime) -> Plan:
    """When a runner begins to look: what waits from before and is too late by now is passed over."""
    out, late = Plan(), schedule.lateness
    for run in [run for run in story.open if run.state == "waiting"]:
        begins = run.not_before or (jittered(schedule, run.due) if run.due else run.claimed)
        if late is not None and now - begins > timedelta(seconds=late):
            why = "it was due, and nobody ran it in time"
            _write(out, story, Record(kind="ended", at=now, run=run.id, state="skipped", why=why))
    return out


def again(schedule: Schedule, run: Run, now: datetime, retryable: bool) -> Record | None:
    """The claim of another try of a run that is over; None when there is none."""
    if not retryable or run.state not in _TRIED_AGAIN or run.attempt > schedule.retries.count:
        return None
    wait = min(schedule.retries.wait * 2 ** (run.attempt - 1), 86_400)
    after = now + timedelta(seconds=wait)
    return Record(kind="claimed", at=now, run=new_run(), due=run.due, attempt=run.attempt + 1, not_before=after)


def startable(story: Story, now: datetime, runner: str) -> Run | None:
    """The run that this runner may begin now: the first that waits, unless one is running, it is too early or another's."""
    first = next(iter(story.open), None)
    if first is None or first.state != "waiting" or first.runner not in ("", runner):
        return None
    if first.not_before and first.not_before > now:
        return None
    return first


def next_due(schedule: Schedule, times: Times, story: Story, after: datetime, count: int = 1) -> list[datetime]:
    """The coming due times, without jitter; none for one that is paused or at its end."""
    left = count if schedule.max_runs is None else min(count, schedule.max_runs - story.count)
    found: list[datetime] = []
    due = times.after(after) if schedule.enabled else None
    while due is not None and len(found) < left and not (schedule.ends and due > schedule.ends):
        if not story.has(due) and _is_within(schedule, due):
            found.append(due)
        due = times.after(due)
    return found


def _wake(schedule: Schedule, times: Times, story: Story, now: datetime) -> datetime | None:
    coming = [jittered(schedule, due) for due in next_due(schedule, times, story, story.cursor)]
    waiting = [run.not_before for run in story.open if run.not_before and run.not_before > now]
    return min((*coming, *waiting), default=None)


def _ready(schedule: Schedule, times: Times, story: Story, now: datetime) -> list[datetime]:
    """Due times that may begin by now and are not decided about, in order, as far as they can matter. One whose jitter has
    it wait keeps those behind it waiting, too."""
    sure = max(story.cursor, now - timedelta(seconds=schedule.jitter))
    first, late = story.cursor, schedule.lateness
    if schedule.missed != "once" and late is not None:
        first = max(first, now - timedelta(seconds=late + schedule.jitter + 1))
    found = [] if schedule.missed == "once" else _latest(times, first, sure)
    found = found or lately(times, story.cursor, sure)
    for due in between(times, sure, now):
        if jittered(schedule, due) > now:
            break
        found.append(due)
    return [due for due in found if _is_within(schedule, due)]


def _latest(times: Times, first: datetime, now: datetime) -> list[datetime]:
    """The last hundred or so after `first`, without counting through years of minutes."""
    span = timedelta(hours=2)
    while now - span > first:
        found = list(between(times, now - span, now))
        if len(found) > MOST_CAUGHT_UP:
            return found[-MOST_CAUGHT_UP - 1 :]
        span *= 8
    return list(between(times, first, now))


def _decide(
    schedule: Schedule, times: Times, story: Story, now: datetime, ready: list[datetime], out: Plan
) -> None:
    new = [due for due in ready if not story.has(due)]
    late = schedule.lateness
    timely = [due for due in new if late is None or now - jittered(schedule, due) <= timedelta(seconds=late)]
    taken = {"skip": timely, "once": timely[-1:], "all": timely[-MOST_CAUGHT_UP:]}[schedule.missed]
    if schedule.max_runs is not None:
        taken = taken[: max(0, schedule.max_runs - story.count)]
    first = taken[0] - timedelta(seconds=1) if taken else ready[-1]
    if first > story.cursor:
        _pass_over(times, story, now, first, out)
    for number, due in enumerate(taken):
        _claim(schedule, story, now, due, out, is_first=number == 0)
    if ready[-1] > story.cursor:
        _write(out, story, Record(kind="passed", at=now, due=ready[-1]))


def _pass_over(times: Times, story: Story, now: datetime, last: datetime, out: Plan) -> None:
    """Write down how many were missed; over a thousand are not counted."""
    count = 0
    for due in between(times, story.cursor, last):
        count += not story.has(due)
        if count > _MOST_COUNTED:
            break
    if count:
        why = "nobody was there to run it in time"
        _write(out, story, Record(kind="passed", at=now, due=last, count=count, why=why))


def _claim(schedule: Schedule, story: Story, now: datetime, due: datetime, out: Plan, *, is_first: bool) -> None:
    for run in story.open:
        if run.state == "waiting" and run.attempt > 1:
            _replace(story, now, run, out)
    open_runs = story.open
    caught_up = schedule.missed == "all" and not is_first
    most = MOST_CAUGHT_UP if schedule.missed == "all" else MOST_QUEUED
    why = ""
    if open_runs and not caught_up:
        if schedule.overlap == "skip":
            why = "the run before it was not over"
        elif schedule.overlap == "replace":
            for run in open_runs:
                _replace(story, now, run, out)
        elif sum(run.state == "waiting" for run in open_runs) >= most:
            why = f"{most} runs were waiting already"
    state = "skipped" if why else "waiting"
    _write(out, story, Record(kind="claimed", at=now, run=new_run(), due=due, state=state, why=why))


def _replace(story: Story, now: datetime, run: Run, out: Plan) -> None:
    if run.state == "running":
        out.stop.append(run.id)
    else:
        _write(out, story, Record(kind="ended", at=now, run=run.id, state="cancelled", why="a later one came"))


def _is_within(schedule: Schedule, due: datetime) -> bool:
    return (schedule.ends is None or due <= schedule.ends) and (schedule.starts is None or due >= schedule.starts)


def _write(out: Plan, story: Story, record: Record) -> None:
    out.records.append(record)
    story.fold(record)
