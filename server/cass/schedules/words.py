"""Lengths of time, moments and zones, as people write and read them."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cass.errors import ConfigError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_NAMES = {
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
}
_PART = re.compile(r"(\d{1,7})\s*([a-z]+)\s*")
_CLOCK = re.compile(r"(?:(today|tomorrow)\s+)?(\d{1,2}):(\d{2})", re.IGNORECASE)
_LONGEST = 10 * 366 * 86_400
_LENGTHS = "Write it as 90s, 15m, 2h, 1h30m, 1d or 1w."
_MOMENTS = "Write it as 2026-12-01 09:00, 18:30, tomorrow 9:00 or in 2h."


def seconds_of(text: str, where: str = "") -> int:
    """A length of time in seconds, at least one. ConfigError."""
    rest, total = text.strip().lower(), 0
    while rest:
        match = _PART.match(rest)
        unit = _NAMES.get(match[2]) if match else None
        if match is None or unit is None:
            raise ConfigError(f"{text[:60]!r} is no length of time", where=where, hint=_LENGTHS)
        total += int(match[1]) * _UNITS[unit]
        rest = rest[match.end() :]
    if not 0 < total <= _LONGEST:
        what = "is no length of time" if total <= 0 else "is longer than ten years"
        raise ConfigError(f"{text[:60]!r} {what}", where=where, hint=_LENGTHS)
    return total


def length(seconds: float) -> str:
    """`1h 30m`, in at most two units."""
    left, parts = max(0, round(seconds)), list[str]()
    for unit, size in _UNITS.items():
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
        elif parts:
            break
    return " ".join(parts[:2]) or "0s"


def zone_of(name: str, where: str = "") -> ZoneInfo:
    """The time zone of this name. ConfigError."""
    from zoneinfo import ZoneInfo, available_timezones

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        more = f" Did you mean {near[0]}?" if near else ""
        raise ConfigError(
            f"there is no time zone {name[:60]!r}", where=where, hint=f"Name one as Europe/Berlin or UTC.{more}"
        ) from None


def local_zone() -> str:
    """The name of the user's time zone; UTC where it cannot be found."""
    import warnings
    from zoneinfo import ZoneInfo

    from tzlocal import get_localzone_name

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            name = get_localzone_name()
        return ZoneInfo(name).key if name else "UTC"
    except (KeyError, ValueError, OSError):
        return "UTC"


def moment_of(text: str, zone: ZoneInfo, now: datetime, where: str = "") -> datetime:
    """A moment that lies in the future or the past of `now`; without a day it is the next such time. A time of day that
    the clocks leave out is the end of the gap; of one that comes twice, it is the first. In UTC. ConfigError."""
    words = " ".join(text.split())
    if words.lower().startswith("in "):
        return now.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=seconds_of(words[3:], where))
    match = _CLOCK.fullmatch(words)
    try:
        if match:
            return _next(match, zone, now)
        found = datetime.fromisoformat(words)
        if found.tzinfo is not None:
            return found.astimezone(UTC).replace(microsecond=0)
        return instant(found.replace(microsecond=0), zone)
    except (ValueError, OverflowError):
        raise ConfigError(f"{text[:60]!r} is no moment", where=where, hint=_MOMENTS) from None


def _next(match: re.Match[str], zone: ZoneInfo, now: datetime) -> datetime:
    here = now.astimezone(zone).replace(tzinfo=None)
    wall = here.replace(hour=int(match[2]), minute=int(match[3]), second=0, microsecond=0)
    day = (match[1] or "").lower()
    if day == "tomorrow" or (not day and instant(wall, zone) <= now):
        wall += timedelta(days=1)
    return instant(wall, zone)


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """When clocks in this zone show this, in UTC: the first time where they do so twice; the end of the gap where they
    never do."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    # In a gap: the two readings of it lie on the two sides of the change, a whole number of seconds away.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), first
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def shown(moment: datetime, zone: ZoneInfo) -> str:
    """`Thu 2026-11-26 09:00 CET`, with seconds where there are any."""
    there = moment.astimezone(zone)
    seconds = there.strftime(":%S") if there.second else ""
    return f"{there:%a %Y-%m-%d %H:%M}{seconds} {there.tzname()}"


def until(moment: datetime, now: datetime) -> str:
    """`in 2h 5m`, or `5m ago`."""
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {length(seconds)}" if seconds > 0 else f"{length(-seconds)} ago"


def short(text: str, most: int = 60) -> str:
    """The beginning, in one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
