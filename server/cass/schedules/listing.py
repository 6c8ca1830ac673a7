"""Schedules and runs in words and as JSON, for every place that shows them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from cass.schedules import making, words
from cass.schedules.definition import Schedule, When
from cass.schedules.records import Run, Story
from cass.schedules.telling import as_json

_SIGNS = {
    "waiting": "waits",
    "running": "is running",
    "done": "done",
    "failed": "FAILED",
    "refused": "REFUSED",
    "interrupted": "CUT OFF",
    "cancelled": "cancelled",
    "skipped": "skipped",
}


def when(said: When) -> str:
    """`cron 0 9 * * 1-5 (Europe/Berlin)`, `every 2h`, `once at Thu 2026-11-26 09:00 CET`."""
    zone = words.zone_of(said.zone)
    if said.cron is not None:
        return f"cron {said.cron} ({said.zone})"
    if said.every is not None:
        return f"every {words.length(said.every)}"
    return f"once at {words.shown(datetime.fromisoformat(said.at or ''), zone)}"


def line(schedule: Schedule, story: Story, now: datetime) -> list[str]:
    """A schedule in two lines or three: name and time, when it runs next, how it went last."""
    zone = words.zone_of(schedule.when.zone)
    coming = making.coming(schedule, now, 1, story)
    following = f"next {words.shown(coming[0], zone)}, {words.until(coming[0], now)}" if coming else "over"
    rows = [
        f"{schedule.name}  {when(schedule.when)}",
        f"  {following if schedule.enabled else 'paused'}; in {schedule.folder}: {words.short(schedule.prompt)}",
    ]
    open_run = next(iter(story.open), None)
    last = open_run or next(reversed(story.runs.values()), None)
    if last:
        rows.append(f"  last: {run(last, schedule)}")
    return rows


def run(one: Run, schedule: Schedule) -> str:
    """A run in a line."""
    zone = words.zone_of(schedule.when.zone)
    moment = words.shown(one.due, zone) if one.due else f"{words.shown(one.claimed, zone)} (by hand)"
    parts = [moment, _SIGNS[one.state]]
    if one.attempt > 1:
        parts.append(f"try {one.attempt}")
    if one.started and one.ended:
        parts.append(words.length((one.ended - one.started).total_seconds()))
    if one.cost is not None:
        parts.append(f"${one.cost:.4f}")
    if one.session_id:
        parts.append(f"session {one.session_id}")
    why = words.short(one.why, 300) if one.why else words.short(one.text, 120) if one.text else ""
    return ", ".join(parts) + (f": {why}" if why else "")


def history(schedule: Schedule, story: Story, count: int) -> list[str]:
    """The latest runs, newest first, and what was passed over."""
    zone = words.zone_of(schedule.when.zone)
    rows = [run(one, schedule) for one in list(story.runs.values())[::-1][:count]]
    for record in reversed(story.passed[-5:]):
        many = f"{record.count}" if record.count <= 1_000 else "over 1000"
        upto = words.shown(record.due, zone) if record.due else ""
        rows.append(f"missed: {many} up to {upto} ({record.why})")
    return rows or ["It has not run yet."]


def details(schedule: Schedule, story: Story, now: datetime) -> list[str]:
    """All of it, with the next runs."""
    zone = words.zone_of(schedule.when.zone)
    budget = schedule.budget.model_dump(exclude_none=True)
    late = schedule.lateness
    rows = [
        ("name", f"{schedule.name} ({schedule.id})"),
        ("when", when(schedule.when)),
        (
            "folder",
            schedule.folder + (" (what it brings is left out)" if schedule.folder_trust == "leave-out" else ""),
        ),
        ("prompt", schedule.prompt),
        ("model", schedule.model or "as in your settings"),
        ("mode", schedule.mode or "as in your settings"),
        (
            "approval",
            f"{schedule.approval or 'as in your settings'}; nobody is there: what would be asked about is refused",
        ),
        (
            "rules",
            "; ".join([*(f"allow {r}" for r in schedule.allow), *(f"deny {r}" for r in schedule.deny)])
            or "as in your settings",
        ),
        ("limits", ", ".join(f"{key} {value:g}" for key, value in budget.items()) or "as in your settings"),
        ("missed", schedule.missed + (f", at most {words.length(late)} late" if late is not None else "")),
        ("overlap", schedule.overlap),
        ("jitter", words.length(schedule.jitter) if schedule.jitter else "none"),
        (
            "retries",
            f"{schedule.retries.count}, first after {words.length(schedule.retries.wait)}"
            if schedule.retries.count
            else "none",
        ),
        ("from", schedule.source.path if schedule.source else ""),
        ("ends", words.shown(schedule.ends, zone) if schedule.ends else ""),
        ("runs", f"at most {schedule.max_runs}, {story.count} so far" if schedule.max_runs else ""),
    ]
    found = [f"{key:<9}{value}" for key, value in rows if value]
    return [*found, *preview(schedule, story, now)]


def preview(schedule: Schedule, story: Story, now: datetime, count: int = 3) -> list[str]:
    """The next runs, a line each."""
    zone = words.zone_of(schedule.when.zone)
    if not schedule.enabled:
        return ["It is paused."]
    moments = making.coming(schedule, now, count, story)
    rows = [f"next     {words.shown(due, zone)}, {words.until(due, now)}" for due in moments]
    return rows or ["Nothing is due any more."]


def row(schedule: Schedule, story: Story, now: datetime) -> dict[str, object]:
    """For programs."""
    value = cast("dict[str, object]", schedule.model_dump(mode="json", exclude_none=True))
    coming = making.coming(schedule, now, 3, story)
    last = next(reversed(story.runs.values()), None)
    return {
        **value,
        "next": [due.isoformat() for due in coming],
        "last": as_json(schedule, last) if last else None,
        "running": any(one.state == "running" for one in story.open),
        "runs": story.count,
    }
