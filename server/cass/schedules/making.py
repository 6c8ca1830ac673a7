"""A schedule from what somebody wrote: words of a command line, or a file. Every mistake is told with where it stands."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

from cass.errors import ConfigError
from cass.schedules import cron, words
from cass.schedules.definition import MIN_EVERY, NAME, Budget, Retries, Schedule, Source, When
from cass.schedules.planner import next_due
from cass.schedules.records import Story
from cass.schedules.triggers import times_of

WHEN = ("cron", "every", "at")
KEYS = (
    *WHEN,
    *("name", "prompt", "zone", "folder", "model", "effort", "mode", "approval", "allow", "deny"),
    *("max_cost", "max_tokens", "max_turns", "max_seconds", "missed", "grace", "jitter", "overlap"),
    *("retries", "retry_wait", "starts", "ends", "max_runs", "folder_trust", "notify"),
)
_LENGTHS = ("every", "grace", "jitter", "retry_wait", "max_seconds")
_LISTS = ("allow", "deny")

M = TypeVar("M", bound=BaseModel)

Where = Callable[[str], str]
"""Where a value stands, by its key: a flag, or a file with its line."""


def made(
    values: Mapping[str, object], folder: Path, now: datetime, where: Where, source: Source | None = None
) -> Schedule:
    """The schedule that these values describe; `folder` is where it works when they name none. ConfigError, also for one
    that would never run."""
    for key in values:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(KEYS)}."
            raise ConfigError(f"a schedule has no {key[:40]!r}", where=where(key), hint=hint)
    given = {key: _value(key, value, where) for key, value in values.items() if value is not None and value != ()}
    now = now.astimezone(UTC).replace(microsecond=0)
    zone = words.zone_of(_text(given, "zone", where) or words.local_zone(), where("zone"))
    prompt = (_text(given, "prompt", where) or "").strip()
    if not prompt:
        raise ConfigError("there is no prompt", where=where("prompt"), hint="Say what is to be done.")
    name = _text(given, "name", where) or name_of(prompt)
    if not re.fullmatch(NAME, name):
        raise ConfigError(
            f"{name[:64]!r} is no name for a schedule",
            where=where("name"),
            hint="Letters, digits, dots, dashes and underscores, at most 64, as in nightly-review.",
        )
    home = Path(_text(given, "folder", where) or ".").expanduser()
    moments = {
        key: words.moment_of(cast("str", _text(given, key, where)), zone, now, where(key))
        for key in ("starts", "ends")
        if key in given
    }
    fields: dict[str, object] = {
        **{key: given[key] for key in _PLAIN if key in given},
        **moments,
        "name": name,
        "prompt": prompt,
        "when": _when(given, zone.key, now, where),
        "folder": str((folder / home).resolve()),
        "budget": _part(
            Budget,
            given,
            {"cost": "max_cost", "tokens": "max_tokens", "turns": "max_turns", "seconds": "max_seconds"},
            where,
        ),
        "retries": _part(Retries, given, {"count": "retries", "wait": "retry_wait"}, where),
        "created": now,
        "source": source,
    }
    if given.get("missed") == "all" and "overlap" not in given:
        fields["overlap"] = "queue"
    schedule = _checked(Schedule, fields, {}, where)
    if not Path(schedule.folder).is_dir():
        raise ConfigError(f"there is no folder {schedule.folder}", where=where("folder"))
    if not coming(schedule, now, 1):
        raise ConfigError("it would never run: nothing is due from now on", where=where("at"))
    return schedule


_PLAIN = (
    *("model", "effort", "mode", "approval", "allow", "deny", "missed", "grace", "jitter", "overlap"),
    *("max_runs", "folder_trust", "notify"),
)


def coming(schedule: Schedule, now: datetime, count: int, story: Story | None = None) -> list[datetime]:
    """The next due times."""
    times = times_of(schedule.when, schedule.anchor)
    return next_due(schedule, times, story or Story(schedule.created), now, count)


def name_of(prompt: str) -> str:
    """A name from the first words of a prompt."""
    found = re.findall(r"[a-z0-9]+", prompt.lower())
    return "-".join(found[:4])[:40].strip("-") or "schedule"


def _when(given: Mapping[str, object], zone: str, now: datetime, where: Where) -> When:
    named = [key for key in WHEN if key in given]
    if len(named) != 1:
        what = "it does not say when" if not named else f"it says {' and '.join(named)}"
        raise ConfigError(
            what,
            where=where(named[1] if len(named) > 1 else "cron"),
            hint='One of cron ("30 9 * * 1-5", @daily), every (15m, 2h) and at (2026-12-01 09:00, 18:30, in 2h).',
        )
    if named == ["every"]:
        seconds = cast("int", given["every"])
        if seconds < MIN_EVERY:
            raise ConfigError(
                f"every {words.length(seconds)} is too often",
                where=where("every"),
                hint="A minute is the shortest; /loop in a session goes down to ten seconds.",
            )
        return When(every=seconds, zone=zone)
    text = cast("str", _text(given, named[0], where))
    if named == ["cron"]:
        cron.read(text, where("cron"))
        return When(cron=" ".join(text.split()), zone=zone)
    moment = words.moment_of(text, words.zone_of(zone), now, where("at"))
    if moment <= now:
        raise ConfigError(f"{text[:60]!r} is past", where=where("at"))
    return When(at=moment.isoformat(), zone=zone)


def _value(key: str, value: object, where: Where) -> object:
    if key in _LENGTHS:
        if isinstance(value, str):
            return words.seconds_of(f"{value}s" if value.strip().isdecimal() else value, where(key))
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ConfigError(f"{key} is no length of time", where=where(key), hint="Write it as 90s, 15m or 2h.")
    if key in _LISTS:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple):
            raise ConfigError(f"{key} is no list of rules", where=where(key))
        return tuple(str(rule) for rule in cast("list[object]", listed))
    return value


def _text(given: Mapping[str, object], key: str, where: Where) -> str | None:
    value = given.get(key)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat()
    if not isinstance(value, str):
        raise ConfigError(f"{key} is no text", where=where(key))
    return value


def _part(kind: type[BaseModel], given: Mapping[str, object], names: Mapping[str, str], where: Where) -> BaseModel:
    fields = {field: given[key] for field, key in names.items() if key in given}
    return _checked(kind, fields, names, where)


def _checked(kind: type[M], fields: Mapping[str, object], names: Mapping[str, str], where: Where) -> M:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        key = names.get(field, field)
        raise ConfigError(f"{key}: {first['msg'].lower()}", where=where(key)) from None
